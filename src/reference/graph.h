// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "ir/graph.h"

/// The float reference: executes a Graph node by node with the host kernels.
namespace heddle::reference {

/// Called after each node with its outputs (calibration, validation, layer reports).
using Observer = std::function<void(const ir::Node& node, std::span<const Tensor> outputs)>;

struct RunOptions {
  Observer observer;
  std::span<const ir::ValueId> keep;  ///< further values to return, behind the graph's outputs
};

/// Runs the graph. `inputs` are in the order of `graph.inputs`; a tensor is freed after its last use.
/// Errors: inputs of wrong number, type or shape; what a kernel finds, with the node's name.
[[nodiscard]] Result<std::vector<Tensor>> run_graph(const ir::Graph& graph, std::span<const Tensor> inputs,
                                                    const RunOptions& options = {});

}  // namespace heddle::reference
