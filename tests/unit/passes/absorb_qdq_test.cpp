// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "passes/passes.h"
#include "passes/qdq_parameters.h"
#include "tests/unit/passes/check_pass.h"

namespace heddle::passes {
namespace {

using heddle::testing::count_of;
using heddle::testing::GraphBuilder;
using ir::ValueId;

class AbsorbQdq : public ::testing::Test {
 protected:
  ValueId u8(std::uint8_t v) { return b.constant<std::uint8_t>({}, {v}); }
  ValueId quantize(ValueId v, float scale, std::uint8_t zero) {
    return b.node("QuantizeLinear", {v, b.scalar(scale), u8(zero)});
  }
  ValueId dequantize(ValueId v, float scale, std::uint8_t zero) {
    return b.node("DequantizeLinear", {v, b.scalar(scale), u8(zero)});
  }
  ValueId pair(ValueId v, float scale, std::uint8_t zero) { return dequantize(quantize(v, scale, zero), scale, zero); }
  /// int8 weights with a scale an output channel.
  ValueId weights(std::int64_t out, std::int64_t in) {
    std::vector<std::int8_t> values;
    for (std::int64_t i = 0; i < out * in; ++i) values.push_back(static_cast<std::int8_t>(i * 37 % 255 - 127));
    std::vector<float> scales;
    for (std::int64_t i = 0; i < out; ++i) scales.push_back(0.01F * static_cast<float>(i + 1));
    return b.node("DequantizeLinear", {b.constant<std::int8_t>({out, in, 1, 1}, values), b.floats({out}, scales)},
                  {{"axis", std::int64_t{0}}});
  }
  bool absorb() {
    const Result<bool> changed = absorb_qdq(b.graph);
    EXPECT_TRUE(changed);
    const Status status = ir::verify(b.graph);
    EXPECT_TRUE(status) << status.error().front().text() << ir::print(b.graph);
    return changed && *changed;
  }
  const ir::Value& value(const std::string& name) {
    for (const ir::Value& v : b.graph.values)
      if (v.name == name) return v;
    ADD_FAILURE() << "no value " << name;
    return b.graph.values.front();
  }

