// SPDX-License-Identifier: Apache-2.0
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

/// Gives the node a constant shape operand, the shape of its result.
bool set_static_shape(Rewriter& rewriter, Node& node, ValueId data) {
  const Shape shape = rewriter.value(node.outputs.front()).shape;
  const bool was_canonical = node.op == "Reshape" && node.inputs.front() == data &&
                             ints_of(rewriter.graph(), Rewriter::input(node, 1)) == shape;
  if (was_canonical) return false;
  const auto rank = static_cast<std::int64_t>(shape.size());
  const ValueId dims = rewriter.add_constant(node.name + ".shape", Tensor::from<std::int64_t>({rank}, shape));
  rewriter.set_inputs(node, {data, dims});
  node.op = "Reshape";
  node.attributes.clear();
  // A dimension of 0 means 0 and not "as in the input".
  if (element_count(shape) == 0) node.attributes["allowzero"] = std::int64_t{1};
  return true;
}

Fate canonicalise(Rewriter& rewriter, Node& node) {
  if (node.op != "Squeeze" && node.op != "Unsqueeze" && node.op != "Flatten" && node.op != "Reshape") return Fate::keep;
  ValueId data = node.inputs.front();
  // Looking through a reshape is right whoever else reads it; it only dies with its last reader.
  Node* before = rewriter.producer(data, "Reshape");
  if (before != nullptr && same_quantization(rewriter.value(data), rewriter.value(before->inputs.front()))) {
    const bool only_reader = rewriter.has_one_reader(data);
    data = before->inputs.front();
    if (only_reader) merge_origins(node, *before);
  }
  return set_static_shape(rewriter, node, data) ? Fate::changed : Fate::keep;
}

}  // namespace

Result<bool> canonical_reshape(Graph& graph) {
  return Rewriter(graph).run(canonicalise);
}

}  // namespace heddle::passes
