// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

/// Exporters round constants such as 1/6 differently.
bool near(float a, float b) {
  return std::fabs(a - b) <= 1e-4F * std::fabs(b);
}

/// data · factor or data + offset, with a constant of one element that does not change the shape.
struct Scalar {
  ValueId data = kNoValue;
  float constant = 0.0F;
};

std::optional<Scalar> with_scalar(const Rewriter& rewriter, const Node& node, std::size_t data, std::size_t constant) {
  const ValueId id = Rewriter::input(node, data);
  const std::optional<float> number = scalar_of(rewriter.graph(), Rewriter::input(node, constant));
  if (!number || id == kNoValue || rewriter.value(id).shape != rewriter.value(node.outputs.front()).shape)
    return std::nullopt;
  return Scalar{id, *number};
}

/// x · c, c · x or x / c.
std::optional<Scalar> as_product(const Rewriter& rewriter, const Node* node) {
  if (node == nullptr) return std::nullopt;
  if (node->op == "Div") {
    auto quotient = with_scalar(rewriter, *node, 0, 1);
    if (quotient) quotient->constant = 1.0F / quotient->constant;
    return quotient;
  }
  if (node->op != "Mul") return std::nullopt;
  const auto product = with_scalar(rewriter, *node, 0, 1);
  return product ? product : with_scalar(rewriter, *node, 1, 0);
}

/// x + c, c + x or x − c.
std::optional<Scalar> as_sum(const Rewriter& rewriter, const Node* node) {
  if (node == nullptr) return std::nullopt;
  if (node->op == "Sub") {
    auto difference = with_scalar(rewriter, *node, 0, 1);
    if (difference) difference->constant = -difference->constant;
    return difference;
  }
  if (node->op != "Add") return std::nullopt;
  const auto sum = with_scalar(rewriter, *node, 0, 1);
  return sum ? sum : with_scalar(rewriter, *node, 1, 0);
}

bool is_clip(const Rewriter& rewriter, const Node* node, float lo, float hi) {
  if (node == nullptr || node->op != "Clip") return false;
  const auto stated_lo = scalar_of(rewriter.graph(), Rewriter::input(*node, 1));
  const auto stated_hi = scalar_of(rewriter.graph(), Rewriter::input(*node, 2));
  return stated_lo && stated_hi && *stated_lo == lo && *stated_hi == hi;
}

/// x if the value is clip(x + 3, 0, 6), else kNoValue.
ValueId relu6_of_shifted(Rewriter& rewriter, ValueId id) {
  const Node* clip = rewriter.producer(id);
  if (!is_clip(rewriter, clip, 0.0F, 6.0F)) return kNoValue;
  const auto sum = as_sum(rewriter, rewriter.producer(clip->inputs.front()));
  return sum && near(sum->constant, 3.0F) ? sum->data : kNoValue;
}

Fate become(Rewriter& rewriter, Node& node, const char* op, ValueId data, kernels::Attributes attributes) {
  node.op = op;
  node.attributes = std::move(attributes);
  rewriter.set_inputs(node, {data});
  return Fate::changed;
}

Fate become_hard_sigmoid(Rewriter& rewriter, Node& node, ValueId data, float alpha, float beta) {
  return become(rewriter, node, "HardSigmoid", data, {{"alpha", alpha}, {"beta", beta}});
}

