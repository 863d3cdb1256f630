// SPDX-License-Identifier: Apache-2.0
#include "compiler/program_builder.h"

#include <algorithm>
#include <set>

namespace heddle::compiler {
namespace {

/// Collects the tensors that segments name, each once.
class Tensors {
 public:
  Tensors(const ir::Graph& graph, isa::Program& program) : graph_(graph), program_(program) {}

  std::string name_of(ir::ValueId id) {
    if (id == ir::kNoValue) return "";
    const ir::Value& value = graph_.value(id);
    if (seen_.insert(id).second)
      program_.tensors.push_back(
          {.name = value.name, .type = value.type, .shape = value.shape, .constant = value.constant});
    return value.name;
  }

 private:
  const ir::Graph& graph_;
  isa::Program& program_;
  std::set<ir::ValueId> seen_;
};

isa::HostSegment build_host(const ir::Graph& graph, const ir::HostPart& part, Tensors& tensors) {
  isa::HostSegment segment;
  for (const int index : part.nodes) {
    const ir::Node& node = graph.nodes[static_cast<std::size_t>(index)];
    isa::HostOperator op{.op = node.op, .node = node.name, .attributes = node.attributes, .inputs = {}, .outputs = {}};
    for (const ir::ValueId id : node.inputs) op.inputs.push_back(tensors.name_of(id));
    for (const ir::ValueId id : node.outputs) op.outputs.push_back(tensors.name_of(id));
    segment.operators.push_back(std::move(op));
  }
  return segment;
}

/// Maps that a validation run looks at: everything that a layer computes and no output shows already.
std::vector<ir::MapId> layer_outputs(const ir::Network& network) {
  std::vector<ir::MapId> maps;
  for (const ir::Layer& layer : network.layers)
    if (std::find(network.outputs.begin(), network.outputs.end(), layer.output) == network.outputs.end())
      maps.push_back(layer.output);
  return maps;
}

/// Bindings come in the network's order of inputs and outputs, exposed maps behind them; here they get the names of the
/// program's tensors.
void name_bindings(const ir::Graph& graph, const ir::OverlayPart& part, std::size_t segment_index,
                   const std::vector<ir::MapId>& exposed, isa::OverlaySegment& segment, isa::Program& program,
                   Tensors& tensors) {
  for (std::size_t i = 0; i < part.inputs.size(); ++i) segment.inputs[i].tensor = tensors.name_of(part.inputs[i]);
  for (std::size_t i = 0; i < part.outputs.size(); ++i) segment.outputs[i].tensor = tensors.name_of(part.outputs[i]);
  const std::int64_t batch = batch_of(graph, part);
  for (std::size_t i = 0; i < exposed.size(); ++i) {
    const ir::FeatureMap& map = part.network.map(exposed[i]);
    const std::string name = exposed_name(segment_index, map);
    segment.outputs[part.outputs.size() + i].tensor = name;
    program.tensors.push_back({.name = name,
                               .type = DataType::f32,
                               .shape = {batch, map.channels, map.height, map.width},
                               .constant = std::nullopt});
    program.outputs.push_back(name);
  }
}

}  // namespace

std::int64_t batch_of(const ir::Graph& graph, const ir::OverlayPart& part) {
  if (part.inputs.empty()) return 1;
  const ir::FeatureMap& map = part.network.map(part.network.inputs[0]);
  return element_count(graph.value(part.inputs[0]).shape) / (std::int64_t{map.channels} * map.height * map.width);
}

std::string exposed_name(std::size_t segment, const ir::FeatureMap& map) {
  return "#" + std::to_string(segment) + "/" + map.name;
}

Result<Built> build_program(const ir::Deployment& deployment, const overlay::Overlay& overlay,
                            const BuildOptions& options) {
  Built built;
  isa::Program& program = built.program;
  program.model_name = deployment.graph.name;
  program.overlay_toml = overlay::to_toml(overlay);
  program.overlay_fingerprint = overlay::fingerprint(overlay);
  Tensors tensors(deployment.graph, program);
  for (const ir::ValueId id : deployment.graph.inputs) program.inputs.push_back(tensors.name_of(id));
  for (const ir::ValueId id : deployment.graph.outputs) program.outputs.push_back(tensors.name_of(id));
  for (const auto& part : deployment.parts) {
    if (const auto* host = std::get_if<ir::HostPart>(&part)) {
      program.segments.emplace_back(build_host(deployment.graph, *host, tensors));
      continue;
    }
    const auto& overlay_part = std::get<ir::OverlayPart>(part);
    codegen::Options generate_options;
    if (options.expose_layers) generate_options.expose = layer_outputs(overlay_part.network);
    Result<codegen::Generated> generated = codegen::generate(overlay_part.network, overlay, generate_options);
    if (!generated) return fail(std::move(generated.error()));
    name_bindings(deployment.graph, overlay_part, program.segments.size(), generate_options.expose, generated->segment,
                  program, tensors);
    program.segments.emplace_back(std::move(generated->segment));
    built.plans.push_back(std::move(generated->plan));
  }
  return built;
}

}  // namespace heddle::compiler
