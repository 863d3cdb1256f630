// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "isa/instruction.h"
#include "sim/cycle/parameters.h"

/// How long one instruction takes when nothing else disturbs it, and what it needs of what engines share. One file for
/// each engine; the cycle machine puts instructions together.
namespace heddle::sim::cycle {

/// Regions of feature memory (bit r: region r) that are accessed, and how often: requests a cycle at full speed.
struct PortUse {
  std::uint64_t regions = 0;
  double rate = 0;
};

/// Instructions of one engine follow each other without a gap only within a chain; `alone`: they never do.
enum class Chain : std::uint8_t { any, window, point, alone };

/// An instruction in execution: after `lead` cycles its work flows, at `top_rate` units a cycle at most; `tail` cycles
/// behind its last unit it is done. Work is counted in cycles for CONV and STENCIL, in AXI beats for the others.
struct Timing {
  double setup = 0;  ///< from being taken into set-up until it may start
  double lead = 0, work = 0, top_rate = 1, tail = 0;
  /// Work that may be left when the next instruction of the engine may start.
  double front = 0;
  /// The next instruction may start this many cycles after the start at the earliest.
  double front_cycles = 0;
  Chain chain = Chain::any;
  PortUse read, write;
  bool reads_ddr = false, writes_ddr = false;
  /// How DDR transfers are dealt to the ports: `runs` times `run_pieces` pieces of `piece_beats` and one of
  /// `rest_beats`.
  bool one_port = false;
  double runs = 0, run_pieces = 0, piece_beats = 0, rest_beats = 0;
  [[nodiscard]] bool transfers() const { return reads_ddr || writes_ddr; }
  /// CONV: cycles of POST, and those of its last pass; POST takes one instruction after the other.
  double drain = 0, drain_lead = 0, drain_last = 0, drain_tail = 0;
  /// What cycles are spent on without disturbance: cycles with progress, and the causes of the others. What is left
  /// belongs to the pipeline: POST for CONV and STENCIL, DDR for the others.
  double busy = 0, weights = 0, bank = 0;
};

enum class StencilPath : std::uint8_t { window, point, sum };

[[nodiscard]] Timing conv_timing(const isa::Instruction& instruction, const Parameters& parameters);
[[nodiscard]] Timing stencil_timing(const isa::Instruction& instruction, const Parameters& parameters);
[[nodiscard]] StencilPath stencil_path(const isa::Instruction& instruction, const Parameters& parameters);
[[nodiscard]] Timing load_timing(const isa::Instruction& instruction, const Parameters& parameters);
[[nodiscard]] Timing load_const_timing(const isa::Instruction& instruction, const Parameters& parameters);
[[nodiscard]] Timing save_timing(const isa::Instruction& instruction, const Parameters& parameters);

/// That of any instruction but `end` and `fence`.
[[nodiscard]] Timing timing_of(const isa::Instruction& instruction, const Parameters& parameters);

}  // namespace heddle::sim::cycle
