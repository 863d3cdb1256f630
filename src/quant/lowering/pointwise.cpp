// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "quant/lowering/convolution.h"
#include "quant/lowering/rules.h"

// Arithmetic on two maps, or on a map and a constant per channel.
namespace heddle::quant {
namespace {

/// Index of the constant operand, if exactly one is.
std::optional<std::size_t> constant_operand(const Site& site) {
  if (site.constant(0) != nullptr) return 0;
  if (site.inputs() > 1 && site.constant(1) != nullptr) return 1;
  return std::nullopt;
}

std::int32_t channels_of(const Site& site, std::size_t map_operand) {
  return site.placement(map_operand).extent.channels;
}

Refusal check_constant(const Site& site, std::size_t constant) {
  const std::size_t map = 1 - constant;
  if (site.value(map).shape != site.result().shape) return "its constant has more elements than the map";
  if (!per_channel_constant(site.scene.graph, site.node.inputs[constant], site.value(map).shape,
                            channels_of(site, map)))
    return "its constant varies over pixels";
  if (!site.placement(map).plain && site.constant(constant)->size() != 1)
    return "its operand is a reshaped feature map";
  return std::nullopt;
}

bool is_broadcast(const Site& site, std::size_t i) {
  return site.value(i).shape != site.result().shape;
}

/// Two maps: of one size, or one of them C×1×1.
Refusal check_pair(const Site& site) {
  if (site.inputs() != 2) return fmt::format("it has {} operands; the overlay combines two", site.inputs());
  const Placement a = site.placement(0), b = site.placement(1);
  if (site.value(0).shape == site.value(1).shape)
    return a.extent == b.extent ? Refusal{} : Refusal("its operands are reshaped feature maps of different sizes");
  const std::size_t small = is_broadcast(site, 0) ? 0 : 1;
  const ir::Extent large = site.placement(1 - small).extent;
  if (is_broadcast(site, 1 - small) || !a.plain || !b.plain ||
      site.value(small).shape.size() != site.value(1 - small).shape.size() ||
      site.placement(small).extent != ir::Extent{large.channels, 1, 1})
    return "it broadcasts in another way than channels over pixels";
  return std::nullopt;
}

Refusal check_two(const Site& site) {
  if (const auto constant = constant_operand(site)) return check_constant(site, *constant);
  return check_pair(site);
}

std::vector<float> constant_values(const Site& site, std::size_t constant) {
  const std::size_t map = 1 - constant;
  return *per_channel_constant(site.scene.graph, site.node.inputs[constant], site.value(map).shape,
                               channels_of(site, map));
}

/// Both operands in one width, wide if either is.
void equalize(Emitter& emitter, const Site& site, ir::MapId& a, ir::MapId& b) {
  const auto widened = [&](ir::MapId id) {
    Format format = emitter.format(id);
    if (format.type == DataType::i16) return id;
    // (x − zero)·128 fits 16 bits for every zero point, and keeps the value exactly.
    return emitter.converted(site, id, {DataType::i16, format.scale / 128, 0});
  };
  if (emitter.format(a).type == emitter.format(b).type) return;
  a = widened(a);
  b = widened(b);
}

bool can_take_addition(const Emitter& emitter, const ir::Layer* layer, const Format& result) {
  return layer != nullptr && layer->kind == ir::LayerKind::conv && !layer->post.add &&
         emitter.map(layer->output).type == result.type;
}

/// Fuses the addition behind the convolution that makes operand `i`, if there is one. True if done.
bool fuse_addition(Emitter& emitter, const Site& site, std::size_t i, const double (&factor)[2]) {
  const Format result = site.result_format();
  ir::Layer* layer = emitter.fusable_producer(site.node.inputs[i]);
  if (!can_take_addition(emitter, layer, result)) return false;
  const ir::MapId other = emitter.operand(site.node.inputs[1 - i]);
  layer = emitter.fusable_producer(site.node.inputs[i]);  // the operand may have added a map
  if (emitter.format(other).type != result.type ||
      ir::extent(emitter.map(other)) != site.scene.at(site.node.outputs[0])->extent)
    return false;
  if (other == layer->output) return false;
  const auto add = derive_add(emitter.format(layer->output), emitter.format(other), result, factor[i], factor[1 - i]);
  if (!add) return false;
  ir::Layer& fused = emitter.retarget(site, *layer, result);
  fused.inputs.push_back(other);
  fused.post.add = *add;
  return true;
}

void emit_pair_add(Emitter& emitter, const Site& site) {
  const double factor[2] = {1.0, site.node.op == "Sub" ? -1.0 : 1.0};
  for (const std::size_t i : {1U, 0U})
    if (!is_broadcast(site, i) && !is_broadcast(site, 1 - i) && fuse_addition(emitter, site, i, factor)) return;
  const std::size_t first = is_broadcast(site, 0) ? 1 : 0;
  ir::MapId a = emitter.operand(site.node.inputs[first]), b = emitter.operand(site.node.inputs[1 - first]);
  equalize(emitter, site, a, b);
  const auto add =
      derive_add(emitter.format(a), emitter.format(b), site.result_format(), factor[first], factor[1 - first]);
  if (!add) return emitter.refuse(site, "quant.ratio", "the scale of an operand is 2^14 times the result's or more");
  emitter.add_result(ir::LayerKind::add, site, {a, b}).post.add = *add;
}

void emit_pair_multiply(Emitter& emitter, const Site& site) {
  const std::size_t first = is_broadcast(site, 0) ? 1 : 0;
  ir::MapId a = emitter.operand(site.node.inputs[first]), b = emitter.operand(site.node.inputs[1 - first]);
  equalize(emitter, site, a, b);
  const auto q = derive_requant(double{emitter.format(a).scale} * double{emitter.format(b).scale} /
                                double{site.result_format().scale});
  if (!q) return emitter.refuse(site, "quant.ratio", "the scale of the product is 2^14.99 times the result's or more");
  emitter.add_result(ir::LayerKind::multiply, site, {a, b}).post.channels = {*q};
}

}  // namespace

Refusal check_add(const Site& site) {
  if (site.inputs() == 1) return "it has one operand";
  return check_two(site);
}

void emit_add(Emitter& emitter, const Site& site) {
  const auto constant = constant_operand(site);
  if (!constant) return emit_pair_add(emitter, site);
  std::vector<float> offset = constant_values(site, *constant);
  float factor = 1;
  if (site.node.op == "Sub" && *constant == 0) factor = -1;
  if (site.node.op == "Sub" && *constant == 1)
    for (float& o : offset) o = -o;
  emit_channelwise(emitter, site, 1 - *constant, std::vector<float>(offset.size(), factor), offset);
}

Refusal check_multiply(const Site& site) {
  return check_two(site);
}

Refusal check_divide(const Site& site) {
  if (site.constant(1) == nullptr) return "it divides by something that is not a constant";
  if (auto reason = check_constant(site, 1)) return reason;
  for (const float d : constant_values(site, 1))
    if (!std::isfinite(1 / d)) return "it divides by 0";
  return std::nullopt;
}

void emit_multiply(Emitter& emitter, const Site& site) {
  const auto constant = constant_operand(site);
  if (!constant) return emit_pair_multiply(emitter, site);
  std::vector<float> factor = constant_values(site, *constant);
  if (site.node.op == "Div")
    for (float& f : factor) f = 1 / f;
  emit_channelwise(emitter, site, 1 - *constant, factor, {});
}

Refusal check_batch_norm(const Site& site) {
  if (kernels::get_int(site.node.attributes, "training_mode", 0) != 0)
    return "it normalises by the statistics of its own input";
  for (std::size_t i = 1; i < 5; ++i)
    if (site.constant(i) == nullptr) return "its statistics are not constants";
  return std::nullopt;
}

void emit_batch_norm(Emitter& emitter, const Site& site) {
  const auto& graph = site.scene.graph;
  const auto gamma = real_constant(graph, site.node.inputs[1]), beta = real_constant(graph, site.node.inputs[2]);
  const auto mean = real_constant(graph, site.node.inputs[3]), variance = real_constant(graph, site.node.inputs[4]);
  const float epsilon = kernels::get_float(site.node.attributes, "epsilon", 1e-5F);
  std::vector<float> factor(gamma.size()), offset(gamma.size());
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    factor[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
    offset[c] = beta[c] - mean[c] * factor[c];
  }
  emit_channelwise(emitter, site, 0, factor, offset);
}

}  // namespace heddle::quant
