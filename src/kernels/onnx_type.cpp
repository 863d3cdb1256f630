// SPDX-License-Identifier: Apache-2.0
#include "kernels/onnx_type.h"

#include <array>

namespace heddle::kernels {
namespace {

struct Row {
  std::int64_t code;
  DataType type;
};

/// onnx.proto3, enum TensorProto.DataType.
constexpr std::array kRows{
    Row{1, DataType::f32},   Row{2, DataType::u8},   Row{3, DataType::i8},   Row{4, DataType::u16},
    Row{5, DataType::i16},   Row{6, DataType::i32},  Row{7, DataType::i64},  Row{9, DataType::boolean},
    Row{10, DataType::f16},  Row{11, DataType::f64}, Row{12, DataType::u32}, Row{13, DataType::u64},
    Row{16, DataType::bf16}, Row{21, DataType::u4},  Row{22, DataType::i4},  Row{25, DataType::u2},
    Row{26, DataType::i2},
};

}  // namespace

std::optional<DataType> data_type_from_onnx(std::int64_t code) {
  for (const Row& row : kRows)
    if (row.code == code) return row.type;
  return std::nullopt;
}

std::int64_t onnx_code(DataType type) {
  for (const Row& row : kRows)
    if (row.type == type) return row.code;
  return 0;
}

}  // namespace heddle::kernels
