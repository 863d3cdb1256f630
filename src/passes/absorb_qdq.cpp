// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "passes/passes.h"
#include "passes/qdq_parameters.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

using ir::Quantization;

/// Operators that only move or select elements, so that dequantising before or after them is the same.
bool only_moves(const Node& node) {
  constexpr std::array<std::string_view, 8> kMoves{"Flatten", "Identity", "MaxPool",   "Reshape",
                                                   "Slice",   "Squeeze",  "Transpose", "Unsqueeze"};
  return node.outputs.size() == 1 && std::find(kMoves.begin(), kMoves.end(), node.op) != kMoves.end();
}

/// The readers of each value that quantise it, as far as they agree.
struct QuantiseReaders {
  explicit QuantiseReaders(const Graph& graph) : count(graph.values.size(), 0), first(graph.values.size(), nullptr) {
    for (const Node& node : graph.nodes) {
      if (node.op != "QuantizeLinear" || node.inputs.size() < 2) continue;
      const auto x = static_cast<std::size_t>(node.inputs.front());
      if (first[x] == nullptr) first[x] = &node;
      const bool same =
          std::equal(node.inputs.begin() + 1, node.inputs.end(), first[x]->inputs.begin() + 1, first[x]->inputs.end());
      if (same) ++count[x];
    }
    first.clear();
  }
  std::vector<int> count;

 private:
  std::vector<const Node*> first;  ///< valid during construction only
};

class Absorber {
 public:
  explicit Absorber(const Graph& graph) : readers_(graph) {}
  Diagnostics findings;

  Fate visit(Rewriter& rewriter, Node& node) {
    if (node.op == "QuantizeLinear") return visit_quantize(rewriter, node);
    if (node.op == "DequantizeLinear") return visit_dequantize(rewriter, node);
    return Fate::keep;
  }

 private:
  /// Marks the value before the node, unless somebody else reads it in float.
  Fate visit_quantize(Rewriter& rewriter, Node& node) {
    const ValueId x = node.inputs.front();
    const ValueId result = node.outputs.front();
    const auto parameters =
        read_parameters(rewriter, node, rewriter.value(result).type, rewriter.value(result).shape, findings);
    if (!parameters) return Fate::keep;
    if (ir::constant_of(rewriter.graph(), x) != nullptr) return fold_quantize(rewriter, node);
    if (parameters->axis >= 0) return Fate::keep;
    const auto index = static_cast<std::size_t>(x);
    const bool alone = !rewriter.is_output(x) && index < readers_.count.size() &&
                       rewriter.uses(x) == std::max(readers_.count[index], 1);
    const bool marked = alone && !rewriter.value(x).quantization;
    if (marked) rewriter.value(x).quantization = parameters;
    rewriter.value(result).quantization = parameters;
    return marked ? Fate::changed : Fate::keep;
  }

