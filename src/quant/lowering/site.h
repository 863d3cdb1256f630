// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ir/network_shape.h"
#include "quant/lowering/requant.h"

/// What the lowering rules ask of a node and its values.
namespace heddle::quant {

/// How a value lies on the overlay. The bytes of a value are those of its map in channel, row, column order; `plain`
/// says that its shape also says so ([N, C, H, W], [N, C, W] or [N, C]), otherwise it is a reshaped view.
struct Placement {
  ir::Extent extent;
  bool plain = true;
};

/// The placement that a shape has by itself, if it has one. Dimension 0 is the batch.
[[nodiscard]] std::optional<ir::Extent> natural_extent(const Shape& shape);
/// The map format of quantisation parameters; nullopt for per-axis, sub-byte and asymmetric 16-bit ones.
[[nodiscard]] std::optional<Format> format_of(const ir::Quantization& quantization);

/// A graph under lowering: placements of the values known so far.
struct Scene {
  const ir::Graph& graph;
  const ir::Uses& uses;
  std::vector<std::optional<Placement>> placement;  ///< by value
  std::vector<bool> on_overlay;                     ///< by node, decided so far

  [[nodiscard]] const std::optional<Placement>& at(ir::ValueId id) const {
    return placement[static_cast<std::size_t>(id)];
  }
};

/// One node in it.
struct Site {
  const Scene& scene;
  const ir::Node& node;

  [[nodiscard]] std::size_t inputs() const { return node.inputs.size(); }
  [[nodiscard]] bool has(std::size_t i) const { return i < node.inputs.size() && node.inputs[i] != ir::kNoValue; }
  [[nodiscard]] const ir::Value& value(std::size_t i) const { return scene.graph.value(node.inputs[i]); }
  [[nodiscard]] const ir::Value& result(std::size_t i = 0) const { return scene.graph.value(node.outputs[i]); }
  /// The constant behind an input, or nullptr.
  [[nodiscard]] const Tensor* constant(std::size_t i) const {
    return has(i) ? ir::constant_of(scene.graph, node.inputs[i]) : nullptr;
  }
  [[nodiscard]] Placement placement(std::size_t i = 0) const { return *scene.at(node.inputs[i]); }
  [[nodiscard]] Format format(std::size_t i = 0) const { return *format_of(*value(i).quantization); }
  [[nodiscard]] Format result_format(std::size_t i = 0) const { return *format_of(*result(i).quantization); }
};

/// Why a node cannot run on the overlay, in words for users; nullopt if it can.
using Refusal = std::optional<std::string>;

/// The reals behind a constant: floats as they are, integers through the value's quantisation.
[[nodiscard]] std::vector<float> real_constant(const ir::Graph& graph, ir::ValueId id);
/// Integers of a constant of type i32 or i64 (shapes, axes); empty for other types.
[[nodiscard]] std::vector<std::int64_t> integer_constant(const Tensor* tensor);
/// A constant that acts on every channel alike: one entry per channel of `channels`. nullopt if it varies over pixels.
[[nodiscard]] std::optional<std::vector<float>> per_channel_constant(const ir::Graph& graph, ir::ValueId id,
                                                                     const Shape& other, std::int32_t channels);

}  // namespace heddle::quant
