// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quant/lowering/convolution.h"
#include "quant/lowering/rules.h"
#include "quant/lowering/window.h"

namespace heddle::quant {
namespace {

std::vector<std::int64_t> kernel_of(const Site& site) {
  const Shape& shape = site.value(1).shape;
  return shape.size() < 2 ? std::vector<std::int64_t>{} : std::vector<std::int64_t>(shape.begin() + 2, shape.end());
}

std::int32_t groups_of(const Site& site) {
  return static_cast<std::int32_t>(kernels::get_int(site.node.attributes, "group", 1));
}

Refusal bias_refusal(const Site& site, std::size_t input) {
  if (site.has(input) && site.constant(input) == nullptr) return "its bias is not a constant";
  return std::nullopt;
}

Refusal check_with_axis(const Site& site, int channel_axis) {
  if (auto reason = weight_refusal(site, 1, channel_axis)) return reason;
  if (auto reason = bias_refusal(site, 2)) return reason;
  return window_refusal(site, kernel_of(site));
}

/// Reorders [in][out/groups][taps] to [out][in/groups][taps].
void transpose_weights(IntegerWeights& weights, const Shape& shape, std::int32_t groups) {
  const std::int64_t in_per_group = shape[0] / groups, out_per_group = shape[1];
  const std::int64_t taps = static_cast<std::int64_t>(weights.values.size()) / (shape[0] * shape[1]);
  std::vector<std::int16_t> result(weights.values.size());
  auto to = result.begin();
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t o = 0; o < out_per_group; ++o)
      for (std::int64_t i = 0; i < in_per_group; ++i) {
        const std::int64_t from = ((g * in_per_group + i) * out_per_group + o) * taps;
        to = std::copy_n(weights.values.begin() + from, taps, to);
      }
  weights.values = std::move(result);
}

/// One axis of a transposed convolution's window.
struct TransposedAxis {
  std::int32_t kernel = 1, stride = 1, dilation = 1, begin = 0, end = 0, output_pad = 0;
};

/// What the declared size lacks of the full one is a pad at the end, what it adds is output padding.
TransposedAxis transposed_axis(const Site& site, std::size_t i) {
  const auto kernel = kernel_of(site);
  const auto at = [&](std::string_view name, std::int64_t fallback) {
    return spatial_ints(site, name, kernel.size(), fallback)[i];
  };
  const std::int64_t stride = at("strides", 1), dilation = at("dilations", 1);
  const std::int64_t out = site.result().shape[i + 2];
  const std::int64_t full = (site.value(0).shape[i + 2] - 1) * stride + (kernel[i] - 1) * dilation + 1;
  const std::string mode = kernels::get_string(site.node.attributes, "auto_pad", "NOTSET");
  std::int64_t begin = mode == "VALID" ? 0 : spatial_ints(site, "pads", 2 * kernel.size(), 0)[i];
  const bool shape_given = mode == "NOTSET" && !kernels::get_ints(site.node.attributes, "output_shape").empty();
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER" || shape_given) {
    const std::int64_t total = std::max<std::int64_t>(0, full + at("output_padding", 0) - out);
    begin = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
  }
  const std::int64_t end = full - begin - out;
  const auto narrow = [](std::int64_t v) { return static_cast<std::int32_t>(std::max<std::int64_t>(0, v)); };
  return {narrow(kernel[i]), narrow(stride), narrow(dilation), narrow(begin), narrow(end), narrow(-end)};
}

}  // namespace

Refusal check_conv(const Site& site) {
  return check_with_axis(site, 0);
}

void emit_conv(Emitter& emitter, const Site& site) {
  const std::int32_t groups = groups_of(site);
  IntegerWeights weights = integer_weights(site.scene.graph, site.node.inputs[1], 0, 1);
  const auto bias = site.has(2) ? real_constant(site.scene.graph, site.node.inputs[2]) : std::vector<float>{};
  const ir::MapId in = emitter.operand(site.node.inputs[0]);
  const bool by_channel = groups > 1 && groups == emitter.map(in).channels;
  const auto q = convolution_requant(emitter, site, weights, bias, emitter.format(in), site.result_format());
  ir::Layer& layer = emitter.add_result(by_channel ? ir::LayerKind::depthwise : ir::LayerKind::conv, site, {in});
  layer.window = spatial_window(site, kernel_of(site)).window;
  layer.groups = by_channel ? 1 : groups;
  layer.weights = {std::move(weights.values), weights.type};
  layer.post.channels = q;
}

Refusal check_conv_transpose(const Site& site) {
  return check_with_axis(site, 1);
}

void emit_conv_transpose(Emitter& emitter, const Site& site) {
  const std::int32_t groups = groups_of(site);
  IntegerWeights weights = integer_weights(site.scene.graph, site.node.inputs[1], 1, groups);
  transpose_weights(weights, site.value(1).shape, groups);
  const auto bias = site.has(2) ? real_constant(site.scene.graph, site.node.inputs[2]) : std::vector<float>{};
  const ir::MapId in = emitter.operand(site.node.inputs[0]);
  const auto q = convolution_requant(emitter, site, weights, bias, emitter.format(in), site.result_format());
  ir::Layer& layer = emitter.add_result(ir::LayerKind::conv_transpose, site, {in});
  layer.groups = groups;
  layer.weights = {std::move(weights.values), weights.type};
  layer.post.channels = q;
  const std::size_t axes = kernel_of(site).size();
  const TransposedAxis x = transposed_axis(site, axes - 1);
  const TransposedAxis y = axes == 2 ? transposed_axis(site, 0) : TransposedAxis{};
  layer.window = {y.kernel, x.kernel, y.stride, x.stride, y.dilation, x.dilation, y.begin, x.begin, y.end, x.end};
  layer.output_pad_h = y.output_pad;
  layer.output_pad_w = x.output_pad;
}

}  // namespace heddle::quant
