// SPDX-License-Identifier: Apache-2.0
#include "codegen/channel_map.h"

#include <gtest/gtest.h>

#include <array>

namespace heddle::codegen {
namespace {

using List = std::vector<std::int32_t>;

TEST(ChannelMap, DenseEndsInHoles) {
  const ChannelMap map = dense_map(5, 4);
  EXPECT_EQ(map.logical, (List{0, 1, 2, 3, 4, kHole, kHole, kHole}));
  EXPECT_EQ(map.blocks(), 2);
}

TEST(ChannelMap, JoinStartsEachInputOnABlock) {
  const ChannelMap a = dense_map(3, 4), b = dense_map(2, 4);
  const std::array parts{&a, &b};
  const std::array<std::int32_t, 2> channels{3, 2};
  EXPECT_EQ(join(parts, channels).logical, (List{0, 1, 2, kHole, 3, 4, kHole, kHole}));
}

TEST(ChannelMap, SliceMasksOtherLanes) {
  const ChannelMap map = dense_map(10, 4);
  const BlockRange blocks = covering_blocks(map, 3, 6);
  EXPECT_EQ(blocks.first, 0);
  EXPECT_EQ(blocks.count, 2);
  EXPECT_EQ(slice(map, blocks, 3, 6).logical, (List{kHole, kHole, kHole, 0, 1, 2, kHole, kHole}));
}

TEST(ChannelMap, ReblockedKeepsThePhysicalOrder) {
  const ChannelMap narrow = reblocked(dense_map(5, 2), 4);
  EXPECT_EQ(narrow.logical, (List{0, 1, 2, 3, 4, kHole, kHole, kHole}));
  EXPECT_EQ(narrow.lanes, 4);
}

TEST(ChannelMap, MultipliedInterleavesPasses) {
  EXPECT_EQ(multiplied(dense_map(2, 2), 2).logical, (List{0, 2, 1, 3}));
}

TEST(ChannelMap, SegmentsStateRunsFromLaneZero) {
  const ChannelMap a = dense_map(3, 4), b = dense_map(6, 4);
  const std::array parts{&a, &b};
  const std::array<std::int32_t, 2> channels{3, 6};
  const auto runs = segments(join(parts, channels));
  ASSERT_TRUE(runs);
  ASSERT_EQ(runs->size(), 2U);
  EXPECT_EQ((*runs)[0], (isa::ChannelSegment{.logical = 0, .count = 3, .block = 0}));
  EXPECT_EQ((*runs)[1], (isa::ChannelSegment{.logical = 3, .count = 6, .block = 1}));
}

TEST(ChannelMap, WhatStartsInsideABlockIsNoSegment) {
  const ChannelMap map = dense_map(10, 4);
  EXPECT_FALSE(segments(slice(map, {0, 2}, 3, 6)));
  EXPECT_FALSE(segments(multiplied(dense_map(4, 4), 2)));
  EXPECT_TRUE(segments(slice(map, {1, 1}, 4, 8)));
}

}  // namespace
}  // namespace heddle::codegen
