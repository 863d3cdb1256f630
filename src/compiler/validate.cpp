// SPDX-License-Identifier: Apache-2.0
#include "compiler/validate.h"

#include <algorithm>
#include <map>

#include "compiler/execute.h"
#include "compiler/program_builder.h"
#include "quant/quantize.h"
#include "reference/graph.h"
#include "runtime/session.h"

namespace heddle::compiler {
namespace {

/// Float outputs of every node, by value name.
using FloatValues = std::map<std::string, Tensor>;

Result<FloatValues> run_float(const ir::Graph& graph, std::span<const Tensor> inputs, std::vector<Tensor>& outputs) {
  FloatValues values;
  reference::RunOptions options;
  options.observer = [&](const ir::Node& node, std::span<const Tensor> results) {
    for (std::size_t i = 0; i < node.outputs.size() && i < results.size(); ++i)
      if (node.outputs[i] != ir::kNoValue) values[graph.value(node.outputs[i]).name] = results[i];
  };
  Result<std::vector<Tensor>> result = reference::run_graph(graph, inputs, options);
  if (!result) return fail(std::move(result.error()));
  outputs = std::move(*result);
  return values;
}

std::optional<Difference> first_difference(const ir::FeatureMap& map, const reference::IntegerMap& expected,
                                           std::span<const float> program) {
  const reference::IntegerMap got = reference::quantize_map(map, program);
  const auto [e, g] = std::mismatch(expected.values.begin(), expected.values.end(), got.values.begin());
  if (e == expected.values.end()) return std::nullopt;
  const auto index = static_cast<std::int32_t>(e - expected.values.begin());
  return Difference{index / (map.height * map.width), index / map.width % map.height, index % map.width, *e, *g};
}

/// Compares what the layers of one overlay part computed for the last image of the batch.
void compare_part(const ir::OverlayPart& part, std::size_t segment, const std::vector<reference::IntegerMap>& maps,
                  const std::map<std::string, Tensor>& program, const ir::Graph& graph, const FloatValues& floats,
                  ValidationReport& report) {
  const ir::Network& network = part.network;
  for (const ir::Layer& layer : network.layers) {
    const ir::FeatureMap& map = network.map(layer.output);
    const reference::IntegerMap& integers = maps[static_cast<std::size_t>(layer.output)];
    LayerReport row{layer.name, std::string(ir::name(layer.kind)), layer.origins, std::nullopt, std::nullopt};
    if (const auto at = floats.find(map.name); at != floats.end() && at->second.type() == DataType::f32 &&
                                               static_cast<std::size_t>(at->second.size()) == integers.values.size())
      row.sqnr = quant::sqnr(at->second.data<float>(), reference::dequantize_map(map, integers));
    const auto output = std::find(network.outputs.begin(), network.outputs.end(), layer.output);
    const std::string name =
        output == network.outputs.end()
            ? exposed_name(segment, map)
            : graph.value(part.outputs[static_cast<std::size_t>(output - network.outputs.begin())]).name;
    if (const auto at = program.find(name); at != program.end() && at->second.type() == DataType::f32)
      row.difference = first_difference(map, integers, at->second.data<float>().last(integers.values.size()));
    report.layers.push_back(std::move(row));
  }
}

}  // namespace

const LayerReport* ValidationReport::first_difference() const {
  const auto at =
      std::find_if(layers.begin(), layers.end(), [](const LayerReport& l) { return l.difference.has_value(); });
  return at == layers.end() ? nullptr : &*at;
}

Result<ValidationReport> validate(const ir::Graph& graph, const ir::Deployment& deployment,
                                  const overlay::Overlay& overlay, std::shared_ptr<runtime::Device> device,
                                  std::span<const Tensor> inputs) {
  std::vector<Tensor> float_outputs;
  Result<FloatValues> floats = run_float(graph, inputs, float_outputs);
  if (!floats) return fail(std::move(floats.error()));
  PartMaps maps;
  Result<std::vector<Tensor>> integer_outputs = run_reference(deployment, inputs, &maps);
  if (!integer_outputs) return fail(std::move(integer_outputs.error()));
  Result<Built> built = build_program(deployment, overlay, {.expose_layers = true});
  if (!built) return fail(std::move(built.error()));
  auto program = std::make_shared<isa::Program>(std::move(built->program));
  Result<runtime::Session> session = runtime::Session::create(program, std::move(device));
  if (!session) return fail(std::move(session.error()));
  std::map<std::string, Tensor> named;
  for (std::size_t i = 0; i < inputs.size(); ++i) named[program->inputs[i]] = inputs[i];
  Result<std::map<std::string, Tensor>> results = session->run(named);
  if (!results) return fail(std::move(results.error()));

  ValidationReport report;
  for (std::size_t i = 0; i < deployment.parts.size(); ++i)
    if (const auto* part = std::get_if<ir::OverlayPart>(&deployment.parts[i]))
      compare_part(*part, i, maps[i], *results, deployment.graph, *floats, report);
  for (std::size_t i = 0; i < float_outputs.size(); ++i)
    if (float_outputs[i].type() == DataType::f32 && (*integer_outputs)[i].type() == DataType::f32)
      report.output_sqnr.push_back(quant::sqnr(float_outputs[i].data<float>(), (*integer_outputs)[i].data<float>()));
  return report;
}

}  // namespace heddle::compiler
