// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "isa/program.h"

/// Which logical channel each physical lane of a map holds.
///
/// Maps lie in whole blocks of `lanes` channels. A concat input starts on a block boundary, so its last block ends in
/// holes; a slice masks the lanes that are not its own; depthwise passes with a multiplier interleave. Holes may hold
/// anything: convolutions read them with zero weights, lane-wise operations carry them along.
namespace heddle::codegen {

inline constexpr std::int32_t kHole = -1;

struct ChannelMap {
  std::int32_t lanes = 1;             ///< channels of a block
  std::vector<std::int32_t> logical;  ///< per physical lane; a whole number of blocks

  [[nodiscard]] std::int32_t blocks() const { return static_cast<std::int32_t>(logical.size()) / lanes; }
  /// Logical channels of blocks [first, first + count).
  [[nodiscard]] std::span<const std::int32_t> of_blocks(std::int32_t first, std::int32_t count) const {
    return std::span(logical).subspan(static_cast<std::size_t>(first * lanes), static_cast<std::size_t>(count * lanes));
  }
  friend bool operator==(const ChannelMap&, const ChannelMap&) = default;
};

/// Channels 0 … channels−1 in order, holes only at the end.
[[nodiscard]] ChannelMap dense_map(std::int32_t channels, std::int32_t lanes);
/// The inputs one after another, each from a block boundary on; logical numbers are shifted by the channels before.
/// `channels[i]` is the number of logical channels of `parts[i]`.
[[nodiscard]] ChannelMap join(std::span<const ChannelMap* const> parts, std::span<const std::int32_t> channels);
/// Physical blocks [first, first + count) that hold the logical channels [begin, end).
struct BlockRange {
  std::int32_t first = 0, count = 0;
};
[[nodiscard]] BlockRange covering_blocks(const ChannelMap& map, std::int32_t begin, std::int32_t end);
/// Those blocks, renumbered from `begin`, with all other lanes masked.
[[nodiscard]] ChannelMap slice(const ChannelMap& map, BlockRange blocks, std::int32_t begin, std::int32_t end);
/// The same physical order of channels in blocks of another width (a lane-wise change of element type).
[[nodiscard]] ChannelMap reblocked(const ChannelMap& map, std::int32_t lanes);
/// `multiplier` copies of the map one after another; copy j holds channels multiplier·c + j.
[[nodiscard]] ChannelMap multiplied(const ChannelMap& map, std::int32_t multiplier);
/// The map as runs from lane 0 of a block on, as a Binding states it; nothing if it cannot be stated so.
[[nodiscard]] std::optional<std::vector<isa::ChannelSegment>> segments(const ChannelMap& map);

}  // namespace heddle::codegen
