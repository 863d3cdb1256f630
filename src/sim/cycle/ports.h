// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>

#include "sim/cycle/timing.h"

namespace heddle::sim::cycle {

inline constexpr std::size_t kMaxPorts = 16;

/// Beats for each AXI port.
using PortBeats = std::array<double, kMaxPorts>;

/// A transfer's beats that are still to come.
struct Beats {
  PortBeats port{};  ///< dealt to the ports
  double pool = 0;   ///< not dealt yet
  [[nodiscard]] double sum() const;
};

/// Deals the pieces of a transfer to the ports as port_dealer does: in turn from `turn` on, as long as the ports have
/// room. The rest stays in the pool. `turn` goes on with the next transfer of the engine.
[[nodiscard]] Beats deal(const Timing& timing, std::size_t ports, std::size_t& turn);

/// Deals from the pool to the ports that have room again.
void refill(Beats& beats, const Timing& timing, std::size_t ports);

}  // namespace heddle::sim::cycle
