// SPDX-License-Identifier: Apache-2.0
#include "cost/cost.h"

#include <algorithm>

namespace heddle::cost {
namespace {

/// Sets of M×N weights that one pass over the reduction takes.
std::int64_t weight_sets(const overlay::Overlay& overlay, const ConvWork& work) {
  return ceil_div(work.out_channels, overlay.M) * work.taps * ceil_div(work.in_channels, overlay.N);
}

/// In wide mode the array has M/2 output channels, so every set takes two turns and carries twice the bits.
double width_factor(const ConvWork& work) {
  return work.wide ? 2.0 : 1.0;
}

}  // namespace

double output_stationary_cycles(const overlay::Overlay& overlay, const ConvWork& work) {
  const auto groups = static_cast<double>(ceil_div(work.pixels, overlay.P));
  return width_factor(work) * static_cast<double>(weight_sets(overlay, work)) * groups *
         std::max(1, overlay.weight_cycles);
}

double weight_stationary_cycles(const overlay::Overlay& overlay, const ConvWork& work) {
  const std::int64_t groups = ceil_div(work.pixels, overlay.P);
  const std::int64_t passes = ceil_div(groups, overlay.acc_depth);
  const auto refill = static_cast<double>(overlay.weight_cycles);
  const double per_pass = std::max(static_cast<double>(groups) / static_cast<double>(passes), refill);
  return width_factor(work) * static_cast<double>(weight_sets(overlay, work)) * static_cast<double>(passes) * per_pass;
}

double array_cycles(const overlay::Overlay& overlay, const ConvWork& work) {
  return std::min(output_stationary_cycles(overlay, work), weight_stationary_cycles(overlay, work));
}

double drain_cycles(const overlay::Overlay& overlay, std::int64_t results) {
  return static_cast<double>(results) / std::max(1, overlay.post_lanes);
}

double stencil_cycles(const overlay::Overlay& overlay, std::int64_t out_slots, std::int64_t in_slots) {
  return static_cast<double>(std::max(out_slots, in_slots)) / std::max(1, overlay.stencil_pixels);
}

double ddr_cycles(const overlay::Overlay& overlay, std::int64_t bytes) {
  const double bytes_per_cycle = overlay.ddr_gb_per_s * 1e3 * overlay.ddr_efficiency / overlay.clock_mhz;
  return static_cast<double>(bytes) / bytes_per_cycle;
}

}  // namespace heddle::cost
