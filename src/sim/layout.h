// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/data_type.h"
#include "isa/instruction.h"

/// Where elements lie in feature memory and in DDR (docs/isa_semantics.md, "Slots").
namespace heddle::sim {

/// Addresses of one tensor in feature memory; all in slots.
struct SlotView {
  std::int64_t origin = 0, plane = 0, pitch = 0, step = 1;

  /// Slot of block `b`, row `y`, column `x`.
  [[nodiscard]] std::int64_t slot(std::int64_t b, std::int64_t y, std::int64_t x) const {
    return origin + b * plane + y * pitch + x * step;
  }
  friend bool operator==(const SlotView&, const SlotView&) = default;
};

/// The source, second operand and destination of an instruction on an overlay with `banks` banks (P).
[[nodiscard]] inline SlotView source_view(const isa::Instruction& i, std::int64_t banks) {
  using isa::Field;
  return {i[Field::src_word] * banks + i[Field::src_bank], i[Field::src_plane] * banks, i[Field::src_pitch], 1};
}
[[nodiscard]] inline SlotView operand_view(const isa::Instruction& i, std::int64_t banks) {
  using isa::Field;
  return {i[Field::operand_word] * banks + i[Field::operand_bank], i[Field::operand_plane] * banks,
          i[Field::operand_pitch], 1};
}
[[nodiscard]] inline SlotView destination_view(const isa::Instruction& i, std::int64_t banks) {
  using isa::Field;
  const std::int64_t step = i.opcode == isa::Opcode::load ? 1 : i[Field::dst_step];
  return {i[Field::dst_word] * banks + i[Field::dst_bank], i[Field::dst_plane] * banks, i[Field::dst_pitch], step};
}

/// Bytes of one activation: 1 (i8) or 2 (i16).
[[nodiscard]] inline std::int64_t element_bytes(DataType type) {
  return type == DataType::i16 ? 2 : 1;
}
/// Channels of one slot of `slot_bytes` bytes.
[[nodiscard]] inline std::int64_t lanes(DataType type, std::int64_t slot_bytes) {
  return slot_bytes / element_bytes(type);
}

[[nodiscard]] inline std::int32_t load_element(const std::byte* slot, std::int64_t lane, DataType type) {
  if (type == DataType::i16) {
    std::int16_t value = 0;
    std::memcpy(&value, slot + 2 * lane, sizeof value);
    return value;
  }
  return static_cast<std::int8_t>(slot[lane]);
}
inline void store_element(std::byte* slot, std::int64_t lane, DataType type, std::int32_t value) {
  if (type == DataType::i16) {
    const auto narrow = static_cast<std::int16_t>(value);
    std::memcpy(slot + 2 * lane, &narrow, sizeof narrow);
  } else {
    slot[lane] = static_cast<std::byte>(value);
  }
}

[[nodiscard]] constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

}  // namespace heddle::sim
