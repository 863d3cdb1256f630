// SPDX-License-Identifier: Apache-2.0
#include "sim/fast/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#include <cstring>
#include <utility>

// Functions carry their target themselves, so that the library runs on processors without AVX2, and helpers are
// inlined into them.
#define HEDDLE_AVX2 [[gnu::target("avx2,fma")]]
#define HEDDLE_AVX2_INLINE [[gnu::target("avx2,fma"), gnu::always_inline]] inline

namespace heddle::sim::fast {
namespace {

HEDDLE_AVX2_INLINE __m256i load(const void* at) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(at));
}
HEDDLE_AVX2_INLINE void store(void* at, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(at), value);
}

/// Weight pairs of output channels 8·half … 8·half + 7 as int16.
template <WeightPass Pass>
HEDDLE_AVX2_INLINE __m256i weight_pairs(const std::byte* at, int half) {
  if constexpr (Pass == WeightPass::bytes)
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * half)));
  const __m256i words = load(at + 32 * half);
  if constexpr (Pass == WeightPass::low_byte) return _mm256_and_si256(words, _mm256_set1_epi16(0xff));
  if constexpr (Pass == WeightPass::high_byte) return _mm256_srai_epi16(words, 8);
  return words;
}

/// One source pair in every 32-bit lane.
HEDDLE_AVX2_INLINE __m256i broadcast_pair(const std::byte* at) {
  std::int32_t pair;
  std::memcpy(&pair, at, sizeof pair);
  return _mm256_set1_epi32(pair);
}

/// acc += x·w. The empty statement keeps the compiler from re-associating the sums of several steps, for which the
/// registers do not suffice.
HEDDLE_AVX2_INLINE void accumulate(__m256i& acc, __m256i x, __m256i w) {
  acc = _mm256_add_epi32(acc, _mm256_madd_epi16(x, w));
  asm("" : "+x"(acc));
}

template <WeightPass Pass, int Rows>
HEDDLE_AVX2 void gemm(const GemmBlock& block, std::int32_t* sums) {
  constexpr std::int64_t kPairBytes = 2 * kLanes * (Pass == WeightPass::bytes ? 1 : 2);
  __m256i acc[Rows][2];
  const std::byte* rows[Rows];
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
    acc[r][0] = acc[r][1] = _mm256_setzero_si256();
    rows[r] = block.rows[static_cast<std::size_t>(r)];
  }
  const std::byte* weights = block.weights;
  for (const std::int32_t *offset = block.offsets, *end = offset + block.taps; offset != end; ++offset) {
    const std::int64_t at = *offset;
#pragma GCC unroll 2
    for (int pair = 0; pair < 2; ++pair, weights += kPairBytes) {
      const __m256i w0 = weight_pairs<Pass>(weights, 0), w1 = weight_pairs<Pass>(weights, 1);
#pragma GCC unroll 6
      for (int r = 0; r < Rows; ++r) {
        const __m256i x = broadcast_pair(rows[r] + at + 4 * pair);
        accumulate(acc[r][0], x, w0);
        accumulate(acc[r][1], x, w1);
      }
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
    store(sums + r * kLanes, acc[r][0]);
    store(sums + r * kLanes + 8, acc[r][1]);
  }
}

template <WeightPass Pass, std::size_t... R>
constexpr std::array<GemmKernel, kRows> gemm_rows(std::index_sequence<R...>) {
  return {gemm<Pass, static_cast<int>(R) + 1>...};
}

HEDDLE_AVX2 void add_wide(const std::int32_t* sums, std::int64_t count, int shift, std::int64_t* wide) {
  const __m128i by = _mm_cvtsi32_si128(shift);
  for (std::int64_t k = 0; k < count; k += 4) {
    const __m256i sum = _mm256_cvtepi32_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(sums + k)));
    store(wide + k, _mm256_add_epi64(load(wide + k), _mm256_sll_epi64(sum, by)));
  }
}

struct Limits {
  __m256d low, high;
  __m128i zero;
};

