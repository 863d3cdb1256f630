// SPDX-License-Identifier: Apache-2.0
#include "ir/graph_inference.h"

#include <algorithm>
#include <string>
#include <utility>

namespace heddle::ir {
namespace {

// A shape computation is tiny; whatever is larger is left to constant folding. The total bounds a hostile graph.
constexpr std::int64_t kEvaluatedElements = 4096;
constexpr std::int64_t kEvaluatedTotal = std::int64_t{1} << 22;
// Further findings of one model say nothing new, and a hostile one has a million.
constexpr std::size_t kMaxFindings = 200;

bool is_bound(const Shape& shape) {
  return std::all_of(shape.begin(), shape.end(), [](std::int64_t d) { return d >= 0; });
}

std::string dimensions(const Shape& shape) {
  std::string text;
  for (const std::int64_t d : shape) {
    if (!text.empty()) text += 'x';
    text += d < 0 ? std::string("?") : std::to_string(d);
  }
  return text;
}

Diagnostic unbound_input(const Value& value) {
  Shape example = value.shape;
  for (std::int64_t& d : example) d = d < 0 ? 1 : d;
  Diagnostic finding;
  finding.code = "graph.input.unbound";
  finding.field = value.name;
  finding.message = "input '" + value.name + "' has dimensions that are not bound: " + dimensions(value.shape);
  finding.hint = "bind them by --shape " + value.name + "=" + dimensions(example);
  return finding;
}

/// Operators whose result differs from run to run, or that mean their operand's shape only.
bool may_evaluate(std::string_view op) {
  return !op.starts_with("Random") && op != "Bernoulli" && op != "Multinomial";
}

}  // namespace

std::vector<kernels::TensorInfo> operands_of(const Graph& graph, const Node& node) {
  std::vector<kernels::TensorInfo> operands;
  operands.reserve(node.inputs.size());
  for (const ValueId id : node.inputs) {
    kernels::TensorInfo info;
    info.present = id != kNoValue;
    if (info.present) {
      const Value& value = graph.value(id);
      info.type = value.type;
      info.shape = value.shape;
      info.value = constant_of(graph, id);
    }
    operands.push_back(std::move(info));
  }
  return operands;
}

namespace {

Result<std::vector<kernels::TensorInfo>> too_large(const Shape& shape) {
  return fail({.code = "operator.size", .message = "an output of shape " + dimensions(shape) + " is absurdly large"});
}

Result<std::vector<kernels::TensorInfo>> depends_on_values(const Shape& shape) {
  return fail(
      {.error_class = ErrorClass::unsupported,
       .code = "operator.dynamic",
       .message = "an output has shape " + dimensions(shape) + ", which depends on values that are no constants"});
}

Result<std::vector<kernels::TensorInfo>> call_infer(const Node& node, std::span<const kernels::TensorInfo> operands) {
  const kernels::OperatorDefinition* definition = kernels::find_operator(node.op);
  if (definition == nullptr) {
    return fail({.error_class = ErrorClass::unsupported,
                 .code = "operator.unknown",
                 .message = "operator '" + node.op + "' is not supported"});
  }
  const auto count = static_cast<int>(node.inputs.size());
  if (count < definition->min_inputs || (definition->max_inputs >= 0 && count > definition->max_inputs)) {
    const std::string most = definition->max_inputs < 0 ? "any number" : std::to_string(definition->max_inputs);
    return fail({.code = "operator.inputs",
                 .message = "has " + std::to_string(count) + " inputs; allowed are " +
                            std::to_string(definition->min_inputs) + " to " + most});
  }
  return definition->infer(node.attributes, operands, node.outputs.size());
}

}  // namespace

Result<std::vector<kernels::TensorInfo>> infer_node(const Graph& graph, const Node& node) {
  return call_infer(node, operands_of(graph, node));
}

Tensor shape_tensor(const Shape& shape, const kernels::Attributes& attributes) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto position = [rank](std::int64_t index) {
    return std::clamp(index < 0 ? index + rank : index, std::int64_t{0}, rank);
  };
  const std::int64_t start = position(kernels::get_int(attributes, "start", 0));
  const std::int64_t end = std::max(start, position(kernels::get_int(attributes, "end", rank)));
  const std::vector<std::int64_t> part(shape.begin() + start, shape.begin() + end);
  return Tensor::from<std::int64_t>({end - start}, part);
}

ShapeInference::State ShapeInference::state_of(ValueId id) {
  if (states_.size() < graph_.values.size()) {
    const std::size_t first = states_.size();
    states_.resize(graph_.values.size(), State::unknown);
    for (std::size_t v = first; v < states_.size(); ++v)
      if (graph_.values[v].constant) states_[v] = State::known;
    if (first == 0) {
      for (const ValueId input : graph_.inputs) {
        const bool bound = is_bound(graph_.value(input).shape);
        states_[static_cast<std::size_t>(input)] = bound ? State::known : State::failed;
        if (!bound) diagnostics_.push_back(unbound_input(graph_.value(input)));
      }
    }
  }
  return states_[static_cast<std::size_t>(id)];
}

