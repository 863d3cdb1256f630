// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "mapping/problem.h"

namespace heddle::mapping {
namespace {

TEST(Memory, PlanesAreWholeWords) {
  overlay::Overlay o;
  o.P = 7;
  EXPECT_EQ(slots(o, {.blocks = 3, .rows = 2, .columns = 5}), 3 * 14);
}

TEST(Memory, BuffersFitTheLargestPieceAndTheWhole) {
  overlay::Overlay o;
  o.P = 7;
  const std::vector<TileBuffer> buffers{{.blocks = 2, .columns = 7, .copies = 2}, {.columns = 14}};
  EXPECT_TRUE(fits(o, buffers, {.slots = 42, .largest = 14}));
  EXPECT_FALSE(fits(o, buffers, {.slots = 41, .largest = 14})) << "all copies count";
  EXPECT_FALSE(fits(o, buffers, {.slots = 100, .largest = 13})) << "a buffer is contiguous";
}

TEST(Memory, PitchMatchesTheReaderWhereThatIsCheap) {
  overlay::Overlay o;
  o.P = 7;
  EXPECT_EQ(row_pitch(o, 56, 56), 56);
  EXPECT_EQ(row_pitch(o, 57, 28), 63);  // 28 ≡ 0 modulo 7
  EXPECT_EQ(row_pitch(o, 9, 8), 9);     // 6 more slots in 9 would cost too much
}

TEST(Memory, TileSizesFallFromTheWholeToOne) {
  const auto sizes = tile_sizes(56);
  EXPECT_EQ(sizes.front(), 56);
  EXPECT_EQ(sizes.back(), 1);
  EXPECT_TRUE(std::ranges::is_sorted(sizes, std::greater<>()));
  EXPECT_EQ(tile_sizes(1), std::vector<std::int32_t>{1});
}

}  // namespace
}  // namespace heddle::mapping
