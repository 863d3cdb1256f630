// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <utility>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

using Ints = std::vector<std::int64_t>;

/// The permutation of a Transpose: output axis j is input axis perm[j].
Ints perm_of(const Rewriter& rewriter, const Node& node) {
  Ints perm = kernels::get_ints(node.attributes, "perm");
  if (!perm.empty()) return perm;
  perm.resize(rewriter.value(node.inputs.front()).shape.size());
  std::iota(perm.rbegin(), perm.rend(), 0);
  return perm;
}

bool is_identity(const Ints& perm) {
  return std::is_sorted(perm.begin(), perm.end());
}

std::size_t index(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

/// What a transpose in front of a node turns into when it moves behind it.
struct Pushed {
  kernels::Attributes attributes;
  std::vector<ValueId> inputs;
  Ints perm;  ///< behind the node; the identity if none is needed
};

constexpr std::array<std::string_view, 41> kElementwise{
    "Abs",       "Add",      "Cast",       "Ceil",  "Celu",  "Clip",        "Div",       "Dropout",
    "Elu",       "Erf",      "Exp",        "Floor", "Gelu",  "HardSigmoid", "HardSwish", "Identity",
    "LeakyRelu", "Log",      "Max",        "Mean",  "Min",   "Mish",        "Mul",       "Neg",
    "PRelu",     "Pow",      "Reciprocal", "Relu",  "Round", "Selu",        "Sigmoid",   "Sign",
    "Softplus",  "Softsign", "Sqrt",       "Sub",   "Sum",   "Swish",       "Tanh",      "ThresholdedRelu",
    "Shrink"};
static_assert(kElementwise.size() == 41);

/// A constant operand as it must be in front of the transpose, so that broadcasting pairs the same elements.
std::optional<ValueId> constant_in_front(Rewriter& rewriter, const Node& node, ValueId id, const Ints& perm) {
  const Tensor tensor = *ir::constant_of(rewriter.graph(), id);
  if (tensor.size() == 1 && tensor.rank() <= perm.size()) return id;
  if (tensor.rank() > perm.size() || rewriter.value(id).quantization) return std::nullopt;
  Shape full(perm.size() - tensor.rank(), 1);
  full.insert(full.end(), tensor.shape().begin(), tensor.shape().end());
  Ints inverse(perm.size());
  for (std::size_t j = 0; j < perm.size(); ++j) inverse[index(perm[j])] = static_cast<std::int64_t>(j);
  const kernels::OperatorDefinition* transpose = kernels::find_operator("Transpose");
  if (transpose == nullptr) return std::nullopt;
  const std::array operands{tensor.reshaped(full)};
  const Result<std::vector<Tensor>> moved = transpose->run({{"perm", inverse}}, operands, 1);
  if (!moved) return std::nullopt;
  return rewriter.add_constant(node.name + ".permuted", moved->front());
}

std::optional<Pushed> push_elementwise(Rewriter& rewriter, const Node& node, const Ints& perm) {
  Pushed pushed{node.attributes, {}, perm};
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId id = node.inputs[i];
    // Clip's limits and Dropout's ratio are scalars and no operands.
    const bool parameter = i > 0 && (node.op == "Clip" || node.op == "Dropout");
    if (id == kNoValue || parameter) {
      pushed.inputs.push_back(id);
    } else if (Node* transpose = rewriter.producer(id, "Transpose")) {
      pushed.inputs.push_back(transpose->inputs.front());
    } else if (ir::constant_of(rewriter.graph(), id) != nullptr) {
      const std::optional<ValueId> moved = constant_in_front(rewriter, node, id, perm);
      if (!moved) return std::nullopt;
      pushed.inputs.push_back(*moved);
    }
  }
  return pushed;
}

std::optional<std::int64_t> normal_axis(std::int64_t axis, std::size_t rank) {
  if (axis < 0) axis += static_cast<std::int64_t>(rank);
  if (axis < 0 || axis >= static_cast<std::int64_t>(rank)) return std::nullopt;
  return axis;
}

