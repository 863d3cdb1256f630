// SPDX-License-Identifier: Apache-2.0
#include "compiler/execute.h"

#include <algorithm>
#include <optional>

#include "compiler/program_builder.h"
#include "kernels/integer/convert.h"

namespace heddle::compiler {
namespace {

using reference::IntegerMap;

/// Offset between a host integer and the overlay's: u8 lies 128 above i8.
std::int32_t host_offset(DataType type) {
  return type == DataType::u8 ? 128 : 0;
}

/// Image `image` of a host tensor as a map: reals are quantised, integers taken as they are.
IntegerMap enter(const ir::FeatureMap& map, const Tensor& tensor, std::int64_t image) {
  IntegerMap result = reference::make_map(map.channels, map.height, map.width);
  const std::size_t count = result.values.size(), start = static_cast<std::size_t>(image) * count;
  if (tensor.type() == DataType::f32) return reference::quantize_map(map, tensor.data<float>().subspan(start, count));
  for (std::size_t i = 0; i < count; ++i) {
    std::int32_t value = 0;
    if (tensor.type() == DataType::u8)
      value = tensor.data<std::uint8_t>()[start + i];
    else if (tensor.type() == DataType::i8)
      value = tensor.data<std::int8_t>()[start + i];
    else
      value = tensor.data<std::int16_t>()[start + i];
    result.values[i] = static_cast<std::int16_t>(value - host_offset(tensor.type()));
  }
  return result;
}

void leave(const ir::FeatureMap& map, const IntegerMap& integers, std::int64_t image, Tensor& tensor) {
  const std::size_t count = integers.values.size(), start = static_cast<std::size_t>(image) * count;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t value = integers.values[i];
    const std::int32_t host = value + host_offset(tensor.type());
    if (tensor.type() == DataType::f32)
      tensor.mutable_data<float>()[start + i] = kernels::dequantize_value(value, map.scale, map.zero_point);
    else if (tensor.type() == DataType::u8)
      tensor.mutable_data<std::uint8_t>()[start + i] = static_cast<std::uint8_t>(host);
    else if (tensor.type() == DataType::i8)
      tensor.mutable_data<std::int8_t>()[start + i] = static_cast<std::int8_t>(host);
    else
      tensor.mutable_data<std::int16_t>()[start + i] = static_cast<std::int16_t>(host);
  }
}

/// Values of the graph while it runs.
class State {
 public:
  State(const ir::Graph& graph, std::span<const Tensor> inputs) : graph_(graph), tensors_(graph.values.size()) {
    for (std::size_t i = 0; i < inputs.size(); ++i) at(graph.inputs[i]) = inputs[i];
  }
  Tensor& at(ir::ValueId id) { return tensors_[static_cast<std::size_t>(id)]; }
  Tensor get(ir::ValueId id) {
    if (id == ir::kNoValue) return {};
    const ir::Value& value = graph_.value(id);
    return value.constant ? *value.constant : at(id);
  }

 private:
  const ir::Graph& graph_;
  std::vector<Tensor> tensors_;
};

Status run_host(const ir::Graph& graph, const ir::HostPart& part, State& state) {
  for (const int index : part.nodes) {
    const ir::Node& node = graph.nodes[static_cast<std::size_t>(index)];
    std::vector<Tensor> inputs;
    for (const ir::ValueId id : node.inputs) inputs.push_back(state.get(id));
    Result<std::vector<Tensor>> outputs =
        kernels::find_operator(node.op)->run(node.attributes, inputs, node.outputs.size());
    if (!outputs) {
      for (Diagnostic& d : outputs.error()) d.node = node.name;
      return fail(std::move(outputs.error()));
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i] != ir::kNoValue) state.at(node.outputs[i]) = std::move((*outputs)[i]);
  }
  return {};
}

Status run_overlay(const ir::Graph& graph, const ir::OverlayPart& part, State& state, std::vector<IntegerMap>* maps) {
  const ir::Network& network = part.network;
  const std::int64_t batch = batch_of(graph, part);
  for (const ir::ValueId id : part.outputs) state.at(id) = Tensor(graph.value(id).type, graph.value(id).shape);
  for (std::int64_t image = 0; image < batch; ++image) {
    std::vector<IntegerMap> inputs;
    for (std::size_t i = 0; i < part.inputs.size(); ++i)
      inputs.push_back(enter(network.map(network.inputs[i]), state.get(part.inputs[i]), image));
    Result<std::vector<IntegerMap>> all = reference::run_network(network, inputs, {.all_maps = true});
    if (!all) return fail(std::move(all.error()));
    for (std::size_t i = 0; i < part.outputs.size(); ++i)
      leave(network.map(network.outputs[i]), (*all)[static_cast<std::size_t>(network.outputs[i])], image,
            state.at(part.outputs[i]));
    if (maps != nullptr) *maps = std::move(*all);
  }
  return {};
}

}  // namespace

Result<std::vector<Tensor>> run_reference(const ir::Deployment& deployment, std::span<const Tensor> inputs,
                                          PartMaps* maps) {
  State state(deployment.graph, inputs);
  if (maps != nullptr) maps->assign(deployment.parts.size(), {});
  for (std::size_t i = 0; i < deployment.parts.size(); ++i) {
    const auto& part = deployment.parts[i];
    const Status done = std::holds_alternative<ir::HostPart>(part)
                            ? run_host(deployment.graph, std::get<ir::HostPart>(part), state)
                            : run_overlay(deployment.graph, std::get<ir::OverlayPart>(part), state,
                                          maps == nullptr ? nullptr : &(*maps)[i]);
    if (!done) return fail(done.error());
  }
  std::vector<Tensor> outputs;
  for (const ir::ValueId id : deployment.graph.outputs) outputs.push_back(state.get(id));
  return outputs;
}

}  // namespace heddle::compiler
