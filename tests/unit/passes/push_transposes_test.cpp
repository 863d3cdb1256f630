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

class PushTransposes : public ::testing::Test {
 protected:
  ValueId to_nhwc(ValueId v) { return b.node("Transpose", {v}, {{"perm", Ints{0, 2, 3, 1}}}); }
  ValueId to_nchw(ValueId v) { return b.node("Transpose", {v}, {{"perm", Ints{0, 3, 1, 2}}}); }
  void expect_transposes(int left) {
    EXPECT_TRUE(check_pass(b.graph, push_transposes));
    EXPECT_EQ(count_of(b.graph, "Transpose"), left) << ir::print(b.graph);
  }
  GraphBuilder b;
  ValueId x = b.input("x", {1, 3, 4, 5});
};

TEST_F(PushTransposes, NeighboursCancelOrMerge) {
  b.output(b.node("Relu", {to_nchw(to_nhwc(b.node("Neg", {x})))}));
  b.output(to_nhwc(to_nhwc(x)));
  expect_transposes(1);
}

TEST_F(PushTransposes, ANhwcBlockBecomesNchw) {
  ValueId y = to_nhwc(b.node("Conv", {x, b.random({6, 3, 1, 1})}));
  y = b.node("Add", {y, b.random({6})});
  y = b.node("Clip", {y, b.scalar(0.0F), b.scalar(6.0F)});
  const ValueId left = to_nhwc(b.node("Conv", {to_nchw(y), b.random({6, 6, 1, 1})}));
  y = b.node("Add", {left, y});
  b.output(b.node("Conv", {to_nchw(y), b.random({2, 6, 1, 1})}));
  expect_transposes(0);
}

TEST_F(PushTransposes, OperatorsWithAxes) {
  const ValueId y = to_nhwc(x);
  ValueId z = b.node("Concat", {y, b.node("Neg", {y})}, {{"axis", std::int64_t{-1}}});
  z = b.node("Pad", {z, b.ints({0, 1, 2, 0, 0, 0, 1, 0})});
  z = b.node("Slice", {z, b.ints({1, 0}), b.ints({5, 100}), b.ints({2, -1}), b.ints({2, 1})});
  z = b.node("Softmax", {z}, {{"axis", std::int64_t{-1}}});
  b.output(to_nchw(z));
  expect_transposes(0);
}

TEST_F(PushTransposes, ReductionsWithAndWithoutKeptAxes) {
  b.output(b.node("ReduceMean", {to_nhwc(x), b.ints({1, 2})}, {{"keepdims", std::int64_t{0}}}));
  expect_transposes(0);
  b.output(to_nchw(b.node("ReduceMax", {to_nhwc(b.graph.inputs[0]), b.ints({1, 2})})));
  expect_transposes(0);
  b.output(b.node("ReduceSum", {to_nhwc(b.graph.inputs[0]), b.ints({2})}, {{"keepdims", std::int64_t{0}}}));
  expect_transposes(1);  // N H C, which no order of the remaining axes gives
}

TEST_F(PushTransposes, ADefaultPermutationReverses) {
  const ValueId m = b.input("m", {2, 3});
  b.output(b.node("Transpose", {b.node("Relu", {b.node("Transpose", {m})})}));
  expect_transposes(0);
}

TEST_F(PushTransposes, KeepsWhatDoesNotCommute) {
  const ValueId y = to_nhwc(x);
  b.output(b.node("Reshape", {y, b.ints({1, 60})}));
  b.output(b.node("Add", {y, b.input("other", {1, 4, 5, 3})}));
  b.output(b.node("Mul", {y, b.node("Transpose", {b.input("m", {3, 5})})}));  // other rank
  EXPECT_FALSE(check_pass(b.graph, push_transposes));
}

TEST_F(PushTransposes, QuantisationMovesAlong) {
  const ValueId y = b.node("Relu", {to_nhwc(x)});
  b.graph.value(y).quantization = ir::Quantization{DataType::i8, {0.1F}, {0}, -1};
  b.output(b.node("Neg", {to_nchw(y)}));
  b.graph.value(b.graph.nodes[2].outputs[0]).quantization = b.graph.value(y).quantization;
  expect_transposes(0);
  EXPECT_TRUE(b.graph.value(b.graph.nodes[0].outputs[0]).quantization);
}

}  // namespace
}  // namespace heddle::passes
