// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "isa/program.h"

namespace heddle::sim::cycle {

/// Cycles by layer, from when each instruction was done: a layer is over when its last instruction is done, and took
/// the time since the layers before it (in the order of OverlaySegment::layers) were over. So the cycles of all layers
/// sum up to when the last one was over, and what was done ahead (weights, the next tile) does not count twice.
/// `done[e][i]`: instruction i of engine e. The one definition for hardware and cycle machine.
[[nodiscard]] std::vector<std::uint64_t> layer_cycles(
    const isa::OverlaySegment& segment, const std::array<std::vector<std::uint64_t>, isa::kEngines>& done);

/// `done` of all instructions from those of engines only, in order: `end` and `fence` give no pulse and get the time of
/// the instruction before them.
[[nodiscard]] std::array<std::vector<std::uint64_t>, isa::kEngines> with_specials(
    const isa::OverlaySegment& segment, const std::array<std::vector<std::uint64_t>, isa::kEngines>& pulses);

}  // namespace heddle::sim::cycle