  GraphBuilder b;
  ValueId x = b.input("x", {1, 3, 4, 4});
};

TEST_F(AbsorbQdq, AConvolutionKeepsAllItsScales) {
  const ValueId bias = b.node("DequantizeLinear", {b.constant<std::int32_t>({2}, {100, -200}), b.scalar(0.001F)});
  const ValueId conv = b.node("Conv", {pair(x, 0.5F, 128), weights(2, 3), bias});
  b.output(pair(conv, 0.25F, 3));
  const Tensor input = b.random_tensor({1, 3, 4, 4}, -60, 60);
  EXPECT_TRUE(absorb());
  ASSERT_EQ(b.graph.nodes.size(), 1U) << ir::print(b.graph);
  const ir::Node& node = b.graph.nodes[0];
  EXPECT_EQ(node.op, "Conv");
  const auto& in = b.graph.value(node.inputs[0]).quantization;
  ASSERT_TRUE(in);
  EXPECT_EQ(in->type, DataType::u8);
  EXPECT_EQ(in->scale, std::vector{0.5F});
  EXPECT_EQ(in->zero_point, std::vector{128});
  const ir::Value& w = b.graph.value(node.inputs[1]);
  ASSERT_TRUE(w.constant && w.quantization);
  EXPECT_EQ(w.type, DataType::f32);
  EXPECT_EQ(w.quantization->axis, 0);
  EXPECT_EQ(w.quantization->scale.size(), 2U);
  EXPECT_FLOAT_EQ(w.constant->data<float>()[3], 0.02F * static_cast<float>(3 * 37 % 255 - 127));
  const ir::Value& c = b.graph.value(node.inputs[2]);
  ASSERT_TRUE(c.quantization);
  EXPECT_EQ(c.quantization->type, DataType::i32);
  EXPECT_FLOAT_EQ(c.constant->data<float>()[1], -0.2F);
  const auto& out = b.graph.value(b.graph.outputs[0]).quantization;
  ASSERT_TRUE(out);
  EXPECT_EQ(out->zero_point, std::vector{3});
}

TEST_F(AbsorbQdq, TheOutputKeepsItsName) {
  b.output(pair(b.node("Relu", {x}), 0.1F, 0));
  const std::string name = b.graph.value(b.graph.outputs[0]).name;
  absorb();
  EXPECT_EQ(b.graph.value(b.graph.outputs[0]).name, name);
}

TEST_F(AbsorbQdq, SeveralReadersOfOnePair) {
  const ValueId q = quantize(b.node("Relu", {x}), 0.1F, 0);
  b.output(b.node("Relu", {dequantize(q, 0.1F, 0)}));
  b.output(b.node("Neg", {dequantize(q, 0.1F, 0)}));
  absorb();
  EXPECT_EQ(b.graph.nodes.size(), 3U) << ir::print(b.graph);
}

TEST_F(AbsorbQdq, AFloatReaderKeepsItsFloat) {
  const ValueId relu = b.node("Relu", {x});
  b.output(b.node("Neg", {pair(relu, 0.1F, 0)}));
  b.output(b.node("Abs", {relu}));
  absorb();
  ASSERT_EQ(count_of(b.graph, "Identity"), 1) << ir::print(b.graph);
  for (const ir::Node& node : b.graph.nodes)
    EXPECT_EQ(b.graph.value(node.outputs[0]).quantization.has_value(), node.op == "Identity");
}

TEST_F(AbsorbQdq, TwoScalesInARowAreARequantisation) {
  b.output(b.node("Neg", {pair(pair(b.node("Relu", {x}), 0.1F, 0), 0.2F, 5)}));
  absorb();
  ASSERT_EQ(count_of(b.graph, "Identity"), 1);
  EXPECT_EQ(b.graph.nodes.size(), 3U);
}

TEST_F(AbsorbQdq, IntegersThatOnlyMoveAreMovedInFloat) {
  ValueId q = quantize(b.node("Relu", {x}), 0.1F, 0);
  q = b.node("MaxPool", {q}, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}});
  q = b.node("Flatten", {q});
  b.output(b.node("Neg", {dequantize(q, 0.1F, 0)}));
  absorb();
  EXPECT_EQ(b.graph.nodes.size(), 4U) << ir::print(b.graph);
  for (const ir::Node& node : b.graph.nodes) {
    EXPECT_EQ(b.graph.value(node.outputs[0]).type, DataType::f32);
    EXPECT_EQ(b.graph.value(node.outputs[0]).quantization.has_value(), node.op != "Neg");
  }
}

TEST_F(AbsorbQdq, IntegerInputsAndOutputsKeepTheirNodes) {
  const ValueId in = b.input("u", {1, 4}, DataType::u8);
  b.output(quantize(b.node("Neg", {dequantize(in, 0.5F, 7)}), 0.25F, 9));
  EXPECT_TRUE(absorb());
  ASSERT_EQ(b.graph.nodes.size(), 3U);
  EXPECT_EQ(value("u").quantization->zero_point, std::vector{7});
  EXPECT_TRUE(b.graph.value(b.graph.nodes[0].outputs[0]).quantization);
  EXPECT_EQ(b.graph.value(b.graph.nodes[1].outputs[0]).quantization->zero_point, std::vector{9});
  EXPECT_FALSE(absorb());
}

TEST_F(AbsorbQdq, FloatWeightsThroughAPairBecomeConstant) {
  const ValueId w = b.floats({4}, {0.26F, -0.1F, 100.0F, 0.0F});
  b.output(b.node("Add", {b.input("y", {4}), pair(w, 0.1F, 10)}));
  absorb();
  ASSERT_EQ(b.graph.nodes.size(), 1U);
  const ir::Value& constant = b.graph.value(b.graph.nodes[0].inputs[1]);
  ASSERT_TRUE(constant.constant && constant.quantization);
  EXPECT_THAT(constant.constant->data<float>(),
              ::testing::Pointwise(::testing::FloatNear(1e-5F), {0.3F, -0.1F, 24.5F, 0.0F}));
}

TEST_F(AbsorbQdq, ScalesThatAreNoScalesAreFindings) {
  for (const float scale : {0.0F, -1.0F, std::numeric_limits<float>::infinity()}) {
    GraphBuilder c;
    const ValueId scale_id = c.scalar(1.0F);
    c.output(c.node("DequantizeLinear", {c.node("QuantizeLinear", {c.input("x", {4}), scale_id}), scale_id}));
    c.graph.value(scale_id).constant = Tensor::from<float>({}, std::vector{scale});
    const Result<bool> changed = absorb_qdq(c.graph);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().size(), 2U);
    EXPECT_EQ(changed.error()[0].field, "scale");
    EXPECT_EQ(changed.error()[0].op, "QuantizeLinear");
  }
}

