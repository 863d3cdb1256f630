// SPDX-License-Identifier: Apache-2.0
#include "quant/plan.h"

#include <gtest/gtest.h>

#include "tests/unit/quant/graph_builder.h"

namespace heddle::quant {
namespace {

using test::GraphBuilder;

TEST(Plan, ActivationBelongsToItsLayer) {
  GraphBuilder b;
  const auto x = b.input({1, 3, 8, 8});
  const auto y = b.conv(x, 3, 4, 3);
  const auto z = b.node("Relu", {y});
  const Plan plan = make_plan(b.finish({z}));
  EXPECT_EQ(plan.group_of[static_cast<std::size_t>(y)], -1);
  EXPECT_GE(plan.group_of[static_cast<std::size_t>(z)], 0);
  ASSERT_EQ(plan.dense.size(), 1U);
  EXPECT_EQ(plan.dense[0].result, z);
  EXPECT_EQ(plan.dense[0].output, y);
  EXPECT_EQ(plan.macs(), 3 * 4 * 9 * 64);
}

TEST(Plan, AValueWithTwoReadersHasIntegersOfItsOwn) {
  GraphBuilder b;
  const auto y = b.conv(b.input({1, 3, 8, 8}), 3, 4, 3);
  const auto z = b.node("Relu", {y});
  const Plan plan = make_plan(b.finish({z, b.conv(y, 4, 2, 1)}));
  EXPECT_GE(plan.group_of[static_cast<std::size_t>(y)], 0);
  EXPECT_NE(plan.group_of[static_cast<std::size_t>(y)], plan.group_of[static_cast<std::size_t>(z)]);
}

TEST(Plan, MovesShareTheFormatAdditionsTheWidth) {
  GraphBuilder b;
  const auto x = b.conv(b.input({1, 3, 8, 8}), 3, 4, 3);
  const auto pooled = b.node("MaxPool", {x}, {{"kernel_shape", std::vector<std::int64_t>{1, 1}}});
  const auto other = b.conv(pooled, 4, 4, 1);
  const auto sum = b.node("Relu", {b.node("Add", {pooled, other})});
  const Plan plan = make_plan(b.finish({sum}));
  const auto group = [&](ir::ValueId id) { return plan.group_of[static_cast<std::size_t>(id)]; };
  EXPECT_EQ(group(x), group(pooled));
  EXPECT_NE(group(pooled), group(other));
  EXPECT_NE(group(other), group(sum));
  EXPECT_EQ(plan.unit_of(pooled), plan.unit_of(other));
  EXPECT_EQ(plan.unit_of(other), plan.unit_of(sum));
}

TEST(Plan, HostOperatorsAreLeftOut) {
  GraphBuilder b;
  const auto x = b.conv(b.input({1, 3, 8, 8}), 3, 4, 3);
  const auto y = b.node("Softmax", {b.node("Flatten", {x})});
  const Plan plan = make_plan(b.finish({y}));
  EXPECT_GE(plan.unit_of(x), 0);
  EXPECT_EQ(plan.unit_of(y), -1);
}

TEST(Widths, CountWideMultiplications) {
  GraphBuilder b;
  const auto x = b.input({1, 3, 8, 8});
  const auto y = b.conv(x, 3, 4, 1);
  const Plan plan = make_plan(b.finish({b.conv(y, 4, 2, 1)}));
  Widths widths = uniform(plan, false);
  EXPECT_EQ(wide_macs(plan, widths), 0);
  set_unit(plan, widths, plan.unit_of(y), true);
  EXPECT_EQ(wide_macs(plan, widths), 4 * 2 * 64);
  EXPECT_TRUE(widths.wide_weights[1]);
  widths = uniform(plan, false);
  widths.wide_weights[0] = true;
  EXPECT_EQ(wide_macs(plan, widths), 3 * 4 * 64);
  EXPECT_EQ(wide_macs(plan, uniform(plan, true)), plan.macs());
}

}  // namespace
}  // namespace heddle::quant
