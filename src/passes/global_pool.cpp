// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

/// The reduced axes of a node with `axes` as second input, sorted; nullopt unless they are constant.
std::optional<std::vector<std::int64_t>> reduced_axes(const Rewriter& rewriter, const Node& node, std::int64_t rank) {
  std::optional<std::vector<std::int64_t>> axes = ints_of(rewriter.graph(), Rewriter::input(node, 1));
  if (!axes) return std::nullopt;
  for (std::int64_t& axis : *axes) axis = axis < 0 ? axis + rank : axis;
  std::sort(axes->begin(), axes->end());
  return axes;
}

/// ReduceMean over exactly the axes behind N and C.
Fate global_pool_at(Rewriter& rewriter, Node& node) {
  if (node.op != "ReduceMean" && node.op != "ReduceMax") return Fate::keep;
  const ValueId data = node.inputs.front();
  const Shape& shape = rewriter.value(data).shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto axes = reduced_axes(rewriter, node, rank);
  if (rank < 3 || rewriter.value(data).type != DataType::f32 || !axes ||
      static_cast<std::int64_t>(axes->size()) != rank - 2 || axes->front() != 2 || axes->back() != rank - 1)
    return Fate::keep;
  const std::string pool = node.op == "ReduceMean" ? "GlobalAveragePool" : "GlobalMaxPool";
  if (kernels::get_int(node.attributes, "keepdims", 1) != 0) {
    node.op = pool;
    node.attributes.clear();
    rewriter.set_inputs(node, {data});
    return Fate::changed;
  }
  const std::optional<ValueId> pooled = rewriter.add(pool, node.name + ".pool", {data}, {}, node);
  if (!pooled) return Fate::keep;
  const Shape& flat = rewriter.value(node.outputs.front()).shape;
  const ValueId dims = rewriter.add_constant(node.name + ".shape", Tensor::from<std::int64_t>({2}, flat));
  rewriter.set_inputs(node, {*pooled, dims});
  node.op = "Reshape";
  node.attributes.clear();
  return Fate::changed;
}

}  // namespace

Result<bool> global_pool(Graph& graph) {
  return Rewriter(graph).run(global_pool_at);
}

}  // namespace heddle::passes
