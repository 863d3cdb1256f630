// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "base/tensor.h"
#include "ir/graph.h"

/// Shrinking a failing model to the part that fails.
namespace heddle::compiler {

/// A graph and inputs for it.
struct Reproducer {
  ir::Graph graph;
  std::vector<Tensor> inputs;
};

/// True if the failure that is looked for still occurs.
using StillFails = std::function<bool(const Reproducer&)>;

/// Cuts outputs, then inputs, as long as `still_fails` holds: first the earliest node whose output alone fails, then
/// values before it are turned into inputs (holding what the float reference computes there). `step` is called per
/// attempt.
[[nodiscard]] Result<Reproducer> reduce(const Reproducer& failing, const StillFails& still_fails,
                                        const std::function<void()>& step = {});

}  // namespace heddle::compiler
