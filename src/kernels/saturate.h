// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <utility>

#include "base/tensor.h"

namespace heddle::kernels {

/// Lowest and highest value of an integer type of at most 32 bits (also i64 and u64, clipped to what a double holds).
[[nodiscard]] std::pair<double, double> limits_of(DataType type);
/// Real values rounded to the nearest even integer and clipped to the type; to real types an ordinary cast. NaN becomes
/// 0.
[[nodiscard]] Tensor saturated(const Tensor& reals, DataType type);

}  // namespace heddle::kernels