/// Concat, Softmax, …: one axis, given as an attribute.
std::optional<Pushed> push_axis(Rewriter& rewriter, const Node& node, const Ints& perm) {
  const std::int64_t fallback = node.op == "Concat" ? 0 : -1;
  const auto axis = normal_axis(kernels::get_int(node.attributes, "axis", fallback), perm.size());
  if (!axis) return std::nullopt;
  Pushed pushed{node.attributes, {}, perm};
  pushed.attributes["axis"] = perm[index(*axis)];
  for (const ValueId id : node.inputs) {
    Node* transpose = rewriter.producer(id, "Transpose");
    if (transpose == nullptr) return std::nullopt;
    pushed.inputs.push_back(transpose->inputs.front());
  }
  return pushed;
}

/// Means, maxima, … over constant axes.
std::optional<Pushed> push_reduction(Rewriter& rewriter, const Node& node, const Ints& perm) {
  std::optional<Ints> axes = ints_of(rewriter.graph(), Rewriter::input(node, 1));
  if (!axes) return std::nullopt;
  std::vector<bool> reduced(perm.size(), false);  // by axis behind the transpose
  for (std::int64_t& a : *axes) {
    const auto axis = normal_axis(a, perm.size());
    if (!axis) return std::nullopt;
    reduced[index(*axis)] = true;
    a = perm[index(*axis)];
  }
  std::sort(axes->begin(), axes->end());
  Pushed pushed{node.attributes, {}, perm};
  if (kernels::get_int(node.attributes, "keepdims", 1) == 0) {
    Ints kept;  // axes in front of the transpose, in the order of the result
    for (std::size_t j = 0; j < perm.size(); ++j)
      if (!reduced[j]) kept.push_back(perm[j]);
    Ints sorted = kept;
    std::sort(sorted.begin(), sorted.end());
    pushed.perm.clear();
    for (const std::int64_t axis : kept)
      pushed.perm.push_back(std::lower_bound(sorted.begin(), sorted.end(), axis) - sorted.begin());
  }
  const auto count = static_cast<std::int64_t>(axes->size());
  const ValueId constant = rewriter.add_constant(node.name + ".axes", Tensor::from<std::int64_t>({count}, *axes));
  pushed.inputs = {rewriter.producer(node.inputs.front())->inputs.front(), constant};
  return pushed;
}

/// Pad over all axes by constants.
std::optional<Pushed> push_pad(Rewriter& rewriter, const Node& node, const Ints& perm) {
  const std::optional<Ints> pads = ints_of(rewriter.graph(), Rewriter::input(node, 1));
  const std::size_t rank = perm.size();
  if (!pads || pads->size() != 2 * rank || Rewriter::input(node, 3) != kNoValue) return std::nullopt;
  Ints moved(2 * rank);
  for (std::size_t j = 0; j < rank; ++j) {
    moved[index(perm[j])] = (*pads)[j];
    moved[index(perm[j]) + rank] = (*pads)[j + rank];
  }
  const auto count = static_cast<std::int64_t>(moved.size());
  Pushed pushed{node.attributes, node.inputs, perm};
  pushed.inputs[0] = rewriter.producer(node.inputs.front())->inputs.front();
  pushed.inputs[1] = rewriter.add_constant(node.name + ".pads", Tensor::from<std::int64_t>({count}, moved));
  return pushed;
}

/// Slice along constant axes.
std::optional<Pushed> push_slice(Rewriter& rewriter, const Node& node, const Ints& perm) {
  std::optional<Ints> axes = ints_of(rewriter.graph(), Rewriter::input(node, 3));
  if (!axes) return std::nullopt;
  for (std::int64_t& a : *axes) {
    const auto axis = normal_axis(a, perm.size());
    if (!axis) return std::nullopt;
    a = perm[index(*axis)];
  }
  const auto count = static_cast<std::int64_t>(axes->size());
  Pushed pushed{node.attributes, node.inputs, perm};
  pushed.inputs[0] = rewriter.producer(node.inputs.front())->inputs.front();
  pushed.inputs[3] = rewriter.add_constant(node.name + ".axes", Tensor::from<std::int64_t>({count}, *axes));
  return pushed;
}

using Push = std::optional<Pushed> (*)(Rewriter&, const Node&, const Ints&);

