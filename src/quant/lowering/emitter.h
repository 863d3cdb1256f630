// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ir/deployment.h"
#include "quant/lower.h"
#include "quant/lowering/site.h"

namespace heddle::quant {

/// Writes one overlay part: layers, maps, and which graph value lies in which map.
///
/// Fusion happens when the *later* node is emitted: it changes the layer that made its operand, if nothing else reads
/// that operand. Maps that lose their meaning this way are dropped by `finish`.
class Emitter {
 public:
  Emitter(const Scene& scene, std::vector<int> nodes, const LowerOptions& options);

  /// The map of an operand: computed by this part, or a new input of the part.
  ir::MapId operand(ir::ValueId value);
  /// Declares that a result lies in a map that exists already (views, results that cost nothing).
  void bind(ir::ValueId value, ir::MapId map) { bound_[value] = map; }
  /// A part's input that enters under the shape that a leading reshape gives it.
  void bind_input(ir::ValueId outside, ir::ValueId inside);
  [[nodiscard]] bool is_bound(ir::ValueId value) const { return bound_.contains(value); }
  [[nodiscard]] bool computes(ir::ValueId value) const;

  ir::MapId add_map(const std::string& name, const ir::Extent& extent, const Format& format);
  /// A new layer, named after the node, whose output is a new map. The reference is valid until the next call.
  ir::Layer& add_layer(ir::LayerKind kind, const Site& site, std::vector<ir::MapId> inputs, const ir::Extent& extent,
                       const Format& format);
  /// add_layer, and the map is the node's result.
  ir::Layer& add_result(ir::LayerKind kind, const Site& site, std::vector<ir::MapId> inputs, std::size_t output = 0);
  /// A requantize layer from a map to another format, or the map itself if it has that format already.
  ir::MapId converted(const Site& site, ir::MapId map, const Format& format);

  [[nodiscard]] const ir::FeatureMap& map(ir::MapId id) const { return part_.network.map(id); }
  [[nodiscard]] Format format(ir::MapId id) const;

  /// The layer that computes `value` if the node may change it: fusion is on and nobody else reads the value.
  ir::Layer* fusable_producer(ir::ValueId value);
  /// Gives a fused layer another output (it moves to the end, behind whatever its new operands need).
  ir::Layer& retarget(const Site& site, ir::Layer& layer, const Format& format);

  /// Reports a node that cannot be expressed in the machine's integers.
  void refuse(const Site& site, const std::string& code, const std::string& message, const std::string& hint = {});
  [[nodiscard]] Diagnostics& findings() { return findings_; }

  /// The finished part; `outputs` are the values that others need.
  ir::OverlayPart finish(std::span<const ir::ValueId> outputs);

 private:
  [[nodiscard]] bool sole_reader(ir::ValueId value) const;
  void drop_unused_maps();
  /// Maps between the layers of one node have its result's name at first; inputs and outputs keep theirs.
  void make_names_unique();
  ir::MapId copied(ir::MapId id);

  const Scene& scene_;
  const LowerOptions& options_;
  ir::OverlayPart part_;
  std::map<ir::ValueId, ir::MapId> bound_;
  std::vector<bool> inside_;  ///< by node: belongs to this part
  Diagnostics findings_;
};

/// Identity requantiser from one format to another, scaled by `factor`.
[[nodiscard]] std::optional<ir::Post> conversion(const Format& from, const Format& to, double factor = 1);

}  // namespace heddle::quant
