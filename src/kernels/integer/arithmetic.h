// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

/// The one definition of heddle's integer arithmetic (docs/arithmetic.md). The integer reference, the functional and
/// the cycle machine call these functions; the RTL is proven against them.
namespace heddle::kernels {

/// Requantiser of one channel: (acc + bias)·mult·2^(−shift).
struct ChannelRequant {
  std::int64_t bias = 0;   ///< 48 bits, signed; contains −z_x·Σw
  std::uint16_t mult = 0;  ///< normalised to [2^15, 2^16) unless the ratio is below 2^−32
  std::uint8_t shift = 1;  ///< 1 … 47
  friend bool operator==(const ChannelRequant&, const ChannelRequant&) = default;
};

/// Residual add: y = clamp(z_y + (((a−z_a)·m_a + (b−z_b)·m_b + 2^(s−1)) >> s)). Signed 16-bit factors, so that
/// subtraction is m_b < 0.
struct AddParams {
  std::int16_t mult_a = 0, mult_b = 0;
  std::int16_t zero_a = 0, zero_b = 0, zero_y = 0;
  std::int16_t lo = -128, hi = 127;
  std::uint8_t shift = 1;  ///< 1 … 47
  friend bool operator==(const AddParams&, const AddParams&) = default;
};

/// Unary activation on an already requantised value. 8-bit: entry[y + 128]. 16-bit: the upper byte selects, the lower
/// interpolates linearly between entries; entry 256 closes the last interval.
struct Table {
  std::array<std::int16_t, 257> entry{};
};

/// (v + 2^(shift−1)) >> shift, arithmetic: rounds half up. shift is 1 … 47.
[[nodiscard]] constexpr std::int64_t rounding_shift(std::int64_t v, int shift) {
  return (v + (std::int64_t{1} << (shift - 1))) >> shift;
}

/// First stage: clamp(zero + (((acc + bias)·mult + 2^(shift−1)) >> shift), lo, hi). acc + bias fits 48 bits, so the
/// product fits 64.
[[nodiscard]] constexpr std::int32_t requantize(std::int64_t acc, const ChannelRequant& q, std::int32_t zero,
                                                std::int32_t lo, std::int32_t hi) {
  const std::int64_t scaled = rounding_shift((acc + q.bias) * std::int64_t{q.mult}, q.shift);
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(scaled + zero, lo, hi));
}

[[nodiscard]] constexpr std::int32_t residual_add(std::int32_t a, std::int32_t b, const AddParams& p) {
  const std::int64_t sum = std::int64_t{a - p.zero_a} * p.mult_a + std::int64_t{b - p.zero_b} * p.mult_b;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(rounding_shift(sum, p.shift) + p.zero_y, p.lo, p.hi));
}

[[nodiscard]] constexpr std::int32_t look_up_8(const Table& table, std::int32_t y) {
  return table.entry[static_cast<std::size_t>(y + 128)];
}

[[nodiscard]] constexpr std::int32_t look_up_16(const Table& table, std::int32_t y) {
  const auto index = static_cast<std::size_t>((y >> 8) + 128);
  const std::int32_t low = y & 0xff;
  const std::int32_t from = table.entry[index], to = table.entry[index + 1];
  return from + (((to - from) * low + 128) >> 8);
}

/// Bilinear blend of four neighbours; fy and fx are 0 … 256. The result has 16 fractional bits, which the requantiser
/// removes: rounded once.
[[nodiscard]] constexpr std::int64_t bilinear(std::int32_t v00, std::int32_t v01, std::int32_t v10, std::int32_t v11,
                                              std::int32_t fy, std::int32_t fx) {
  const std::int64_t top = std::int64_t{v00} * (256 - fx) + std::int64_t{v01} * fx;
  const std::int64_t bottom = std::int64_t{v10} * (256 - fx) + std::int64_t{v11} * fx;
  return top * (256 - fy) + bottom * fy;
}

/// Source of a resized pixel along one axis: neighbours and the weight (0 … 256) of the second.
struct ResizeTap {
  std::int32_t first, second, weight;
};

/// position = start + o·step in 1/65536 pixel, clamped to [0, size−1]; the weight is rounded to 8 bits.
[[nodiscard]] constexpr ResizeTap resize_tap(std::int64_t start, std::int64_t step, std::int64_t o, std::int64_t size) {
  const std::int64_t position = std::clamp<std::int64_t>(start + o * step, 0, (size - 1) << 16);
  const std::int64_t first = position >> 16;
  return {static_cast<std::int32_t>(first), static_cast<std::int32_t>(std::min(first + 1, size - 1)),
          static_cast<std::int32_t>(((position & 0xffff) + 128) >> 8)};
}

}  // namespace heddle::kernels
