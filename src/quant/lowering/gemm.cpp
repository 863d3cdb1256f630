// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "quant/lowering/convolution.h"
#include "quant/lowering/rules.h"

// Gemm and MatMul with constant weights: a convolution whose kernel covers the whole map.
namespace heddle::quant {
namespace {

/// [depth][out] to [out][depth].
void transpose(IntegerWeights& weights, std::size_t depth, std::size_t out) {
  std::vector<std::int16_t> result(weights.values.size());
  for (std::size_t o = 0; o < out; ++o)
    for (std::size_t k = 0; k < depth; ++k) result[o * depth + k] = weights.values[k * out + o];
  weights.values = std::move(result);
}

Refusal check_dense(const Site& site, int channel_axis) {
  if (auto reason = weight_refusal(site, 1, channel_axis)) return reason;
  if (site.value(0).shape.size() != 2 || site.value(1).shape.size() != 2)
    return fmt::format("its operands have {} and {} dimensions; the overlay multiplies [N, K] by [K, M]",
                       site.value(0).shape.size(), site.value(1).shape.size());
  const ir::Extent in = site.placement().extent;
  if (in.height > ir::limits::kKernel || in.width > ir::limits::kKernel)
    return fmt::format("its operand is a flattened map of {}x{}, larger than a kernel of {}", in.height, in.width,
                       ir::limits::kKernel);
  return std::nullopt;
}

void emit_dense(Emitter& emitter, const Site& site, int channel_axis, double alpha, const std::vector<float>& bias) {
  IntegerWeights weights = integer_weights(site.scene.graph, site.node.inputs[1], channel_axis, 1);
  const std::size_t out = weights.scale.size();
  if (channel_axis == 1) transpose(weights, weights.values.size() / out, out);
  for (double& scale : weights.scale) scale *= alpha;
  const ir::MapId in = emitter.operand(site.node.inputs[0]);
  const auto q = convolution_requant(emitter, site, weights, bias, emitter.format(in), site.result_format());
  ir::Layer& layer = emitter.add_result(ir::LayerKind::conv, site, {in});
  layer.window.kernel_h = emitter.map(in).height;
  layer.window.kernel_w = emitter.map(in).width;
  layer.weights = {std::move(weights.values), weights.type};
  layer.post.channels = q;
}

int channel_axis_of(const Site& site) {
  return kernels::get_int(site.node.attributes, "transB", 0) != 0 ? 0 : 1;
}

}  // namespace

Refusal check_gemm(const Site& site) {
  if (kernels::get_int(site.node.attributes, "transA", 0) != 0) return "its first operand is transposed";
  if (!(kernels::get_float(site.node.attributes, "alpha", 1) > 0)) return "its alpha is not positive";
  if (auto reason = check_dense(site, channel_axis_of(site))) return reason;
  if (!site.has(2)) return std::nullopt;
  const auto channels = static_cast<std::int32_t>(site.result().shape[1]);
  if (site.constant(2) == nullptr ||
      !per_channel_constant(site.scene.graph, site.node.inputs[2], site.result().shape, channels))
    return "its third operand is not one constant per output";
  return std::nullopt;
}

void emit_gemm(Emitter& emitter, const Site& site) {
  std::vector<float> bias;
  if (site.has(2)) {
    bias = *per_channel_constant(site.scene.graph, site.node.inputs[2], site.result().shape,
                                 static_cast<std::int32_t>(site.result().shape[1]));
    for (float& b : bias) b *= kernels::get_float(site.node.attributes, "beta", 1);
  }
  emit_dense(emitter, site, channel_axis_of(site), double{kernels::get_float(site.node.attributes, "alpha", 1)}, bias);
}

Refusal check_matmul(const Site& site) {
  return check_dense(site, 1);
}

void emit_matmul(Emitter& emitter, const Site& site) {
  emit_dense(emitter, site, 1, 1, {});
}

}  // namespace heddle::quant
