// SPDX-License-Identifier: Apache-2.0
#include "quant/lowering/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace heddle::quant {
namespace {

Refusal accept(const Site&) {
  return std::nullopt;
}

constexpr Rule table_of(std::string_view op) {
  return {op, Placing::as_input, true, check_table, emit_table};
}
constexpr Rule view_of(std::string_view op) {
  return {op, Placing::view, true, check_view, emit_view};
}

constexpr std::array kRules{
    Rule{"Conv", Placing::natural, false, check_conv, emit_conv},
    Rule{"ConvTranspose", Placing::natural, false, check_conv_transpose, emit_conv_transpose},
    Rule{"Gemm", Placing::natural, true, check_gemm, emit_gemm},
    Rule{"MatMul", Placing::natural, true, check_matmul, emit_matmul},
    Rule{"MaxPool", Placing::natural, false, check_max_pool, emit_max_pool},
    Rule{"AveragePool", Placing::natural, false, check_average_pool, emit_average_pool},
    Rule{"GlobalMaxPool", Placing::natural, false, check_global_pool, emit_global_max},
    Rule{"GlobalAveragePool", Placing::natural, false, accept, emit_global_average},
    Rule{"ReduceMean", Placing::natural, false, check_reduce_mean, emit_global_average},
    Rule{"Add", Placing::as_input, true, check_add, emit_add},
    Rule{"Sub", Placing::as_input, true, check_add, emit_add},
    Rule{"Sum", Placing::as_input, true, check_add, emit_add},
    Rule{"Mul", Placing::as_input, true, check_multiply, emit_multiply},
    Rule{"Div", Placing::as_input, true, check_divide, emit_multiply},
    Rule{"BatchNormalization", Placing::natural, false, check_batch_norm, emit_batch_norm},
    Rule{"Relu", Placing::as_input, true, accept, emit_clamp},
    Rule{"Clip", Placing::as_input, true, check_clamp, emit_clamp},
    table_of("LeakyRelu"),
    table_of("PRelu"),
    table_of("Sigmoid"),
    table_of("Tanh"),
    table_of("HardSigmoid"),
    table_of("HardSwish"),
    table_of("Swish"),
    table_of("Mish"),
    table_of("Gelu"),
    table_of("Elu"),
    table_of("Selu"),
    table_of("Celu"),
    table_of("Softplus"),
    table_of("Softsign"),
    table_of("ThresholdedRelu"),
    table_of("Shrink"),
    table_of("Abs"),
    table_of("Neg"),
    table_of("Exp"),
    table_of("Log"),
    table_of("Sqrt"),
    table_of("Erf"),
    table_of("Sin"),
    table_of("Cos"),
    table_of("Atan"),
    table_of("Asinh"),
    table_of("Floor"),
    table_of("Ceil"),
    table_of("Round"),
    table_of("Sign"),
    view_of("QuantizeLinear"),
    view_of("DequantizeLinear"),
    view_of("Identity"),
    view_of("Dropout"),
    view_of("Reshape"),
    view_of("Flatten"),
    view_of("Squeeze"),
    view_of("Unsqueeze"),
    Rule{"Transpose", Placing::view, true, check_transpose, emit_view},
    Rule{"Concat", Placing::natural, false, check_concat, emit_concat},
    Rule{"Slice", Placing::natural, false, check_slice, emit_slice},
    Rule{"Split", Placing::natural, false, check_split, emit_split},
    Rule{"Pad", Placing::natural, false, check_pad, emit_pad},
    Rule{"Resize", Placing::natural, false, check_resize, emit_resize},
    Rule{"SpaceToDepth", Placing::natural, false, check_space_to_depth, emit_space_to_depth},
    Rule{"DepthToSpace", Placing::natural, false, check_depth_to_space, emit_depth_to_space},
};

Refusal refuse_operand(const Site& site, std::size_t i, const Rule& rule) {
  const ir::Value& value = site.value(i);
  const auto& placement = site.scene.at(site.node.inputs[i]);
  if (!value.quantization) return fmt::format("its operand '{}' is not quantised", value.name);
  if (!format_of(*value.quantization))
    return fmt::format("the quantisation of '{}' is not per tensor in int8 or symmetric int16", value.name);
  if (std::ranges::any_of(value.shape, [](std::int64_t d) { return d < 0; }))
    return fmt::format("the shape of '{}' is not bound", value.name);
  if (!placement)
    return fmt::format(
        "its operand '{}' has {} dimensions or one beyond {}; a feature map is [N, C, H, W], [N, C, W] "
        "or [N, C]",
        value.name, value.shape.size(), ir::limits::kExtent);
  if (!rule.takes_views && !placement->plain)
    return fmt::format("its operand '{}' is a reshaped feature map", value.name);
  return std::nullopt;
}

Refusal refuse_result(const Site& site, std::size_t i, const Rule& rule) {
  const ir::ValueId id = site.node.outputs[i];
  if (id == ir::kNoValue) return std::nullopt;
  const ir::Value& value = site.result(i);
  const bool several = rule.emit == emit_split;
  const bool used = !site.scene.uses.consumers[static_cast<std::size_t>(id)].empty() ||
                    std::ranges::find(site.scene.graph.outputs, id) != site.scene.graph.outputs.end();
  if (i > 0 && !several)
    return used ? Refusal(fmt::format("its second result '{}' is used", value.name)) : std::nullopt;
  if (!value.quantization) return fmt::format("its result '{}' has no scale", value.name);
  if (!format_of(*value.quantization))
    return fmt::format("the quantisation of '{}' is not per tensor in int8 or symmetric int16", value.name);
  if (rule.placing == Placing::natural && !natural_extent(value.shape))
    return fmt::format("its result '{}' has {} dimensions or one beyond {}", value.name, value.shape.size(),
                       ir::limits::kExtent);
  return std::nullopt;
}

}  // namespace

