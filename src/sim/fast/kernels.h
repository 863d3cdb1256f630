// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/integer/arithmetic.h"

/// The inner loops of the functional machine, one table of functions per instruction set. Every version gives the same
/// bits; the portable one is the definition.
namespace heddle::sim::fast {

/// Output channels of a panel and lanes of a vector row: every tile is [row][kLanes].
inline constexpr std::int64_t kLanes = 16;
/// Rows (output pixels) of one register block.
inline constexpr std::int64_t kRows = 6;
/// Input channels of one tap of a panel: two pairs.
inline constexpr std::int64_t kTapChannels = 4;

/// How a panel stores its weights, and which part of them a pass multiplies with.
enum class WeightPass : std::uint8_t {
  bytes,      ///< int8
  words,      ///< int16
  low_byte,   ///< int16, the lower byte as an unsigned number
  high_byte,  ///< int16, the upper byte: w = high·256 + low
};
inline constexpr std::size_t kWeightPasses = 4;

/// One register block: sum over taps t and channels c of weight[t][c][o] · source(row, t, c).
/// Source element: int16 at rows[r] + offsets[t] + 2·c. Weights: [tap][pair][kLanes][2].
struct GemmBlock {
  std::array<const std::byte*, kRows> rows;
  const std::int32_t* offsets;  ///< bytes, one per tap
  std::int64_t taps;
  const std::byte* weights;
};
/// Overwrites sums[row][kLanes]. The caller bounds taps so that no sum leaves 32 bits.
using GemmKernel = void (*)(const GemmBlock& block, std::int32_t* sums);

/// The requantiser of kLanes channels, in the two forms in which it is computed exactly (see PostLanes).
struct LaneParams {
  alignas(32) std::array<double, kLanes> factor;  ///< mult · 2^−shift
  alignas(32) std::array<double, kLanes> bias;
  alignas(32) std::array<std::int32_t, kLanes> mult;
  /// bias · mult + 2^(shift−1) and the shift; in groups of eight lanes, first the even and then the odd ones.
  alignas(32) std::array<std::int64_t, kLanes> addend, shift;
  double low, high;  ///< clamp before the zero point is added
  std::int32_t zero;
  bool narrow;  ///< results of 32-bit sums fit 32 bits, and 18 ≤ shift ≤ 32: the integer form serves 32-bit sums
};

/// Where LaneParams keep addend and shift of `lane`.
[[nodiscard]] constexpr std::size_t even_odd_position(std::size_t lane) {
  return lane / 8 * 8 + lane % 2 * 4 + lane % 8 / 2;
}

/// Two window taps of a depthwise convolution: coefficient pairs for kLanes lanes.
struct TapPair {
  const std::int16_t *a, *b;  ///< source lines of the two taps
  /// Pair of lane l at pair_position(l): the order in which AVX2 interleaves two lines.
  alignas(32) std::array<std::int16_t, 2 * kLanes> weights;
};
[[nodiscard]] constexpr std::size_t pair_position(std::size_t lane) {
  return 2 * (lane % 4 + lane / 8 * 4 + lane % 8 / 4 * 8);
}

struct Kernels {
  const char* name;
  std::array<std::array<GemmKernel, kRows>, kWeightPasses> gemm;  ///< [pass][rows − 1]
  /// wide[k] += sums[k] · 2^shift for k < count (a multiple of kLanes).
  void (*add_wide)(const std::int32_t* sums, std::int64_t count, int shift, std::int64_t* wide);
  /// Requantise and clamp rows of kLanes accumulators. Preconditions as in PostLanes.
  void (*post)(const LaneParams& lanes, const std::int32_t* acc, std::int64_t rows, std::int16_t* out);
  /// The same for 64-bit accumulators below 2^51; false (out is undefined) if some |acc + bias| exceeds 2^36, where
  /// binary64 would round.
  bool (*post_wide)(const LaneParams& lanes, const std::int64_t* acc, std::int64_t rows, std::int16_t* out);
  /// The same for sums high·256 + low.
  bool (*post_split)(const LaneParams& lanes, const std::int32_t* low, const std::int32_t* high, std::int64_t rows,
                     std::int16_t* out);
  /// out[k] = residual_add(a[k], b[k]).
  void (*add)(const kernels::AddParams& params, const std::int16_t* a, const std::int16_t* b, std::int64_t count,
              std::int16_t* out);
  void (*widen)(const std::int8_t* from, std::int64_t count, std::int16_t* to);
  void (*narrow)(const std::int16_t* from, std::int64_t count, std::int8_t* to);
  /// acc[k] = Σ over pairs of a[k]·weight + b[k]·weight for k < count (a multiple of kLanes), lane k mod kLanes.
  void (*depthwise)(const TapPair* pairs, std::int64_t pair_count, std::int64_t count, std::int32_t* acc);
};

[[nodiscard]] const Kernels& portable_kernels();
/// Null where the compiler or the processor does not have AVX2 and FMA.
[[nodiscard]] const Kernels* avx2_kernels();
/// The fastest table that this processor executes.
[[nodiscard]] const Kernels& best_kernels();

}  // namespace heddle::sim::fast
