// SPDX-License-Identifier: Apache-2.0
#include "overlay/estimate.h"

#include <gtest/gtest.h>

namespace heddle::overlay {
namespace {

TEST(BlockRams, TakesTheCheapestShape) {
  EXPECT_EQ(block_rams(36, 512), 1);
  EXPECT_EQ(block_rams(16, 1024), 1);
  EXPECT_EQ(block_rams(128, 2048), 15);  // 9 bits × 2048 beats 36 × 512
  EXPECT_EQ(block_rams(1, 16385), 2);
  EXPECT_EQ(block_rams(37, 1), 2);
}

TEST(Estimate, CountsTheDesignsDsps) {
  const auto zu9 = find_device("zu9");
  const auto ecp5 = find_device("ecp5-85f");
  ASSERT_TRUE(zu9 && ecp5);
  Overlay o;
  o.weight_words = 2048;
  EXPECT_EQ(plan_dsps(o, *zu9).required, 1792 + 2 * 64);
  // The rest of CONV's POST (three a lane) and STENCIL's POST (five) fit as well, its 640 products do not.
  EXPECT_EQ(estimate(o, *zu9).dsp, 1792 + 5 * 64 + 5 * 64);
  o.P = 9;
  o.post_lanes = 80;
  EXPECT_EQ(estimate(o, *zu9).dsp, 2304 + 2 * 80);
  o.P = 9, o.M = 8, o.N = 2, o.post_lanes = 4;
  EXPECT_EQ(estimate(o, *ecp5).dsp, 144 + 3 * 4) << "three for 48 x 16 bits";
  o.format = NumberFormat::fp32;
  EXPECT_EQ(estimate(o, *zu9).dsp, 2 * (144 + 4));
  o.format = NumberFormat::bf16;
  o.cores = 2;
  EXPECT_EQ(estimate(o, *zu9).dsp, 2 * (144 + 4));
}

TEST(Estimate, PutsOptionalMultipliersIntoDspsWhileThereAreEnough) {
  const auto zu9 = find_device("zu9");
  const auto zu2 = find_device("zu2");
  ASSERT_TRUE(zu9 && zu2);
  Overlay o;
  o.P = 3, o.M = 16, o.N = 8, o.post_lanes = 8, o.stencil_pixels = 3;
  const DspPlan large = plan_dsps(o, *zu9), small = plan_dsps(o, *zu2);
  EXPECT_TRUE(large.post && large.stencil_post && large.stencil);
  EXPECT_EQ(large.total, 192 + 5 * 8 + 5 * 24 + 10 * 24 + 3);
  EXPECT_TRUE(small.post);
  EXPECT_FALSE(small.stencil_post || small.stencil);
  EXPECT_EQ(small.total, 192 + 5 * 8);
  o.units = {};
  EXPECT_EQ(plan_dsps(o, *zu9).total, 192 + 4 * 8 + 4 * 24 + 10 * 24) << "no tables, no bilinear weights";
}

TEST(Estimate, FillsUramWithFeaturesFirst) {
  const auto k26 = find_device("k26");
  ASSERT_TRUE(k26);
  const auto overlay = find_overlay("kv260");
  ASSERT_TRUE(overlay);
  EXPECT_EQ(estimate(*overlay, *k26).uram, 56);
  EXPECT_GT(estimate(*overlay, *k26).bram18, 2 * 57);
}

}  // namespace
}  // namespace heddle::overlay
