// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "quant/simulation.h"

/// Which layers get 16 bits.
namespace heddle::quant {

/// What the options fix beforehand: by unit, and by Dense node for its weights.
struct Pinned {
  std::vector<std::optional<bool>> unit, weights;
};

struct Precisions {
  Widths widths;
  double sqnr = 0;  ///< dB in the simulation
  bool target_reached = true;
};

/// Starts at 8 bits everywhere; if that misses the target, raises the units that add the most noise per
/// multiplication, as few as meet the target (docs/quantization.md).
[[nodiscard]] Result<Precisions> search_precisions(Simulation& simulation, const Plan& plan, const Pinned& pinned,
                                                   std::span<const Simulation::Sample> samples, double target_db);

/// The same width everywhere, except for what is pinned.
[[nodiscard]] Widths pinned_widths(const Plan& plan, const Pinned& pinned, bool wide);

}  // namespace heddle::quant
