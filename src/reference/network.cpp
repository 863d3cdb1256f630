// SPDX-License-Identifier: Apache-2.0
#include "reference/network.h"

#include <algorithm>
#include <string>

#include "ir/network_shape.h"
#include "kernels/integer/convert.h"
#include "kernels/parallel.h"
#include "reference/network_layers.h"

namespace heddle::reference {
namespace {

IntegerMap run_layer(const LayerCall& call) {
  switch (call.layer.kind) {
    case ir::LayerKind::conv:
    case ir::LayerKind::conv_transpose:
      return convolve(call);
    case ir::LayerKind::depthwise:
      return depthwise(call);
    case ir::LayerKind::max_pool:
      return max_pool(call);
    case ir::LayerKind::average_pool:
      return average_pool(call);
    case ir::LayerKind::global_average:
      return global_average(call);
    case ir::LayerKind::resize_nearest:
    case ir::LayerKind::resize_bilinear:
      return resize(call);
    case ir::LayerKind::add:
    case ir::LayerKind::multiply:
      return combine(call);
    case ir::LayerKind::requantize:
      return requantize(call);
    case ir::LayerKind::concat:
      return concat(call);
    case ir::LayerKind::slice:
      return slice(call);
    case ir::LayerKind::fill:
      return fill(call);
  }
  return {};
}

Status check_inputs(const ir::Network& network, std::span<const IntegerMap> inputs) {
  const auto refuse = [&](const std::string& map, const std::string& message) {
    return fail({.error_class = ErrorClass::bad_input,
                 .code = "reference.input",
                 .message = message,
                 .file = {},
                 .node = map,
                 .op = {},
                 .field = {},
                 .hint = {}});
  };
  if (inputs.size() != network.inputs.size())
    return refuse(network.name, std::to_string(inputs.size()) + " inputs given, the network has " +
                                    std::to_string(network.inputs.size()));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ir::FeatureMap& map = network.map(network.inputs[i]);
    const IntegerMap& given = inputs[i];
    if (ir::Extent{given.channels, given.height, given.width} != ir::extent(map) ||
        static_cast<std::int64_t>(given.values.size()) != ir::element_count(map))
      return refuse(map.name, "the given map has another size");
    const ir::IntegerRange range = ir::integer_range(map.type);
    if (std::ranges::any_of(given.values, [&](std::int16_t v) { return v < range.lo || v > range.hi; }))
      return refuse(map.name, "a value exceeds " + std::string(name(map.type)));
  }
  return {};
}

/// Number of readers of each map, one more where it is an output, so that memory can be freed after the last.
std::vector<int> count_uses(const ir::Network& network) {
  std::vector<int> uses(network.maps.size(), 0);
  for (const ir::Layer& layer : network.layers)
    for (const ir::MapId id : layer.inputs) ++uses[static_cast<std::size_t>(id)];
  for (const ir::MapId id : network.outputs) ++uses[static_cast<std::size_t>(id)];
  return uses;
}

}  // namespace

IntegerMap make_map(std::int32_t channels, std::int32_t height, std::int32_t width) {
  const auto count =
      static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  return {channels, height, width, std::vector<std::int16_t>(count)};
}

std::int16_t finish(const ir::Post& post, const kernels::ChannelRequant& q, DataType type, std::int64_t acc) {
  const std::int32_t y = kernels::requantize(acc, q, post.zero_point, post.lo, post.hi);
  if (!post.table) return static_cast<std::int16_t>(y);
  return static_cast<std::int16_t>(type == DataType::i16 ? kernels::look_up_16(*post.table, y)
                                                         : kernels::look_up_8(*post.table, y));
}

const kernels::ChannelRequant& requant_of(const ir::Post& post, std::int32_t channel) {
  return post.channels[post.channels.size() == 1 ? 0 : static_cast<std::size_t>(channel)];
}

void for_channels(std::int32_t channels, const std::function<void(std::int32_t)>& work) {
  kernels::parallel_for(channels, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c) work(static_cast<std::int32_t>(c));
  });
}

Result<std::vector<IntegerMap>> run_network(const ir::Network& network, std::span<const IntegerMap> inputs,
                                            const NetworkRunOptions& options) {
  if (auto status = ir::verify(network); !status) return fail(status.error());
  if (auto status = check_inputs(network, inputs); !status) return fail(status.error());
  std::vector<IntegerMap> maps(network.maps.size());
  std::vector<int> uses = count_uses(network);
  for (std::size_t i = 0; i < inputs.size(); ++i) maps[static_cast<std::size_t>(network.inputs[i])] = inputs[i];
  for (const ir::Layer& layer : network.layers) {
    std::vector<const IntegerMap*> operands;
    for (const ir::MapId id : layer.inputs) operands.push_back(&maps[static_cast<std::size_t>(id)]);
    maps[static_cast<std::size_t>(layer.output)] = run_layer({network, layer, operands});
    for (const ir::MapId id : layer.inputs)
      if (--uses[static_cast<std::size_t>(id)] == 0 && !options.all_maps) maps[static_cast<std::size_t>(id)] = {};
  }
  if (options.all_maps) return maps;
  std::vector<IntegerMap> outputs;
  for (const ir::MapId id : network.outputs) outputs.push_back(maps[static_cast<std::size_t>(id)]);
  return outputs;
}

IntegerMap quantize_map(const ir::FeatureMap& map, std::span<const float> values) {
  IntegerMap result = make_map(map.channels, map.height, map.width);
  const ir::IntegerRange range = ir::integer_range(map.type);
  const auto convert = [&](float real) {
    return static_cast<std::int16_t>(kernels::quantize_value(real, map.scale, map.zero_point, range.lo, range.hi));
  };
  std::transform(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(result.values.size()),
                 result.values.begin(), convert);
  return result;
}

std::vector<float> dequantize_map(const ir::FeatureMap& map, const IntegerMap& integers) {
  std::vector<float> reals(integers.values.size());
  std::ranges::transform(integers.values, reals.begin(),
                         [&](std::int16_t v) { return kernels::dequantize_value(v, map.scale, map.zero_point); });
  return reals;
}

}  // namespace heddle::reference
