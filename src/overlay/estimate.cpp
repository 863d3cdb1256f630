// SPDX-License-Identifier: Apache-2.0
#include "overlay/estimate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "overlay/resource_model.h"

namespace heddle::overlay {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// DSPs of an overlay with floating-point arithmetic: binary32 takes two a product (additions in LUTs), four on ECP5.
std::int64_t float_multipliers(const Overlay& o, const Device& device) {
  const std::int64_t products = std::int64_t{o.P} * o.M * o.N + o.post_lanes;
  if (o.format == NumberFormat::bf16) return products;
  return (device.family == "ecp5" ? 4 : 2) * products;
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

DspPlan plan_dsps(const Overlay& o, const Device& device) {
  const bool ecp5 = device.family == "ecp5";
  const std::int64_t macs = std::int64_t{o.P} * o.M * o.N;
  const std::int64_t lanes = std::int64_t{o.stencil_pixels} * o.N;
  const std::int64_t rest = o.has_unit("table") ? 3 : 2;  // residual add, slope of a table
  const std::int64_t requantize = ecp5 ? 3 : 2;           // 48 × 16 bits in pieces
  DspPlan plan;
  // DSP48: two int8 products each; MULT18X18D: one.
  plan.required = (ecp5 ? macs : ceil_div(macs, 2)) + requantize * o.post_lanes;
  plan.total = plan.required * o.cores;
  const auto add = [&](std::int64_t need) {
    if (plan.total + need * o.cores > device.dsp) return false;
    plan.total += need * o.cores;
    return true;
  };
  plan.post = add(rest * o.post_lanes);
  plan.stencil_post = plan.post && add((requantize + rest) * lanes);
  // Nine taps and the gathered lane; bilinear weights.
  plan.stencil = plan.stencil_post && add(10 * lanes + (o.has_unit("upsample") ? o.stencil_pixels : 0));
  plan.total = plan.total / o.cores;
  return plan;
}

Resources estimate(const Overlay& overlay, const Device& device) {
  const std::int64_t element_bits = overlay.format == NumberFormat::integer ? 8
                                    : overlay.format == NumberFormat::bf16  ? 16
                                                                            : 32;
  const std::int64_t slot_bits = element_bits * overlay.N;
  const std::int64_t banks = std::int64_t{overlay.regions} * overlay.P;
  const std::int64_t weight_bits = element_bits * overlay.weight_word_bytes();

  Resources used{.dsp = overlay.format == NumberFormat::integer ? plan_dsps(overlay, device).total
                                                                : float_multipliers(overlay, device),
                 .bram18 = small_memories(overlay),
                 .uram = 0};
  const auto place = [&](std::int64_t copies, std::int64_t width, std::int64_t words) {
    const std::int64_t ultra = copies * ultra_rams(width, words);
    if ((used.uram + ultra) * overlay.cores <= device.uram)
      used.uram += ultra;
    else
      used.bram18 += copies * block_rams(width, words);
  };
  place(banks, slot_bits, overlay.region_words);
  place(1, weight_bits, overlay.weight_words);
  const LogicEstimate logic = estimate_logic(overlay, device, coefficients(device.family));
  const auto cores = static_cast<double>(overlay.cores);
  return {.lut = std::llround(logic.lut * cores),
          .ff = std::llround(logic.ff * cores),
          .dsp = used.dsp * overlay.cores,
          .bram18 = used.bram18 * overlay.cores,
          .uram = used.uram * overlay.cores};
}

}  // namespace heddle::overlay
