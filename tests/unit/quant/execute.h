// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ir/deployment.h"
#include "quant/execution.h"
#include "quant/lowering/site.h"
#include "reference/network.h"

namespace heddle::test {

/// Graph outputs of a deployment, in float: overlay parts through the integer reference, host parts through kernels.
inline std::vector<Tensor> execute(const ir::Deployment& deployment, const std::vector<Tensor>& inputs) {
  const ir::Graph& graph = deployment.graph;
  auto values = quant::start_values(graph, inputs);
  EXPECT_TRUE(values);
  for (const auto& part : deployment.parts) {
    if (const auto* host = std::get_if<ir::HostPart>(&part)) {
      for (const int n : host->nodes)
        EXPECT_TRUE(quant::run_node(graph, graph.nodes[static_cast<std::size_t>(n)], *values));
      continue;
    }
    const auto& overlay = std::get<ir::OverlayPart>(part);
    const ir::Network& net = overlay.network;
    std::vector<reference::IntegerMap> maps;
    for (std::size_t i = 0; i < overlay.inputs.size(); ++i)
      maps.push_back(reference::quantize_map(net.map(net.inputs[i]),
                                             (*values)[static_cast<std::size_t>(overlay.inputs[i])].data<float>()));
    const auto results = reference::run_network(net, maps);
    EXPECT_TRUE(results) << results.error().front().text();
    if (!results) return {};
    for (std::size_t i = 0; i < overlay.outputs.size(); ++i)
      (*values)[static_cast<std::size_t>(overlay.outputs[i])] = Tensor::from<float>(
          graph.value(overlay.outputs[i]).shape, reference::dequantize_map(net.map(net.outputs[i]), (*results)[i]));
  }
  std::vector<Tensor> outputs;
  for (const ir::ValueId id : graph.outputs) outputs.push_back((*values)[static_cast<std::size_t>(id)]);
  return outputs;
}

/// What QuantizeLinear and DequantizeLinear mean: float kernels with every quantised value and weight rounded.
inline std::vector<Tensor> execute_rounded(const ir::Graph& graph, const std::vector<Tensor>& inputs) {
  auto values = quant::start_values(graph, inputs);
  EXPECT_TRUE(values);
  const auto round = [&](ir::ValueId id) {
    if (id == ir::kNoValue) return;
    const auto& q = graph.value(id).quantization;
    Tensor& tensor = (*values)[static_cast<std::size_t>(id)];
    const auto format = q ? quant::format_of(*q) : std::nullopt;
    if (format && !tensor.empty()) tensor = quant::fake_quantize(tensor, *format);
  };
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    const ir::Value& value = graph.values[v];
    if (!value.constant || !value.quantization || value.constant->type() != DataType::f32) continue;
    const ir::Quantization& q = *value.quantization;
    const float top = q.type == DataType::i16 ? 32767 : 127;
    Tensor rounded = value.constant->clone();
    std::int64_t inner = 1;
    for (std::size_t d = static_cast<std::size_t>(q.axis + 1); q.axis >= 0 && d < rounded.rank(); ++d)
      inner *= rounded.dim(d);
    std::size_t i = 0;
    for (float& w : rounded.mutable_data<float>()) {
      const float scale = q.scale[q.axis < 0 ? 0 : i / static_cast<std::size_t>(inner) % q.scale.size()];
      w = std::clamp(std::nearbyint(w / scale), -top, top) * scale;
      ++i;
    }
    (*values)[v] = rounded;
  }
  for (const ir::ValueId id : graph.inputs) round(id);
  for (const ir::Node& node : graph.nodes) {
    EXPECT_TRUE(quant::run_node(graph, node, *values));
    for (const ir::ValueId id : node.outputs) round(id);
  }
  std::vector<Tensor> outputs;
  for (const ir::ValueId id : graph.outputs) outputs.push_back((*values)[static_cast<std::size_t>(id)]);
  return outputs;
}

}  // namespace heddle::test
