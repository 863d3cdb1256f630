// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"

/// Batch normalisation in training mode normalises each input by its own statistics. It cannot be folded or quantised
/// until statistics measured on sample inputs take their place.
namespace heddle::passes {

struct BatchNormStatistics {
  std::string node;              ///< name of the BatchNormalization node
  std::vector<float> mean, var;  ///< of its operand, one entry a channel
};

/// Indices of the BatchNormalization nodes in training mode, in the graph's order.
[[nodiscard]] std::vector<int> training_batch_norms(const ir::Graph& graph);
/// One finding (class unsupported) for each of them, with the way out; empty if there are none.
[[nodiscard]] Diagnostics refuse_training_batch_norms(const ir::Graph& graph);
/// Turns every training-mode node into inference mode with the given statistics. Errors: a node without statistics,
/// statistics of a wrong length or not finite, running statistics that the graph reads.
[[nodiscard]] Status freeze_batchnorm(ir::Graph& graph, std::span<const BatchNormStatistics> statistics);

}  // namespace heddle::passes
