// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "ir/graph.h"

/// What there is to choose when a graph is quantised. Independent of any data.
namespace heddle::quant {

/// A node with weights.
struct Dense {
  int node = -1;
  ir::ValueId input = -1, weight = -1;
  ir::ValueId output = -1;  ///< of the node itself
  ir::ValueId result = -1;  ///< of the layer: behind an activation that belongs to it
  int channel_axis = 0;     ///< of output channels in the weights
  std::int64_t macs = 0;
};

/// Values that share one format, because an operator only moves data between them.
struct Group {
  std::vector<ir::ValueId> values;
  int unit = -1;
};

/// Groups that share one width, because they meet in an addition or product. One decision of the precision search.
struct Unit {
  std::vector<int> groups;
  std::vector<int> dense;     ///< indices of the Dense nodes that read it: they become wide with it
  std::int64_t macs = 0;      ///< of those and of per-channel constants
  std::int64_t elements = 0;  ///< of its maps
};

struct Plan {
  std::vector<int> group_of;  ///< by value; -1: not quantised
  std::vector<int> dense_of;  ///< by node; -1: no weights
  std::vector<Group> groups;
  std::vector<Unit> units;
  std::vector<Dense> dense;

  [[nodiscard]] int unit_of(ir::ValueId id) const {
    const int group = group_of[static_cast<std::size_t>(id)];
    return group < 0 ? -1 : groups[static_cast<std::size_t>(group)].unit;
  }
  [[nodiscard]] std::int64_t macs() const;
};

/// Finds everything that lowering would put on the overlay if it were quantised.
[[nodiscard]] Plan make_plan(const ir::Graph& graph);

/// Widths: one flag per unit, and one per Dense node for its weights.
struct Widths {
  std::vector<bool> wide_unit, wide_weights;
  friend bool operator==(const Widths&, const Widths&) = default;
};
[[nodiscard]] Widths uniform(const Plan& plan, bool wide);
/// Makes a unit wide or narrow, and the weights that it meets with it.
void set_unit(const Plan& plan, Widths& widths, int unit, bool wide);
/// MACs with an operand of more than 8 bits.
[[nodiscard]] std::int64_t wide_macs(const Plan& plan, const Widths& widths);

}  // namespace heddle::quant
