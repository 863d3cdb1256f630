// SPDX-License-Identifier: Apache-2.0
#include "ir/graph.h"

#include <gmock/gmock.h>

#include "ir/graph_inference.h"
#include "ir/name_table.h"
#include "tests/unit/ir/graph_builder.h"

namespace heddle::ir {
namespace {

using heddle::testing::GraphBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Graph, UsesListProducersAndReaders) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2});
  const ValueId y = b.node("Add", {x, x});
  b.output(b.node("Relu", {y}));
  const Uses uses(b.graph);
  EXPECT_EQ(uses.producer[static_cast<std::size_t>(x)], -1);
  EXPECT_EQ(uses.producer[static_cast<std::size_t>(y)], 0);
  EXPECT_THAT(uses.consumers[static_cast<std::size_t>(x)], ElementsAre(0, 0));
  EXPECT_EQ(constant_of(b.graph, x), nullptr);
  EXPECT_EQ(constant_of(b.graph, kNoValue), nullptr);
}

TEST(Graph, RemoveDeadKeepsInputsAndRenumbers) {
  GraphBuilder b;
  b.random({100});
  const ValueId unused = b.input("unused", {2});
  const ValueId x = b.input("x", {2});
  b.node("Neg", {x});
  b.output(b.node("Add", {x, b.floats({2}, {1, 2})}));
  remove_dead(b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 1U);
  EXPECT_EQ(b.graph.values.size(), 4U);
  EXPECT_EQ(b.graph.inputs.size(), 2U);
  EXPECT_NE(b.graph.inputs[0], unused);
  EXPECT_TRUE(verify(b.graph));
}

TEST(Graph, RemoveDeadDropsTheProducerOfAConstant) {
  GraphBuilder b;
  const ValueId y = b.node("Relu", {b.input("x", {1})});
  b.graph.value(y).constant = Tensor::from<float>({1}, std::vector{1.0F});
  b.output(b.node("Neg", {y}));
  remove_dead(b.graph);
  EXPECT_EQ(b.graph.nodes.size(), 1U);
}

TEST(Graph, SortIsStableAndFindsCycles) {
  GraphBuilder b;
  const ValueId x = b.input("x", {1});
  const ValueId a = b.node("Relu", {x});
  b.output(b.node("Neg", {a}));
  b.node("Abs", {x});
  std::swap(b.graph.nodes[0], b.graph.nodes[1]);
  ASSERT_TRUE(sort_topologically(b.graph));
  EXPECT_EQ(b.graph.nodes[0].op, "Relu");
  EXPECT_EQ(b.graph.nodes[1].op, "Neg");
  EXPECT_EQ(b.graph.nodes[2].op, "Abs");
  b.graph.nodes[0].inputs = {b.graph.nodes[1].outputs[0]};
  EXPECT_FALSE(sort_topologically(b.graph));
}

TEST(Inference, ComputesShapesThroughShapeArithmetic) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2, 3, 4});
  const ValueId tail = b.node("Shape", {x}, {{"start", std::int64_t{-2}}});
  const ValueId size = b.node("Unsqueeze", {b.node("Size", {x}), b.ints({0})});
  b.graph.value(tail).shape = {99};  // whatever stood there is overwritten
  b.graph.nodes.push_back(
      {.op = "Reshape",
       .name = "r",
       .attributes = {},
       .inputs = {x, size},
       .outputs = {b.graph.add_value({.name = "flat", .type = {}, .shape = {}, .constant = {}, .quantization = {}})},
       .origins = {}});
  b.output(b.graph.nodes.back().outputs[0]);
  b.output(tail);
  const Status status = infer_shapes(b.graph);
  ASSERT_TRUE(status) << status.error()[0].text();
  EXPECT_EQ(b.graph.value(b.graph.outputs[0]).shape, (Shape{24}));
  EXPECT_EQ(b.graph.value(tail).shape, (Shape{2}));
  EXPECT_THAT(shape_tensor({2, 3, 4}, {{"start", std::int64_t{-2}}, {"end", std::int64_t{100}}}).data<std::int64_t>(),
              ElementsAre(3, 4));
  EXPECT_EQ(shape_tensor({2, 3}, {{"start", std::int64_t{2}}, {"end", std::int64_t{0}}}).size(), 0);
}

