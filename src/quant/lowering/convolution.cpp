// SPDX-License-Identifier: Apache-2.0
#include "quant/lowering/convolution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace heddle::quant {
namespace {

/// Smallest number of the accumulator's bits that the bias must fit: 32 for 8×8, 48 otherwise.
std::int64_t bias_room(const IntegerWeights& weights, const Format& in) {
  return std::int64_t{1} << (weights.type == DataType::i8 && in.type == DataType::i8 ? 31 : 47);
}

/// Scale and zero point of flat weight `i` of output channel `channel`.
struct WeightParameters {
  const ir::Quantization& q;

  [[nodiscard]] std::size_t index(std::size_t channel) const {
    return q.scale.size() == 1 ? 0 : channel % q.scale.size();
  }
  [[nodiscard]] double scale(std::size_t channel) const { return double{q.scale[index(channel)]}; }
  [[nodiscard]] std::int32_t zero(std::size_t channel) const {
    return q.zero_point.empty() ? 0 : q.zero_point[q.zero_point.size() == 1 ? 0 : index(channel)];
  }
};

std::int64_t inner_size(const Shape& shape, int axis) {
  std::int64_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(axis) + 1; d < shape.size(); ++d) inner *= shape[d];
  return inner;
}

/// Sums of a channel's weights, plain and absolute.
struct WeightSums {
  std::int64_t plain = 0, absolute = 0;
};
WeightSums sums(std::span<const std::int16_t> values) {
  WeightSums s;
  for (const std::int16_t v : values) {
    s.plain += v;
    s.absolute += std::abs(v);
  }
  return s;
}

/// Nearest integers of reals / scale, limited to ±limit.
void round_to(std::span<const float> reals, float scale, float limit, std::span<std::int16_t> integers) {
  constexpr float kRound = 12582912.0F;  // 1.5·2^23: adding and subtracting it rounds to nearest even
  const float inverse = 1 / scale;
  for (std::size_t i = 0; i < reals.size(); ++i) {
    const float steps = std::min(std::max(reals[i] * inverse, -limit), limit);
    integers[i] = static_cast<std::int16_t>(static_cast<std::int32_t>((steps + kRound) - kRound));
  }
}

}  // namespace

Refusal weight_refusal(const Site& site, std::size_t input, int channel_axis) {
  if (!site.has(input) || site.constant(input) == nullptr) return "its weights are not a constant";
  const ir::Value& value = site.value(input);
  if (!value.quantization) return fmt::format("its weights '{}' have no scale", value.name);
  const ir::Quantization& q = *value.quantization;
  if (q.scale.empty() || std::ranges::any_of(q.scale, [](float s) { return !(s > 0) || !std::isfinite(s); }))
    return fmt::format("a scale of its weights '{}' is not positive", value.name);
  if (q.scale.size() > 1 && q.axis != channel_axis)
    return fmt::format("the scales of its weights '{}' run along axis {}, not along the output channels", value.name,
                       q.axis);
  if (q.type != DataType::i8 && q.type != DataType::u8 && q.type != DataType::i16)
    return fmt::format("its weights are {}; the overlay takes i8, u8 and i16", heddle::name(q.type));
  return std::nullopt;
}

IntegerWeights integer_weights(const ir::Graph& graph, ir::ValueId id, int channel_axis, std::int64_t groups) {
  const ir::Quantization& q = *graph.value(id).quantization;
  const Shape& shape = ir::constant_of(graph, id)->shape();
  const std::vector<float> reals = real_constant(graph, id);
  const WeightParameters parameters{q};
  const auto channels = static_cast<std::size_t>(shape[static_cast<std::size_t>(channel_axis)]);
  const auto inner = static_cast<std::size_t>(inner_size(shape, channel_axis));
  IntegerWeights weights;
  weights.values.resize(reals.size());
  for (std::size_t start = 0; start < reals.size(); start += inner) {
    const std::size_t c = start / inner % channels;
    // A zero point shifts the representable range; the integers themselves lie on the grid of the scale.
    const float limit = q.type == DataType::i16 ? 32767 : parameters.zero(c) != 0 || q.type == DataType::u8 ? 255 : 128;
    round_to(std::span(reals).subspan(start, inner), static_cast<float>(parameters.scale(c)), limit,
             std::span(weights.values).subspan(start, inner));
  }
  const bool narrow = std::ranges::all_of(weights.values, [](std::int16_t v) { return v >= -127 && v <= 127; });
  weights.type = narrow && q.type != DataType::i16 ? DataType::i8 : DataType::i16;
  for (std::size_t c = 0; c < channels * static_cast<std::size_t>(groups); ++c)
    weights.scale.push_back(parameters.scale(c % channels));
  return weights;
}

std::vector<kernels::ChannelRequant> convolution_requant(Emitter& emitter, const Site& site,
                                                         const IntegerWeights& weights, const std::vector<float>& bias,
                                                         const Format& in, const Format& out) {
  std::vector<kernels::ChannelRequant> result;
  const std::size_t per_channel = weights.values.size() / weights.scale.size();
  const std::int64_t room = bias_room(weights, in);
  const std::int64_t largest_input = in.type == DataType::i16 ? 32768 : 128;
  for (std::size_t c = 0; c < weights.scale.size(); ++c) {
    const double unit = double{in.scale} * weights.scale[c];
    const WeightSums w = sums(std::span(weights.values).subspan(c * per_channel, per_channel));
    const double real_bias = bias.empty() ? 0.0 : double{bias[bias.size() == 1 ? 0 : c]};
    const double integer_bias = std::nearbyint(real_bias / unit) - double(in.zero) * double(w.plain);
    auto q = derive_requant(unit / double{out.scale});
    if (!q) {
      emitter.refuse(
          site, "quant.ratio",
          fmt::format("the scale ratio {:.4g} of output channel {} is 2^14.99 or more", unit / double{out.scale}, c));
      return result;
    }
    if (!(std::abs(integer_bias) < double(room)) || w.absolute * largest_input >= room) {
      emitter.refuse(site, "quant.accumulator",
                     fmt::format("output channel {} (bias {:.6g}, sum of weights {}) does not fit {} bits", c,
                                 integer_bias, w.absolute, room == std::int64_t{1} << 31 ? 32 : 48),
                     "quantise this node's activations or weights to 16 bits");
      return result;
    }
    q->bias = static_cast<std::int64_t>(integer_bias);
    result.push_back(*q);
  }
  return result;
}

void emit_channelwise(Emitter& emitter, const Site& site, std::size_t input, const std::vector<float>& factor,
                      const std::vector<float>& offset) {
  const ir::MapId in = emitter.operand(site.node.inputs[input]);
  const Format from = emitter.format(in), to = site.result_format();
  IntegerWeights weights;
  for (const float f : factor) {
    // The whole factor is in the scale, so that it is exact to the requantiser's 16 bits. A factor of 0 keeps a scale
    // that is fine enough for the offset.
    weights.values.push_back(f == 0 ? std::int16_t{0} : static_cast<std::int16_t>(f > 0 ? 127 : -127));
    weights.scale.push_back(f == 0 ? double{to.scale} / double{from.scale} / 256 : std::abs(double{f}) / 127);
  }
  const auto q = convolution_requant(emitter, site, weights, offset, from, to);
  ir::Layer& layer = emitter.add_result(ir::LayerKind::depthwise, site, {in});
  layer.weights = {std::move(weights.values), weights.type};
  layer.post.channels = q;
}

}  // namespace heddle::quant
