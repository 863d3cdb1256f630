// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "ir/graph.h"

namespace heddle::ir {
namespace {

/// Where an operator keeps its operands, and how its products are counted.
struct MacRule {
  std::string_view op;
  std::size_t data, weights;
  std::int64_t (*count)(const Graph&, const Node&, const MacRule&);
};

const Shape* input_shape(const Graph& graph, const Node& node, std::size_t index) {
  if (index >= node.inputs.size() || node.inputs[index] == kNoValue) return nullptr;
  return &graph.value(node.inputs[index]).shape;
}

/// Product of shape[first..], saturating; 0 if a dimension is not known.
std::int64_t saturating_product(const Shape& shape, std::size_t first, std::int64_t start = 1) {
  std::int64_t product = start;
  for (std::size_t i = first; i < shape.size(); ++i) {
    if (shape[i] < 0) return 0;
    if (__builtin_mul_overflow(product, shape[i], &product)) product = std::numeric_limits<std::int64_t>::max();
  }
  return product;
}

const Shape& output_shape(const Graph& graph, const Node& node) {
  return graph.value(node.outputs.front()).shape;
}

/// Weights [out][in / groups][kernel…]: every output element takes a product with each of the rest.
std::int64_t conv_macs(const Graph& graph, const Node& node, const MacRule& rule) {
  const Shape* weights = input_shape(graph, node, rule.weights);
  if (weights == nullptr) return 0;
  return saturating_product(output_shape(graph, node), 0, saturating_product(*weights, 1));
}

/// Weights [in][out / groups][kernel…]: every input element is scattered to each of the rest.
std::int64_t conv_transpose_macs(const Graph& graph, const Node& node, const MacRule& rule) {
  const Shape* data = input_shape(graph, node, rule.data);
  const Shape* weights = input_shape(graph, node, rule.weights);
  if (data == nullptr || weights == nullptr) return 0;
  return saturating_product(*data, 0, saturating_product(*weights, 1));
}

std::int64_t gemm_macs(const Graph& graph, const Node& node, const MacRule& rule) {
  const Shape* a = input_shape(graph, node, rule.data);
  if (a == nullptr || a->size() != 2) return 0;
  const std::int64_t depth = (*a)[kernels::get_int(node.attributes, "transA", 0) != 0 ? 0 : 1];
  return saturating_product(output_shape(graph, node), 0, std::max<std::int64_t>(depth, 0));
}

std::int64_t matmul_macs(const Graph& graph, const Node& node, const MacRule& rule) {
  const Shape* a = input_shape(graph, node, rule.data);
  if (a == nullptr || a->empty()) return 0;
  return saturating_product(output_shape(graph, node), 0, std::max<std::int64_t>(a->back(), 0));
}

constexpr std::array kRules{
    MacRule{"Conv", 0, 1, conv_macs},
    MacRule{"ConvInteger", 0, 1, conv_macs},
    MacRule{"QLinearConv", 0, 3, conv_macs},
    MacRule{"ConvTranspose", 0, 1, conv_transpose_macs},
    MacRule{"Gemm", 0, 1, gemm_macs},
    MacRule{"MatMul", 0, 1, matmul_macs},
    MacRule{"MatMulInteger", 0, 1, matmul_macs},
    MacRule{"QLinearMatMul", 0, 3, matmul_macs},
};

}  // namespace

std::int64_t macs(const Graph& graph, const Node& node) {
  const auto rule = std::find_if(kRules.begin(), kRules.end(), [&](const MacRule& r) { return r.op == node.op; });
  if (rule == kRules.end() || node.outputs.empty() || node.outputs.front() == kNoValue) return 0;
  return rule->count(graph, node, *rule);
}

}  // namespace heddle::ir
