// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "ir/graph.h"

/// Executes an imported network in floating point: the readable definition of what it computes.
namespace heddle::reference {

/// Called after each node with its outputs (calibration, validation, layer reports).
using Observer = std::function<void(const ir::Node&, std::span<const Tensor> outputs)>;

struct RunOptions {
  Observer observer{};
  /// Further values whose tensors are returned behind the graph's outputs, in this order.
  std::span<const ir::ValueId> keep{};
};

/// One run: `inputs` in the order of graph.inputs; the result holds graph.outputs, then options.keep.
///
/// A tensor is freed after its last use. Errors: inputs that do not match the graph in number, type or shape; values
/// that an operator refuses; operators that do not exist. Node and operator are filled in.
[[nodiscard]] Result<std::vector<Tensor>> run_graph(const ir::Graph& graph, std::span<const Tensor> inputs,
                                                    const RunOptions& options = {});

}  // namespace heddle::reference
