// SPDX-License-Identifier: Apache-2.0
#include "compiler/reduce.h"

#include <algorithm>
#include <map>

#include "reference/graph.h"

namespace heddle::compiler {
namespace {

using Values = std::map<ir::ValueId, Tensor>;

/// The graph that computes `outputs` from `cuts` (values that become inputs) and what is left of the old inputs.
Reproducer cut(const ir::Graph& graph, const std::vector<ir::ValueId>& outputs, const std::vector<ir::ValueId>& cuts,
               const Values& values) {
  // remove_dead renumbers values, so inputs are found again by name.
  Reproducer result{graph, {}};
  ir::Graph& small = result.graph;
  small.outputs = outputs;
  small.inputs.insert(small.inputs.end(), cuts.begin(), cuts.end());
  const auto is_cut = [&](ir::ValueId id) { return std::find(cuts.begin(), cuts.end(), id) != cuts.end(); };
  std::erase_if(small.nodes,
                [&](const ir::Node& n) { return std::any_of(n.outputs.begin(), n.outputs.end(), is_cut); });
  std::map<std::string, Tensor> by_name;
  for (const auto& [id, tensor] : values) by_name[graph.value(id).name] = tensor;
  ir::remove_dead(small);
  const ir::Uses uses(small);
  std::erase_if(small.inputs, [&](ir::ValueId id) { return uses.consumers[static_cast<std::size_t>(id)].empty(); });
  for (const ir::ValueId id : small.inputs) result.inputs.push_back(by_name.at(small.value(id).name));
  return result;
}

/// All values that the float reference computes.
Result<Values> compute(const Reproducer& model) {
  Values values;
  for (std::size_t i = 0; i < model.inputs.size(); ++i) values[model.graph.inputs[i]] = model.inputs[i];
  reference::RunOptions options;
  options.observer = [&](const ir::Node& node, std::span<const Tensor> results) {
    for (std::size_t i = 0; i < node.outputs.size() && i < results.size(); ++i)
      if (node.outputs[i] != ir::kNoValue) values[node.outputs[i]] = results[i];
  };
  Result<std::vector<Tensor>> done = reference::run_graph(model.graph, model.inputs, options);
  if (!done) return fail(std::move(done.error()));
  return values;
}

/// Non-constant operands of the nodes that the cuts leave, nearest to the output first.
std::vector<ir::ValueId> cut_candidates(const ir::Graph& graph) {
  std::vector<ir::ValueId> candidates;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node)
    for (const ir::ValueId id : node->inputs)
      if (id != ir::kNoValue && !graph.value(id).constant &&
          std::find(graph.inputs.begin(), graph.inputs.end(), id) == graph.inputs.end() &&
          std::find(candidates.begin(), candidates.end(), id) == candidates.end())
        candidates.push_back(id);
  return candidates;
}

Result<Reproducer> earliest_failing_output(const Reproducer& failing, const StillFails& still_fails,
                                           const std::function<void()>& step) {
  Result<Values> values = compute(failing);
  if (!values) return fail(std::move(values.error()));
  for (const ir::Node& node : failing.graph.nodes)
    for (const ir::ValueId id : node.outputs) {
      if (id == ir::kNoValue) continue;
      Reproducer candidate = cut(failing.graph, {id}, {}, *values);
      if (step) step();
      if (still_fails(candidate)) return candidate;
    }
  return failing;
}

/// One cut that keeps the failure and leaves fewer nodes, if there is one.
Result<bool> cut_once(Reproducer& current, const StillFails& still_fails, const std::function<void()>& step) {
  Result<Values> values = compute(current);
  if (!values) return fail(std::move(values.error()));
  for (const ir::ValueId id : cut_candidates(current.graph)) {
    Reproducer candidate = cut(current.graph, current.graph.outputs, {id}, *values);
    if (candidate.graph.nodes.size() >= current.graph.nodes.size()) continue;
    if (step) step();
    if (!still_fails(candidate)) continue;
    current = std::move(candidate);
    return true;
  }
  return false;
}

}  // namespace

Result<Reproducer> reduce(const Reproducer& failing, const StillFails& still_fails, const std::function<void()>& step) {
  Result<Reproducer> current = earliest_failing_output(failing, still_fails, step);
  if (!current) return current;
  for (;;) {
    Result<bool> smaller = cut_once(*current, still_fails, step);
    if (!smaller) return fail(std::move(smaller.error()));
    if (!*smaller) return current;
  }
}

}  // namespace heddle::compiler