Push push_of(const Node& node) {
  const auto is = [&](std::string_view op) { return node.op == op; };
  if (std::find(kElementwise.begin(), kElementwise.end(), node.op) != kElementwise.end()) return push_elementwise;
  if (is("Concat") || is("Softmax") || is("LogSoftmax")) return push_axis;
  if (node.op.starts_with("Reduce")) return push_reduction;
  if (is("Pad")) return push_pad;
  if (is("Slice")) return push_slice;
  return nullptr;
}

/// The permutation that all operands (except constants and omitted ones) of the result's rank were transposed by.
std::optional<Ints> common_perm(Rewriter& rewriter, const Node& node) {
  std::optional<Ints> common;
  for (const ValueId id : node.inputs) {
    if (id == kNoValue || ir::constant_of(rewriter.graph(), id) != nullptr) continue;
    const Node* transpose = rewriter.producer(id, "Transpose");
    if (transpose == nullptr) return std::nullopt;
    Ints perm = perm_of(rewriter, *transpose);
    if (common && *common != perm) return std::nullopt;
    // A map with parameters of its own behind the transpose keeps its place.
    if (!same_quantization(rewriter.value(id), rewriter.value(transpose->inputs.front()))) return std::nullopt;
    common = std::move(perm);
  }
  return common;
}

/// Transpose(Transpose(x)) becomes one, or none.
Fate merge(Rewriter& rewriter, Node& node) {
  Node* first = rewriter.producer(node.inputs.front(), "Transpose");
  Ints perm = perm_of(rewriter, node);
  ValueId data = node.inputs.front();
  if (first != nullptr) {
    const Ints inner = perm_of(rewriter, *first);
    for (std::int64_t& axis : perm) axis = inner[index(axis)];
    data = first->inputs.front();
  }
  const ValueId result = node.outputs.front();
  const bool same =
      !rewriter.value(result).quantization || same_quantization(rewriter.value(result), rewriter.value(data));
  if (is_identity(perm) && same && rewriter.can_forward(result, data)) {
    rewriter.forward(result, data);
    return Fate::drop;
  }
  if (first == nullptr) return Fate::keep;
  if (rewriter.has_one_reader(node.inputs.front())) merge_origins(node, *first);
  rewriter.set_input(node, 0, data);
  node.attributes["perm"] = perm;
  return Fate::changed;
}

/// Replaces the node by itself on untransposed operands, with a Transpose behind it.
Fate push(Rewriter& rewriter, Node& node) {
  const Push how = node.outputs.size() == 1 ? push_of(node) : nullptr;
  const std::optional<Ints> perm = how != nullptr ? common_perm(rewriter, node) : std::nullopt;
  const Value& result = rewriter.value(node.outputs.front());
  if (!perm || (result.quantization && result.quantization->axis >= 0)) return Fate::keep;
  // Operands of a lower rank than the result would be broadcast along other axes.
  for (const ValueId id : node.inputs)
    if (rewriter.producer(id, "Transpose") != nullptr && rewriter.value(id).shape.size() != perm->size())
      return Fate::keep;
  if (how == push_elementwise && result.shape.size() != perm->size()) return Fate::keep;
  std::optional<Pushed> pushed = how(rewriter, node, *perm);
  if (!pushed) return Fate::keep;
  if (is_identity(pushed->perm)) {
    node.attributes = std::move(pushed->attributes);
    rewriter.set_inputs(node, std::move(pushed->inputs));
    return Fate::changed;
  }
  const std::optional<ValueId> moved =
      rewriter.add(node.op, node.name, std::move(pushed->inputs), std::move(pushed->attributes), node);
  if (!moved) return Fate::keep;
  rewriter.value(*moved).quantization = rewriter.value(node.outputs.front()).quantization;
  std::swap(rewriter.producer(*moved)->name, node.name);  // the operator keeps the model's name
  rewriter.set_inputs(node, {*moved});
  node.op = "Transpose";
  node.attributes = {{"perm", pushed->perm}};
  return Fate::changed;
}

Fate push_transposes_at(Rewriter& rewriter, Node& node) {
  return node.op == "Transpose" ? merge(rewriter, node) : push(rewriter, node);
}

}  // namespace

Result<bool> push_transposes(Graph& graph) {
  return Rewriter(graph).run(push_transposes_at);
}

}  // namespace heddle::passes
