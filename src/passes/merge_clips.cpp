// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

constexpr float kLowest = std::numeric_limits<float>::lowest();
constexpr float kHighest = std::numeric_limits<float>::max();

/// y = min(max(x, lo), hi); unbounded sides hold the lowest and the highest finite float.
struct Clamp {
  ValueId data = kNoValue;
  float lo = kLowest, hi = kHighest;
};

/// A Clip limit: the default where it is left out, nullopt where it is not constant.
std::optional<float> limit(const Rewriter& rewriter, const Node& node, std::size_t index, float fallback) {
  const ValueId id = Rewriter::input(node, index);
  return id == kNoValue ? fallback : scalar_of(rewriter.graph(), id);
}

/// Max or Min of one value and one constant of one element.
std::optional<Clamp> read_extremum(const Rewriter& rewriter, const Node& node) {
  if (node.inputs.size() != 2) return std::nullopt;
  for (std::size_t side = 0; side < 2; ++side) {
    const ValueId data = node.inputs[side];
    const std::optional<float> bound = scalar_of(rewriter.graph(), node.inputs[1 - side]);
    if (!bound || rewriter.value(data).constant) continue;
    if (rewriter.value(data).shape != rewriter.value(node.outputs.front()).shape) return std::nullopt;
    return node.op == "Max" ? Clamp{data, *bound, kHighest} : Clamp{data, kLowest, *bound};
  }
  return std::nullopt;
}

std::optional<Clamp> read_clamp(const Rewriter& rewriter, const Node& node) {
  const bool known = node.op == "Relu" || node.op == "Clip" || node.op == "Max" || node.op == "Min";
  if (!known || rewriter.value(node.outputs.front()).type != DataType::f32) return std::nullopt;
  if (node.op == "Relu") return Clamp{node.inputs.front(), 0.0F, kHighest};
  if (node.op != "Clip") return read_extremum(rewriter, node);
  const std::optional<float> lo = limit(rewriter, node, 1, kLowest);
  const std::optional<float> hi = limit(rewriter, node, 2, kHighest);
  if (!lo || !hi) return std::nullopt;
  return Clamp{node.inputs.front(), std::max(*lo, kLowest), std::min(*hi, kHighest)};
}

/// Writes the clamp in its one canonical form: Relu where it is one, else Clip with the limits that bind.
bool write_clamp(Rewriter& rewriter, Node& node, const Clamp& clamp) {
  const bool has_lo = clamp.lo > kLowest, has_hi = clamp.hi < kHighest;
  if (has_lo && !has_hi && clamp.lo == 0.0F) {
    if (node.op == "Relu" && node.inputs.front() == clamp.data) return false;
    node.op = "Relu";
    node.attributes.clear();
    rewriter.set_inputs(node, {clamp.data});
    return true;
  }
  const auto scalar = [&](const char* role, float v) {
    return rewriter.add_constant(node.name + role, Tensor::from<float>({}, std::vector{v}));
  };
  std::vector<ValueId> inputs{clamp.data};
  if (has_lo || has_hi) inputs.push_back(has_lo ? scalar(".min", clamp.lo) : kNoValue);
  if (has_hi) inputs.push_back(scalar(".max", clamp.hi));
  node.op = "Clip";
  node.attributes.clear();
  rewriter.set_inputs(node, std::move(inputs));
  return true;
}

Fate merge_clips_at(Rewriter& rewriter, Node& node) {
  std::optional<Clamp> clamp = read_clamp(rewriter, node);
  if (!clamp) return Fate::keep;
  bool rewrite =
      node.op == "Max" || node.op == "Min" || (node.op == "Clip" && clamp->lo == 0.0F && clamp->hi == kHighest);
  Node* before = rewriter.producer(clamp->data);
  const std::optional<Clamp> inner = before != nullptr ? read_clamp(rewriter, *before) : std::nullopt;
  if (inner && rewriter.has_one_reader(clamp->data) && !rewriter.value(clamp->data).quantization) {
    const auto outer = [&](float v) { return std::min(std::max(v, clamp->lo), clamp->hi); };
    merge_origins(node, *before);
    clamp = Clamp{inner->data, outer(inner->lo), outer(inner->hi)};
    rewrite = true;
  }
  return rewrite && write_clamp(rewriter, node, *clamp) ? Fate::changed : Fate::keep;
}

}  // namespace

Result<bool> merge_clips(Graph& graph) {
  return Rewriter(graph).run(merge_clips_at);
}

}  // namespace heddle::passes
