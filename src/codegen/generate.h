// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/diagnostic.h"
#include "codegen/options.h"
#include "ir/network.h"
#include "isa/program.h"
#include "mapping/plan.h"
#include "overlay/overlay.h"

/// From an integer network to the streams that an overlay executes.
namespace heddle::codegen {

/// Allocation compares all pairs of buffers, so its time is bounded here. Real networks have at most some thousands.
inline constexpr std::size_t kMostLayers = 10'000;

struct Generated {
  isa::OverlaySegment segment;  ///< outputs: the network's in order, then the exposed maps in order
  mapping::Plan plan;           ///< what was decided for every step
};

/// Compiles a network for an overlay. The segment's results are those of `reference::run_network`, bit for bit.
///
/// Errors: a network that does not verify or has more than kMostLayers layers; a layer that this overlay cannot
/// execute, with its name and the reason (a missing unit, a field out of range, memories too small for the smallest
/// tile).
[[nodiscard]] Result<Generated> generate(const ir::Network& network, const overlay::Overlay& overlay,
                                         const Options& options = {});

}  // namespace heddle::codegen
