// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <span>

#include "reference/network.h"

/// The layers of run_network, one function a family. All maps have the sizes that `ir::verify` demands.
namespace heddle::reference {

/// A layer with its operands: `in` points to the contents of layer.inputs in order.
struct LayerCall {
  const ir::Network& network;
  const ir::Layer& layer;
  std::span<const IntegerMap* const> in;

  [[nodiscard]] const ir::FeatureMap& map(std::size_t i = 0) const { return network.map(layer.inputs[i]); }
  [[nodiscard]] const ir::FeatureMap& output() const { return network.map(layer.output); }
  [[nodiscard]] IntegerMap new_output() const { return make_map(output().channels, output().height, output().width); }
};

/// Requantise, clamp and table of one accumulator (not the addition).
[[nodiscard]] std::int16_t finish(const ir::Post& post, const kernels::ChannelRequant& q, DataType type,
                                  std::int64_t acc);
/// The requantiser of an output channel.
[[nodiscard]] const kernels::ChannelRequant& requant_of(const ir::Post& post, std::int32_t channel);
/// Calls work(channel) for all channels on all cores.
void for_channels(std::int32_t channels, const std::function<void(std::int32_t)>& work);

/// conv, conv_transpose
[[nodiscard]] IntegerMap convolve(const LayerCall& call);
[[nodiscard]] IntegerMap depthwise(const LayerCall& call);
[[nodiscard]] IntegerMap max_pool(const LayerCall& call);
[[nodiscard]] IntegerMap average_pool(const LayerCall& call);
[[nodiscard]] IntegerMap global_average(const LayerCall& call);
/// resize_nearest, resize_bilinear
[[nodiscard]] IntegerMap resize(const LayerCall& call);
/// add, multiply
[[nodiscard]] IntegerMap combine(const LayerCall& call);
[[nodiscard]] IntegerMap requantize(const LayerCall& call);
[[nodiscard]] IntegerMap concat(const LayerCall& call);
[[nodiscard]] IntegerMap slice(const LayerCall& call);
[[nodiscard]] IntegerMap fill(const LayerCall& call);

}  // namespace heddle::reference
