// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "sim/fast/kernels.h"

namespace heddle::sim::fast {
namespace {

template <class T>
T read(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <WeightPass Pass>
std::int32_t weight(const std::byte* weights, std::int64_t index) {
  if constexpr (Pass == WeightPass::bytes) return read<std::int8_t>(weights + index);
  const std::int32_t word = read<std::int16_t>(weights + 2 * index);
  if constexpr (Pass == WeightPass::low_byte) return word & 0xff;
  if constexpr (Pass == WeightPass::high_byte) return word >> 8;
  return word;
}

template <WeightPass Pass, int Rows>
void gemm(const GemmBlock& block, std::int32_t* sums) {
  std::fill_n(sums, Rows * kLanes, 0);
  for (std::int64_t t = 0; t < block.taps; ++t)
    for (std::int64_t c = 0; c < kTapChannels; ++c) {
      const std::int64_t pair = (t * kTapChannels + c) / 2 * kLanes;
      for (int r = 0; r < Rows; ++r) {
        const std::int32_t x = read<std::int16_t>(block.rows[static_cast<std::size_t>(r)] + block.offsets[t] + 2 * c);
        for (std::int64_t o = 0; o < kLanes; ++o)
          sums[r * kLanes + o] += x * weight<Pass>(block.weights, (pair + o) * 2 + c % 2);
      }
    }
}

template <WeightPass Pass, std::size_t... R>
constexpr std::array<GemmKernel, kRows> gemm_rows(std::index_sequence<R...>) {
  return {gemm<Pass, static_cast<int>(R) + 1>...};
}

void add_wide(const std::int32_t* sums, std::int64_t count, int shift, std::int64_t* wide) {
  for (std::int64_t k = 0; k < count; ++k) wide[k] += std::int64_t{sums[k]} * (std::int64_t{1} << shift);
}

std::int16_t requantized(const LaneParams& p, std::size_t lane, double biased) {
  const double y = std::floor(biased * p.factor[lane] + 0.5);
  return static_cast<std::int16_t>(static_cast<std::int32_t>(std::clamp(y, p.low, p.high)) + p.zero);
}

void post(const LaneParams& lanes, const std::int32_t* acc, std::int64_t rows, std::int16_t* out) {
  for (std::int64_t k = 0; k < rows * kLanes; ++k) {
    const auto lane = static_cast<std::size_t>(k % kLanes);
    out[k] = requantized(lanes, lane, acc[k] + lanes.bias[lane]);
  }
}

constexpr double kExact = 68719476736.0;  // 2^36

template <class SumOf>
bool post_any(const LaneParams& lanes, std::int64_t rows, std::int16_t* out, SumOf sum_of) {
  for (std::int64_t k = 0; k < rows * kLanes; ++k) {
    const auto lane = static_cast<std::size_t>(k % kLanes);
    const double biased = sum_of(k) + lanes.bias[lane];
    if (!(std::abs(biased) <= kExact)) return false;
    out[k] = requantized(lanes, lane, biased);
  }
  return true;
}

bool post_wide(const LaneParams& lanes, const std::int64_t* acc, std::int64_t rows, std::int16_t* out) {
  return post_any(lanes, rows, out, [&](std::int64_t k) { return static_cast<double>(acc[k]); });
}

bool post_split(const LaneParams& lanes, const std::int32_t* low, const std::int32_t* high, std::int64_t rows,
                std::int16_t* out) {
  return post_any(lanes, rows, out, [&](std::int64_t k) { return high[k] * 256.0 + low[k]; });
}

void add(const kernels::AddParams& params, const std::int16_t* a, const std::int16_t* b, std::int64_t count,
         std::int16_t* out) {
  for (std::int64_t k = 0; k < count; ++k)
    out[k] = static_cast<std::int16_t>(kernels::residual_add(a[k], b[k], params));
}

void widen(const std::int8_t* from, std::int64_t count, std::int16_t* to) {
  for (std::int64_t k = 0; k < count; ++k) to[k] = from[k];
}

void narrow(const std::int16_t* from, std::int64_t count, std::int8_t* to) {
  for (std::int64_t k = 0; k < count; ++k) to[k] = static_cast<std::int8_t>(from[k]);
}

void depthwise(const TapPair* pairs, std::int64_t pair_count, std::int64_t count, std::int32_t* acc) {
  std::fill_n(acc, count, 0);
  for (std::int64_t p = 0; p < pair_count; ++p)
    for (std::int64_t k = 0; k < count; ++k) {
      const std::size_t lane = pair_position(static_cast<std::size_t>(k % kLanes));
      acc[k] += pairs[p].a[k] * pairs[p].weights[lane] + pairs[p].b[k] * pairs[p].weights[lane + 1];
    }
}

}  // namespace

const Kernels& portable_kernels() {
  static constexpr auto kIndices = std::make_index_sequence<kRows>{};
  static constexpr Kernels kKernels{
      "portable",
      {gemm_rows<WeightPass::bytes>(kIndices), gemm_rows<WeightPass::words>(kIndices),
       gemm_rows<WeightPass::low_byte>(kIndices), gemm_rows<WeightPass::high_byte>(kIndices)},
      add_wide,
      post,
      post_wide,
      post_split,
      add,
      widen,
      narrow,
      depthwise,
  };
  return kKernels;
}

const Kernels& best_kernels() {
  const Kernels* avx2 = avx2_kernels();
  return avx2 != nullptr ? *avx2 : portable_kernels();
}

}  // namespace heddle::sim::fast
