// SPDX-License-Identifier: Apache-2.0
#include "passes/freeze_batchnorm.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace heddle::passes {
namespace {

using ir::Graph;
using ir::kNoValue;
using ir::Node;

bool is_training(const Node& node) {
  return node.op == "BatchNormalization" && kernels::get_int(node.attributes, "training_mode", 0) != 0;
}

Diagnostic finding(const Node& node, std::string code, std::string message) {
  Diagnostic diagnostic;
  diagnostic.code = "batchnorm." + std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.node = node.name;
  diagnostic.op = node.op;
  return diagnostic;
}

bool is_usable(const BatchNormStatistics& statistics, std::size_t channels) {
  const auto finite = [](float v) { return std::isfinite(v); };
  const auto positive = [](float v) { return std::isfinite(v) && v >= 0.0F; };
  return statistics.mean.size() == channels && statistics.var.size() == channels &&
         std::all_of(statistics.mean.begin(), statistics.mean.end(), finite) &&
         std::all_of(statistics.var.begin(), statistics.var.end(), positive);
}

bool reads_running_statistics(const Graph& graph, const ir::Uses& uses, const Node& node) {
  for (std::size_t i = 1; i < node.outputs.size(); ++i) {
    const ir::ValueId id = node.outputs[i];
    if (id == kNoValue) continue;
    const bool output = std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
    if (output || !uses.consumers[static_cast<std::size_t>(id)].empty()) return true;
  }
  return false;
}

}  // namespace

std::vector<int> training_batch_norms(const Graph& graph) {
  std::vector<int> found;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    if (is_training(graph.nodes[n])) found.push_back(static_cast<int>(n));
  return found;
}

Diagnostics refuse_training_batch_norms(const Graph& graph) {
  Diagnostics findings;
  for (const int n : training_batch_norms(graph)) {
    Diagnostic diagnostic =
        finding(graph.nodes[static_cast<std::size_t>(n)], "training",
                "normalises each input by its own statistics (training mode); no stored ones exist");
    diagnostic.error_class = ErrorClass::unsupported;
    diagnostic.field = "training_mode";
    diagnostic.hint = "freeze them from sample inputs by --freeze-batchnorm DIR";
    findings.push_back(std::move(diagnostic));
  }
  return findings;
}

Status freeze_batchnorm(Graph& graph, std::span<const BatchNormStatistics> statistics) {
  std::map<std::string_view, const BatchNormStatistics*> by_node;
  for (const BatchNormStatistics& entry : statistics) by_node.emplace(entry.node, &entry);
  const std::vector<int> nodes = training_batch_norms(graph);
  const ir::Uses uses(graph);
  Diagnostics findings;
  for (const int n : nodes) {
    const Node& node = graph.nodes[static_cast<std::size_t>(n)];
    const auto entry = by_node.find(node.name);
    const Shape& shape = graph.value(node.inputs.at(0)).shape;
    const std::size_t channels = shape.size() < 2 ? 1 : static_cast<std::size_t>(shape[1]);
    if (entry == by_node.end())
      findings.push_back(finding(node, "missing", "no statistics were measured for it"));
    else if (!is_usable(*entry->second, channels))
      findings.push_back(
          finding(node, "statistics",
                  "needs " + std::to_string(channels) + " finite means and variances that are not negative"));
    if (reads_running_statistics(graph, uses, node))
      findings.push_back(finding(node, "running", "the graph reads its running statistics, which inference has not"));
  }
  if (!findings.empty()) return fail(std::move(findings));
  for (const int n : nodes) {
    const BatchNormStatistics& entry = *by_node.at(graph.nodes[static_cast<std::size_t>(n)].name);
    const auto channels = static_cast<std::int64_t>(entry.mean.size());
    const ir::ValueId mean =
        graph.add_constant(entry.node + ".frozen_mean", Tensor::from<float>({channels}, entry.mean));
    const ir::ValueId var = graph.add_constant(entry.node + ".frozen_var", Tensor::from<float>({channels}, entry.var));
    Node& node = graph.nodes[static_cast<std::size_t>(n)];
    node.inputs[3] = mean;
    node.inputs[4] = var;
    node.outputs.resize(1);
    node.attributes.erase("training_mode");
  }
  ir::remove_dead(graph);
  return {};
}

}  // namespace heddle::passes
