// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>

#include "sim/cycle/timing.h"

namespace heddle::sim::cycle {

inline constexpr std::size_t kMaxPorts = 16;

/// Beats for each AXI port.
using PortBeats = std::array<double, kMaxPorts>;

/// Deals the pieces of a transfer to the ports as port_dealer does: in turn from `turn` on, as long as the ports have
/// room, and then to whichever is through first. `turn` goes on with the next transfer of the engine.
[[nodiscard]] PortBeats deal(const Timing& timing, std::size_t ports, std::size_t& turn);

}  // namespace heddle::sim::cycle
