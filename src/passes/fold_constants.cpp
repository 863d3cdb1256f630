// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

// A result larger than this is folded only if it is not larger than what it is made of: a folded Expand or
// ConstantOfShape would bloat program files for nothing.
constexpr std::int64_t kFreelyFolded = std::int64_t{1} << 16;

/// The folded value keeps the quantisation of its operand where the node only moves elements.
void carry_quantization(const Rewriter& rewriter, const Node& node, Value& result) {
  if (result.quantization || (node.op != "Reshape" && node.op != "Transpose")) return;
  const Value& operand = rewriter.value(node.inputs.front());
  if (!operand.quantization) return;
  ir::Quantization quantization = *operand.quantization;
  if (quantization.axis >= 0) {
    if (node.op == "Reshape") return;
    const std::vector<std::int64_t> perm = kernels::get_ints(node.attributes, "perm");
    const auto rank = static_cast<int>(operand.shape.size());
    if (perm.empty())
      quantization.axis = rank - 1 - quantization.axis;
    else
      quantization.axis = static_cast<int>(std::find(perm.begin(), perm.end(), quantization.axis) - perm.begin());
  }
  result.quantization = std::move(quantization);
}

bool is_random(const Node& node) {
  return node.op.starts_with("Random") || node.op == "Bernoulli" || node.op == "Multinomial";
}

/// All operands if every one of them is constant (or left out), else nullopt.
std::optional<std::vector<Tensor>> constant_operands(const Rewriter& rewriter, const Node& node) {
  std::vector<Tensor> operands;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Tensor* tensor = rewriter.constant(node, i);
    if (tensor == nullptr && node.inputs[i] != kNoValue) return std::nullopt;
    operands.push_back(tensor == nullptr ? Tensor{} : *tensor);
  }
  return operands;
}

Fate fold_constants_at(Rewriter& rewriter, Node& node) {
  if (node.inputs.empty() || is_random(node)) return Fate::keep;
  const std::optional<std::vector<Tensor>> operands = constant_operands(rewriter, node);
  const kernels::OperatorDefinition* definition = kernels::find_operator(node.op);
  if (!operands || definition == nullptr) return Fate::keep;
  std::int64_t read = 0, written = 0;
  for (const Tensor& operand : *operands) read += operand.size();
  for (const ValueId id : node.outputs)
    if (id != kNoValue) written += element_count(rewriter.value(id).shape);
  if (written > std::max(read, kFreelyFolded)) return Fate::keep;
  const Result<std::vector<Tensor>> results = definition->run(node.attributes, *operands, node.outputs.size());
  // A node that cannot run keeps its place: if it is reached, running it names it.
  if (!results || results->size() < node.outputs.size()) return Fate::keep;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    Value& result = rewriter.value(node.outputs[i]);
    result.constant = (*results)[i];
    result.type = (*results)[i].type();
    result.shape = (*results)[i].shape();
    carry_quantization(rewriter, node, result);
  }
  return Fate::drop;
}

}  // namespace

Result<bool> fold_constants(Graph& graph) {
  return Rewriter(graph).run(fold_constants_at);
}

}  // namespace heddle::passes
