// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "kernels/check.h"

namespace heddle::kernels::ops {

/// A numpy matmul: for each entry of `batch`, an m×k times a k×n matrix.
struct MatMulShape {
  std::int64_t m = 0, n = 0, k = 0;
  Shape a_batch, b_batch;  ///< leading dimensions of the operands
  Shape batch;             ///< both broadcast
  Shape result;
};
/// Reports operands that do not fit. Shared by MatMul, MatMulInteger and QLinearMatMul.
[[nodiscard]] std::optional<MatMulShape> matmul_shape(Check& check, Shape a, Shape b);

}  // namespace heddle::kernels::ops
