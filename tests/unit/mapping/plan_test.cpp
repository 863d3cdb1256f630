// SPDX-License-Identifier: Apache-2.0
#include "mapping/plan.h"

#include <gtest/gtest.h>

namespace heddle::mapping {
namespace {

TEST(Plan, PrintsEveryStepWithItsChoice) {
  StepPlan step{.layer = 3, .what = "conv", .output = Placement::ddr, .choice = {}};
  step.choice.tile = {.rows = 14, .columns = 56, .out_blocks = 2, .in_blocks = 4};
  step.choice.stream_input = true;
  step.choice.estimate.array = 1000;
  step.choice.estimate.ddr_bytes = 77;
  Plan plan{.steps = {step}, .feature_slots_used = 5, .scratch_bytes = 6};
  EXPECT_EQ(describe(step),
            "conv chip to ddr, tile 14x56 pixels, 2 blocks from 4, channels outer, direct, "
            "weight_stationary, input streamed");
  const std::string text = print(plan);
  EXPECT_NE(text.find("layer 3: conv"), std::string::npos);
  EXPECT_NE(text.find("array 1000"), std::string::npos);
  EXPECT_NE(text.find("ddr 77 bytes"), std::string::npos);
  EXPECT_NE(text.find("scratch bytes 6"), std::string::npos);
}

}  // namespace
}  // namespace heddle::mapping
