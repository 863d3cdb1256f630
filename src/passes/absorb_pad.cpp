// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <utility>

#include "ir/graph_inference.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

using Ints = std::vector<std::int64_t>;

struct Padding {
  ValueId data = kNoValue;
  Ints pads;  ///< spatial axes only, all starts before all ends, as convolutions have them
  float value = 0.0F;
};

/// Reads a constant Pad of spatial axes by non-negative amounts.
std::optional<Padding> read_padding(const Rewriter& rewriter, const Node& node) {
  if (node.op != "Pad" || kernels::get_string(node.attributes, "mode", "constant") != "constant") return std::nullopt;
  const ValueId data = node.inputs.front();
  const auto rank = static_cast<std::int64_t>(rewriter.value(data).shape.size());
  const std::optional<Ints> stated = ints_of(rewriter.graph(), Rewriter::input(node, 1));
  if (!stated || rank < 3) return std::nullopt;
  Ints axes;
  for (std::int64_t a = 0; a < rank; ++a) axes.push_back(a);
  if (Rewriter::input(node, 3) != kNoValue) {
    const std::optional<Ints> given = ints_of(rewriter.graph(), node.inputs[3]);
    if (!given) return std::nullopt;
    axes = *given;
  }
  if (stated->size() != 2 * axes.size()) return std::nullopt;
  const auto spatial = static_cast<std::size_t>(rank - 2);
  Padding padding{data, Ints(2 * spatial, 0), 0.0F};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    const std::int64_t before = (*stated)[i], after = (*stated)[i + axes.size()];
    if (before < 0 || after < 0 || axis < 0 || axis >= rank) return std::nullopt;
    if (axis < 2 && (before > 0 || after > 0)) return std::nullopt;
    if (axis < 2) continue;
    padding.pads[static_cast<std::size_t>(axis - 2)] = before;
    padding.pads[static_cast<std::size_t>(axis - 2) + spatial] = after;
  }
  if (Rewriter::input(node, 2) != kNoValue) {
    const std::optional<float> value = scalar_of(rewriter.graph(), node.inputs[2]);
    if (!value) return std::nullopt;
    padding.value = *value;
  }
  return padding;
}

bool is_non_negative(Rewriter& rewriter, ValueId id) {
  const Node* node = rewriter.producer(id);
  if (node == nullptr) return false;
  if (node->op == "Relu" || node->op == "Sigmoid" || node->op == "HardSigmoid" || node->op == "Softmax") return true;
  const auto lo = node->op == "Clip" ? scalar_of(rewriter.graph(), Rewriter::input(*node, 1)) : std::nullopt;
  return lo && *lo >= 0.0F;
}

/// A padded element never wins the maximum, and every window holds a real one.
bool max_pool_may_absorb(Rewriter& rewriter, const Node& node, const Padding& padding) {
  const bool lowest = padding.value <= std::numeric_limits<float>::lowest();
  const bool harmless = lowest || (padding.value <= 0.0F && is_non_negative(rewriter, padding.data));
  const Ints kernel = kernels::get_ints(node.attributes, "kernel_shape");
  const std::size_t spatial = padding.pads.size() / 2;
  if (!harmless || node.outputs.size() > 1 || kernel.size() != spatial) return false;
  const Ints own = kernels::get_ints(node.attributes, "pads", Ints(2 * spatial, 0));
  for (std::size_t i = 0; i < 2 * spatial; ++i)
    if (own[i] + padding.pads[i] >= kernel[i % spatial]) return false;
  return true;
}

/// The padded zeros count in the mean, as those of count_include_pad do.
bool average_pool_may_absorb(Node& node, const Padding& padding) {
  const Ints own = kernels::get_ints(node.attributes, "pads");
  const bool pads = std::any_of(own.begin(), own.end(), [](std::int64_t p) { return p != 0; });
  const bool counts = kernels::get_int(node.attributes, "count_include_pad", 0) != 0;
  if (padding.value != 0.0F || (pads && !counts)) return false;
  node.attributes["count_include_pad"] = std::int64_t{1};
  return true;
}

bool may_absorb(Rewriter& rewriter, Node& changed, const Padding& padding) {
  if (kernels::get_string(changed.attributes, "auto_pad", "NOTSET") != "NOTSET") return false;
  if (changed.op == "Conv") return padding.value == 0.0F;
  if (kernels::get_int(changed.attributes, "ceil_mode", 0) != 0) return false;
  return changed.op == "MaxPool" ? max_pool_may_absorb(rewriter, changed, padding)
                                 : average_pool_may_absorb(changed, padding);
}

Fate absorb(Rewriter& rewriter, Node& node) {
  if (node.op != "Conv" && node.op != "MaxPool" && node.op != "AveragePool") return Fate::keep;
  const ValueId padded = node.inputs.front();
  Node* pad = rewriter.producer(padded, "Pad");
  if (pad == nullptr || !rewriter.has_one_reader(padded)) return Fate::keep;
  const std::optional<Padding> padding = read_padding(rewriter, *pad);
  if (!padding) return Fate::keep;
  // Parameters of its own that the padded map has are a requantisation, which must not be lost.
  if (rewriter.value(padded).quantization && !same_quantization(rewriter.value(padded), rewriter.value(padding->data)))
    return Fate::keep;
  Node changed = node;
  if (!may_absorb(rewriter, changed, *padding)) return Fate::keep;
  Ints pads = kernels::get_ints(node.attributes, "pads", Ints(padding->pads.size(), 0));
  if (pads.size() != padding->pads.size()) return Fate::keep;
  std::transform(pads.begin(), pads.end(), padding->pads.begin(), pads.begin(), std::plus<>());
  changed.attributes["pads"] = std::move(pads);
  changed.inputs.front() = padding->data;
  const auto infos = ir::infer_node(rewriter.graph(), changed);
  if (!infos || infos->front().shape != rewriter.value(node.outputs.front()).shape) return Fate::keep;
  merge_origins(node, *pad);
  node.attributes = std::move(changed.attributes);
  rewriter.set_input(node, 0, padding->data);
  return Fate::changed;
}

}  // namespace

Result<bool> absorb_pad(Graph& graph) {
  return Rewriter(graph).run(absorb);
}

}  // namespace heddle::passes
