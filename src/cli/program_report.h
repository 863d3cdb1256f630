// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "cli/json.h"
#include "isa/program.h"

namespace heddle::cli {

/// Sums over the overlay segments of a program. Times are estimates (closed form), not measurements.
struct ProgramTotals {
  double cycles = 0, array_cycles = 0;
  std::int64_t macs = 0, ddr_bytes = 0;
  std::size_t instructions = 0, constant_bytes = 0;
  [[nodiscard]] double milliseconds(const overlay::Overlay& overlay) const {
    return cycles / (overlay.clock_mhz * 1e3);
  }
  /// MACs over cycles × the array's MACs per cycle.
  [[nodiscard]] double utilisation(const overlay::Overlay& overlay) const;
};

[[nodiscard]] ProgramTotals totals(const isa::Program& program);
[[nodiscard]] Json program_json(const isa::Program& program, const overlay::Overlay& overlay);
/// The table that `heddle compile` prints: a row a layer, and the totals.
void print_program(const isa::Program& program, const overlay::Overlay& overlay);

}  // namespace heddle::cli