  static Fate fold_quantize(Rewriter& rewriter, Node& node) {
    const kernels::OperatorDefinition* definition = kernels::find_operator(node.op);
    std::vector<Tensor> operands;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const Tensor* operand = rewriter.constant(node, i);
      operands.push_back(operand == nullptr ? Tensor{} : *operand);
    }
    const Result<std::vector<Tensor>> result = definition->run(node.attributes, operands, 1);
    if (!result) return Fate::keep;
    rewriter.value(node.outputs.front()).constant = result->front();
    return Fate::drop;
  }

  Fate visit_dequantize(Rewriter& rewriter, Node& node) {
    const ValueId integers = node.inputs.front();
    const DataType type = rewriter.value(integers).type;
    const auto parameters = read_parameters(rewriter, node, type, rewriter.value(integers).shape, findings);
    if (!parameters || rewriter.value(node.outputs.front()).type != DataType::f32) return Fate::keep;
    if (const Tensor* constant = ir::constant_of(rewriter.graph(), integers)) {
      std::optional<Tensor> reals = dequantise(*constant, *parameters);
      if (!reals) return Fate::keep;
      rewriter.value(node.outputs.front()).constant = std::move(reals);
      rewriter.value(node.outputs.front()).quantization = parameters;
      return Fate::drop;
    }
    if (parameters->axis >= 0) return Fate::keep;
    const std::optional<ValueId> real = real_value(rewriter, integers, *parameters, node);
    return real ? stand_in(rewriter, node, *real, *parameters) : mark_integers(rewriter, node, *parameters);
  }

  /// The float value whose integers `id` holds: the operand of the QuantizeLinear behind it, with what only moved the
  /// integers repeated in float.
  std::optional<ValueId> real_value(Rewriter& rewriter, ValueId id, const Quantization& parameters, const Node& node) {
    std::vector<Node> moves;  // from the last to the first
    while (const Node* producer = rewriter.producer(id)) {
      if (!only_moves(*producer) || !rewriter.has_one_reader(id)) break;
      id = producer->inputs.front();
      moves.push_back(*producer);
    }
    Node* quantize = rewriter.producer(id, "QuantizeLinear");
    if (quantize == nullptr) return std::nullopt;
    Diagnostics ignored;  // reported when the node was visited
    const auto stored = read_parameters(rewriter, *quantize, parameters.type, rewriter.value(id).shape, ignored);
    if (!stored || !equal(*stored, parameters)) return std::nullopt;
    ValueId real = quantize->inputs.front();
    if (moves.empty()) return real;
    real = quantised_copy(rewriter, real, parameters, node);
    for (auto move = moves.rbegin(); move != moves.rend(); ++move) {
      std::vector<ValueId> inputs = move->inputs;
      inputs.front() = real;
      const auto moved = rewriter.add(move->op, move->name, std::move(inputs), move->attributes, *move);
      if (!moved) return std::nullopt;
      rewriter.value(*moved).quantization = parameters;
      real = *moved;
    }
    return real;
  }

  /// The value itself if it carries these parameters, else an Identity of it that does: a requantisation.
  static ValueId quantised_copy(Rewriter& rewriter, ValueId id, const Quantization& parameters, const Node& node) {
    const std::optional<Quantization>& own = rewriter.value(id).quantization;
    if (own && equal(*own, parameters)) return id;
    const std::optional<ValueId> copy = rewriter.add("Identity", node.name + ".requantised", {id}, {}, node);
    if (!copy) return id;
    rewriter.value(*copy).quantization = parameters;
    return *copy;
  }

  /// Lets `real` stand for the result of the visited DequantizeLinear.
  static Fate stand_in(Rewriter& rewriter, Node& node, ValueId real, const Quantization& parameters) {
    const ValueId result = node.outputs.front();
    const std::optional<Quantization>& own = rewriter.value(real).quantization;
    if (own && equal(*own, parameters) && rewriter.can_forward(result, real)) {
      rewriter.forward(result, real);
      return Fate::drop;
    }
    node.op = "Identity";
    node.attributes.clear();
    rewriter.value(result).quantization = parameters;
    rewriter.set_inputs(node, {real});
    return Fate::changed;
  }

  /// Integers that enter from outside (or from an integer operator) keep their node; both sides are described.
  static Fate mark_integers(Rewriter& rewriter, Node& node, const Quantization& parameters) {
    Value& integers = rewriter.value(node.inputs.front());
    Value& reals = rewriter.value(node.outputs.front());
    if (reals.quantization) return Fate::keep;
    reals.quantization = parameters;
    if (!integers.quantization) integers.quantization = parameters;
    return Fate::changed;
  }

  QuantiseReaders readers_;
};

}  // namespace

Result<bool> absorb_qdq(Graph& graph) {
  Absorber absorber(graph);
  const bool changed =
      Rewriter(graph).run([&](Rewriter& rewriter, Node& node) { return absorber.visit(rewriter, node); });
  if (!absorber.findings.empty()) return fail(std::move(absorber.findings));
  return changed;
}

}  // namespace heddle::passes
