// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

/// Between reals and the integers of a feature map, as ONNX's QuantizeLinear and DequantizeLinear define it. Every
/// place that converts maps uses these two.
namespace heddle::kernels {

/// clamp(round half to even(x / scale) + zero, lo, hi); NaN becomes `lo`. Precondition: lo − zero and hi − zero lie
/// within ±2^22, as for all numbers of 16 bits. Loops over it become vector code.
[[nodiscard]] inline std::int32_t quantize_value(float x, float scale, std::int32_t zero, std::int32_t lo,
                                                 std::int32_t hi) {
  // Clamped before rounding, so that adding 1.5·2^23 rounds to a whole number, ties to even.
  constexpr float kRound = 12582912.0F;
  const auto low = static_cast<float>(lo - zero), high = static_cast<float>(hi - zero);
  float steps = x / scale;
  steps = steps > low ? steps : low;  // so written, NaN gives the lower limit
  steps = steps < high ? steps : high;
  return static_cast<std::int32_t>((steps + kRound) - kRound) + zero;
}

[[nodiscard]] inline float dequantize_value(std::int32_t q, float scale, std::int32_t zero) {
  return scale * static_cast<float>(q - zero);
}

}  // namespace heddle::kernels
