// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

/// Between reals and the integers of a feature map, as ONNX's QuantizeLinear and DequantizeLinear define it.
namespace heddle::kernels {

/// clamp(round half to even(x / scale) + zero, lo, hi); NaN becomes `zero`.
[[nodiscard]] inline std::int32_t quantize_value(float x, float scale, std::int32_t zero, std::int32_t lo,
                                                 std::int32_t hi) {
  const float rounded = std::nearbyint(x / scale);
  // Written so that NaN fails both comparisons; beyond ±2^24 everything is clamped anyway.
  const float bounded = rounded > 16777216.0F ? 16777216.0F : rounded < -16777216.0F ? -16777216.0F : rounded;
  const std::int32_t whole = std::isnan(bounded) ? 0 : static_cast<std::int32_t>(bounded);
  return std::clamp(whole + zero, lo, hi);
}

[[nodiscard]] inline float dequantize_value(std::int32_t q, float scale, std::int32_t zero) {
  return scale * static_cast<float>(q - zero);
}

}  // namespace heddle::kernels
