// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "ir/graph.h"
#include "quant/lowering/requant.h"

/// Float runs whose values can be replaced on the way: the fast simulation of a quantised network.
namespace heddle::quant {

/// Tensors by ValueId; an empty one is not computed (or no longer needed). An entry for a constant replaces it.
using Values = std::vector<Tensor>;

/// Runs one node on the values so far and stores its results. Errors name the node.
[[nodiscard]] Status run_node(const ir::Graph& graph, const ir::Node& node, Values& values);

/// A run's start: the tensors of the graph's inputs. Errors: wrong count, type or shape, values that are not finite.
[[nodiscard]] Result<Values> start_values(const ir::Graph& graph, std::span<const Tensor> inputs);

/// Runs the graph. `after(id, tensor)` sees each result and may return another tensor for it (or the same). Results are
/// freed after their last reader.
[[nodiscard]] Status run(const ir::Graph& graph, std::span<const Tensor> inputs,
                         const std::function<Tensor(ir::ValueId, const Tensor&)>& after);

/// Rounds every element to what the format can represent.
[[nodiscard]] Tensor fake_quantize(const Tensor& tensor, const Format& format);

/// Counts down the readers of values, so that tensors can be freed.
class Lifetimes {
 public:
  explicit Lifetimes(const ir::Graph& graph);
  /// Frees what no later node reads. Call after each node, in order.
  void release(const ir::Node& node, Values& values);

 private:
  std::vector<int> readers_;
};

}  // namespace heddle::quant
