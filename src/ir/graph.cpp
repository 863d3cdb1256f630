// SPDX-License-Identifier: Apache-2.0
#include "ir/graph.h"

#include <functional>
#include <queue>
#include <utility>

namespace heddle::ir {

ValueId Graph::add_value(Value value) {
  values.push_back(std::move(value));
  return static_cast<ValueId>(values.size() - 1);
}

ValueId Graph::add_constant(std::string constant_name, Tensor tensor) {
  Value value;
  value.name = std::move(constant_name);
  value.type = tensor.type();
  value.shape = tensor.shape();
  value.constant = std::move(tensor);
  return add_value(std::move(value));
}

Uses::Uses(const Graph& graph) : producer(graph.values.size(), -1), consumers(graph.values.size()) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].inputs)
      if (id != kNoValue) consumers.at(static_cast<std::size_t>(id)).push_back(static_cast<int>(n));
    for (const ValueId id : graph.nodes[n].outputs)
      if (id != kNoValue) producer.at(static_cast<std::size_t>(id)) = static_cast<int>(n);
  }
}

const Tensor* constant_of(const Graph& graph, ValueId id) {
  if (id == kNoValue) return nullptr;
  const std::optional<Tensor>& constant = graph.value(id).constant;
  return constant ? &*constant : nullptr;
}

namespace {

/// Nodes that reach an output; a constant needs no producer.
std::vector<bool> live_nodes(const Graph& graph) {
  std::vector<int> producer(graph.values.size(), -1);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (const ValueId id : graph.nodes[n].outputs)
      if (id != kNoValue && !graph.value(id).constant) producer[static_cast<std::size_t>(id)] = static_cast<int>(n);

  std::vector<bool> live(graph.nodes.size(), false);
  std::vector<ValueId> pending = graph.outputs;
  while (!pending.empty()) {
    const ValueId id = pending.back();
    pending.pop_back();
    const int node = id == kNoValue ? -1 : producer[static_cast<std::size_t>(id)];
    if (node < 0 || live[static_cast<std::size_t>(node)]) continue;
    live[static_cast<std::size_t>(node)] = true;
    const std::vector<ValueId>& inputs = graph.nodes[static_cast<std::size_t>(node)].inputs;
    pending.insert(pending.end(), inputs.begin(), inputs.end());
  }
  return live;
}

void keep_only(std::vector<Node>& nodes, const std::vector<bool>& live) {
  std::size_t kept = 0;
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (!live[n]) continue;
    if (kept != n) nodes[kept] = std::move(nodes[n]);
    ++kept;
  }
  nodes.resize(kept);
}

/// Calls visit(ValueId&) for every place in the graph that names a value.
template <class Visit>
void for_each_reference(Graph& graph, Visit visit) {
  for (Node& node : graph.nodes) {
    for (ValueId& id : node.inputs) visit(id);
    for (ValueId& id : node.outputs) visit(id);
  }
  for (ValueId& id : graph.inputs) visit(id);
  for (ValueId& id : graph.outputs) visit(id);
}

void drop_unnamed_values(Graph& graph) {
  std::vector<ValueId> renumbered(graph.values.size(), kNoValue);
  for_each_reference(graph, [&](ValueId id) {
    if (id != kNoValue) renumbered[static_cast<std::size_t>(id)] = 0;
  });
  std::size_t kept = 0;
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (renumbered[v] == kNoValue) continue;
    renumbered[v] = static_cast<ValueId>(kept);
    if (kept != v) graph.values[kept] = std::move(graph.values[v]);
    ++kept;
  }
  graph.values.resize(kept);
  for_each_reference(graph, [&](ValueId& id) {
    if (id != kNoValue) id = renumbered[static_cast<std::size_t>(id)];
  });
}

}  // namespace

void remove_dead(Graph& graph) {
  keep_only(graph.nodes, live_nodes(graph));
  drop_unnamed_values(graph);
}

bool sort_topologically(Graph& graph) {
  const Uses uses(graph);
  const std::size_t count = graph.nodes.size();
  std::vector<std::size_t> missing(count, 0);
  // The node that came first goes first, so that a sorted graph stays as it is.
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (std::size_t n = 0; n < count; ++n) {
    for (const ValueId id : graph.nodes[n].inputs)
      if (id != kNoValue && uses.producer[static_cast<std::size_t>(id)] >= 0) ++missing[n];
    if (missing[n] == 0) ready.push(static_cast<int>(n));
  }
  std::vector<int> order;
  order.reserve(count);
  while (!ready.empty()) {
    const int n = ready.top();
    ready.pop();
    order.push_back(n);
    for (const ValueId id : graph.nodes[static_cast<std::size_t>(n)].outputs) {
      if (id == kNoValue) continue;
      for (const int consumer : uses.consumers[static_cast<std::size_t>(id)])
        if (--missing[static_cast<std::size_t>(consumer)] == 0) ready.push(consumer);
    }
  }
  if (order.size() != count) return false;
  std::vector<Node> sorted;
  sorted.reserve(count);
  for (const int n : order) sorted.push_back(std::move(graph.nodes[static_cast<std::size_t>(n)]));
  graph.nodes = std::move(sorted);
  return true;
}

}  // namespace heddle::ir