/// gate · x where the gate is a function of x.
Fate match_gate(Rewriter& rewriter, Node& node, ValueId gate_id, ValueId x) {
  const Node* gate = rewriter.producer(gate_id);
  if (gate == nullptr || rewriter.value(x).shape != rewriter.value(node.outputs.front()).shape) return Fate::keep;
  if (gate->op == "Sigmoid") {
    const ValueId argument = gate->inputs.front();
    if (argument == x) return become(rewriter, node, "Swish", x, {});
    const auto scaled = as_product(rewriter, rewriter.producer(argument));
    if (scaled && scaled->data == x) return become(rewriter, node, "Swish", x, {{"alpha", scaled->constant}});
  }
  if (gate->op == "Tanh") {
    const Node* softplus = rewriter.producer(gate->inputs.front(), "Softplus");
    if (softplus != nullptr && softplus->inputs.front() == x) return become(rewriter, node, "Mish", x, {});
  }
  if (gate->op == "HardSigmoid" && gate->inputs.front() == x &&
      near(kernels::get_float(gate->attributes, "alpha", 0.2F), 1.0F / 6.0F) &&
      near(kernels::get_float(gate->attributes, "beta", 0.5F), 0.5F))
    return become(rewriter, node, "HardSwish", x, {});
  // (x / 6) · clip(x + 3, 0, 6)
  const auto sixth = as_product(rewriter, rewriter.producer(x));
  if (sixth && near(sixth->constant, 1.0F / 6.0F) && relu6_of_shifted(rewriter, gate_id) == sixth->data)
    return become(rewriter, node, "HardSwish", sixth->data, {});
  return Fate::keep;
}

/// clip(x + 3, 0, 6) / 6 and x · clip(x + 3, 0, 6) / 6.
Fate match_sixth(Rewriter& rewriter, Node& node) {
  const auto product = as_product(rewriter, &node);
  if (!product || !near(product->constant, 1.0F / 6.0F)) return Fate::keep;
  if (const ValueId x = relu6_of_shifted(rewriter, product->data); x != kNoValue)
    return become_hard_sigmoid(rewriter, node, x, 1.0F / 6.0F, 0.5F);
  const Node* gated = rewriter.producer(product->data, "Mul");
  if (gated == nullptr) return Fate::keep;
  for (std::size_t side = 0; side < 2; ++side) {
    const ValueId x = relu6_of_shifted(rewriter, gated->inputs[side]);
    if (x != kNoValue && x == gated->inputs[1 - side]) return become(rewriter, node, "HardSwish", x, {});
  }
  return Fate::keep;
}

/// clip(alpha · x + beta, 0, 1).
Fate match_unit_clip(Rewriter& rewriter, Node& node) {
  if (!is_clip(rewriter, &node, 0.0F, 1.0F)) return Fate::keep;
  const auto sum = as_sum(rewriter, rewriter.producer(node.inputs.front()));
  const auto product = sum ? as_product(rewriter, rewriter.producer(sum->data)) : std::nullopt;
  if (!product || product->constant <= 0.0F) return Fate::keep;
  return become_hard_sigmoid(rewriter, node, product->data, product->constant, sum->constant);
}

/// max(x, slope · x) with 0 < slope < 1.
Fate match_leaky(Rewriter& rewriter, Node& node) {
  if (node.inputs.size() != 2) return Fate::keep;
  for (std::size_t side = 0; side < 2; ++side) {
    const ValueId x = node.inputs[side];
    const auto product = as_product(rewriter, rewriter.producer(node.inputs[1 - side]));
    if (product && product->data == x && product->constant > 0.0F && product->constant < 1.0F)
      return become(rewriter, node, "LeakyRelu", x, {{"alpha", product->constant}});
  }
  return Fate::keep;
}

Fate fuse_activations_at(Rewriter& rewriter, Node& node) {
  if (rewriter.value(node.outputs.front()).type != DataType::f32) return Fate::keep;
  if (node.op == "Max") return match_leaky(rewriter, node);
  if (node.op == "Clip") return match_unit_clip(rewriter, node);
  if (node.op != "Mul" && node.op != "Div") return Fate::keep;
  if (const Fate fate = match_sixth(rewriter, node); fate != Fate::keep || node.op == "Div") return fate;
  if (const Fate fate = match_gate(rewriter, node, node.inputs[0], node.inputs[1]); fate != Fate::keep) return fate;
  return match_gate(rewriter, node, node.inputs[1], node.inputs[0]);
}

}  // namespace

Result<bool> fuse_activations(Graph& graph) {
  return Rewriter(graph).run(fuse_activations_at);
}

}  // namespace heddle::passes
