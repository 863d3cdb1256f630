// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "base/data_type.h"
#include "kernels/integer/arithmetic.h"

/// From real factors to the integers of docs/arithmetic.md.
namespace heddle::quant {

/// How a feature map stores reals: i8 with any zero point, or i16 with zero point 0.
struct Format {
  DataType type = DataType::i8;
  float scale = 1.0F;
  std::int32_t zero = 0;
  friend bool operator==(const Format&, const Format&) = default;

  [[nodiscard]] std::int32_t lo() const { return type == DataType::i16 ? -32768 : -128; }
  [[nodiscard]] std::int32_t hi() const { return type == DataType::i16 ? 32767 : 127; }
  /// The nearest integer that stands for `real`, saturated. NaN becomes the zero point.
  [[nodiscard]] std::int32_t quantize(double real) const;
  [[nodiscard]] double dequantize(std::int32_t integer) const { return double{scale} * (integer - zero); }
};

/// Largest ratio that the requantiser can express is just below 2^14.99.
inline constexpr double kMaxRatio = 32541.0;
/// The only place where a real ratio becomes (mult, shift); the bias is left 0. nullopt: the ratio is negative, not
/// finite, or kMaxRatio or more.
[[nodiscard]] std::optional<kernels::ChannelRequant> derive_requant(double ratio);

/// Integers of y = factor_a·a + factor_b·b between formats. nullopt: a factor that the adder cannot express.
[[nodiscard]] std::optional<kernels::AddParams> derive_add(const Format& a, const Format& b, const Format& y,
                                                           double factor_a = 1, double factor_b = 1);

/// Table of a real function between formats of one width: from the requantised value to the function's result.
[[nodiscard]] std::shared_ptr<const kernels::Table> make_table(const Format& from, const Format& to,
                                                               const std::function<double(double)>& function);

}  // namespace heddle::quant
