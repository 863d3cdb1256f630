// SPDX-License-Identifier: Apache-2.0
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "tests/unit/passes/check_pass.h"

namespace heddle::passes {
namespace {

using heddle::testing::check_pass;
using heddle::testing::count_of;
using heddle::testing::GraphBuilder;
using ir::kNoValue;
using ir::ValueId;
using Ints = std::vector<std::int64_t>;

TEST(FoldShapes, ShapeArithmeticBecomesConstant) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2, 3, 4});
  const ValueId batch = b.node("Gather", {b.node("Shape", {x}), b.ints({0})});
  const ValueId size = b.node("Size", {x});
  b.output(b.node("Add", {batch, size}));
  EXPECT_TRUE(check_pass(b.graph, fold_shapes));
  EXPECT_EQ(count_of(b.graph, "Shape") + count_of(b.graph, "Size"), 0);
  EXPECT_TRUE(check_pass(b.graph, fold_constants));
  EXPECT_TRUE(b.graph.nodes.empty());
  EXPECT_EQ(b.graph.value(b.graph.outputs[0]).constant->data<std::int64_t>()[0], 26);
}

TEST(FoldConstants, FoldsChainsAndKeepsWhatDependsOnInputs) {
  GraphBuilder b;
  const ValueId a = b.node("Relu", {b.node("Neg", {b.floats({2}, {1.0F, -2.0F})})});
  b.output(b.node("Add", {b.input("x", {2}), a}));
  EXPECT_TRUE(check_pass(b.graph, fold_constants));
  EXPECT_EQ(b.graph.nodes.size(), 1U);
}

TEST(FoldConstants, DoesNotBloat) {
  GraphBuilder b;
  b.output(b.node("Expand", {b.scalar(1.0F), b.ints({1000, 1000})}));
  EXPECT_FALSE(check_pass(b.graph, fold_constants));
}

TEST(FoldConstants, KeepsQuantisationOfWhatOnlyMoves) {
  GraphBuilder b;
  const ValueId w = b.floats({2, 3}, {1, 2, 3, 4, 5, 6});
  b.graph.value(w).quantization = ir::Quantization{DataType::i8, {1.0F, 2.0F}, {0, 0}, 0};
  b.output(b.node("Gemm", {b.input("x", {1, 3}), b.node("Transpose", {w})}));
  EXPECT_TRUE(check_pass(b.graph, fold_constants));
  const ir::Value& moved = b.graph.value(b.graph.nodes[0].inputs[1]);
  ASSERT_TRUE(moved.quantization);
  EXPECT_EQ(moved.quantization->axis, 1);
}

TEST(RemoveIdentity, DropsWhatReturnsItsOperand) {
  GraphBuilder b;
  ValueId x = b.node("Relu", {b.input("x", {2, 3})});
  x = b.node("Identity", {x});
  x = b.node("Dropout", {x, b.scalar(0.5F)});
  x = b.node("Cast", {x}, {{"to", std::int64_t{1}}});
  x = b.node("Concat", {x}, {{"axis", std::int64_t{0}}});
  x = b.node("Reshape", {x, b.ints({2, 3})});
  x = b.node("Pad", {x, b.ints({0, 0, 0, 0})});
  x = b.node("Slice", {x, b.ints({0}), b.ints({100})});
  x = b.node("Mul", {x, b.scalar(1.0F)});
  x = b.node("Add", {x, b.floats({3}, {0, 0, 0})});
  x = b.node("Transpose", {x}, {{"perm", Ints{0, 1}}});
  x = b.node("Expand", {x, b.ints({1, 3})});
  x = b.node("Max", {x});
  b.output(x);
  EXPECT_TRUE(check_pass(b.graph, remove_identity));
  ASSERT_EQ(b.graph.nodes.size(), 1U) << ir::print(b.graph);
  EXPECT_EQ(b.graph.nodes[0].origins.size(), 13U);
}

TEST(RemoveIdentity, KeepsWhatChangesSomething) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2, 3});
  b.output(b.node("Slice", {x, b.ints({-1}), b.ints({-4}), b.ints({1}), b.ints({-1})}));  // reverses
  b.output(b.node("Cast", {x}, {{"to", std::int64_t{7}}}));
  b.output(b.node("Reshape", {x, b.ints({3, 2})}));
  b.output(b.node("Mul", {x, b.scalar(2.0F)}));
  b.output(b.node("Transpose", {b.input("square", {2, 2})}));
  b.output(b.node("Identity", {x}));  // an input cannot take the name of an output
  EXPECT_FALSE(check_pass(b.graph, remove_identity));
}