TEST(Inference, UnboundInputsAreNamedOnceWithTheFlag) {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 3});
  b.output(b.node("Relu", {b.node("Neg", {x})}));
  b.graph.value(x).shape = {1, -1};
  const Status status = infer_shapes(b.graph);
  ASSERT_FALSE(status);
  ASSERT_EQ(status.error().size(), 1U);
  EXPECT_THAT(status.error()[0].message, HasSubstr("1x?"));
  EXPECT_THAT(status.error()[0].hint, HasSubstr("--shape x=1x1"));
}

TEST(Inference, CollectsFindingsAndSkipsWhatDependsOnThem) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2, 3});
  const ValueId bad = b.node("Add", {x, x});
  b.output(b.node("Relu", {bad}));
  b.output(b.node("Neg", {x}));
  b.graph.nodes[0].inputs[1] = b.floats({5}, {1, 2, 3, 4, 5});
  b.graph.nodes[2].op = "Nonsense";
  const Status status = infer_shapes(b.graph);
  ASSERT_FALSE(status);
  ASSERT_EQ(status.error().size(), 2U);
  EXPECT_EQ(status.error()[0].node, b.graph.nodes[0].name);
  EXPECT_EQ(status.error()[1].code, "operator.unknown");
  EXPECT_EQ(exit_code(status.error()), 3);
}

TEST(Inference, WrongNumbersOfOperandsAndResults) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2});
  b.output(b.node("Relu", {x}));
  b.graph.nodes[0].inputs = {x, x, x};
  EXPECT_EQ(infer_shapes(b.graph).error()[0].code, "operator.inputs");
}

TEST(Verify, EveryInvariantHasAFinding) {
  const auto broken = [](auto breakage) {
    GraphBuilder b;
    const ValueId x = b.input("x", {2});
    const ValueId y = b.node("Relu", {x});
    b.output(b.node("Add", {y, b.floats({2}, {1, 2})}));
    EXPECT_TRUE(verify(b.graph));
    breakage(b.graph);
    const Status status = verify(b.graph);
    if (status) return std::string("accepted");
    EXPECT_EQ(exit_code(status.error()), 2);
    return status.error()[0].code;
  };
  EXPECT_EQ(broken([](Graph& g) { g.values[0].name = g.values[1].name; }), "graph.verify.name");
  EXPECT_EQ(broken([](Graph& g) { g.values[0].name.clear(); }), "graph.verify.name");
  EXPECT_EQ(broken([](Graph& g) { g.nodes[0].name = g.nodes[1].name; }), "graph.verify.name");
  EXPECT_EQ(broken([](Graph& g) { g.nodes[0].name.clear(); }), "graph.verify.name");
  EXPECT_EQ(broken([](Graph& g) { g.nodes[0].op = "Nonsense"; }), "graph.verify.operator");
  EXPECT_EQ(broken([](Graph& g) { std::swap(g.nodes[0], g.nodes[1]); }), "graph.verify.order");
  EXPECT_EQ(broken([](Graph& g) { g.nodes[1].outputs = g.nodes[0].outputs; }), "graph.verify.producer");
  EXPECT_EQ(broken([](Graph& g) { g.nodes[1].inputs[0] = 77; }), "graph.verify.range");
  EXPECT_EQ(broken([](Graph& g) { g.nodes[1].outputs[0] = -7; }), "graph.verify.range");
  EXPECT_EQ(broken([](Graph& g) { g.nodes[1].outputs.clear(); }), "graph.verify.outputs");
  EXPECT_EQ(broken([](Graph& g) { g.inputs[0] = 77; }), "graph.verify.range");
  EXPECT_EQ(broken([](Graph& g) { g.inputs.push_back(g.inputs[0]); }), "graph.verify.input");
  EXPECT_EQ(broken([](Graph& g) { g.outputs[0] = 77; }), "graph.verify.range");
  EXPECT_EQ(broken([](Graph& g) { g.nodes.pop_back(); }), "graph.verify.undefined");
  EXPECT_EQ(broken([](Graph& g) { g.value(g.nodes[0].outputs[0]).shape = {3}; }), "graph.verify.type");
  EXPECT_EQ(broken([](Graph& g) { g.nodes[0].inputs.clear(); }), "graph.verify.infer");
  EXPECT_EQ(broken([](Graph& g) { g.value(g.nodes[1].inputs[1]).shape = {1, 2}; }), "graph.verify.constant");
  EXPECT_EQ(broken([](Graph& g) { g.values[0].quantization = Quantization{DataType::i8, {}, {}, -1}; }),
            "graph.verify.quantization");
  EXPECT_EQ(broken([](Graph& g) { g.values[0].quantization = Quantization{DataType::i8, {0.0F}, {0}, -1}; }),
            "graph.verify.quantization");
  EXPECT_EQ(broken([](Graph& g) { g.values[0].quantization = Quantization{DataType::i8, {1.0F}, {0}, 1}; }),
            "graph.verify.quantization");
}

