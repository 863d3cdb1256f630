// SPDX-License-Identifier: Apache-2.0
#include "passes/passes.h"
#include "tests/unit/passes/check_pass.h"

namespace heddle::passes {
namespace {

using heddle::testing::check_pass;
using heddle::testing::GraphBuilder;
using ir::ValueId;

class FuseActivations : public ::testing::Test {
 protected:
  void expect_fused(ValueId result, const std::string& op) {
    b.output(result);
    EXPECT_TRUE(check_pass(b.graph, fuse_activations));
    ASSERT_EQ(b.graph.nodes.size(), 1U) << ir::print(b.graph);
    EXPECT_EQ(b.graph.nodes[0].op, op);
  }
  ValueId relu6(ValueId v) { return b.node("Clip", {v, b.scalar(0.0F), b.scalar(6.0F)}); }
  ValueId shifted() { return relu6(b.node("Add", {x, b.scalar(3.0F)})); }

  GraphBuilder b;
  ValueId x = b.input("x", {1, 3, 5, 5});
};

TEST_F(FuseActivations, Swish) {
  expect_fused(b.node("Mul", {x, b.node("Sigmoid", {x})}), "Swish");
}
TEST_F(FuseActivations, SwishWithTheGateFirst) {
  expect_fused(b.node("Mul", {b.node("Sigmoid", {x}), x}), "Swish");
}
TEST_F(FuseActivations, SwishWithAFactor) {
  expect_fused(b.node("Mul", {x, b.node("Sigmoid", {b.node("Mul", {x, b.scalar(1.7F)})})}), "Swish");
}
TEST_F(FuseActivations, Mish) {
  expect_fused(b.node("Mul", {x, b.node("Tanh", {b.node("Softplus", {x})})}), "Mish");
}
TEST_F(FuseActivations, HardSwishDividedAtTheEnd) {
  expect_fused(b.node("Div", {b.node("Mul", {x, shifted()}), b.scalar(6.0F)}), "HardSwish");
}
TEST_F(FuseActivations, HardSwishTimesASixth) {
  expect_fused(b.node("Mul", {b.node("Mul", {shifted(), x}), b.scalar(1.0F / 6.0F)}), "HardSwish");
}
TEST_F(FuseActivations, HardSwishWithADividedGate) {
  expect_fused(b.node("Mul", {x, b.node("Div", {shifted(), b.scalar(6.0F)})}), "HardSwish");
}
TEST_F(FuseActivations, HardSwishWithAScaledOperand) {
  expect_fused(b.node("Mul", {b.node("Mul", {x, b.scalar(0.16666667F)}), shifted()}), "HardSwish");
}
TEST_F(FuseActivations, HardSwishOfHardSigmoid) {
  const auto gate = b.node("HardSigmoid", {x}, {{"alpha", 1.0F / 6.0F}, {"beta", 0.5F}});
  expect_fused(b.node("Mul", {x, gate}), "HardSwish");
}
TEST_F(FuseActivations, HardSigmoid) {
  expect_fused(b.node("Div", {shifted(), b.scalar(6.0F)}), "HardSigmoid");
}
TEST_F(FuseActivations, HardSigmoidOfAUnitClip) {
  const auto line = b.node("Sub", {b.node("Mul", {x, b.scalar(0.3F)}), b.scalar(-0.4F)});
  expect_fused(b.node("Clip", {line, b.scalar(0.0F), b.scalar(1.0F)}), "HardSigmoid");
}
TEST_F(FuseActivations, LeakyRelu) {
  expect_fused(b.node("Max", {b.node("Mul", {x, b.scalar(0.1F)}), x}), "LeakyRelu");
}

TEST_F(FuseActivations, LeavesLookAlikesAlone) {
  const auto y = b.input("y", {1, 3, 5, 5});
  b.output(b.node("Mul", {y, b.node("Sigmoid", {x})}));
  b.output(b.node("Mul", {x, b.node("HardSigmoid", {x})}));  // the default slope is 0.2
  b.output(b.node("Max", {x, b.node("Mul", {x, b.scalar(1.5F)})}));
  b.output(b.node("Mul", {b.node("Mul", {x, shifted()}), b.scalar(0.2F)}));
  b.output(b.node("Mul", {y, b.node("Tanh", {b.node("Softplus", {x})})}));
  EXPECT_FALSE(check_pass(b.graph, fuse_activations));
}

}  // namespace
}  // namespace heddle::passes
