// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "isa/instruction.h"
#include "sim/cycle/ports.h"
#include "sim/cycle/timing.h"

namespace heddle::sim::cycle {

/// Work that flows now, by engine.
struct Flow {
  const Timing* timing = nullptr;  ///< of the oldest instruction that flows; null: none
  PortBeats wanted{};              ///< of a transfer: beats a cycle that it could move on each port
  friend bool operator==(const Flow&, const Flow&) = default;
};
using Flows = std::array<Flow, isa::kEngines>;

struct Rates {
  std::array<double, isa::kEngines> rate{};  ///< units of work a cycle
  /// Transfers: beats a cycle of each port that has some. `rate` is their sum.
  std::array<PortBeats, isa::kEngines> port{};
  /// Share of its cycles that an engine loses to others at feature memory.
  std::array<double, isa::kEngines> lost{};
  double fetch = 1;  ///< beats of instructions a cycle, when they come
};

/// What each gets of feature memory's ports and of DDR. `fetching`: instructions come through port 0.
void share(const Flows& flows, bool fetching, const Parameters& parameters, Rates& rates);

}  // namespace heddle::sim::cycle
