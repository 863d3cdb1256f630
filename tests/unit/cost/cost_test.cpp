// SPDX-License-Identifier: Apache-2.0
#include "cost/cost.h"

#include <gtest/gtest.h>

namespace heddle::cost {
namespace {

overlay::Overlay sample() {
  overlay::Overlay o;
  o.P = 7;
  o.M = 32;
  o.N = 16;
  o.acc_depth = 64;
  o.weight_cycles = 1;
  return o;
}

TEST(Cost, FullLanesNeedOneCyclePerGroupOfMacs) {
  // 3×3, 64 → 64, 56×56: 448 groups of pixels, 2 blocks of outputs, 9 taps, 4 blocks of inputs.
  const ConvWork work{.pixels = 56 * 56, .out_channels = 64, .in_channels = 64, .taps = 9};
  EXPECT_DOUBLE_EQ(array_cycles(sample(), work), 448.0 * 2 * 9 * 4);
}

TEST(Cost, WideModeHalvesTheRate) {
  ConvWork work{.pixels = 70, .out_channels = 32, .in_channels = 16, .taps = 1};
  const double packed = array_cycles(sample(), work);
  work.wide = true;
  EXPECT_DOUBLE_EQ(array_cycles(sample(), work), 2 * packed);
}

TEST(Cost, SlowWeightLoadsFavourHoldingThem) {
  overlay::Overlay o = sample();
  o.weight_cycles = 4;
  const ConvWork many{.pixels = 700, .out_channels = 32, .in_channels = 16, .taps = 1};
  EXPECT_DOUBLE_EQ(weight_stationary_cycles(o, many), 100);
  EXPECT_DOUBLE_EQ(output_stationary_cycles(o, many), 400);
  // One group of pixels cannot hide the load, however it is ordered.
  const ConvWork one{.pixels = 1, .out_channels = 32, .in_channels = 16, .taps = 1};
  EXPECT_DOUBLE_EQ(array_cycles(o, one), 4);
}

TEST(Cost, StencilFollowsTheLargerOfInputsAndOutputs) {
  overlay::Overlay o = sample();
  o.stencil_pixels = 4;
  EXPECT_DOUBLE_EQ(stencil_cycles(o, 100, 400), 100);
  EXPECT_DOUBLE_EQ(stencil_cycles(o, 400, 100), 100);
}

TEST(Cost, DdrMovesBandwidthTimesEfficiency) {
  overlay::Overlay o = sample();
  o.ddr_gb_per_s = 10;
  o.ddr_efficiency = 0.5;
  o.clock_mhz = 100;
  EXPECT_DOUBLE_EQ(ddr_cycles(o, 5000), 100);  // 5 GB/s at 100 MHz: 50 bytes a cycle
}

}  // namespace
}  // namespace heddle::cost
