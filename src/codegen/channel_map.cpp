// SPDX-License-Identifier: Apache-2.0
#include "codegen/channel_map.h"

#include <algorithm>
#include <numeric>

namespace heddle::codegen {
namespace {

void pad_to_block(ChannelMap& map) {
  const auto lanes = static_cast<std::size_t>(map.lanes);
  map.logical.resize((map.logical.size() + lanes - 1) / lanes * lanes, kHole);
}

/// The run that a block continues or starts: its channels must be consecutive from lane 0 on, holes only behind.
std::optional<isa::ChannelSegment> block_run(const ChannelMap& map, std::int32_t block) {
  const auto lanes = map.of_blocks(block, 1);
  if (lanes[0] == kHole) return std::nullopt;
  std::int32_t count = 1;
  while (count < map.lanes && lanes[static_cast<std::size_t>(count)] == lanes[0] + count) ++count;
  const bool only_holes_behind = std::ranges::all_of(lanes.subspan(static_cast<std::size_t>(count)),
                                                     [](std::int32_t logical) { return logical == kHole; });
  if (!only_holes_behind) return std::nullopt;
  return isa::ChannelSegment{.logical = lanes[0], .count = count, .block = block};
}

}  // namespace

ChannelMap dense_map(std::int32_t channels, std::int32_t lanes) {
  ChannelMap map{.lanes = lanes, .logical = std::vector<std::int32_t>(static_cast<std::size_t>(channels))};
  std::iota(map.logical.begin(), map.logical.end(), 0);
  pad_to_block(map);
  return map;
}

ChannelMap join(std::span<const ChannelMap* const> parts, std::span<const std::int32_t> channels) {
  ChannelMap result{.lanes = parts.front()->lanes, .logical = {}};
  std::int32_t base = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (const std::int32_t logical : parts[i]->logical)
      result.logical.push_back(logical == kHole ? kHole : logical + base);
    base += channels[i];
  }
  return result;
}

BlockRange covering_blocks(const ChannelMap& map, std::int32_t begin, std::int32_t end) {
  BlockRange range;
  bool found = false;
  for (std::int32_t block = 0; block < map.blocks(); ++block) {
    const bool wanted = std::ranges::any_of(map.of_blocks(block, 1),
                                            [&](std::int32_t logical) { return logical >= begin && logical < end; });
    if (!wanted) continue;
    if (!found) range.first = block;
    found = true;
    range.count = block + 1 - range.first;
  }
  return range;
}

ChannelMap slice(const ChannelMap& map, BlockRange blocks, std::int32_t begin, std::int32_t end) {
  ChannelMap result{.lanes = map.lanes, .logical = {}};
  for (const std::int32_t logical : map.of_blocks(blocks.first, blocks.count))
    result.logical.push_back(logical >= begin && logical < end ? logical - begin : kHole);
  return result;
}

ChannelMap reblocked(const ChannelMap& map, std::int32_t lanes) {
  ChannelMap result{.lanes = lanes, .logical = map.logical};
  pad_to_block(result);
  return result;
}

ChannelMap multiplied(const ChannelMap& map, std::int32_t multiplier) {
  ChannelMap result{.lanes = map.lanes, .logical = {}};
  result.logical.reserve(map.logical.size() * static_cast<std::size_t>(multiplier));
  for (std::int32_t pass = 0; pass < multiplier; ++pass)
    for (const std::int32_t logical : map.logical)
      result.logical.push_back(logical == kHole ? kHole : logical * multiplier + pass);
  return result;
}

std::optional<std::vector<isa::ChannelSegment>> segments(const ChannelMap& map) {
  std::vector<isa::ChannelSegment> result;
  for (std::int32_t block = 0; block < map.blocks(); ++block) {
    const bool hole =
        std::ranges::all_of(map.of_blocks(block, 1), [](std::int32_t logical) { return logical == kHole; });
    if (hole) continue;
    const auto run = block_run(map, block);
    if (!run) return std::nullopt;
    const bool continues = !result.empty() && result.back().count % map.lanes == 0 &&
                           result.back().block + result.back().count / map.lanes == block &&
                           result.back().logical + result.back().count == run->logical;
    if (continues)
      result.back().count += run->count;
    else
      result.push_back(*run);
  }
  return result;
}

}  // namespace heddle::codegen
