// SPDX-License-Identifier: Apache-2.0
#include "isa/verifier/post.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace heddle::isa::verifier {
namespace {

static_assert(std::endian::native == std::endian::little, "PostDescriptor is copied from little-endian bytes");

constexpr std::int64_t kAccumulatorLimit = std::int64_t{1} << 47;

bool legal_shift(int shift) {
  return 1 <= shift && shift <= 47;
}

/// "low … high" lies in order inside the type.
bool legal_clamp(int low, int high, DataType type) {
  const int least = type == DataType::i8 ? -128 : -32768;
  return least <= low && low <= high && high <= -least - 1;
}

}  // namespace

PostDescriptor read_descriptor(const std::byte* first_word, const std::byte* second_word) {
  std::array<std::byte, sizeof(PostDescriptor)> bytes;
  std::memcpy(bytes.data(), first_word, kParamWordBytes);
  std::memcpy(bytes.data() + kParamWordBytes, second_word, kParamWordBytes);
  return std::bit_cast<PostDescriptor>(bytes);
}

std::string descriptor_error(const PostDescriptor& d, DataType type, bool drains, bool adds) {
  if (d.flags > 1 || d.reserved != 0) return "flags beyond bit 0 or the reserved byte are set";
  if (drains && !legal_clamp(d.lo, d.hi, type))
    return fmt::format("clamp {} ... {} is not a range of {}", d.lo, d.hi, name(type));
  if (adds && !legal_clamp(d.add_lo, d.add_hi, type))
    return fmt::format("clamp of the add {} ... {} is not a range of {}", d.add_lo, d.add_hi, name(type));
  if (adds && !legal_shift(d.add_shift)) return fmt::format("shift of the add is {}; legal are 1 ... 47", d.add_shift);
  return "";
}

std::string channel_error(const std::byte* word, std::int64_t bound) {
  std::uint64_t low = 0;
  std::memcpy(&low, word, 8);
  const std::int64_t bias = static_cast<std::int64_t>(low << 16) >> 16;
  const int shift = std::to_integer<int>(word[8]);
  if (!legal_shift(shift)) return fmt::format("shift is {}; legal are 1 ... 47", shift);
  if (word[9] != std::byte{} || word[10] != std::byte{} || word[11] != std::byte{})
    return "the three bytes behind the shift must be 0";
  const std::int64_t magnitude = bias < 0 ? -bias : bias;
  if (magnitude + bound >= kAccumulatorLimit)
    return fmt::format("bias {} and a sum of up to {} overflow 48 bits", bias, bound);
  return "";
}

std::string table_error(const std::byte* table, DataType type) {
  if (type != DataType::i8) return "";  // every 16-bit entry is a result, and interpolation stays between two of them
  for (std::size_t i = 0; i < 256; ++i) {
    std::int16_t entry = 0;
    std::memcpy(&entry, table + 2 * i, 2);
    if (entry < -128 || entry > 127) return fmt::format("entry {} is {}, which is no i8", i, entry);
  }
  return "";
}

}  // namespace heddle::isa::verifier