TEST(RemoveIdentity, KeepsARequantisation) {
  GraphBuilder b;
  const ValueId x = b.node("Relu", {b.input("x", {2, 3})});
  const ValueId y = b.node("Identity", {x});
  b.graph.value(y).quantization = ir::Quantization{DataType::i8, {0.1F}, {0}, -1};
  b.output(b.node("Neg", {y}));
  EXPECT_FALSE(check_pass(b.graph, remove_identity));
}

TEST(RemoveIdentity, TwoOutputsOfOneValueStayTwo) {
  GraphBuilder b;
  const ValueId x = b.node("Relu", {b.input("x", {2, 3})});
  b.output(x);
  b.output(b.node("Identity", {x}));
  EXPECT_FALSE(check_pass(b.graph, remove_identity));
}

TEST(CanonicalReshape, OneReshapeForAll) {
  GraphBuilder b;
  ValueId x = b.node("Relu", {b.input("x", {2, 3, 1, 4})});
  x = b.node("Squeeze", {x, b.ints({2})});
  x = b.node("Unsqueeze", {x, b.ints({0})});
  x = b.node("Flatten", {x}, {{"axis", std::int64_t{2}}});
  x = b.node("Reshape", {x, b.ints({0, -1, 2})});
  b.output(x);
  EXPECT_TRUE(check_pass(b.graph, canonical_reshape));
  ASSERT_EQ(b.graph.nodes.size(), 2U);
  EXPECT_EQ(b.graph.nodes[1].op, "Reshape");
  EXPECT_EQ(ints_of(b.graph, b.graph.nodes[1].inputs[1]), (Ints{2, 6, 2}));
  EXPECT_FALSE(check_pass(b.graph, canonical_reshape));
}

TEST(CanonicalReshape, EmptyTensorsStayEmpty) {
  GraphBuilder b;
  b.output(b.node("Flatten", {b.input("x", {2, 0, 3})}));
  EXPECT_TRUE(check_pass(b.graph, canonical_reshape));
}

TEST(MatMulToGemm, WithAndWithoutBias) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2, 3});
  b.output(b.node("Add", {b.node("MatMul", {x, b.random({3, 4})}), b.random({4})}));
  b.output(b.node("Add", {b.random({1, 4}), b.node("MatMul", {x, b.random({3, 4})})}));
  b.output(b.node("MatMul", {x, b.random({3, 4})}));
  EXPECT_TRUE(check_pass(b.graph, matmul_to_gemm));
  EXPECT_EQ(count_of(b.graph, "Gemm"), 3);
  EXPECT_EQ(b.graph.nodes.size(), 3U);
}

TEST(MatMulToGemm, KeepsWhatIsNoLayer) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2, 2, 3});
  b.output(b.node("MatMul", {x, b.random({3, 4})}));
  b.output(b.node("MatMul", {b.input("a", {2, 3}), b.input("w", {3, 4})}));
  b.output(b.node("Add", {b.node("Gemm", {b.graph.inputs[1], b.random({3, 1})}), b.random({1, 5})}));  // broadcasts
  EXPECT_FALSE(check_pass(b.graph, matmul_to_gemm));
}

TEST(GlobalPool, MeansOverAllPixels) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2, 3, 4, 5});
  b.output(b.node("ReduceMean", {x, b.ints({-1, 2})}));
  b.output(b.node("ReduceMean", {x, b.ints({2, 3})}, {{"keepdims", std::int64_t{0}}}));
  b.output(b.node("ReduceMax", {x, b.ints({2, 3})}));
  EXPECT_TRUE(check_pass(b.graph, global_pool));
  EXPECT_EQ(count_of(b.graph, "GlobalAveragePool"), 2);
  EXPECT_EQ(count_of(b.graph, "GlobalMaxPool"), 1);
}

TEST(GlobalPool, KeepsOtherReductions) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2, 3, 4, 5});
  b.output(b.node("ReduceMean", {x, b.ints({1, 2, 3})}));
  b.output(b.node("ReduceMean", {x, b.ints({3})}));
  b.output(b.node("ReduceMean", {x}));
  EXPECT_FALSE(check_pass(b.graph, global_pool));
}

}  // namespace
}  // namespace heddle::passes
