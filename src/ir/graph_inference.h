// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <unordered_map>
#include <vector>

#include "ir/graph.h"

namespace heddle::ir {

/// Type and shape inference, one node at a time in topological order.
///
/// Small constant expressions (the shape arithmetic that exporters leave behind: Shape, Gather, Concat, …) are
/// evaluated on the way, so that a Reshape whose shape they compute has a known result. What is evaluated is not
/// written into the graph; constant folding does that.
class ShapeInference {
 public:
  /// The graph must outlive the inference; values may be added to it between visits.
  explicit ShapeInference(Graph& graph) : graph_(graph) {}

  /// Infers one node and writes the types and shapes of its outputs. A node that depends on a failed one is skipped
  /// without a finding of its own. True if the outputs are known afterwards.
  bool visit(const Node& node);
  /// True if type and shape of the value are known (a constant, a bound graph input, an inferred value).
  [[nodiscard]] bool is_known(ValueId id);
  /// The constant behind a value or what a constant expression evaluated to, else nullptr.
  [[nodiscard]] const Tensor* value_of(ValueId id) const;
  [[nodiscard]] const Diagnostics& diagnostics() const { return diagnostics_; }
  [[nodiscard]] Diagnostics take_diagnostics() { return std::move(diagnostics_); }

 private:
  enum class State : std::uint8_t { unknown, known, failed };

  State state_of(ValueId id);
  void mark(const Node& node, State state);
  bool inputs_known(const Node& node);
  Result<std::vector<kernels::TensorInfo>> infer(const Node& node) const;
  void evaluate(const Node& node, const kernels::OperatorDefinition& definition);
  void report(const Node& node, Diagnostics findings);

  Graph& graph_;
  std::vector<State> states_;
  std::unordered_map<ValueId, Tensor> evaluated_;
  std::int64_t evaluated_elements_ = 0;
  Diagnostics diagnostics_;
};

/// What the operator's infer function says about the node, given its input values' types, shapes and constants.
[[nodiscard]] Result<std::vector<kernels::TensorInfo>> infer_node(const Graph& graph, const Node& node);
/// The operands of a node as an infer function wants them.
[[nodiscard]] std::vector<kernels::TensorInfo> operands_of(const Graph& graph, const Node& node);
/// The result of Shape(value) restricted by its `start` and `end` attributes.
[[nodiscard]] Tensor shape_tensor(const Shape& shape, const kernels::Attributes& attributes);

}  // namespace heddle::ir
