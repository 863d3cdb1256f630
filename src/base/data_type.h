// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace heddle {

/// Element types of tensors, instructions and programs. The numeric values are stored in files: never renumber.
enum class DataType : std::uint8_t {
  i1 = 1,
  i2 = 2,
  i4 = 3,
  i8 = 4,
  i16 = 5,
  bf16 = 6,
  f32 = 7,  // what the overlay computes with
  u8 = 8,
  u16 = 9,
  i32 = 10,
  i64 = 11,
  boolean = 12,
  f16 = 13,
  f64 = 14,
  u4 = 15,
  u2 = 16,
  u32 = 17,
  u64 = 18,  // host only
};

/// Bits of one element as stored.
[[nodiscard]] int bits(DataType type);
/// Bytes of one element in a host Tensor (sub-byte types take one byte each there).
[[nodiscard]] std::size_t host_bytes(DataType type);
/// "i8", "f32", …; the spelling in printed graphs, assembly and JSON.
[[nodiscard]] std::string_view name(DataType type);
[[nodiscard]] std::optional<DataType> data_type_from_name(std::string_view text);
/// The type with this stored number, for files.
[[nodiscard]] std::optional<DataType> data_type_from_code(std::uint8_t code);

}  // namespace heddle
