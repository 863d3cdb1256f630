// SPDX-License-Identifier: Apache-2.0
#include "codegen/allocate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace heddle::codegen {
namespace {

TEST(Allocate, MemoryIsReusedOverTime) {
  Packer packer(10, 1);
  EXPECT_EQ(packer.place({10, 0, 1}), 0);
  EXPECT_EQ(packer.place({10, 2, 3}), 0);
  EXPECT_FALSE(packer.place({1, 1, 2}));
}

TEST(Allocate, TheTightestGapIsTaken) {
  Packer packer(20, 1);
  ASSERT_EQ(packer.place({10, 0, 0}), 0);
  ASSERT_EQ(packer.place({2, 0, 9}), 10);
  // At step 5: free are 0 … 10 and 12 … 20.
  EXPECT_EQ(packer.place({7, 5, 5}), 12);
  EXPECT_EQ(packer.gaps(5), (std::vector<std::int64_t>{10, 1}));
  EXPECT_EQ(packer.used(), 19);
}

TEST(Allocate, AlignmentHolds) {
  Packer packer(100, 8);
  ASSERT_EQ(packer.place({5, 0, 0}), 0);
  EXPECT_EQ(packer.place({5, 0, 0}), 8);
}

TEST(Allocate, CheckerAcceptsThePackerAndRefusesOverlaps) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<Need> needs;
    for (int i = 0; i < 60; ++i) {
      const auto first = static_cast<std::int32_t>(random() % 40);
      needs.push_back(
          {static_cast<std::int64_t>(random() % 50 + 1), first, first + static_cast<std::int32_t>(random() % 6)});
    }
    Packer packer(150, 2);
    const auto offsets = place_all(packer, needs);
    EXPECT_EQ(check_placements(packer.placements(), 150, 2), "");
    EXPECT_TRUE(std::ranges::any_of(offsets, [](const auto& offset) { return offset.has_value(); }));
  }
  const std::vector<Placement> bad{{{10, 0, 5}, 0}, {{10, 5, 6}, 8}};
  EXPECT_EQ(check_placements(bad, 100, 1), "placements 0 and 1 overlap");
  EXPECT_NE(check_placements(bad, 15, 1), "");
  EXPECT_NE(check_placements(bad, 100, 3), "");
}

}  // namespace
}  // namespace heddle::codegen
