// SPDX-License-Identifier: Apache-2.0
#include "overlay/resource_model.h"

#include <gtest/gtest.h>

namespace heddle::overlay {
namespace {

TEST(ResourceModel, PutsModulesIntoBlocks) {
  EXPECT_EQ(block_of("array_row"), Block::array);
  EXPECT_EQ(block_of("dot_weights"), Block::dots);
  EXPECT_EQ(block_of("conv_weights"), Block::weights);
  EXPECT_EQ(block_of("conv"), Block::conv);
  EXPECT_EQ(block_of("post_tables"), Block::post);
  EXPECT_EQ(block_of("axi_read_port"), Block::dma);
}

TEST(ResourceModel, GrowsWithTheArray) {
  const auto device = find_device("zu9");
  ASSERT_TRUE(device);
  ModelCoefficients model{};
  model[static_cast<std::size_t>(Block::array)].lut = {10, 0, 0, 0, 0};
  model[static_cast<std::size_t>(Block::control)].ff = {7, 0, 0, 0, 0};
  Overlay o;
  const LogicEstimate small = estimate_logic(o, *device, model);
  EXPECT_EQ(small.lut, 10 * 7 * 32);
  EXPECT_EQ(small.ff, 7);
  o.P = 9;
  EXPECT_EQ(estimate_logic(o, *device, model).lut, 10 * 9 * 32);
  o.format = NumberFormat::fp32;
  EXPECT_EQ(estimate_logic(o, *device, model).lut, 0) << "there is no such hardware";
}

TEST(ResourceModel, SaysWhatItWasFittedTo) {
  for (const std::string_view size : fitted_sizes()) EXPECT_NE(size.find('-'), std::string_view::npos);
  EXPECT_EQ(coefficients("unknown")[0].lut, Features{});
}

}  // namespace
}  // namespace heddle::overlay
