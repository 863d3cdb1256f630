// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "mapping/problem.h"

namespace heddle::mapping {
namespace {

StencilProblem pool() {
  StencilProblem p;
  p.y = p.x = {.in = 28, .out = 14, .stride = 2, .first = 0, .last = 1};
  p.blocks = 8;
  p.in_lanes = p.out_lanes = 16;
  return p;
}

TEST(ChooseStencil, OnChipIsOneTile) {
  const auto choice = choose(overlay::Overlay{}, pool(), {});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->tile.rows, 14);
  EXPECT_EQ(choice->tile.in_blocks, 8);
}

TEST(ChooseStencil, CoefficientsBoundTheChunk) {
  overlay::Overlay o;
  o.coefficient_words = 20;
  StencilProblem p = pool();
  p.coefficient_taps = 9;
  const auto choice = choose(o, p, {});
  ASSERT_TRUE(choice);
  EXPECT_LE(choice->tile.in_blocks, 2);
  o.coefficient_words = 8;
  EXPECT_FALSE(choose(o, p, {}));
}

TEST(ChooseStencil, ConversionTakesBlocksInPairs) {
  overlay::Overlay o;
  o.stencil_param_words = 2 + 3 * 8;
  StencilProblem p = pool();
  p.in_lanes = 8;  // i16 to i8
  p.channel_params = true;
  const auto choice = choose(o, p, {});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->tile.in_blocks % 2, 0);
}

TEST(ChooseStencil, GlobalAverageIsTiledOverItsInput) {
  StencilProblem p = pool();
  p.y = p.x = {.kind = Axis::Kind::whole, .in = 28, .out = 1};
  p.reduces_map = p.input_in_ddr = true;
  const auto choice = choose(overlay::Overlay{}, p, {400, 400});
  ASSERT_TRUE(choice);
  ASSERT_EQ(choice->buffers.size(), 1U);
  EXPECT_LE(slots(overlay::Overlay{}, choice->buffers[0]) * choice->buffers[0].copies, 400);
}

}  // namespace
}  // namespace heddle::mapping
