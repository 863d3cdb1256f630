// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/diagnostic.h"
#include "ir/deployment.h"

/// From a quantised Graph to what the overlay computes.
namespace heddle::quant {

struct LowerOptions {
  bool fuse = true;  ///< activations and residual additions into the layer before them
};

/// Cuts the graph into overlay and host parts (as few overlay parts as possible) and writes the overlay parts as
/// integer networks. The graph has bound shapes and carries `Value::quantization` where it is to run on the overlay;
/// a value without it between an operator and its activation, or behind one that only moves data, takes its
/// neighbour's. What the overlay cannot run goes to the host with a reason.
/// Errors: an accumulator or bias that does not fit, with its node.
[[nodiscard]] Result<ir::Deployment> lower(ir::Graph graph, const LowerOptions& options = {});

/// How much of a model the overlay runs.
struct Coverage {
  std::int64_t macs = 0;          ///< of the whole graph, one image
  std::int64_t overlay_macs = 0;  ///< of them on the overlay
  std::int64_t network_macs = 0;  ///< of the overlay's layers (constants per channel are depthwise layers here)
  std::int64_t wide_macs = 0;     ///< of those, with an operand of more than 8 bits (depthwise included)
  std::int64_t depthwise_macs = 0;
  int overlay_parts = 0, overlay_nodes = 0, host_nodes = 0;
  std::vector<ir::HostReason> reasons;

  [[nodiscard]] double overlay_share() const {
    return macs == 0 ? 0.0 : static_cast<double>(overlay_macs) / static_cast<double>(macs);
  }
  [[nodiscard]] double wide_share() const {
    return network_macs == 0 ? 0.0 : static_cast<double>(wide_macs) / static_cast<double>(network_macs);
  }
};
[[nodiscard]] Coverage summarize(const ir::Deployment& deployment);

}  // namespace heddle::quant
