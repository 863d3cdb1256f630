// SPDX-License-Identifier: Apache-2.0
#include "base/data_type.h"

#include <array>

namespace heddle {
namespace {

struct Row {
  DataType type;
  std::string_view name;
  int bits;
};

constexpr std::array kRows{
    Row{DataType::i1, "i1", 1},    Row{DataType::i2, "i2", 2},    Row{DataType::i4, "i4", 4},
    Row{DataType::i8, "i8", 8},    Row{DataType::i16, "i16", 16}, Row{DataType::bf16, "bf16", 16},
    Row{DataType::f32, "f32", 32}, Row{DataType::u8, "u8", 8},    Row{DataType::u16, "u16", 16},
    Row{DataType::i32, "i32", 32}, Row{DataType::i64, "i64", 64}, Row{DataType::boolean, "bool", 8},
    Row{DataType::f16, "f16", 16}, Row{DataType::f64, "f64", 64}, Row{DataType::u4, "u4", 4},
    Row{DataType::u2, "u2", 2},    Row{DataType::u32, "u32", 32}, Row{DataType::u64, "u64", 64},
};

const Row& row(DataType type) {
  return kRows.at(static_cast<std::size_t>(type) - 1);
}

}  // namespace

int bits(DataType type) {
  return row(type).bits;
}

std::size_t host_bytes(DataType type) {
  return static_cast<std::size_t>(bits(type) + 7) / 8;
}

std::string_view name(DataType type) {
  return row(type).name;
}

std::optional<DataType> data_type_from_name(std::string_view text) {
  for (const Row& r : kRows)
    if (r.name == text) return r.type;
  return std::nullopt;
}

std::optional<DataType> data_type_from_code(std::uint8_t code) {
  if (code < 1 || code > kRows.size()) return std::nullopt;
  return static_cast<DataType>(code);
}

}  // namespace heddle
