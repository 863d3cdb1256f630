// SPDX-License-Identifier: Apache-2.0
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

Fate convert(Rewriter& rewriter, Node& node) {
  const Tensor* weights = rewriter.constant(node, 1);
  const Value& data = rewriter.value(node.inputs.front());
  if (weights == nullptr || weights->rank() != 2 || data.shape.size() != 2 || data.type != DataType::f32)
    return Fate::keep;
  node.op = "Gemm";
  return Fate::changed;
}

/// True if a constant is [N] or [1, N]: one bias per output of a Gemm, broadcast over the rows.
bool is_bias(const Tensor* bias, std::int64_t outputs) {
  return bias != nullptr && bias->type() == DataType::f32 && bias->size() == outputs && bias->rank() >= 1 &&
         bias->rank() <= 2 && bias->shape().back() == outputs;
}

/// Add(Gemm(x, W), bias) becomes Gemm(x, W, bias).
Fate absorb_bias(Rewriter& rewriter, Node& node) {
  for (std::size_t side = 0; side < 2; ++side) {
    const ValueId product = node.inputs[side];
    const Tensor* bias = rewriter.constant(node, 1 - side);
    Node* gemm = rewriter.producer(product, "Gemm");
    if (gemm == nullptr || gemm->inputs.size() != 2 || !rewriter.has_one_reader(product)) continue;
    if (rewriter.value(product).quantization || !is_bias(bias, rewriter.value(product).shape.back())) continue;
    const Tensor flat = bias->reshaped({bias->size()});
    const ValueId constant =
        bias->rank() == 1 ? node.inputs[1 - side] : rewriter.add_constant(node.name + ".bias", flat);
    rewriter.set_input(*gemm, 2, constant);
    merge_origins(*gemm, node);
    rewriter.take_output(*gemm, node.outputs.front());
    return Fate::drop;
  }
  return Fate::keep;
}

Fate matmul_to_gemm_at(Rewriter& rewriter, Node& node) {
  if (node.op == "MatMul") return convert(rewriter, node);
  if (node.op == "Add") return absorb_bias(rewriter, node);
  return Fate::keep;
}

}  // namespace

Result<bool> matmul_to_gemm(Graph& graph) {
  return Rewriter(graph).run(matmul_to_gemm_at);
}

}  // namespace heddle::passes