HEDDLE_AVX2_INLINE Limits limits_of(const LaneParams& p) {
  return {_mm256_set1_pd(p.low), _mm256_set1_pd(p.high), _mm_set1_epi32(p.zero)};
}

/// clamp(floor(biased · factor + 1/2)) + zero of four lanes; every step is exact for |biased| ≤ 2^36.
HEDDLE_AVX2_INLINE __m128i requantized(__m256d biased, __m256d factor, const Limits& limits) {
  const __m256d y = _mm256_floor_pd(_mm256_fmadd_pd(biased, factor, _mm256_set1_pd(0.5)));
  const __m256d clamped = _mm256_min_pd(_mm256_max_pd(y, limits.low), limits.high);
  return _mm_add_epi32(_mm256_cvtpd_epi32(clamped), limits.zero);
}

/// requantise of eight lanes in integers. Only the lower 32 bits of the shifted products are wanted: for the even lanes
/// a logical shift to the right, for the odd ones one to the left, which leaves them in the upper halves.
HEDDLE_AVX2_INLINE __m256i requantized_narrow(const LaneParams& lanes, __m256i acc, std::size_t lane) {
  const __m256i mult = load(lanes.mult.data() + lane);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, mult), load(lanes.addend.data() + lane));
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(mult, 32)),
                                       load(lanes.addend.data() + lane + 4));
  const __m256i left = _mm256_sub_epi64(_mm256_set1_epi64x(32), load(lanes.shift.data() + lane + 4));
  return _mm256_blend_epi32(_mm256_srlv_epi64(even, load(lanes.shift.data() + lane)), _mm256_sllv_epi64(odd, left),
                            0xaa);
}

HEDDLE_AVX2 void post_narrow(const LaneParams& lanes, const std::int32_t* acc, std::int64_t rows, std::int16_t* out) {
  const __m256i low = _mm256_set1_epi32(static_cast<int>(lanes.low));
  const __m256i high = _mm256_set1_epi32(static_cast<int>(lanes.high)), zero = _mm256_set1_epi32(lanes.zero);
  for (std::int64_t r = 0; r < rows; ++r, acc += kLanes, out += kLanes) {
    __m256i y[2];
#pragma GCC unroll 2
    for (std::size_t h = 0; h < 2; ++h) {
      const __m256i scaled = requantized_narrow(lanes, load(acc + 8 * h), 8 * h);
      y[h] = _mm256_add_epi32(_mm256_min_epi32(_mm256_max_epi32(scaled, low), high), zero);
    }
    store(out, _mm256_permute4x64_epi64(_mm256_packs_epi32(y[0], y[1]), 0xd8));
  }
}

HEDDLE_AVX2 void post(const LaneParams& lanes, const std::int32_t* acc, std::int64_t rows, std::int16_t* out) {
  if (lanes.narrow) return post_narrow(lanes, acc, rows, out);
  const Limits limits = limits_of(lanes);
  for (std::int64_t r = 0; r < rows; ++r, acc += kLanes, out += kLanes)
    for (std::size_t l = 0; l < kLanes; l += 8) {
      __m128i y[2];
      for (std::size_t h = 0; h < 2; ++h) {
        const std::size_t lane = l + 4 * h;
        const __m256d sum = _mm256_cvtepi32_pd(_mm_loadu_si128(reinterpret_cast<const __m128i*>(acc + lane)));
        y[h] = requantized(_mm256_add_pd(sum, _mm256_load_pd(lanes.bias.data() + lane)),
                           _mm256_load_pd(lanes.factor.data() + lane), limits);
      }
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + l), _mm_packs_epi32(y[0], y[1]));
    }
}

/// Exact for |v| < 2^51: adds 1.5·2^52 in the integer domain and takes it off in binary64.
HEDDLE_AVX2_INLINE __m256d to_double(__m256i v) {
  const __m256d magic = _mm256_set1_pd(6755399441055744.0);
  return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_add_epi64(v, _mm256_castpd_si256(magic))), magic);
}

