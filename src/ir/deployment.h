// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "ir/graph.h"
#include "ir/network.h"

namespace heddle::ir {

/// A region for the overlay: the network, and which graph values feed and leave it.
struct OverlayPart {
  Network network;
  std::vector<ValueId> inputs;   ///< graph value behind each network input, in order
  std::vector<ValueId> outputs;  ///< graph value that each network output becomes
  std::vector<int> nodes;        ///< graph nodes that it covers
};
/// Nodes (indices into the graph) that the host runs, in order.
struct HostPart {
  std::vector<int> nodes;
};

/// Why a node is not on the overlay.
struct HostReason {
  int node = -1;
  std::string reason;
};

/// A quantised graph cut into parts, in execution order.
struct Deployment {
  Graph graph;
  std::vector<std::variant<OverlayPart, HostPart>> parts;
  std::vector<HostReason> reasons;
};

}  // namespace heddle::ir
