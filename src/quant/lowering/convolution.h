// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "quant/lowering/emitter.h"

namespace heddle::quant {

/// Integer weights in the order of ir::Weights, and what each output channel's integers stand for.
struct IntegerWeights {
  std::vector<std::int16_t> values;
  DataType type = DataType::i8;
  std::vector<double> scale;  ///< one per output channel
};

/// The weights behind an input. `channel_axis` is the axis of output channels in the constant, `groups` matters for
/// transposed convolutions, whose axis counts the channels of one group. Scales are expanded to all channels.
[[nodiscard]] IntegerWeights integer_weights(const ir::Graph& graph, ir::ValueId id, int channel_axis,
                                             std::int64_t groups);
/// Why a constant cannot be weights.
[[nodiscard]] Refusal weight_refusal(const Site& site, std::size_t input, int channel_axis);

/// Requantisers of a convolution with this real bias (empty: none). Reports what does not fit.
[[nodiscard]] std::vector<kernels::ChannelRequant> convolution_requant(Emitter& emitter, const Site& site,
                                                                       const IntegerWeights& weights,
                                                                       const std::vector<float>& bias, const Format& in,
                                                                       const Format& out);

/// y = factor[c]·x + offset[c]: a depthwise 1×1 layer.
void emit_channelwise(Emitter& emitter, const Site& site, std::size_t input, const std::vector<float>& factor,
                      const std::vector<float>& offset);

}  // namespace heddle::quant
