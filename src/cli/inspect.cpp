// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/model_options.h"
#include "quant/lower.h"

namespace heddle::cli {
namespace {

struct InspectOptions {
  ModelOptions model;
  bool json = false, nodes = false;
};

std::map<std::string, int> count_operators(const ir::Graph& graph) {
  std::map<std::string, int> counts;
  for (const ir::Node& node : graph.nodes) ++counts[node.op];
  return counts;
}

Json values_json(const ir::Graph& graph, const std::vector<ir::ValueId>& ids) {
  Json rows = Json::array();
  for (const ir::ValueId id : ids) {
    const ir::Value& value = graph.value(id);
    rows.push_back({{"name", value.name}, {"type", name(value.type)}, {"shape", value.shape}});
  }
  return rows;
}

void print_text(const ir::Graph& graph, const quant::Coverage& coverage, bool nodes) {
  const auto print_values = [&](const char* what, const std::vector<ir::ValueId>& ids) {
    for (const ir::ValueId id : ids)
      fmt::print("{} {} {} [{}]\n", what, graph.value(id).name, name(graph.value(id).type),
                 fmt::join(graph.value(id).shape, ", "));
  };
  print_values("input ", graph.inputs);
  print_values("output", graph.outputs);
  fmt::print("\noperators after the passes:");
  for (const auto& [op, count] : count_operators(graph)) fmt::print(" {} x {},", count, op);
  fmt::print("\n{:.3f} GMAC; {:.2f} % of them on the overlay, in {} region(s); {} nodes there, {} on the host\n",
             static_cast<double>(coverage.macs) / 1e9, 100 * coverage.overlay_share(), coverage.overlay_parts,
             coverage.overlay_nodes, coverage.host_nodes);
  for (const ir::HostReason& reason : coverage.reasons) {
    const ir::Node& node = graph.nodes[static_cast<std::size_t>(reason.node)];
    fmt::print("  on the host: {} ({}): {}\n", node.name, node.op, reason.reason);
  }
  if (nodes) fmt::print("\n{}", ir::print(graph));
}

Result<int> inspect(const InspectOptions& options) {
  Result<compiler::Model> model = load(options.model);
  if (!model) return fail(std::move(model.error()));
  // Where nodes run does not depend on the numbers, so that noise is calibration enough.
  const std::vector<compiler::Sample> noise = compiler::noise_samples(model->graph);
  Result<compiler::Quantized> quantized = compiler::quantize_model(
      std::move(*model), noise, {.precision = quant::Precision::int8, .equalize = false, .correct_bias = false});
  if (!quantized) return fail(std::move(quantized.error()));
  const quant::Coverage coverage = quant::summarize(quantized->deployment);
  const ir::Graph& graph = quantized->deployment.graph;
  if (!options.json) {
    print_text(graph, coverage, options.nodes);
    return 0;
  }
  Json host = Json::array();
  for (const ir::HostReason& reason : coverage.reasons) {
    const ir::Node& node = graph.nodes[static_cast<std::size_t>(reason.node)];
    host.push_back({{"node", node.name}, {"op", node.op}, {"reason", reason.reason}});
  }
  print_json({{"inputs", values_json(graph, graph.inputs)},
              {"outputs", values_json(graph, graph.outputs)},
              {"operators", count_operators(graph)},
              {"macs", coverage.macs},
              {"overlay_macs", coverage.overlay_macs},
              {"overlay_share", coverage.overlay_share()},
              {"overlay_regions", coverage.overlay_parts},
              {"overlay_nodes", coverage.overlay_nodes},
              {"host_nodes", coverage.host_nodes},
              {"host", host}});
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command = add_command(app, outcome, "inspect",
                                  "Operators, shapes, MACs; which part goes to the overlay, and why the rest does not.",
                                  inspect, options);
  add_model_options(*command, options->model);
  command->add_flag("--nodes", options->nodes, "print every node of the graph");
  command->add_flag("--json", options->json, "print JSON");
}

}  // namespace heddle::cli
