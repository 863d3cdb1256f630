// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Changes protobuf messages without a schema so that they stay well formed: bytes changed blindly rarely get past the
/// lengths.
namespace heddle::fuzz {

struct Field;
using Message = std::vector<Field>;
using Random = std::minstd_rand;

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// One field of a message. Bytes that read as a message are one: a string that happens to is changed as such, which
/// does no harm.
struct Field {
  std::uint64_t number = 0;
  Wire wire = Wire::varint;
  std::uint64_t value = 0;         ///< varint, fixed32, fixed64
  std::string bytes;               ///< bytes that are no message
  std::optional<Message> message;  ///< bytes that are one
};

/// Changes at most `capacity` bytes of the string; libFuzzer's own mutations where it runs.
using MutateBytes = void (*)(std::string& bytes, std::size_t capacity, Random& random);

/// Nothing if the bytes are no message, or use groups or field numbers above 60 (ONNX has neither).
[[nodiscard]] std::optional<Message> parse(std::string_view bytes, int depth = 0);
[[nodiscard]] std::string serialize(const Message& message);
/// One random change of one field, at any depth.
void mutate(Message& message, Random& random, MutateBytes mutate_bytes);
/// Puts a random field of `donor` where `message` has one of the same number and depth.
void cross_over(Message& message, Message donor, Random& random);

}  // namespace heddle::fuzz
