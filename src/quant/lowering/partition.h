// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "quant/lowering/site.h"

namespace heddle::quant {

/// Which nodes run where. Parts alternate in execution order; `reason` is empty for overlay nodes.
struct Partition {
  struct Part {
    bool overlay = false;
    std::vector<int> nodes;
  };
  std::vector<Part> parts;
  std::vector<std::string> reason;  ///< by node
};

/// Decides every node by its rule, then cuts the graph into the fewest alternating parts: a node joins the earliest
/// part that its operands allow, so that every part is convex. Parts that would not be worth a transfer go to the host.
/// `scene.placement` and `scene.on_overlay` are filled in.
[[nodiscard]] Partition partition(Scene& scene);

/// Checks a partition independently: every node in exactly one part, and no operand from a later part.
[[nodiscard]] bool is_legal(const Partition& partition, const Scene& scene);

}  // namespace heddle::quant