TEST(Print, NamesEverythingAndHashesConstants) {
  GraphBuilder b;
  b.graph.name = "net";
  const ValueId x = b.input("x", {1, 2});
  b.graph.value(x).quantization = Quantization{DataType::u8, {0.5F}, {128}, -1};
  const ValueId w = b.floats({2, 2}, {1, 2, 3, 4});
  b.graph.value(w).quantization = Quantization{DataType::i8, {1, 2}, {0, 0}, 1};
  b.output(b.node("Gemm", {x, w}, {{"alpha", 0.5F}, {"transB", std::int64_t{1}}}));
  b.output(b.node("Clip", {x, kNoValue, b.scalar(1.0F)}));
  b.output(b.node("Transpose", {x}, {{"perm", std::vector<std::int64_t>{1, 0}}}));
  b.output(b.node("ConstantOfShape", {b.ints({1})}, {{"value", Tensor::from<float>({1}, std::vector{2.0F})}}));
  b.output(b.node("Pad", {x, b.ints({0, 0, 0, 0})}, {{"mode", std::string("edge")}}));
  const std::string text = print(b.graph);
  EXPECT_THAT(text, HasSubstr("graph 'net'\ninput x: f32[1,2] quantised u8 scale 0.5 zero 128\n"));
  EXPECT_THAT(text, HasSubstr("quantised i8 axis 1, 2 scales"));
  EXPECT_THAT(text, HasSubstr("alpha=0.5 transB=1 -> "));
  EXPECT_THAT(text, HasSubstr("(x, -, "));
  EXPECT_THAT(text, HasSubstr("perm=[1,0]"));
  EXPECT_THAT(text, HasSubstr("value=f32[1]#"));
  EXPECT_THAT(text, HasSubstr("mode=\"edge\""));
  b.graph.value(w).constant->mutable_data<float>()[3] = 5;
  EXPECT_NE(print(b.graph), text);
}

TEST(Macs, OfEveryLayer) {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 4, 8, 8});
  const auto macs_of = [&](const std::string& op, std::vector<ValueId> inputs, kernels::Attributes attributes = {}) {
    b.node(op, std::move(inputs), std::move(attributes));
    return macs(b.graph, b.graph.nodes.back());
  };
  EXPECT_EQ(macs_of("Conv", {x, b.random({6, 4, 3, 3})}), 6 * 6 * 6 * 4 * 9);
  EXPECT_EQ(macs_of("Conv", {x, b.random({4, 1, 3, 3})}, {{"group", std::int64_t{4}}}), 4 * 6 * 6 * 9);
  EXPECT_EQ(macs_of("ConvTranspose", {x, b.random({4, 5, 2, 2})}), 4 * 64 * 5 * 4);
  const ValueId m = b.input("m", {2, 3});
  EXPECT_EQ(macs_of("Gemm", {m, b.random({3, 5})}), 2 * 5 * 3);
  EXPECT_EQ(macs_of("Gemm", {m, b.random({2, 5})}, {{"transA", std::int64_t{1}}}), 3 * 5 * 2);
  EXPECT_EQ(macs_of("MatMul", {m, b.random({3, 5})}), 2 * 5 * 3);
  EXPECT_EQ(macs_of("Relu", {m}), 0);
  Graph huge = b.graph;
  huge.value(huge.nodes[0].outputs[0]).shape = {1LL << 40, 1LL << 40};
  EXPECT_EQ(macs(huge, huge.nodes[0]), std::numeric_limits<std::int64_t>::max());
  huge.value(huge.nodes[0].outputs[0]).shape = {-1};
  EXPECT_EQ(macs(huge, huge.nodes[0]), 0);
}

TEST(NameTable, HandsOutFreshNames) {
  NameTable names;
  EXPECT_TRUE(names.claim("a_2"));
  EXPECT_FALSE(names.claim("a_2"));
  EXPECT_EQ(names.unique("a"), "a");
  const std::string second = names.unique("a");
  EXPECT_NE(second, "a");
  EXPECT_NE(second, "a_2");
  EXPECT_EQ(names.unique("a"), "a_3");
}

}  // namespace
}  // namespace heddle::ir
