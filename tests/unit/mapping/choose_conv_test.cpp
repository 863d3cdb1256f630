// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "mapping/problem.h"

namespace heddle::mapping {
namespace {

overlay::Overlay sample() {
  overlay::Overlay o;
  o.P = 7;
  o.M = 32;
  o.N = 16;
  o.acc_depth = 64;
  o.weight_words = 2048;
  return o;
}

/// A 3×3 layer of 64 → 64 channels on 56×56.
ConvProblem layer() {
  ConvProblem p;
  p.y = p.x = {.in = 56, .out = 56, .stride = 1, .first = -1, .last = 1};
  p.kernel_h = p.kernel_w = 3;
  p.inputs = {{.blocks = 4}};
  p.output = {.blocks = 4};
  p.in_lanes = p.out_lanes = 16;
  return p;
}

std::int64_t tile_slots(const overlay::Overlay& o, const Choice& choice) {
  std::int64_t total = 0;
  for (const TileBuffer& buffer : choice.buffers) total += slots(o, buffer) * buffer.copies;
  return total;
}

TEST(ChooseConv, OnChipIsOneTile) {
  const auto choice = choose(sample(), layer(), {});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->tile.rows, 56);
  EXPECT_EQ(choice->tile.columns, 56);
  EXPECT_EQ(choice->tile.in_blocks, 4);
  EXPECT_TRUE(choice->buffers.empty());
  EXPECT_EQ(choice->dataflow, isa::Dataflow::weight_stationary);
}

TEST(ChooseConv, TilesOfMapsInDdrStayWithinTheBudget) {
  ConvProblem p = layer();
  p.inputs[0].in_ddr = p.output.in_ddr = true;
  const Budget budget{6000, 3000};
  const auto choice = choose(sample(), p, budget);
  ASSERT_TRUE(choice);
  EXPECT_LT(choice->tile.rows, 56);
  EXPECT_EQ(choice->tile.columns, 56) << "whole rows fit, narrower tiles only add halos";
  EXPECT_LE(tile_slots(sample(), *choice), budget.slots);
  EXPECT_GE(choice->estimate.ddr_bytes, 2 * 56 * 56 * 64);
}

TEST(ChooseConv, TooLittleMemoryIsNoChoice) {
  ConvProblem p = layer();
  p.inputs[0].in_ddr = true;
  EXPECT_FALSE(choose(sample(), p, {8, 8}));
}

TEST(ChooseConv, LongReductionsAreCutToTheWeightMemory) {
  overlay::Overlay o = sample();
  o.weight_words = 24;  // a 3×3 set of 32 outputs and 16 inputs is 9 words
  const auto choice = choose(o, layer(), {});
  ASSERT_TRUE(choice);
  EXPECT_LT(choice->tile.in_blocks, 4);
  const std::int64_t groups = (choice->tile.rows * choice->tile.columns + o.P - 1) / o.P;
  const std::int64_t blocks = (choice->tile.out_blocks * 16 + o.M - 1) / o.M;
  EXPECT_LE(groups * blocks, o.acc_depth) << "accumulators are kept between the steps";
}

TEST(ChooseConv, EvenOneTapAtATime) {
  overlay::Overlay o = sample();
  o.weight_words = 1;
  const auto choice = choose(o, layer(), {});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->tile.kernel_rows, 1);
  EXPECT_EQ(choice->tile.kernel_columns, 1);
  o.weight_words = 0;
  EXPECT_FALSE(choose(o, layer(), {}));
}

TEST(ChooseConv, InputOfMoreChannelsThanMemoryIsStreamed) {
  ConvProblem p = layer();
  p.y = p.x = {.in = 1, .out = 1};
  p.kernel_h = p.kernel_w = 1;
  p.inputs = {{.blocks = 500, .in_ddr = true}};
  const auto choice = choose(sample(), p, {7 * 300, 7 * 300});
  ASSERT_TRUE(choice);
  EXPECT_TRUE(choice->stream_input);
  EXPECT_LE(choice->tile.in_blocks, 300);
}

}  // namespace
}  // namespace heddle::mapping
