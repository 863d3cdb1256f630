// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string_view>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

bool first_output_only(const Rewriter& rewriter, const Node& node) {
  for (std::size_t i = 1; i < node.outputs.size(); ++i)
    if (node.outputs[i] != kNoValue && rewriter.uses(node.outputs[i]) > 0) return false;
  return true;
}

bool all_equal(const Rewriter& rewriter, ValueId id, std::int64_t wanted) {
  const std::optional<std::vector<std::int64_t>> values = ints_of(rewriter.graph(), id);
  return values && std::all_of(values->begin(), values->end(), [wanted](std::int64_t v) { return v == wanted; });
}

bool is_inference_dropout(const Rewriter& rewriter, const Node& node) {
  if (Rewriter::input(node, 2) == kNoValue) return true;
  const Tensor* training = rewriter.constant(node, 2);
  return training != nullptr && training->size() == 1 && !training->data<bool>()[0];
}

bool is_ascending(const std::vector<std::int64_t>& perm) {
  return !perm.empty() && std::is_sorted(perm.begin(), perm.end());
}

/// 1 for Mul and Div, 0 for Add and Sub: the constant second operand that changes nothing.
bool has_neutral_operand(const Rewriter& rewriter, const Node& node) {
  const Tensor* operand = rewriter.constant(node, 1);
  if (operand == nullptr || operand->type() != DataType::f32) return false;
  const float neutral = node.op == "Mul" || node.op == "Div" ? 1.0F : 0.0F;
  const std::span<const float> values = operand->data<float>();
  return std::all_of(values.begin(), values.end(), [neutral](float v) { return v == neutral; });
}

/// True if the first output always equals the first input (shape and type are compared by the caller).
bool returns_its_operand(const Rewriter& rewriter, const Node& node) {
  constexpr std::array<std::string_view, 7> kByShape{"Identity", "Cast",    "CastLike", "Reshape",
                                                     "Squeeze",  "Flatten", "Unsqueeze"};
  constexpr std::array<std::string_view, 5> kOfOne{"Concat", "Sum", "Max", "Min", "Mean"};
  constexpr std::array<std::string_view, 4> kArithmetic{"Mul", "Div", "Add", "Sub"};
  const auto is_in = [&](const auto& list) { return std::find(list.begin(), list.end(), node.op) != list.end(); };
  if (is_in(kByShape)) return true;
  if (is_in(kOfOne)) return node.inputs.size() == 1;
  if (is_in(kArithmetic)) return has_neutral_operand(rewriter, node);
  if (node.op == "Dropout") return is_inference_dropout(rewriter, node);
  if (node.op == "Transpose") return is_ascending(kernels::get_ints(node.attributes, "perm"));
  if (node.op == "Pad") return all_equal(rewriter, Rewriter::input(node, 1), 0);
  // A slice of the full shape may still reverse an axis.
  if (node.op == "Slice")
    return Rewriter::input(node, 4) == kNoValue || all_equal(rewriter, Rewriter::input(node, 4), 1);
  return node.op == "Expand" || (node.op == "Split" && node.outputs.size() == 1);
}

/// Without the node, its operand stands for its result: both must mean the same to quantisation, too.
Fate remove(Rewriter& rewriter, Node& node) {
  const ValueId from = node.outputs.front();
  const ValueId to = Rewriter::input(node, 0);
  if (from == kNoValue || to == kNoValue || !returns_its_operand(rewriter, node)) return Fate::keep;
  const Value& result = rewriter.value(from);
  const Value& operand = rewriter.value(to);
  if (result.type != operand.type || result.shape != operand.shape || !first_output_only(rewriter, node))
    return Fate::keep;
  // A result with parameters of its own is requantised; one without takes over those of its operand.
  if (result.quantization && !same_quantization(result, operand)) return Fate::keep;
  if (!rewriter.can_forward(from, to)) return Fate::keep;
  if (Node* producer = rewriter.producer(to)) merge_origins(*producer, node);
  rewriter.forward(from, to);
  return Fate::drop;
}

}  // namespace

Result<bool> remove_identity(Graph& graph) {
  return Rewriter(graph).run(remove);
}

}  // namespace heddle::passes