TEST_F(AbsorbQdq, DynamicScalesStay) {
  const ValueId scale = b.input("s", {});
  b.output(b.node("DequantizeLinear", {b.node("QuantizeLinear", {x, scale}), scale}));
  EXPECT_FALSE(absorb());
  EXPECT_EQ(b.graph.nodes.size(), 2U);
}

TEST_F(AbsorbQdq, UnequalParametersStay) {
  b.output(dequantize(quantize(x, 0.5F, 128), 0.25F, 128));
  absorb();
  EXPECT_EQ(b.graph.nodes.size(), 2U);
}

TEST(Dequantise, EveryIntegerTypeAndAxis) {
  const ir::Quantization per_tensor{DataType::i8, {0.5F}, {2}, -1};
  for (const DataType type :
       {DataType::i4, DataType::u4, DataType::i8, DataType::u8, DataType::i16, DataType::u16, DataType::i32}) {
    Tensor integers(type, {2});
    const auto real = dequantise(integers, per_tensor);
    ASSERT_TRUE(real);
    EXPECT_EQ(real->data<float>()[0], -1.0F);
  }
  EXPECT_FALSE(dequantise(Tensor(DataType::f64, {2}), per_tensor));
  const Tensor matrix = Tensor::from<std::int8_t>({2, 2, 1}, std::vector<std::int8_t>{1, 2, 3, 4});
  const auto real = dequantise(matrix, {DataType::i8, {1.0F, 10.0F}, {0, 1}, 1});
  EXPECT_THAT(real->data<float>(), ::testing::ElementsAre(1.0F, 10.0F, 3.0F, 30.0F));
}

TEST_F(AbsorbQdq, QLinearConvBecomesAConvolutionWithScales) {
  const ValueId q = quantize(x, 0.5F, 128);
  const ValueId w = b.constant<std::int8_t>({2, 3, 1, 1}, {1, -2, 3, -4, 5, -6});
  const ValueId zero = b.constant<std::int8_t>({2}, {0, 0});
  const ValueId conv = b.node("QLinearConv", {q, b.scalar(0.5F), u8(128), w, b.floats({2}, {0.1F, 0.2F}), zero,
                                              b.scalar(0.4F), u8(120), b.constant<std::int32_t>({2}, {10, -20})});
  b.output(dequantize(conv, 0.4F, 120));
  const std::string name = b.graph.nodes[1].name;
  const ir::Graph before = b.graph;
  EXPECT_TRUE(heddle::testing::check_pass(b.graph, expand_qlinear, 0.15F));
  absorb();
  ASSERT_EQ(b.graph.nodes.size(), 1U) << ir::print(b.graph);
  EXPECT_EQ(b.graph.nodes[0].op, "Conv");
  EXPECT_EQ(b.graph.nodes[0].name, name);
  EXPECT_FLOAT_EQ(b.graph.value(b.graph.nodes[0].inputs[2]).constant->data<float>()[1], -20 * 0.5F * 0.2F);
  EXPECT_EQ(b.graph.value(b.graph.outputs[0]).quantization->zero_point, std::vector{120});
}

TEST_F(AbsorbQdq, QLinearMatMulBecomesAMatMulWithScales) {
  const ValueId a = quantize(b.input("a", {2, 3}), 0.5F, 128);
  const ValueId w = b.constant<std::uint8_t>({3, 2}, {1, 2, 3, 4, 5, 6});
  const ValueId y =
      b.node("QLinearMatMul", {a, b.scalar(0.5F), u8(128), w, b.scalar(0.1F), u8(3), b.scalar(0.2F), u8(100)});
  b.output(dequantize(y, 0.2F, 100));
  EXPECT_TRUE(heddle::testing::check_pass(b.graph, expand_qlinear, 0.15F));
  absorb();
  ASSERT_EQ(b.graph.nodes.size(), 1U);
  EXPECT_EQ(b.graph.nodes[0].op, "MatMul");
}

}  // namespace
}  // namespace heddle::passes
