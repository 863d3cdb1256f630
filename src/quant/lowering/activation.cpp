// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "quant/lowering/rules.h"

// Unary activations: limits of a requantiser's clamp, or a table behind it.
namespace heddle::quant {
namespace {

struct Limits {
  double lo = -std::numeric_limits<double>::infinity(), hi = std::numeric_limits<double>::infinity();
};

Limits limits_of(const Site& site) {
  Limits limits;
  if (site.node.op == "Relu") {
    limits.lo = 0;
    return limits;
  }
  const auto parameter = [&](std::size_t i, double fallback) {
    if (!site.has(i)) return fallback;
    const auto values = real_constant(site.scene.graph, site.node.inputs[i]);
    return values.empty() ? fallback : double{values[0]};
  };
  limits.lo = parameter(1, limits.lo);
  limits.hi = parameter(2, limits.hi);
  limits.lo = std::min(limits.lo, limits.hi);  // as ONNX's Clip with crossed limits
  return limits;
}

/// Narrows the last clamp of a layer; false if the layer has none that may be narrowed.
bool narrow(ir::Layer& layer, std::int32_t lo, std::int32_t hi) {
  if (layer.kind == ir::LayerKind::concat || layer.kind == ir::LayerKind::slice || layer.kind == ir::LayerKind::fill)
    return false;
  const auto clamp_to = [&](auto& from, auto& to) {
    using Limit = std::remove_reference_t<decltype(from)>;
    from = std::clamp<Limit>(from, static_cast<Limit>(lo), static_cast<Limit>(hi));
    to = std::clamp<Limit>(to, static_cast<Limit>(lo), static_cast<Limit>(hi));
  };
  if (layer.post.add)
    clamp_to(layer.post.add->lo, layer.post.add->hi);
  else if (layer.post.table)
    return false;
  else
    clamp_to(layer.post.lo, layer.post.hi);
  return true;
}

/// An element-wise ONNX operator on reals, through its host kernel.
std::function<double(double)> function_of(const Site& site) {
  const kernels::OperatorDefinition* op = kernels::find_operator(site.node.op);
  std::vector<Tensor> constants;
  for (std::size_t i = 1; i < site.inputs(); ++i)
    constants.push_back(Tensor::from<float>({1}, real_constant(site.scene.graph, site.node.inputs[i])));
  return [op, constants, attributes = site.node.attributes](double x) {
    std::vector<Tensor> inputs{Tensor::from<float>({1}, std::vector{static_cast<float>(x)})};
    inputs.insert(inputs.end(), constants.begin(), constants.end());
    const auto result = op->run(attributes, inputs, 1);
    return result ? double{(*result)[0].data<float>()[0]} : std::nan("");
  };
}

constexpr std::array kDiscontinuous{std::string_view("Floor"),           std::string_view("Ceil"),
                                    std::string_view("Round"),           std::string_view("Sign"),
                                    std::string_view("ThresholdedRelu"), std::string_view("Shrink")};

/// The table's domain where it is a layer of its own: the operand itself, in the result's width.
struct Domain {
  Format from, to;
};
Domain domain_of(const Format& operand, const Format& result) {
  if (operand.type == result.type) return {operand, result};
  // Widened exactly; a narrower result is made by a second conversion.
  if (operand.type == DataType::i8) return {{DataType::i16, operand.scale / 128, 0}, result};
  return {operand, {DataType::i16, result.scale / 128, 0}};
}

}  // namespace

Refusal check_clamp(const Site& site) {
  for (std::size_t i = 1; i < site.inputs(); ++i)
    if (site.has(i) && site.constant(i) == nullptr) return "its limits are not constants";
  return std::nullopt;
}

void emit_clamp(Emitter& emitter, const Site& site) {
  const Limits limits = limits_of(site);
  const Format to = site.result_format();
  const std::int32_t lo = to.quantize(limits.lo), hi = to.quantize(limits.hi);
  const ir::MapId in = emitter.operand(site.node.inputs[0]);
  ir::Layer* layer = emitter.fusable_producer(site.node.inputs[0]);
  if (layer != nullptr && emitter.format(in) == to && narrow(*layer, lo, hi)) {
    emitter.retarget(site, *layer, to);
    return;
  }
  const auto post = conversion(emitter.format(in), to);
  if (!post) return emitter.refuse(site, "quant.ratio", "the scales of operand and result are 2^14.99 apart or more");
  ir::Layer& clamp = emitter.add_result(ir::LayerKind::requantize, site, {in});
  clamp.post = *post;
  clamp.post.lo = lo;
  clamp.post.hi = hi;
}

Refusal check_table(const Site& site) {
  for (std::size_t i = 1; i < site.inputs(); ++i)
    if (site.has(i) && (site.constant(i) == nullptr || site.constant(i)->size() != 1))
      return "its parameter is not one constant";
  if (kernels::find_operator(site.node.op) == nullptr) return fmt::format("there is no kernel for {}", site.node.op);
  const bool wide = site.format().type == DataType::i16 || site.result_format().type == DataType::i16;
  if (wide && std::ranges::find(kDiscontinuous, site.node.op) != kDiscontinuous.end())
    return "it has jumps, which a 16-bit table cannot follow";
  return std::nullopt;
}

void emit_table(Emitter& emitter, const Site& site) {
  const Format to = site.result_format();
  const ir::MapId in = emitter.operand(site.node.inputs[0]);
  const Format from = emitter.format(in);
  const auto function = function_of(site);
  ir::Layer* layer = emitter.fusable_producer(site.node.inputs[0]);
  const bool takes_table = layer != nullptr && layer->kind != ir::LayerKind::add && !layer->post.add &&
                           !layer->post.table && layer->kind != ir::LayerKind::concat &&
                           layer->kind != ir::LayerKind::slice && layer->kind != ir::LayerKind::fill;
  if (takes_table && from.type == to.type) {
    emitter.retarget(site, *layer, to).post.table = make_table(from, to, function);
    return;
  }
  const Domain domain = domain_of(from, to);
  const ir::Extent extent = ir::extent(emitter.map(in));
  ir::Layer& table = emitter.add_layer(ir::LayerKind::requantize, site, {in}, extent, domain.to);
  table.post = *conversion(from, domain.from);
  table.post.table = make_table(domain.from, domain.to, function);
  emitter.bind(site.node.outputs[0], emitter.converted(site, table.output, to));
}

}  // namespace heddle::quant
