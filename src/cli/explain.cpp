// SPDX-License-Identifier: Apache-2.0
#include "cli/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace heddle::cli {
namespace {

bool covers(const std::string& name, const std::vector<std::string>& origins, const std::string& node) {
  return name == node || std::find(origins.begin(), origins.end(), node) != origins.end();
}

void print_quantization(const ir::Value& value, const char* what) {
  if (!value.quantization) return;
  const ir::Quantization& q = *value.quantization;
  fmt::print("  {} {}: {}, scale {:g}{}, zero point {}\n", what, value.name, name(q.type), q.scale.front(),
             q.scale.size() > 1 ? fmt::format(" (first of {} channels)", q.scale.size()) : "", q.zero_point.front());
}

void print_node(const ir::Deployment& deployment, int index) {
  const ir::Graph& graph = deployment.graph;
  const ir::Node& node = graph.nodes[static_cast<std::size_t>(index)];
  fmt::print("{}: {}", node.name, node.op);
  if (!node.origins.empty()) fmt::print(", made of {}", fmt::join(node.origins, ", "));
  fmt::print("\n");
  for (const ir::ValueId id : node.inputs)
    if (id != ir::kNoValue) print_quantization(graph.value(id), "reads ");
  for (const ir::ValueId id : node.outputs)
    if (id != ir::kNoValue) print_quantization(graph.value(id), "writes");
  for (const ir::HostReason& reason : deployment.reasons)
    if (reason.node == index) fmt::print("  runs on the host: {}\n", reason.reason);
}

void print_layers(const std::string& node, const isa::OverlaySegment& segment) {
  for (const isa::LayerInfo& layer : segment.layers) {
    if (!covers(layer.name, layer.origins, node)) continue;
    fmt::print("  layer {}: {}\n", layer.name, layer.choice);
    fmt::print("    {} MACs, {:.0f} cycles (estimate), {:.0f} of them with the array busy, {} bytes of DDR traffic\n",
               layer.macs, layer.estimated_cycles, layer.array_cycles, layer.ddr_bytes);
  }
}

std::vector<std::string> all_names(const ir::Graph& graph) {
  std::vector<std::string> names;
  for (const ir::Node& node : graph.nodes) {
    names.push_back(node.name);
    names.insert(names.end(), node.origins.begin(), node.origins.end());
  }
  return names;
}

}  // namespace

Status explain(const std::string& node, const compiler::Quantized& quantized, const compiler::Built& built) {
  const ir::Graph& graph = quantized.deployment.graph;
  bool found = false;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!covers(graph.nodes[i].name, graph.nodes[i].origins, node)) continue;
    print_node(quantized.deployment, static_cast<int>(i));
    found = true;
  }
  if (!found) {
    const std::string near = nearest(node, all_names(graph));
    return fail(
        {.code = "explain.node",
         .message = "no node of this name is left after the passes",
         .node = node,
         .hint = near.empty() ? "`heddle inspect --nodes` lists them" : fmt::format("did you mean '{}'?", near)});
  }
  for (const isa::Segment& segment : built.program.segments)
    if (const auto* overlay = std::get_if<isa::OverlaySegment>(&segment)) print_layers(node, *overlay);
  return {};
}

}  // namespace heddle::cli