bool ShapeInference::is_known(ValueId id) {
  return state_of(id) == State::known;
}

const Tensor* ShapeInference::value_of(ValueId id) const {
  if (const Tensor* constant = constant_of(graph_, id)) return constant;
  const auto found = evaluated_.find(id);
  return found == evaluated_.end() ? nullptr : &found->second;
}

void ShapeInference::mark(const Node& node, State state) {
  for (const ValueId id : node.outputs) {
    if (id == kNoValue) continue;
    state_of(id);
    states_[static_cast<std::size_t>(id)] = state;
  }
}

bool ShapeInference::inputs_known(const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [this](ValueId id) { return id == kNoValue || is_known(id); });
}

Result<std::vector<kernels::TensorInfo>> ShapeInference::infer(const Node& node) const {
  std::vector<kernels::TensorInfo> operands = operands_of(graph_, node);
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (operands[i].present) operands[i].value = value_of(node.inputs[i]);
  return call_infer(node, operands);
}

void ShapeInference::report(const Node& node, Diagnostics findings) {
  for (Diagnostic& finding : findings) {
    if (diagnostics_.size() >= kMaxFindings) return;
    finding.node = node.name;
    finding.op = node.op;
    diagnostics_.push_back(std::move(finding));
  }
}

void ShapeInference::evaluate(const Node& node, const kernels::OperatorDefinition& definition) {
  const ValueId output = node.outputs.front();
  if (node.op == "Shape") {
    evaluated_.emplace(output, shape_tensor(graph_.value(node.inputs.front()).shape, node.attributes));
    return;
  }
  if (node.outputs.size() != 1 || node.inputs.empty() || !may_evaluate(node.op)) return;
  std::int64_t elements = checked_element_count(graph_.value(output).shape);
  if (elements < 0 || elements > kEvaluatedElements) return;
  if (node.op == "Size") {
    const std::int64_t count = checked_element_count(graph_.value(node.inputs.front()).shape);
    if (count >= 0) evaluated_.emplace(output, Tensor::from<std::int64_t>({}, std::vector<std::int64_t>{count}));
    return;
  }
  std::vector<Tensor> operands;
  for (const ValueId id : node.inputs) {
    const Tensor* tensor = id == kNoValue ? nullptr : value_of(id);
    if (id != kNoValue && tensor == nullptr) return;
    operands.push_back(tensor == nullptr ? Tensor{} : *tensor);
    elements += operands.back().size();
  }
  if (elements > kEvaluatedElements || evaluated_elements_ + elements > kEvaluatedTotal) return;
  evaluated_elements_ += elements;
  Result<std::vector<Tensor>> results = definition.run(node.attributes, operands, node.outputs.size());
  if (!results) {
    report(node, std::move(results).error());
    return;
  }
  evaluated_.emplace(output, std::move(results->front()));
}

bool ShapeInference::visit(const Node& node) {
  if (!inputs_known(node)) {
    mark(node, State::failed);
    return false;
  }
  Result<std::vector<kernels::TensorInfo>> infos = infer(node);
  if (infos && infos->size() < node.outputs.size()) {
    infos = fail({.code = "operator.outputs",
                  .message = "names " + std::to_string(node.outputs.size()) + " outputs; the operator has " +
                             std::to_string(infos->size())});
  }
  if (infos) {
    for (const kernels::TensorInfo& info : *infos) {
      if (checked_element_count(info.shape) >= 0) continue;
      infos = is_bound(info.shape) ? too_large(info.shape) : depends_on_values(info.shape);
      break;
    }
  }
  if (!infos) {
    report(node, std::move(infos).error());
    mark(node, State::failed);
    return false;
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    Value& value = graph_.value(node.outputs[i]);
    value.type = (*infos)[i].type;
    value.shape = std::move((*infos)[i].shape);
  }
  mark(node, State::known);
  if (!node.outputs.empty() && node.outputs.front() != kNoValue) evaluate(node, *kernels::find_operator(node.op));
  return true;
}

Status infer_shapes(Graph& graph) {
  ShapeInference inference(graph);
  // Asked first, so that an unbound input is reported even when nothing reads it.
  for (const ValueId id : graph.inputs) (void)inference.is_known(id);
  for (const Node& node : graph.nodes) inference.visit(node);
  if (!inference.diagnostics().empty()) return fail(inference.take_diagnostics());
  return {};
}

}  // namespace heddle::ir
