// SPDX-License-Identifier: Apache-2.0
#include "codegen/fusion.h"

#include <gtest/gtest.h>

namespace heddle::codegen {
namespace {

/// x → conv a → b; x → conv c → d; add(b, d) or add(d, b) → e.
ir::Network residual(bool swapped) {
  ir::Network n;
  for (const char* name : {"x", "b", "d", "e"}) n.maps.push_back({.name = name, .channels = 4});
  ir::Layer conv;
  conv.inputs = {0};
  conv.output = 1;
  n.layers.push_back(conv);
  conv.output = 2;
  n.layers.push_back(conv);
  ir::Layer add;
  add.kind = ir::LayerKind::add;
  add.inputs = {1, 2};
  add.output = 3;
  if (swapped) add.inputs = {2, 1};
  add.post.add = kernels::AddParams{.mult_a = 10, .mult_b = 20, .zero_a = 1, .zero_b = 2};
  n.layers.push_back(add);
  n.inputs = {0};
  n.outputs = {3};
  return n;
}

TEST(Fusion, TheLaterConvolutionTakesTheAddition) {
  const ir::Network n = residual(false);
  const auto jobs = fuse(n, {}, true);
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].layer, 0);
  EXPECT_EQ(jobs[1].layer, 1);
  EXPECT_EQ(jobs[1].addition, 2);
  EXPECT_EQ(output_of(n, jobs[1]), 3);
  EXPECT_EQ(inputs_of(n, jobs[1]), (std::vector<ir::MapId>{0, 1}));
  // The convolution is operand b of the layer and operand a of the instruction.
  const auto params = addition_of(n, jobs[1]);
  EXPECT_EQ(params->mult_a, 20);
  EXPECT_EQ(params->zero_a, 2);
  const auto straight = addition_of(residual(true), fuse(residual(true), {}, true)[1]);
  EXPECT_EQ(straight->mult_a, 10);
}

TEST(Fusion, MapsThatOthersSeeAreKept) {
  EXPECT_EQ(fuse(residual(false), std::vector<ir::MapId>{1, 2}, true).size(), 3U);
  EXPECT_EQ(fuse(residual(false), {}, false).size(), 3U);
  ir::Network wider = residual(false);
  wider.maps[3].type = DataType::i16;
  EXPECT_EQ(fuse(wider, {}, true).size(), 3U) << "the sum has another type";
}

}  // namespace
}  // namespace heddle::codegen
