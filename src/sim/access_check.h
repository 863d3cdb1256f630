// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "base/diagnostic.h"
#include "isa/instruction.h"
#include "overlay/overlay.h"

namespace heddle::sim {

/// One past the last byte behind the base register that a load or save touches.
[[nodiscard]] std::int64_t ddr_end(const isa::Instruction& instruction, std::int64_t slot_bytes);

/// Does every slot that the instruction touches lie in feature memory, and are formats and sizes ones that the machine
/// computes? Fields are taken to be within their formats' limits. Collects all findings.
[[nodiscard]] Diagnostics check_access(const isa::Instruction& instruction, const overlay::Overlay& overlay);

/// Rows (or columns) [begin, end) of a source of `size` rows that a window reads; empty if it reads padding only.
struct Touched {
  std::int64_t begin = 0, end = 0;
};
[[nodiscard]] Touched touched_rows(const isa::Instruction& instruction);
[[nodiscard]] Touched touched_columns(const isa::Instruction& instruction);

}  // namespace heddle::sim