/// Keeps the largest magnitude that was requantised, to find out afterwards whether all were exact.
struct WidePost {
  const LaneParams& lanes;
  Limits limits;
  __m256d largest;
};

HEDDLE_AVX2_INLINE __m128i wide_requantized(WidePost& p, __m256d sum, std::size_t lane) {
  const __m256d biased = _mm256_add_pd(sum, _mm256_load_pd(p.lanes.bias.data() + lane));
  p.largest = _mm256_max_pd(p.largest, _mm256_andnot_pd(_mm256_set1_pd(-0.0), biased));
  return requantized(biased, _mm256_load_pd(p.lanes.factor.data() + lane), p.limits);
}

HEDDLE_AVX2_INLINE bool was_exact(const WidePost& p) {
  const __m256d exact = _mm256_set1_pd(68719476736.0);  // 2^36
  return _mm256_movemask_pd(_mm256_cmp_pd(p.largest, exact, _CMP_GT_OQ)) == 0;
}

HEDDLE_AVX2 bool post_wide(const LaneParams& lanes, const std::int64_t* acc, std::int64_t rows, std::int16_t* out) {
  WidePost p{lanes, limits_of(lanes), _mm256_setzero_pd()};
  for (std::int64_t r = 0; r < rows; ++r, acc += kLanes, out += kLanes)
    for (std::size_t l = 0; l < kLanes; l += 8) {
      const __m128i y0 = wide_requantized(p, to_double(load(acc + l)), l);
      const __m128i y1 = wide_requantized(p, to_double(load(acc + l + 4)), l + 4);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + l), _mm_packs_epi32(y0, y1));
    }
  return was_exact(p);
}

HEDDLE_AVX2_INLINE __m256d joined(const std::int32_t* low, const std::int32_t* high) {
  const __m256d l = _mm256_cvtepi32_pd(_mm_loadu_si128(reinterpret_cast<const __m128i*>(low)));
  const __m256d h = _mm256_cvtepi32_pd(_mm_loadu_si128(reinterpret_cast<const __m128i*>(high)));
  return _mm256_fmadd_pd(h, _mm256_set1_pd(256.0), l);
}

HEDDLE_AVX2 bool post_split(const LaneParams& lanes, const std::int32_t* low, const std::int32_t* high,
                            std::int64_t rows, std::int16_t* out) {
  WidePost p{lanes, limits_of(lanes), _mm256_setzero_pd()};
  for (std::int64_t r = 0; r < rows; ++r, low += kLanes, high += kLanes, out += kLanes)
    for (std::size_t l = 0; l < kLanes; l += 8) {
      const __m128i y0 = wide_requantized(p, joined(low + l, high + l), l);
      const __m128i y1 = wide_requantized(p, joined(low + l + 4, high + l + 4), l + 4);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + l), _mm_packs_epi32(y0, y1));
    }
  return was_exact(p);
}

/// Products of 17 and 16 bits, their sum and the division by a power of two are all exact in binary64.
HEDDLE_AVX2_INLINE __m128i residual(__m128i a, __m128i b, const kernels::AddParams& p, __m256d factor_a,
                                    __m256d factor_b, const Limits& limits) {
  const __m256d x = _mm256_cvtepi32_pd(_mm_sub_epi32(a, _mm_set1_epi32(p.zero_a)));
  const __m256d z = _mm256_cvtepi32_pd(_mm_sub_epi32(b, _mm_set1_epi32(p.zero_b)));
  const __m256d sum = _mm256_fmadd_pd(x, factor_a, _mm256_fmadd_pd(z, factor_b, _mm256_set1_pd(0.5)));
  const __m256d clamped = _mm256_min_pd(_mm256_max_pd(_mm256_floor_pd(sum), limits.low), limits.high);
  return _mm_add_epi32(_mm256_cvtpd_epi32(clamped), limits.zero);
}

