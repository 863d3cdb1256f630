// SPDX-License-Identifier: Apache-2.0
#include "passes/passes.h"
#include "tests/unit/passes/check_pass.h"

namespace heddle::passes {
namespace {

using heddle::testing::check_pass;
using heddle::testing::count_of;
using heddle::testing::GraphBuilder;
using ir::kNoValue;
using ir::ValueId;
using Ints = std::vector<std::int64_t>;

TEST(ExplicitPadding, AutoPadOfEveryOperator) {
  for (const std::string mode : {"SAME_UPPER", "SAME_LOWER", "VALID"}) {
    for (const std::int64_t stride : {1, 2, 3}) {
      GraphBuilder b;
      const ValueId x = b.input("x", {1, 2, 7, 10});
      const kernels::Attributes window{
          {"auto_pad", mode}, {"kernel_shape", Ints{3, 2}}, {"strides", Ints{stride, stride}}};
      b.output(b.node("Conv", {x, b.random({3, 2, 3, 2})}, window));
      b.output(b.node("MaxPool", {x}, window));
      b.output(b.node("AveragePool", {x}, window));
      b.output(b.node("ConvTranspose", {x, b.random({2, 3, 3, 2})}, window));
      EXPECT_TRUE(check_pass(b.graph, explicit_padding)) << mode << stride;
      for (const ir::Node& node : b.graph.nodes) {
        EXPECT_FALSE(node.attributes.contains("auto_pad")) << node.op << mode << stride;
      }
    }
  }
}

TEST(ExplicitPadding, OutputShapeOfConvTranspose) {
  GraphBuilder b;
  b.output(b.node("ConvTranspose", {b.input("x", {1, 2, 5, 5}), b.random({2, 3, 3, 3})},
                  {{"strides", Ints{2, 2}}, {"output_shape", Ints{10, 9}}, {"output_padding", Ints{1, 0}}}));
  EXPECT_TRUE(check_pass(b.graph, explicit_padding));
  EXPECT_FALSE(b.graph.nodes[0].attributes.contains("output_shape"));
}

TEST(ExplicitPadding, KeepsExplicitPads) {
  GraphBuilder b;
  b.output(b.node("Conv", {b.input("x", {1, 2, 7, 10}), b.random({3, 2, 3, 2})}, {{"pads", Ints{1, 0, 0, 1}}}));
  EXPECT_FALSE(check_pass(b.graph, explicit_padding));
}

class AbsorbPad : public ::testing::Test {
 protected:
  ValueId pad(ValueId v, Ints pads, float value = 0.0F) { return b.node("Pad", {v, b.ints(pads), b.scalar(value)}); }
  GraphBuilder b;
  ValueId x = b.input("x", {1, 2, 6, 6});
};

TEST_F(AbsorbPad, ZerosGoIntoTheConvolution) {
  const ValueId padded = pad(x, {0, 0, 0, 1, 0, 0, 1, 2});
  b.output(b.node("Conv", {padded, b.random({3, 2, 3, 3})}, {{"pads", Ints{1, 1, 0, 0}}}));
  EXPECT_TRUE(check_pass(b.graph, absorb_pad));
  ASSERT_EQ(b.graph.nodes.size(), 1U);
  EXPECT_EQ(kernels::get_ints(b.graph.nodes[0].attributes, "pads"), (Ints{1, 2, 1, 2}));
}

TEST_F(AbsorbPad, AxesMayBeNamed) {
  const ValueId padded = b.node("Pad", {x, b.ints({1, 2, 3, 0}), kNoValue, b.ints({-1, 2})});
  b.output(b.node("Conv", {padded, b.random({3, 2, 3, 3})}));
  EXPECT_TRUE(check_pass(b.graph, absorb_pad));
  EXPECT_EQ(kernels::get_ints(b.graph.nodes[0].attributes, "pads"), (Ints{2, 1, 0, 3}));
}

TEST_F(AbsorbPad, PoolsTakeWhatDoesNotChangeThem) {
  const kernels::Attributes window{{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}};
  b.output(b.node("MaxPool", {pad(b.node("Relu", {x}), {0, 0, 1, 1, 0, 0, 1, 1})}, window));
  b.output(b.node("MaxPool", {pad(x, {0, 0, 1, 1, 0, 0, 1, 1}, std::numeric_limits<float>::lowest())}, window));
  b.output(b.node("AveragePool", {pad(x, {0, 0, 1, 1, 0, 0, 1, 1})}, window));
  EXPECT_TRUE(check_pass(b.graph, absorb_pad));
  EXPECT_EQ(count_of(b.graph, "Pad"), 0);
}

TEST_F(AbsorbPad, KeepsWhatWouldChangeTheMeaning) {
  const kernels::Attributes window{{"kernel_shape", Ints{3, 3}}};
  kernels::Attributes excluding = window;
  excluding["pads"] = Ints{1, 1, 1, 1};
  b.output(b.node("MaxPool", {pad(x, {0, 0, 1, 1, 0, 0, 1, 1})}, window));  // x may be negative
  b.output(b.node("AveragePool", {pad(x, {0, 0, 1, 1, 0, 0, 1, 1})}, excluding));
  b.output(b.node("AveragePool", {pad(x, {0, 0, 1, 1, 0, 0, 1, 1}, 2.0F)}, window));
  b.output(b.node("Conv", {pad(x, {0, 0, 1, 1, 0, 0, 1, 1}, 1.0F), b.random({3, 2, 3, 3})}));
  b.output(b.node("Conv", {pad(x, {0, 1, 1, 1, 0, 0, 1, 1}), b.random({3, 3, 3, 3})}));   // pads channels
  b.output(b.node("Conv", {pad(x, {0, 0, -1, 0, 0, 0, 0, 0}), b.random({3, 2, 3, 3})}));  // crops
  const ValueId mirrored = b.node("Pad", {x, b.ints({0, 0, 1, 1, 0, 0, 1, 1})}, {{"mode", std::string("reflect")}});
  b.output(b.node("Conv", {mirrored, b.random({3, 2, 3, 3})}));
  const ValueId shared = pad(x, {0, 0, 1, 1, 0, 0, 1, 1});
  b.output(shared);
  b.output(b.node("Conv", {shared, b.random({3, 2, 3, 3})}));
  EXPECT_FALSE(check_pass(b.graph, absorb_pad));
}

}  // namespace
}  // namespace heddle::passes
