// SPDX-License-Identifier: Apache-2.0
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "tests/unit/passes/check_pass.h"

namespace heddle::passes {
namespace {

using heddle::testing::check_pass;
using heddle::testing::GraphBuilder;
using ir::kNoValue;

TEST(MergeClips, ReluAndClipBecomeOneClip) {
  GraphBuilder b;
  const auto x = b.node("Relu", {b.input("x", {2, 3})});
  b.output(b.node("Clip", {x, kNoValue, b.scalar(1.0F)}));
  EXPECT_TRUE(check_pass(b.graph, merge_clips));
  ASSERT_EQ(b.graph.nodes.size(), 1U);
  EXPECT_EQ(b.graph.nodes[0].op, "Clip");
  EXPECT_EQ(scalar_of(b.graph, b.graph.nodes[0].inputs[1]), 0.0F);
  EXPECT_EQ(b.graph.nodes[0].origins.size(), 2U);
}

TEST(MergeClips, MaxAndMinWithConstantsBecomeRelu6) {
  GraphBuilder b;
  const auto x = b.node("Max", {b.scalar(0.0F), b.input("x", {2, 3})});
  b.output(b.node("Min", {x, b.floats({1, 1}, {1.5F})}));
  EXPECT_TRUE(check_pass(b.graph, merge_clips));
  ASSERT_EQ(b.graph.nodes.size(), 1U);
  EXPECT_EQ(b.graph.nodes[0].op, "Clip");
}

TEST(MergeClips, ClipFromZeroIsRelu) {
  GraphBuilder b;
  b.output(b.node("Clip", {b.input("x", {2, 3}), b.scalar(0.0F)}));
  EXPECT_TRUE(check_pass(b.graph, merge_clips));
  EXPECT_EQ(b.graph.nodes[0].op, "Relu");
}

TEST(MergeClips, DisjointLimitsAreAConstantFunction) {
  GraphBuilder b;
  const auto x = b.node("Clip", {b.input("x", {8}), b.scalar(-1.0F), b.scalar(-0.5F)});
  b.output(b.node("Clip", {x, b.scalar(0.5F), b.scalar(1.0F)}));
  EXPECT_TRUE(check_pass(b.graph, merge_clips));
  EXPECT_EQ(b.graph.nodes.size(), 1U);
}

TEST(MergeClips, KeepsWhatHasReadersVariesOrIsQuantised) {
  GraphBuilder b;
  const auto x = b.input("x", {2, 3});
  const auto shared = b.node("Relu", {x});
  b.output(shared);
  b.output(b.node("Clip", {shared, kNoValue, b.scalar(1.0F)}));
  b.output(b.node("Max", {x, b.floats({3}, {0.0F, 1.0F, 2.0F})}));
  b.output(b.node("Clip", {x, b.input("limit", {})}));
  const auto quantised = b.node("Relu", {x});
  b.graph.value(quantised).quantization = ir::Quantization{DataType::i8, {0.1F}, {0}, -1};
  b.output(b.node("Clip", {quantised, kNoValue, b.scalar(1.0F)}));
  EXPECT_FALSE(check_pass(b.graph, merge_clips));
}

}  // namespace
}  // namespace heddle::passes
