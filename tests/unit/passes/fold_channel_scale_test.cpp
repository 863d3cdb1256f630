// SPDX-License-Identifier: Apache-2.0
#include "passes/passes.h"
#include "tests/unit/passes/check_pass.h"

namespace heddle::passes {
namespace {

using heddle::testing::check_pass;
using heddle::testing::count_of;
using heddle::testing::GraphBuilder;
using ir::ValueId;
using Ints = std::vector<std::int64_t>;

ValueId depthwise_1x1(GraphBuilder& b, ValueId x, std::int64_t channels, bool bias) {
  std::vector<ValueId> inputs{x, b.random({channels, 1, 1, 1})};
  if (bias) inputs.push_back(b.random({channels}));
  return b.node("Conv", inputs, {{"group", channels}});
}

TEST(FoldChannelScale, DepthwiseGoesIntoThePointwiseBehindAnActivation) {
  for (const bool bias : {false, true}) {
    GraphBuilder b;
    ValueId x = b.node("Relu", {b.node("Conv", {b.input("x", {1, 3, 4, 4}), b.random({8, 3, 1, 1})})});
    x = depthwise_1x1(b, x, 8, bias);
    b.output(b.node("Conv", {x, b.random({5, 8, 1, 1})}));
    EXPECT_TRUE(check_pass(b.graph, fold_channel_scale));
    EXPECT_EQ(count_of(b.graph, "Conv"), 2);
    EXPECT_EQ(b.graph.nodes.back().inputs.size(), bias ? 3U : 2U);
  }
}

TEST(FoldChannelScale, IntoAPaddedConsumerOnlyWithoutOffset) {
  for (const bool bias : {false, true}) {
    GraphBuilder b;
    const ValueId x = depthwise_1x1(b, b.node("Relu", {b.input("x", {1, 6, 5, 5})}), 6, bias);
    b.output(b.node("Conv", {x, b.random({4, 3, 3, 3})}, {{"pads", Ints{1, 1, 1, 1}}, {"group", std::int64_t{2}}}));
    EXPECT_EQ(check_pass(b.graph, fold_channel_scale), !bias);
    EXPECT_EQ(count_of(b.graph, "Conv"), bias ? 2 : 1);
  }
}

TEST(FoldChannelScale, IntoTheProducerWhateverThePadding) {
  GraphBuilder b;
  ValueId x = b.node("Conv", {b.input("x", {1, 3, 4, 4}), b.random({6, 3, 3, 3})}, {{"pads", Ints{1, 1, 1, 1}}});
  x = depthwise_1x1(b, x, 6, true);
  x = b.node("Mul", {x, b.random({1, 6, 1, 1})});
  x = b.node("Add", {b.random({6, 1, 1}), x});
  x = b.node("Sub", {b.scalar(1.5F), x});
  x = b.node("Sub", {x, b.scalar(0.5F)});
  x = b.node("Div", {x, b.scalar(-3.0F)});
  b.output(x);
  EXPECT_TRUE(check_pass(b.graph, fold_channel_scale));
  EXPECT_EQ(b.graph.nodes.size(), 1U);
  EXPECT_EQ(b.graph.nodes[0].origins.size(), 7U);
}

TEST(FoldChannelScale, InputNormalisationGoesIntoTheFirstConvolution) {
  GraphBuilder b;
  ValueId x = b.node("Sub", {b.input("x", {1, 3, 4, 4}), b.random({1, 3, 1, 1})});
  x = b.node("Mul", {x, b.scalar(0.25F)});
  b.output(b.node("Conv", {x, b.random({4, 3, 3, 3}), b.random({4})}));
  EXPECT_TRUE(check_pass(b.graph, fold_channel_scale));
  EXPECT_EQ(count_of(b.graph, "Mul"), 0);
}

TEST(FoldChannelScale, KeepsWhatVariesWithinAChannelOrHasNoBounds) {
  GraphBuilder b;
  const auto conv = [&] { return b.node("Conv", {b.graph.inputs[0], b.random({4, 4, 1, 1})}); };
  b.input("x", {1, 4, 4, 4});
  b.output(b.node("Mul", {conv(), b.random({4})}));           // along the width
  b.output(b.node("Mul", {conv(), b.random({1, 4, 1, 4})}));  // along channels and width
  b.output(b.node("Div", {b.scalar(2.0F), b.node("Add", {b.node("Relu", {conv()}), b.scalar(1.0F)})}));  // no affine
  b.output(b.node("Mul", {conv(), b.random({2, 1, 1, 1})}));  // broadcasts the map itself
  b.output(b.node("Conv", {b.node("Relu", {conv()}), b.random({4, 1, 1, 1})},
                  {{"group", std::int64_t{4}}, {"strides", Ints{2, 2}}}));  // not channelwise alone
  EXPECT_FALSE(check_pass(b.graph, fold_channel_scale));
}

TEST(FoldChannelScale, KeepsAMapThatIsQuantisedOrAnOutput) {
  GraphBuilder b;
  const ValueId x = b.node("Conv", {b.input("x", {1, 4, 4, 4}), b.random({4, 4, 1, 1})});
  b.graph.value(x).quantization = ir::Quantization{DataType::u8, {0.1F}, {128}, -1};
  b.output(depthwise_1x1(b, x, 4, true));
  const ValueId y = b.node("Conv", {b.graph.inputs[0], b.random({4, 4, 1, 1})});
  b.output(y);
  b.output(depthwise_1x1(b, y, 4, true));
  EXPECT_FALSE(check_pass(b.graph, fold_channel_scale));
}

}  // namespace
}  // namespace heddle::passes
