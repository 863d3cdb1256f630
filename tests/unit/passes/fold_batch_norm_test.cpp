// SPDX-License-Identifier: Apache-2.0
#include "passes/passes.h"
#include "tests/unit/passes/check_pass.h"

namespace heddle::passes {
namespace {

using heddle::testing::check_pass;
using heddle::testing::count_of;
using heddle::testing::GraphBuilder;
using ir::ValueId;

ValueId batch_norm(GraphBuilder& b, ValueId x, std::int64_t channels) {
  const ValueId var = b.graph.add_constant("var" + std::to_string(x), b.random_tensor({channels}, 0.1F, 2.0F));
  return b.node("BatchNormalization", {x, b.random({channels}), b.random({channels}), b.random({channels}), var},
                {{"epsilon", 1e-3F}});
}

TEST(FoldBatchNorm, FoldsIntoConvolutionsOfEveryKind) {
  GraphBuilder b;
  ValueId x = b.input("x", {1, 4, 6, 6});
  x = batch_norm(b, b.node("Conv", {x, b.random({8, 4, 3, 3})}, {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}}), 8);
  x = batch_norm(b, b.node("Conv", {x, b.random({8, 1, 3, 3}), b.random({8})}, {{"group", std::int64_t{8}}}), 8);
  x = batch_norm(b, b.node("Conv", {x, b.random({6, 4, 1, 1})}, {{"group", std::int64_t{2}}}), 6);
  x = batch_norm(b, b.node("ConvTranspose", {x, b.random({6, 2, 2, 2}), b.random({4})}, {{"group", std::int64_t{2}}}),
                 4);
  b.output(x);
  EXPECT_TRUE(check_pass(b.graph, fold_batch_norm));
  EXPECT_EQ(count_of(b.graph, "BatchNormalization"), 0);
  EXPECT_EQ(b.graph.nodes.size(), 4U);
  EXPECT_EQ(b.graph.nodes[0].origins.size(), 2U);
}

TEST(FoldBatchNorm, FoldsIntoGemmWithScaledBias) {
  for (const std::int64_t transposed : {0, 1}) {
    GraphBuilder b;
    const ValueId w = b.random(transposed != 0 ? Shape{5, 3} : Shape{3, 5});
    const ValueId y = b.node("Gemm", {b.input("x", {2, 3}), w, b.random({5})},
                             {{"transB", transposed}, {"alpha", 0.5F}, {"beta", 2.0F}});
    b.output(batch_norm(b, y, 5));
    EXPECT_TRUE(check_pass(b.graph, fold_batch_norm));
    EXPECT_EQ(b.graph.nodes.size(), 1U);
  }
}

TEST(FoldBatchNorm, KeepsWhatItMustNotFold) {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 4, 5, 5});
  const ValueId shared = b.node("Conv", {x, b.random({4, 4, 1, 1})});
  b.output(batch_norm(b, shared, 4));
  b.output(b.node("Relu", {shared}));                                                         // a second reader
  b.output(batch_norm(b, x, 4));                                                              // nothing before it
  b.output(batch_norm(b, b.node("Relu", {b.node("Conv", {x, b.random({4, 4, 1, 1})})}), 4));  // an activation between
  const ValueId column = b.node("Gemm", {b.input("m", {3, 2}), b.random({2, 3}), b.random({3, 1})});
  b.output(batch_norm(b, column, 3));  // a bias per row
  EXPECT_FALSE(check_pass(b.graph, fold_batch_norm));
  EXPECT_EQ(count_of(b.graph, "BatchNormalization"), 4);
}

TEST(FoldBatchNorm, KeepsQuantisedWeights) {
  GraphBuilder b;
  const ValueId w = b.random({4, 4, 1, 1});
  b.graph.value(w).quantization = ir::Quantization{DataType::i8, {0.1F}, {0}, -1};
  b.output(batch_norm(b, b.node("Conv", {b.input("x", {1, 4, 5, 5}), w}), 4));
  EXPECT_FALSE(check_pass(b.graph, fold_batch_norm));
}

TEST(FoldBatchNorm, LeavesTrainingModeAlone) {
  GraphBuilder b;
  const ValueId conv = b.node("Conv", {b.input("x", {1, 4, 5, 5}), b.random({4, 4, 1, 1})});
  b.output(b.node("BatchNormalization", {conv, b.random({4}), b.random({4}), b.random({4}), b.random({4})},
                  {{"training_mode", std::int64_t{1}}}));
  EXPECT_FALSE(check_pass(b.graph, fold_batch_norm));
}

}  // namespace
}  // namespace heddle::passes
