// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <vector>

#include "codegen/channel_map.h"
#include "codegen/fusion.h"

namespace heddle::codegen {

/// Where a concat input lies inside the concat's own buffer; `concat` = −1: it has a buffer of its own.
struct Host {
  ir::MapId concat = -1;
  std::int32_t first_block = 0;
};

/// Channel map of every feature map. It depends on the layers alone, not on where anything lies.
[[nodiscard]] std::vector<ChannelMap> channel_maps(const ir::Network& network, std::span<const Job> jobs,
                                                   std::int32_t slot_bytes);

/// Decides per map whether it is written straight into the buffer of the concat that reads it.
///
/// A concat is in place if all its inputs can be: each is written by the overlay, has no other host, and waiting in
/// the large buffer for the others does not hold much more memory for much longer than separate buffers would. A
/// concat that is not in place is a list of parts.
[[nodiscard]] std::vector<Host> hosts(const ir::Network& network, std::span<const Job> jobs,
                                      std::span<const ChannelMap> maps);

}  // namespace heddle::codegen
