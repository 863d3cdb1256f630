// SPDX-License-Identifier: Apache-2.0
#include "passes/rewrite.h"

#include <algorithm>
#include <utility>

#include "ir/graph_inference.h"

namespace heddle::passes {

Rewriter::Rewriter(Graph& graph) : graph_(graph) {
  grow();
}

void Rewriter::grow() {
  const std::size_t count = graph_.values.size();
  const std::size_t first = target_.size();
  producer_.resize(count, -1);
  uses_.resize(count, 0);
  outputs_.resize(count, false);
  inputs_.resize(count, false);
  target_.resize(count);
  for (std::size_t v = first; v < count; ++v) target_[v] = static_cast<ValueId>(v);
}

void Rewriter::begin() {
  for (const Node& node : graph_.nodes)
    for (const ValueId id : node.inputs) retain(id);
  for (const ValueId id : graph_.outputs) {
    retain(id);
    outputs_[static_cast<std::size_t>(id)] = true;
  }
  for (const ValueId id : graph_.inputs) inputs_[static_cast<std::size_t>(id)] = true;
  pending_ = std::move(graph_.nodes);
  graph_.nodes.clear();
  done_.reserve(pending_.size());
}

void Rewriter::retain(ValueId id) {
  if (id != kNoValue) ++uses_[static_cast<std::size_t>(id)];
}

bool Rewriter::enter(Node& node) {
  // Uses were moved along when a value was forwarded; only the names remain to be followed.
  for (ValueId& id : node.inputs)
    if (id != kNoValue) id = target_[static_cast<std::size_t>(id)];
  const bool read = std::any_of(node.outputs.begin(), node.outputs.end(),
                                [this](ValueId id) { return id != kNoValue && uses(id) > 0; });
  if (!read)
    for (const ValueId id : node.inputs) release(id);
  return read;
}

void Rewriter::append(Node node) {
  for (const ValueId id : node.outputs)
    if (id != kNoValue) producer_[static_cast<std::size_t>(id)] = static_cast<int>(done_.size());
  done_.push_back(std::move(node));
  dead_.push_back(false);
}

void Rewriter::discard(const Node& node) {
  for (const ValueId id : node.inputs) release(id);
}

void Rewriter::finish(bool changed) {
  graph_.nodes.reserve(done_.size());
  for (std::size_t n = 0; n < done_.size(); ++n)
    if (!dead_[n]) graph_.nodes.push_back(std::move(done_[n]));
  for (ValueId& id : graph_.outputs) id = target_[static_cast<std::size_t>(id)];
  if (changed) ir::remove_dead(graph_);
}

void Rewriter::release(ValueId id) {
  std::vector<ValueId> pending{id};
  while (!pending.empty()) {
    const ValueId value = pending.back();
    pending.pop_back();
    if (value == kNoValue || --uses_[static_cast<std::size_t>(value)] > 0) continue;
    const int index = producer_[static_cast<std::size_t>(value)];
    if (index < 0 || dead_[static_cast<std::size_t>(index)]) continue;
    const Node& node = done_[static_cast<std::size_t>(index)];
    if (std::any_of(node.outputs.begin(), node.outputs.end(),
                    [this](ValueId o) { return o != kNoValue && uses(o) > 0; }))
      continue;
    dead_[static_cast<std::size_t>(index)] = true;
    pending.insert(pending.end(), node.inputs.begin(), node.inputs.end());
  }
}

Node* Rewriter::producer(ValueId id, std::string_view op) {
  if (id == kNoValue) return nullptr;
  const int index = producer_[static_cast<std::size_t>(id)];
  if (index < 0) return nullptr;
  Node& node = done_[static_cast<std::size_t>(index)];
  return op.empty() || node.op == op ? &node : nullptr;
}

ValueId Rewriter::input(const Node& node, std::size_t index) {
  return index < node.inputs.size() ? node.inputs[index] : kNoValue;
}

const Tensor* Rewriter::constant(const Node& node, std::size_t index) const {
  return ir::constant_of(graph_, input(node, index));
}

void Rewriter::set_inputs(Node& node, std::vector<ValueId> inputs) {
  // Retain first: an operand in both lists must not die in between.
  for (const ValueId id : inputs) retain(id);
  for (const ValueId id : node.inputs) release(id);
  node.inputs = std::move(inputs);
}

void Rewriter::set_input(Node& node, std::size_t index, ValueId id) {
  std::vector<ValueId> inputs = node.inputs;
  if (inputs.size() <= index) inputs.resize(index + 1, kNoValue);
  inputs[index] = id;
  set_inputs(node, std::move(inputs));
}

ValueId Rewriter::add_constant(const std::string& name, Tensor tensor) {
  const ValueId id = graph_.add_constant(unique_value_name(name), std::move(tensor));
  grow();
  return id;
}

std::optional<ValueId> Rewriter::add(std::string op, const std::string& name, std::vector<ValueId> inputs,
                                     kernels::Attributes attributes, const Node& origin) {
  Node node;
  node.op = std::move(op);
  node.attributes = std::move(attributes);
  node.inputs = std::move(inputs);
  node.outputs.resize(1, kNoValue);
  node.origins = origin.origins;
  const Result<std::vector<kernels::TensorInfo>> infos = ir::infer_node(graph_, node);
  if (!infos || infos->empty()) return std::nullopt;
  Value value;
  value.name = unique_value_name(name);
  value.type = infos->front().type;
  value.shape = infos->front().shape;
  const ValueId id = graph_.add_value(std::move(value));
  grow();
  node.name = unique_node_name(name);
  node.outputs = {id};
  for (const ValueId operand : node.inputs) retain(operand);
  append(std::move(node));
  return id;
}

bool Rewriter::can_forward(ValueId from, ValueId to) const {
  if (!is_output(from)) return true;
  const auto index = static_cast<std::size_t>(to);
  return !outputs_[index] && !inputs_[index] && !graph_.value(to).constant;
}

void Rewriter::forward(ValueId from, ValueId to) {
  const auto f = static_cast<std::size_t>(from);
  const auto t = static_cast<std::size_t>(to);
  if (outputs_[f]) {
    std::swap(graph_.values[f].name, graph_.values[t].name);
    outputs_[t] = true;
    outputs_[f] = false;
  }
  uses_[t] += std::exchange(uses_[f], 0);
  target_[f] = to;
}

void Rewriter::take_output(Node& producer, ValueId to) {
  producer_[static_cast<std::size_t>(to)] = producer_[static_cast<std::size_t>(producer.outputs.front())];
  producer_[static_cast<std::size_t>(producer.outputs.front())] = -1;
  producer.outputs.front() = to;
}

std::string Rewriter::unique_value_name(const std::string& wanted) {
  if (!value_names_) {
    value_names_.emplace();
    for (const Value& known : graph_.values) value_names_->claim(known.name);
  }
  return value_names_->unique(wanted);
}

std::string Rewriter::unique_node_name(const std::string& wanted) {
  if (!node_names_) {
    node_names_.emplace();
    for (const std::vector<Node>* nodes : {&done_, &pending_})
      for (const Node& node : *nodes) node_names_->claim(node.name);
  }
  return node_names_->unique(wanted);
}

void merge_origins(Node& into, Node& from) {
  // The longer list stays in place, so that a chain of merges costs its length once.
  if (into.origins.size() < from.origins.size()) std::swap(into.origins, from.origins);
  into.origins.insert(into.origins.end(), std::make_move_iterator(from.origins.begin()),
                      std::make_move_iterator(from.origins.end()));
  from.origins.clear();
}

std::optional<float> scalar_of(const Graph& graph, ValueId id) {
  const Tensor* tensor = ir::constant_of(graph, id);
  if (tensor == nullptr || tensor->type() != DataType::f32 || tensor->size() != 1) return std::nullopt;
  return tensor->data<float>()[0];
}

std::optional<std::vector<std::int64_t>> ints_of(const Graph& graph, ValueId id) {
  const Tensor* tensor = ir::constant_of(graph, id);
  if (tensor == nullptr) return std::nullopt;
  if (tensor->type() == DataType::i64)
    return std::vector(tensor->data<std::int64_t>().begin(), tensor->data<std::int64_t>().end());
  if (tensor->type() != DataType::i32) return std::nullopt;
  const std::span<const std::int32_t> values = tensor->data<std::int32_t>();
  return std::vector<std::int64_t>(values.begin(), values.end());
}

bool same_quantization(const Value& a, const Value& b) {
  if (!a.quantization || !b.quantization) return a.quantization.has_value() == b.quantization.has_value();
  const ir::Quantization& p = *a.quantization;
  const ir::Quantization& q = *b.quantization;
  return p.type == q.type && p.scale == q.scale && p.zero_point == q.zero_point && p.axis == q.axis;
}

}  // namespace heddle::passes