HEDDLE_AVX2 void add(const kernels::AddParams& p, const std::int16_t* a, const std::int16_t* b, std::int64_t count,
                     std::int16_t* out) {
  const double unit = 1.0 / static_cast<double>(std::int64_t{1} << p.shift);
  const __m256d factor_a = _mm256_set1_pd(p.mult_a * unit), factor_b = _mm256_set1_pd(p.mult_b * unit);
  const Limits limits{_mm256_set1_pd(p.lo - p.zero_y), _mm256_set1_pd(p.hi - p.zero_y), _mm_set1_epi32(p.zero_y)};
  std::int64_t k = 0;
  for (; k + 8 <= count; k += 8) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + k));
    const __m128i z = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + k));
    const __m128i y0 = residual(_mm_cvtepi16_epi32(x), _mm_cvtepi16_epi32(z), p, factor_a, factor_b, limits);
    const __m128i y1 = residual(_mm_cvtepi16_epi32(_mm_srli_si128(x, 8)), _mm_cvtepi16_epi32(_mm_srli_si128(z, 8)), p,
                                factor_a, factor_b, limits);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + k), _mm_packs_epi32(y0, y1));
  }
  for (; k < count; ++k) out[k] = static_cast<std::int16_t>(kernels::residual_add(a[k], b[k], p));
}

HEDDLE_AVX2 void widen(const std::int8_t* from, std::int64_t count, std::int16_t* to) {
  std::int64_t k = 0;
  for (; k + 16 <= count; k += 16)
    store(to + k, _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + k))));
  for (; k < count; ++k) to[k] = from[k];
}

HEDDLE_AVX2 void narrow(const std::int16_t* from, std::int64_t count, std::int8_t* to) {
  std::int64_t k = 0;
  for (; k + 16 <= count; k += 16) {
    const __m256i v = load(from + k);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + k),
                     _mm_packs_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
  }
  for (; k < count; ++k) to[k] = static_cast<std::int8_t>(from[k]);
}

/// unpacklo and unpackhi work within halves of 8 lanes: the accumulators hold lanes 0-3, 8-11 and 4-7, 12-15.
struct DepthwiseSums {
  __m256i low, high;
};

HEDDLE_AVX2_INLINE void add_pair(const TapPair& pair, std::int64_t k, DepthwiseSums& sums) {
  const __m256i a = load(pair.a + k), b = load(pair.b + k);
  sums.low = _mm256_add_epi32(sums.low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), load(pair.weights.data())));
  sums.high =
      _mm256_add_epi32(sums.high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), load(pair.weights.data() + kLanes)));
}

HEDDLE_AVX2_INLINE void store_sums(const DepthwiseSums& sums, std::int32_t* acc) {
  store(acc, _mm256_permute2x128_si256(sums.low, sums.high, 0x20));
  store(acc + 8, _mm256_permute2x128_si256(sums.low, sums.high, 0x31));
}

HEDDLE_AVX2 void depthwise(const TapPair* pairs, std::int64_t pair_count, std::int64_t count, std::int32_t* acc) {
  const TapPair* const end = pairs + pair_count;
  const __m256i zero = _mm256_setzero_si256();
  std::int64_t k = 0;
  for (; k + 2 * kLanes <= count; k += 2 * kLanes) {
    DepthwiseSums first{zero, zero}, second{zero, zero};
    for (const TapPair* pair = pairs; pair != end; ++pair) {
      add_pair(*pair, k, first);
      add_pair(*pair, k + kLanes, second);
    }
    store_sums(first, acc + k);
    store_sums(second, acc + k + kLanes);
  }
  if (k == count) return;
  DepthwiseSums sums{zero, zero};
  for (const TapPair* pair = pairs; pair != end; ++pair) add_pair(*pair, k, sums);
  store_sums(sums, acc + k);
}

}  // namespace

const Kernels* avx2_kernels() {
  static constexpr auto kIndices = std::make_index_sequence<kRows>{};
  static constexpr Kernels kKernels{
      "avx2",
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
  static const bool available = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  return available ? &kKernels : nullptr;
}

}  // namespace heddle::sim::fast

#else

namespace heddle::sim::fast {
const Kernels* avx2_kernels() {
  return nullptr;
}
}  // namespace heddle::sim::fast

#endif
