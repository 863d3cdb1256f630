// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "overlay/overlay.h"

/// Closed-form times of one instruction or transfer, in cycles of the overlay's clock. No queues, no stalls: what the
/// engine needs when everything it reads is there. Used to choose, never to decide what is legal.
namespace heddle::cost {

[[nodiscard]] constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// One CONV instruction: `pixels` output pixels of `out_channels` channels, each a sum over `taps` × `in_channels`.
struct ConvWork {
  std::int64_t pixels = 0, out_channels = 0, in_channels = 0, taps = 0;
  bool wide = false;  ///< an operand has more than 8 bits: half the rate
};

/// Cycles with the reduction innermost: the weight registers are refilled for every group of P pixels.
[[nodiscard]] double output_stationary_cycles(const overlay::Overlay& overlay, const ConvWork& work);
/// Cycles with each set of weights held over as many pixel groups as there are accumulators.
[[nodiscard]] double weight_stationary_cycles(const overlay::Overlay& overlay, const ConvWork& work);
/// The lower of the two.
[[nodiscard]] double array_cycles(const overlay::Overlay& overlay, const ConvWork& work);
/// POST takes `post_lanes` results a cycle.
[[nodiscard]] double drain_cycles(const overlay::Overlay& overlay, std::int64_t results);
/// STENCIL takes `stencil_pixels` pixels of one block a cycle: the larger of outputs and inputs sets the pace.
[[nodiscard]] double stencil_cycles(const overlay::Overlay& overlay, std::int64_t out_slots, std::int64_t in_slots);
/// Bytes over what bursts reach of the peak bandwidth.
[[nodiscard]] double ddr_cycles(const overlay::Overlay& overlay, std::int64_t bytes);

/// Filling and draining the pipeline around an instruction whose successor depends on it.
inline constexpr double kInstructionCycles = 30;

}  // namespace heddle::cost
