// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <vector>

#include "codegen/channel_map.h"
#include "codegen/fusion.h"

namespace heddle::codegen {

/// The map in whose memory another one lies (a concat for its inputs, a residual for the sum), and from which block on;
/// `map` = −1: it has a buffer of its own.
struct Host {
  ir::MapId map = -1;
  std::int32_t first_block = 0;
};

/// Channel map of every feature map. It depends on the layers alone, not on where anything lies.
[[nodiscard]] std::vector<ChannelMap> channel_maps(const ir::Network& network, std::span<const Job> jobs,
                                                   std::int32_t slot_bytes);

/// Decides per map whether it shares the memory of another one.
///
/// A concat is in place if all its inputs can be: each is written by the overlay, has no other host, and waiting in
/// the large buffer for the others does not hold much more memory for much longer than separate buffers would. A
/// concat that is not in place is a list of parts.
/// A sum overwrites its operand if nothing reads that any more (POST and STENCIL read a pixel before they write it).
/// Maps in `keep` are saved as they are and never overwritten.
[[nodiscard]] std::vector<Host> hosts(const ir::Network& network, std::span<const Job> jobs,
                                      std::span<const ChannelMap> maps, std::span<const ir::MapId> keep);

}  // namespace heddle::codegen
