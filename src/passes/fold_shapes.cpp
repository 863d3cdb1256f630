// SPDX-License-Identifier: Apache-2.0
#include "ir/graph_inference.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

Fate fold_shapes_at(Rewriter& rewriter, Node& node) {
  if (node.op != "Shape" && node.op != "Size") return Fate::keep;
  const Value& operand = rewriter.value(node.inputs.front());
  Value& result = rewriter.value(node.outputs.front());
  const std::int64_t count = checked_element_count(operand.shape);
  if (count < 0) return Fate::keep;
  result.constant = node.op == "Shape" ? ir::shape_tensor(operand.shape, node.attributes)
                                       : Tensor::from<std::int64_t>({}, std::vector<std::int64_t>{count});
  return Fate::drop;
}

}  // namespace

Result<bool> fold_shapes(Graph& graph) {
  return Rewriter(graph).run(fold_shapes_at);
}

}  // namespace heddle::passes