const Rule* find_rule(std::string_view op) {
  const auto found = std::ranges::find(kRules, op, &Rule::op);
  return found == kRules.end() ? nullptr : &*found;
}

Refusal refusal(const Site& site) {
  const Rule* rule = find_rule(site.node.op);
  if (rule == nullptr) return fmt::format("the overlay has no {}", site.node.op);
  if (!site.has(0)) return "it has no operand";
  bool any_map = false;
  for (std::size_t i = 0; i < site.inputs(); ++i) {
    if (!site.has(i) || site.constant(i) != nullptr) continue;
    any_map = true;
    const Shape &from = site.value(i).shape, &to = site.result().shape;
    if (from.empty() || to.empty() || from[0] != to[0]) return "dimension 0 of operand and result is not one batch";
    if (auto reason = refuse_operand(site, i, *rule)) return reason;
  }
  if (!any_map) return "all its operands are constants";
  for (std::size_t i = 0; i < site.node.outputs.size(); ++i)
    if (auto reason = refuse_result(site, i, *rule)) return reason;
  return rule->check(site);
}

Placement place(const Site& site, std::size_t output) {
  const Rule& rule = *find_rule(site.node.op);
  const auto natural = natural_extent(site.result(output).shape);
  switch (rule.placing) {
    case Placing::natural:
      break;
    case Placing::as_input: {
      // The operand that is not broadcast: the one of the result's size.
      for (std::size_t i = 0; i < site.inputs(); ++i)
        if (site.has(i) && site.constant(i) == nullptr && site.value(i).shape == site.result().shape)
          return site.placement(i);
      break;
    }
    case Placing::view: {
      const Placement from = site.placement();
      const int producer = site.scene.uses.producer[static_cast<std::size_t>(site.node.inputs[0])];
      const bool computed = producer >= 0 && site.scene.on_overlay[static_cast<std::size_t>(producer)];
      if (natural && (!computed || *natural == from.extent)) return {*natural, true};
      return {from.extent, false};
    }
  }
  return {*natural, true};
}

}  // namespace heddle::quant
