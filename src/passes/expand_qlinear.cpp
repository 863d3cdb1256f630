// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

/// Appends DequantizeLinear(x, scale, zero_point).
std::optional<ValueId> dequantize(Rewriter& rewriter, const Node& node, const char* role, ValueId x, ValueId scale,
                                  ValueId zero, std::int64_t axis) {
  kernels::Attributes attributes;
  const Tensor* constant = ir::constant_of(rewriter.graph(), scale);
  if (constant != nullptr && constant->size() > 1) attributes["axis"] = axis;
  std::vector<ValueId> inputs{x, scale};
  if (zero != kNoValue) inputs.push_back(zero);
  return rewriter.add("DequantizeLinear", node.name + role, std::move(inputs), std::move(attributes), node);
}

/// s_x · s_w, one entry per output channel: what the integer bias counts in.
std::optional<Tensor> bias_scale(const Rewriter& rewriter, const Node& node) {
  const std::optional<float> data = scalar_of(rewriter.graph(), node.inputs[1]);
  const Tensor* weights = rewriter.constant(node, 4);
  if (!data || weights == nullptr || weights->type() != DataType::f32) return std::nullopt;
  Tensor scale(DataType::f32, weights->size() == 1 ? Shape{} : Shape{weights->size()});
  for (std::int64_t i = 0; i < weights->size(); ++i)
    scale.mutable_data<float>()[static_cast<std::size_t>(i)] =
        *data * weights->data<float>()[static_cast<std::size_t>(i)];
  return scale;
}

/// The visited node becomes the QuantizeLinear at the end of the expanded form.
Fate finish(Rewriter& rewriter, Node& node, std::optional<ValueId> result) {
  if (!result) return Fate::keep;
  std::vector<ValueId> inputs{*result, node.inputs[6]};
  if (node.inputs[7] != kNoValue) inputs.push_back(node.inputs[7]);
  std::swap(rewriter.producer(*result)->name, node.name);  // the layer keeps the model's name
  rewriter.set_inputs(node, std::move(inputs));
  node.op = "QuantizeLinear";
  node.attributes.clear();
  return Fate::changed;
}

/// x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias.
Fate expand_conv(Rewriter& rewriter, Node& node) {
  if (node.inputs.size() < 8) return Fate::keep;
  const ValueId bias = Rewriter::input(node, 8);
  const std::optional<Tensor> scale = bias_scale(rewriter, node);
  if (bias != kNoValue && !scale) return Fate::keep;
  const auto x = dequantize(rewriter, node, ".x", node.inputs[0], node.inputs[1], node.inputs[2], 1);
  const auto w = dequantize(rewriter, node, ".w", node.inputs[3], node.inputs[4], node.inputs[5], 0);
  if (!x || !w) return Fate::keep;
  std::vector<ValueId> inputs{*x, *w};
  if (bias != kNoValue) {
    const ValueId scale_id = rewriter.add_constant(node.name + ".bias_scale", *scale);
    const auto b = dequantize(rewriter, node, ".b", bias, scale_id, kNoValue, 0);
    if (!b) return Fate::keep;
    inputs.push_back(*b);
  }
  return finish(rewriter, node, rewriter.add("Conv", node.name + ".conv", inputs, node.attributes, node));
}

Fate expand_matmul(Rewriter& rewriter, Node& node) {
  if (node.inputs.size() < 8) return Fate::keep;
  const auto last_axis = static_cast<std::int64_t>(rewriter.value(node.inputs[3]).shape.size()) - 1;
  const auto a = dequantize(rewriter, node, ".a", node.inputs[0], node.inputs[1], node.inputs[2], 0);
  const auto b = dequantize(rewriter, node, ".b", node.inputs[3], node.inputs[4], node.inputs[5], last_axis);
  if (!a || !b) return Fate::keep;
  return finish(rewriter, node, rewriter.add("MatMul", node.name + ".matmul", {*a, *b}, {}, node));
}

Fate expand(Rewriter& rewriter, Node& node) {
  if (node.op == "QLinearConv") return expand_conv(rewriter, node);
  if (node.op == "QLinearMatMul") return expand_matmul(rewriter, node);
  return Fate::keep;
}

}  // namespace

Result<bool> expand_qlinear(Graph& graph) {
  return Rewriter(graph).run(expand);
}

}  // namespace heddle::passes
