// SPDX-License-Identifier: Apache-2.0
#include "quant/lowering/propagate.h"

#include <algorithm>
#include <array>

#include "quant/lowering/site.h"

namespace heddle::quant {
namespace {

constexpr std::array<std::string_view, 16> kMoves{
    "MaxPool", "GlobalMaxPool", "AveragePool", "Reshape", "Flatten", "Squeeze", "Unsqueeze",    "Identity",
    "Dropout", "Transpose",     "Slice",       "Split",   "Pad",     "Resize",  "DepthToSpace", "SpaceToDepth"};

bool is_clamp(const std::string& op) {
  return op == "Relu" || op == "Clip";
}

class Propagation {
 public:
  explicit Propagation(ir::Graph& graph) : graph_(graph), uses_(graph) {}

  void backward(const ir::Node& node) {
    if (node.outputs.empty() || node.outputs[0] == ir::kNoValue) return;
    const auto& result = graph_.value(node.outputs[0]).quantization;
    if (!result) return;
    if (is_clamp(node.op) || moves_data(node.op)) give(node.inputs[0], *result);
    if (node.op == "Concat")
      for (const ir::ValueId id : node.inputs) give(id, *result);
    if (node.op == "Add" && node.inputs.size() == 2) {
      give_addend(node.inputs[0], node.inputs[1], *result);
      give_addend(node.inputs[1], node.inputs[0], *result);
    }
  }

  void forward(const ir::Node& node) {
    if (node.inputs.empty() || node.inputs[0] == ir::kNoValue) return;
    const auto from = graph_.value(node.inputs[0]).quantization;
    if (!from || !passes_on(node)) return;
    for (const ir::ValueId id : node.outputs)
      if (id != ir::kNoValue && !graph_.value(id).quantization && graph_.value(id).type == DataType::f32)
        graph_.value(id).quantization = from;
  }

 private:
  [[nodiscard]] bool passes_on(const ir::Node& node) const {
    if (moves_data(node.op)) return true;
    if (node.op != "Concat") return false;
    const auto first = format_of(*graph_.value(node.inputs[0]).quantization);
    return first && std::ranges::all_of(node.inputs, [&](ir::ValueId id) {
             const auto& q = graph_.value(id).quantization;
             return q && format_of(*q) == first;
           });
  }
  [[nodiscard]] bool may_get(ir::ValueId id) const {
    if (id == ir::kNoValue) return false;
    const ir::Value& value = graph_.value(id);
    const auto index = static_cast<std::size_t>(id);
    return !value.quantization && !value.constant && value.type == DataType::f32 && uses_.producer[index] >= 0 &&
           uses_.consumers[index].size() == 1 && std::ranges::find(graph_.outputs, id) == graph_.outputs.end();
  }
  void give(ir::ValueId id, const ir::Quantization& q) {
    if (may_get(id)) graph_.value(id).quantization = q;
  }
  /// A sum outside the result's range is clamped, so the addend matters between (lowest result − highest other) and
  /// (highest result − lowest other) only.
  void give_addend(ir::ValueId id, ir::ValueId other, const ir::Quantization& sum) {
    const auto& q = other == ir::kNoValue ? std::nullopt : graph_.value(other).quantization;
    if (!may_get(id) || !q || graph_.value(other).constant) return;
    const auto y = format_of(sum), b = format_of(*q);
    if (!y || !b) return;
    const double lowest = y->dequantize(y->lo()) - b->dequantize(b->hi());
    const double highest = y->dequantize(y->hi()) - b->dequantize(b->lo());
    const double reach = std::max(std::abs(lowest), std::abs(highest));
    graph_.value(id).quantization = ir::Quantization{DataType::i16, {static_cast<float>(reach / 32767)}, {0}, -1};
  }

  ir::Graph& graph_;
  ir::Uses uses_;
};

}  // namespace

bool moves_data(const std::string& op) {
  return std::ranges::find(kMoves, op) != kMoves.end();
}

void propagate_quantization(ir::Graph& graph) {
  Propagation propagation(graph);
  for (int round = 0; round < 2; ++round) {
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) propagation.backward(*node);
    for (const ir::Node& node : graph.nodes) propagation.forward(node);
  }
}

}  // namespace heddle::quant
