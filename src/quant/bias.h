// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>

#include "quant/simulation.h"

namespace heddle::quant {

/// Bias correction (Nagel et al., ICCV 2019, by calibration data): layer after layer, the mean by which rounding has
/// moved an output channel is taken off that channel's bias. Nodes without a bias get one.
[[nodiscard]] Status correct_bias(ir::Graph& graph, const Plan& plan, Simulation& simulation, const Widths& widths,
                                  std::span<const Simulation::Sample> samples);

}  // namespace heddle::quant
