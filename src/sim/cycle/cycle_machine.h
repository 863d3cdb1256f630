// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/diagnostic.h"
#include "sim/cycle/parameters.h"
#include "sim/cycle/timing.h"
#include "sim/schedule.h"

/// The cycle machine: when everything happens that the functional machine does. It moves from event to event (an
/// instruction arrives, starts, is done, its work ends), between which everything flows at constant rates.
/// docs/hardware/cycle_machine.md states the model and how close it is to the hardware.
namespace heddle::sim::cycle {

/// What a cycle of an engine is; the numbers are those of the hardware's counters (hardware/registers.h).
enum class Category : std::uint8_t {
  idle = 0,
  busy = 1,
  setup = 2,
  fetch = 3,
  wait = 4,  ///< + the engine whose signal is awaited
  weights = 9,
  port = 10,
  post = 11,
  hazard = 12,
  bank = 13,
  ddr = 14,
};
inline constexpr std::size_t kCategories = 15;

struct Report {
  std::uint64_t cycles = 0;
  /// Cycles by engine and Category; those of an engine sum up to `cycles`.
  std::array<std::array<std::uint64_t, kCategories>, isa::kEngines> counters{};
  std::uint64_t read_bytes = 0, write_bytes = 0;  ///< of DDR, whole beats
  /// Cycle in which each instruction was done, counted from the start of the run.
  std::array<std::vector<std::uint64_t>, isa::kEngines> started, done;
};

/// A segment with the timing of its instructions, shared by all runs.
struct TimedSegment {
  Parameters parameters;
  Streams streams;
  std::vector<std::unique_ptr<const Timing>> distinct;
  std::array<std::vector<const Timing*>, isa::kEngines> timings;  ///< null for `end` and `fence`
};

/// Errors: those of serial_order (deadlock, streams without end).
[[nodiscard]] Result<TimedSegment> make_timed_segment(Streams streams, const Parameters& parameters);

/// One run. Always the same for the same segment.
[[nodiscard]] Report simulate(const TimedSegment& segment);

}  // namespace heddle::sim::cycle
