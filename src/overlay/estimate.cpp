// SPDX-License-Identifier: Apache-2.0
#include "overlay/estimate.h"

#include <algorithm>
#include <array>
#include <utility>

namespace heddle::overlay {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// DSP48: two int8 products each, two for the requantiser of a POST lane. ECP5 MULT18X18D: one product, three a lane.
/// Binary32 takes two a product (additions in LUTs). STENCIL multiplies in LUTs.
std::int64_t multipliers(const Overlay& o, const Device& device) {
  const std::int64_t macs = std::int64_t{o.P} * o.M * o.N;
  const bool dsp48 = device.family != "ecp5";
  switch (o.format) {
    case NumberFormat::integer:
      return dsp48 ? ceil_div(macs, 2) + 2 * o.post_lanes : macs + 3 * o.post_lanes;
    case NumberFormat::bf16:
      return macs + o.post_lanes;
    case NumberFormat::fp32:
      return (dsp48 ? 2 : 4) * (macs + o.post_lanes);
  }
  return 0;
}

/// Copies of a memory `width_bits` wide in URAM blocks of 4096 × 72.
std::int64_t ultra_rams(std::int64_t width_bits, std::int64_t words) {
  return ceil_div(width_bits, 72) * ceil_div(words, 4096);
}

std::int64_t small_memories(const Overlay& o) {
  const std::int64_t parameters = block_rams(96, o.param_words) + block_rams(96, o.stencil_param_words);
  const std::int64_t coefficients = block_rams(std::int64_t{16} * o.N, o.coefficient_words);
  // One copy for two POST lanes (two ports); entry 256 of each table is a register.
  const std::int64_t tables = ceil_div(o.post_lanes, 2) * block_rams(16, std::int64_t{256} * o.tables);
  return parameters + coefficients + tables;
}

}  // namespace

std::int64_t block_rams(std::int64_t width_bits, std::int64_t words) {
  constexpr std::array<std::pair<int, int>, 6> kShapes{
      {{36, 512}, {18, 1024}, {9, 2048}, {4, 4096}, {2, 8192}, {1, 16384}}};
  std::int64_t best = ceil_div(width_bits, 36) * ceil_div(words, 512);
  for (const auto& [width, depth] : kShapes)
    best = std::min(best, ceil_div(width_bits, width) * ceil_div(words, depth));
  return best;
}

Resources estimate(const Overlay& overlay, const Device& device) {
  const std::int64_t element_bits = overlay.format == NumberFormat::integer ? 8
                                    : overlay.format == NumberFormat::bf16  ? 16
                                                                            : 32;
  const std::int64_t slot_bits = element_bits * overlay.N;
  const std::int64_t banks = std::int64_t{overlay.regions} * overlay.P;
  const std::int64_t weight_bits = element_bits * overlay.weight_word_bytes();

  Resources used{.dsp = multipliers(overlay, device), .bram18 = small_memories(overlay), .uram = 0};
  const auto place = [&](std::int64_t copies, std::int64_t width, std::int64_t words) {
    const std::int64_t ultra = copies * ultra_rams(width, words);
    if ((used.uram + ultra) * overlay.cores <= device.uram)
      used.uram += ultra;
    else
      used.bram18 += copies * block_rams(width, words);
  };
  place(banks, slot_bits, overlay.region_words);
  place(1, weight_bits, overlay.weight_words);
  return {.dsp = used.dsp * overlay.cores, .bram18 = used.bram18 * overlay.cores, .uram = used.uram * overlay.cores};
}

}  // namespace heddle::overlay
