// SPDX-License-Identifier: Apache-2.0
#include "kernels/convert.h"

#include <bit>
#include <cmath>
#include <limits>

namespace heddle::kernels {
namespace {

/// Keeps the low `bits` bits, sign-extended for signed types.
template <class To>
To wrap_bits(To value, int bits) {
  const int up = 8 - bits;
  return static_cast<To>(static_cast<To>(static_cast<std::uint8_t>(value) << up) >> up);
}

template <class From, class To, class F>
Tensor map(const Tensor& x, DataType type, F&& f) {
  Tensor y(type, x.shape());
  const auto from = x.data<From>();
  const auto to = y.mutable_data<To>();
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = f(from[i]);
  return y;
}

template <class From, class To>
Tensor widen(const Tensor& x, DataType type) {
  return map<From, To>(x, type, [](From v) { return static_cast<To>(v); });
}

/// Every element in the compute type of its type.
Tensor to_compute(const Tensor& x) {
  const DataType type = compute_type(x.type());
  switch (x.type()) {
    case DataType::f16:
      return map<std::uint16_t, float>(x, type, half_to_float);
    case DataType::bf16:
      return map<std::uint16_t, float>(x, type, bfloat_to_float);
    case DataType::i1:
    case DataType::i2:
    case DataType::i4:
    case DataType::i8:
      return widen<std::int8_t, std::int64_t>(x, type);
    case DataType::u2:
    case DataType::u4:
    case DataType::u8:
    case DataType::boolean:
      return widen<std::uint8_t, std::int64_t>(x, type);
    case DataType::i16:
      return widen<std::int16_t, std::int64_t>(x, type);
    case DataType::u16:
      return widen<std::uint16_t, std::int64_t>(x, type);
    case DataType::i32:
      return widen<std::int32_t, std::int64_t>(x, type);
    case DataType::u32:
      return widen<std::uint32_t, std::int64_t>(x, type);
    case DataType::f32:
    case DataType::f64:
    case DataType::i64:
    case DataType::u64:
      return x;
  }
  return x;
}

template <class From, class To>
Tensor narrow(const Tensor& x, DataType type) {
  return map<From, To>(x, type, [](From v) { return convert<To>(v); });
}

template <class From, class To>
Tensor narrow_bits(const Tensor& x, DataType type) {
  return map<From, To>(x, type, [n = bits(type)](From v) { return wrap_bits(convert<To>(v), n); });
}

template <class From>
Tensor from_compute(const Tensor& x, DataType type) {
  switch (type) {
    case DataType::f16:
      return map<From, std::uint16_t>(x, type, [](From v) { return float_to_half(static_cast<float>(v)); });
    case DataType::bf16:
      return map<From, std::uint16_t>(x, type, [](From v) { return float_to_bfloat(static_cast<float>(v)); });
    case DataType::f32:
      return narrow<From, float>(x, type);
    case DataType::f64:
      return narrow<From, double>(x, type);
    case DataType::i1:
    case DataType::i2:
    case DataType::i4:
      return narrow_bits<From, std::int8_t>(x, type);
    case DataType::u2:
    case DataType::u4:
      return narrow_bits<From, std::uint8_t>(x, type);
    case DataType::i8:
      return narrow<From, std::int8_t>(x, type);
    case DataType::u8:
      return narrow<From, std::uint8_t>(x, type);
    case DataType::i16:
      return narrow<From, std::int16_t>(x, type);
    case DataType::u16:
      return narrow<From, std::uint16_t>(x, type);
    case DataType::i32:
      return narrow<From, std::int32_t>(x, type);
    case DataType::u32:
      return narrow<From, std::uint32_t>(x, type);
    case DataType::i64:
      return narrow<From, std::int64_t>(x, type);
    case DataType::u64:
      return narrow<From, std::uint64_t>(x, type);
    case DataType::boolean:
      return map<From, std::uint8_t>(x, type, [](From v) { return static_cast<std::uint8_t>(v != From(0)); });
  }
  return x;
}

}  // namespace

std::int64_t truncate(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  if (std::isnan(value)) return 0;
  if (value >= kLimit) return std::numeric_limits<std::int64_t>::max();
  if (value < -kLimit) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

DataType compute_type(DataType type) {
  switch (type) {
    case DataType::f32:
    case DataType::f16:
    case DataType::bf16:
      return DataType::f32;
    case DataType::f64:
    case DataType::u64:
      return type;
    case DataType::i1:
    case DataType::i2:
    case DataType::i4:
    case DataType::i8:
    case DataType::i16:
    case DataType::i32:
    case DataType::i64:
    case DataType::u2:
    case DataType::u4:
    case DataType::u8:
    case DataType::u16:
    case DataType::u32:
    case DataType::boolean:
      return DataType::i64;
  }
  return DataType::f32;
}

DataType real_type(DataType type) {
  return type == DataType::f64 ? type : DataType::f32;
}

Tensor cast(const Tensor& tensor, DataType type) {
  if (tensor.type() == type) return tensor;
  const Tensor wide = to_compute(tensor);
  if (wide.type() == type) return wide;
  return with_compute(wide.type(), [&]<class T>() { return from_compute<T>(wide, type); });
}

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16, exponent = (bits >> 10) & 0x1fU, mantissa = bits & 0x3ffU;
  if (exponent == 0) {
    const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign != 0 ? -magnitude : magnitude;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000U | mantissa << 13);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

std::uint16_t float_to_half(float value) {
  const auto pattern = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((pattern >> 16) & 0x8000U);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7e00U);
  if (magnitude >= 65520.0F) return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (magnitude < 6.103515625e-05F)  // subnormal: a multiple of 2^-24, and nearbyint rounds to even
    return static_cast<std::uint16_t>(sign | static_cast<std::uint16_t>(std::nearbyint(std::ldexp(magnitude, 24))));
  const std::uint32_t rebased = (pattern & 0x7fffffffU) - (std::uint32_t{112} << 23);
  return static_cast<std::uint16_t>(sign | (rebased + 0xfffU + ((rebased >> 13) & 1U)) >> 13);
}

float bfloat_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

std::uint16_t float_to_bfloat(float value) {
  const auto pattern = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((pattern >> 16) | 0x40U);
  return static_cast<std::uint16_t>((pattern + 0x7fffU + ((pattern >> 16) & 1U)) >> 16);
}

}  // namespace heddle::kernels
