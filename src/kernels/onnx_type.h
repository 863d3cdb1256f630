// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "base/data_type.h"

namespace heddle::kernels {

/// The element type behind a number of ONNX's TensorProto.DataType, as Cast's `to` holds it; nothing for types that
/// heddle does not have (strings, complex, 8-bit and smaller floats).
[[nodiscard]] std::optional<DataType> data_type_from_onnx(std::int64_t code);
/// The reverse; 0 (undefined) for i1, which ONNX does not have.
[[nodiscard]] std::int64_t onnx_code(DataType type);

}  // namespace heddle::kernels
