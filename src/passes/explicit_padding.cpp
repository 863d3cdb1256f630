// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "ir/graph_inference.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace heddle::passes {
namespace {

using Ints = std::vector<std::int64_t>;

/// The window of a convolution or pool over `spatial` axes, with defaults filled in.
struct WindowShape {
  std::size_t spatial = 0;
  Ints kernel, strides, dilations;
  [[nodiscard]] std::int64_t extent(std::size_t i) const { return dilations[i] * (kernel[i] - 1) + 1; }
};

std::optional<WindowShape> window_of(const Rewriter& rewriter, const Node& node) {
  WindowShape window;
  const std::size_t rank = rewriter.value(node.inputs.front()).shape.size();
  if (rank < 3) return std::nullopt;
  window.spatial = rank - 2;
  window.kernel = kernels::get_ints(node.attributes, "kernel_shape");
  if (window.kernel.empty() && (node.op == "Conv" || node.op == "ConvTranspose")) {
    const Shape& weights = rewriter.value(node.inputs.at(1)).shape;
    window.kernel.assign(weights.begin() + 2, weights.end());
  }
  window.strides = kernels::get_ints(node.attributes, "strides", Ints(window.spatial, 1));
  window.dilations = kernels::get_ints(node.attributes, "dilations", Ints(window.spatial, 1));
  if (window.kernel.size() != window.spatial || window.strides.size() != window.spatial ||
      window.dilations.size() != window.spatial)
    return std::nullopt;
  return window;
}

/// Splits a total padding; the odd element goes to the end, or to the start for SAME_LOWER.
void split(Ints& pads, std::size_t axis, std::int64_t total, bool more_at_start) {
  const std::size_t spatial = pads.size() / 2;
  pads[axis] = more_at_start ? total - total / 2 : total / 2;
  pads[axis + spatial] = total - pads[axis];
}

/// Pads of a Conv or pool with auto_pad.
Ints window_pads(const Rewriter& rewriter, const Node& node, const WindowShape& window, const std::string& mode) {
  Ints pads(2 * window.spatial, 0);
  if (mode == "VALID") return pads;
  const Shape& in = rewriter.value(node.inputs.front()).shape;
  for (std::size_t i = 0; i < window.spatial; ++i) {
    const std::int64_t out = (in[i + 2] + window.strides[i] - 1) / window.strides[i];
    const std::int64_t total = (out - 1) * window.strides[i] + window.extent(i) - in[i + 2];
    split(pads, i, std::max<std::int64_t>(total, 0), mode == "SAME_LOWER");
  }
  return pads;
}

/// Gives a ConvTranspose explicit pads for the output size that is stated or follows from auto_pad; the inferred shape
/// has it. A size larger than the scattered one is output padding.
void set_transpose_pads(const Rewriter& rewriter, const Node& node, const WindowShape& window, const std::string& mode,
                        kernels::Attributes& attributes) {
  Ints pads(2 * window.spatial, 0);
  const Shape& in = rewriter.value(node.inputs.front()).shape;
  const Shape& out = rewriter.value(node.outputs.front()).shape;
  Ints extra = kernels::get_ints(node.attributes, "output_padding", Ints(window.spatial, 0));
  extra.resize(window.spatial, 0);
  for (std::size_t i = 0; i < window.spatial; ++i) {
    const std::int64_t total = window.strides[i] * (in[i + 2] - 1) + extra[i] + window.extent(i) - out[i + 2];
    split(pads, i, std::max<std::int64_t>(total, 0), mode != "SAME_UPPER");
    extra[i] += std::max<std::int64_t>(-total, 0);
  }
  attributes["pads"] = std::move(pads);
  attributes["output_padding"] = std::move(extra);
}

Fate make_explicit(Rewriter& rewriter, Node& node) {
  const bool transpose = node.op == "ConvTranspose";
  const bool pool = node.op == "MaxPool" || node.op == "AveragePool" || node.op == "LpPool";
  if (node.op != "Conv" && !transpose && !pool) return Fate::keep;
  const std::string mode = kernels::get_string(node.attributes, "auto_pad", "NOTSET");
  const bool sized = transpose && node.attributes.contains("output_shape");
  if (mode == "NOTSET" && !sized) return Fate::keep;
  const std::optional<WindowShape> window = window_of(rewriter, node);
  if (!window) return Fate::keep;
  Node changed = node;
  if (transpose)
    set_transpose_pads(rewriter, node, *window, mode, changed.attributes);
  else
    changed.attributes["pads"] = window_pads(rewriter, node, *window, mode);
  changed.attributes.erase("auto_pad");
  changed.attributes.erase("output_shape");
  if (pool) changed.attributes.erase("ceil_mode");
  const auto infos = ir::infer_node(rewriter.graph(), changed);
  if (!infos || infos->front().shape != rewriter.value(node.outputs.front()).shape) return Fate::keep;
  node.attributes = std::move(changed.attributes);
  return Fate::changed;
}

}  // namespace

Result<bool> explicit_padding(Graph& graph) {
  return Rewriter(graph).run(make_explicit);
}

}  // namespace heddle::passes
