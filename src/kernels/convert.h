// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <type_traits>
#include <utility>

#include "base/tensor.h"

/// Kernels compute in one of four types and convert at their borders; that keeps one body per operator.
namespace heddle::kernels {

/// f32 for f32, f16 and bf16; f64 for f64; u64 for u64; i64 for all other integers and bool. Exact for every element.
[[nodiscard]] DataType compute_type(DataType type);
/// f64 for f64, f32 for everything else.
[[nodiscard]] DataType real_type(DataType type);

/// ONNX's Cast: real to integer truncates, integers wrap, anything but 0 is true, real overflow gives infinity. (Real
/// values outside 64 bits, undefined in ONNX, saturate there first; NaN becomes 0.) Shares the bytes if nothing
/// changes.
[[nodiscard]] Tensor cast(const Tensor& tensor, DataType type);

[[nodiscard]] float half_to_float(std::uint16_t bits);
[[nodiscard]] std::uint16_t float_to_half(float value);  ///< rounds to nearest even
[[nodiscard]] float bfloat_to_float(std::uint16_t bits);
[[nodiscard]] std::uint16_t float_to_bfloat(float value);  ///< rounds to nearest even

/// Truncates, saturates at 64 bits; NaN becomes 0.
[[nodiscard]] std::int64_t truncate(double value);

/// An element as another C++ type, defined for every value: reals are truncated, see above.
template <class To, class From>
[[nodiscard]] To convert(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_same_v<To, std::uint64_t>) {
    // The upper half of the unsigned range does not fit the signed one.
    return value >= From(9223372036854775808.0) && value < From(18446744073709551616.0)
               ? static_cast<std::uint64_t>(value)
               : static_cast<std::uint64_t>(truncate(static_cast<double>(value)));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return static_cast<To>(truncate(static_cast<double>(value)));
  } else {
    return static_cast<To>(value);
  }
}

/// Calls f.operator()<T>() with the C++ type of a compute type.
template <class F>
auto with_compute(DataType type, F&& f) {
  switch (compute_type(type)) {
    case DataType::f64:
      return f.template operator()<double>();
    case DataType::i64:
      return f.template operator()<std::int64_t>();
    case DataType::u64:
      return f.template operator()<std::uint64_t>();
    default:
      return f.template operator()<float>();
  }
}

/// Calls f.operator()<T>() with float or double.
template <class F>
auto with_real(DataType type, F&& f) {
  return type == DataType::f64 ? f.template operator()<double>() : f.template operator()<float>();
}

}  // namespace heddle::kernels
