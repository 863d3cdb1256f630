// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "codegen/step.h"
#include "mapping/problem.h"
#include "overlay/overlay.h"

namespace heddle::codegen {

/// Parts that a step reads and writes, in the order of its tile buffers: inputs, operands, output.
struct StepParts {
  std::vector<Part> inputs, operands;
  std::optional<Part> output;
};
[[nodiscard]] StepParts parts_of(const Step& step);

/// The cheapest way to run a step when the buffers marked in `in_ddr` lie in DDR, within a budget of feature memory
/// for tiles; nothing if no tile fits.
[[nodiscard]] std::optional<mapping::Choice> choose_step(const overlay::Overlay& overlay, const Lowered& lowered,
                                                         const Step& step, const std::vector<bool>& in_ddr,
                                                         mapping::Budget budget);

}  // namespace heddle::codegen
