// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ir/graph_inference.h"
#include "ir/name_table.h"

namespace heddle::frontend {

/// What a lifting rule may use: the graph so far, with all types and shapes that the node depends on.
class LiftContext {
 public:
  LiftContext(ir::Graph& graph, ir::ShapeInference& inference, ir::NameTable& value_names, ir::NameTable& node_names,
              Diagnostics& diagnostics)
      : graph_(graph),
        inference_(inference),
        value_names_(value_names),
        node_names_(node_names),
        diagnostics_(diagnostics) {}

  /// A new constant named after the node and its role ("conv1.axes").
  ir::ValueId constant(const ir::Node& node, std::string_view role, Tensor tensor);
  /// Appends a node in front of the one being lifted; its output gets a name after that node and `role`.
  ir::ValueId emit(const ir::Node& origin, std::string_view role, std::string op, kernels::Attributes attributes,
                   std::vector<ir::ValueId> inputs);
  void refuse(const ir::Node& node, std::string field, std::string message);
  [[nodiscard]] const ir::Value* input(const ir::Node& node, std::size_t index) const;
  [[nodiscard]] const Tensor* constant_input(const ir::Node& node, std::size_t index) const;

 private:
  ir::Graph& graph_;
  ir::ShapeInference& inference_;
  ir::NameTable& value_names_;
  ir::NameTable& node_names_;
  Diagnostics& diagnostics_;
};

/// One older form: nodes of `op` in operator sets before `below` are rewritten in place by `apply`.
struct Lift {
  std::string_view op;
  std::int64_t below;  ///< first operator set with the newer form
  void (*apply)(LiftContext&, ir::Node&);
  std::string_view what;
};

/// All of them, in the order of application.
[[nodiscard]] std::span<const Lift> lifts();
/// Rewrites the node from the meaning of `opset` to the newest.
void lift(LiftContext& context, ir::Node& node, std::int64_t opset);

}  // namespace heddle::frontend
