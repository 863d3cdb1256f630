// SPDX-License-Identifier: Apache-2.0
#include "quant/lowering/partition.h"

#include <gtest/gtest.h>

#include <random>

#include "quant/lowering/propagate.h"
#include "tests/unit/quant/graph_builder.h"

namespace heddle::quant {
namespace {

using test::GraphBuilder;

/// A random graph of one-to-one operators, sums and host operators over one shape, quantised everywhere.
ir::Graph random_graph(std::uint32_t seed) {
  GraphBuilder b(seed);
  std::mt19937 random(seed);
  std::vector<ir::ValueId> values{b.input({1, 4, 4, 4})};
  const auto any = [&] { return values[random() % values.size()]; };
  for (int i = 0; i < 12; ++i) {
    switch (random() % 4) {
      case 0:
        values.push_back(b.conv(any(), 4, 4, 3));
        break;
      case 1:
        values.push_back(b.node("Add", {any(), any()}));
        break;
      case 2:
        values.push_back(b.node("LRN", {any()}, {{"size", std::int64_t{3}}}));
        break;
      default:
        values.push_back(b.node("Sigmoid", {any()}));
    }
  }
  ir::Graph graph = b.finish({values.back()});
  for (ir::Value& value : graph.values)
    if (value.type == DataType::f32) value.quantization = ir::Quantization{DataType::i8, {0.1F}, {0}, -1};
  return graph;
}

TEST(Partition, IsLegalAndMinimalOnRandomGraphs) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    const ir::Graph graph = random_graph(seed);
    const ir::Uses uses(graph);
    Scene scene{graph, uses, {}, {}};
    const Partition cut = partition(scene);
    ASSERT_TRUE(is_legal(cut, scene)) << "seed " << seed;
    for (std::size_t p = 1; p < cut.parts.size(); ++p)
      EXPECT_NE(cut.parts[p].overlay, cut.parts[p - 1].overlay) << "two parts that could be one";
  }
}

TEST(Partition, CheckerRefusesBrokenPartitions) {
  const ir::Graph graph = random_graph(3);
  const ir::Uses uses(graph);
  Scene scene{graph, uses, {}, {}};
  const Partition good = partition(scene);
  ASSERT_GT(good.parts.size(), 1U);
  Partition reversed = good;
  std::reverse(reversed.parts.begin(), reversed.parts.end());
  EXPECT_FALSE(is_legal(reversed, scene));
  Partition missing = good;
  missing.parts.back().nodes.pop_back();
  EXPECT_FALSE(is_legal(missing, scene));
  Partition twice = good;
  twice.parts.back().nodes.push_back(twice.parts.front().nodes.front());
  EXPECT_FALSE(is_legal(twice, scene));
}

ir::Quantization int8(float scale) {
  return {DataType::i8, {scale}, {0}, -1};
}

TEST(Propagate, FillsInNeighboursOfMovesAndActivations) {
  GraphBuilder b;
  const auto x = b.input({1, 4, 4, 4});
  const auto conv = b.conv(x, 4, 4, 1);
  const auto relu = b.node("Relu", {conv});
  const auto flat = b.node("Flatten", {relu});
  ir::Graph graph = b.finish({flat});
  graph.value(relu).quantization = int8(0.5F);
  propagate_quantization(graph);
  ASSERT_TRUE(graph.value(conv).quantization);
  EXPECT_EQ(graph.value(conv).quantization->scale[0], 0.5F);
  ASSERT_TRUE(graph.value(flat).quantization);
  EXPECT_FALSE(graph.value(x).quantization) << "a graph input is never guessed";
}

TEST(Propagate, GivesConcatenationsTheirCommonFormatOnly) {
  for (const float other : {0.5F, 0.25F}) {
    GraphBuilder b;
    const auto x = b.input({1, 4, 4, 4}), y = b.input({1, 2, 4, 4});
    const auto joined = b.node("Concat", {x, y}, {{"axis", std::int64_t{1}}});
    ir::Graph graph = b.finish({joined});
    graph.value(x).quantization = int8(0.5F);
    graph.value(y).quantization = int8(other);
    propagate_quantization(graph);
    EXPECT_EQ(graph.value(joined).quantization.has_value(), other == 0.5F);
  }
}

TEST(Propagate, AddendGetsSixteenBitsOverWhatMatters) {
  GraphBuilder b;
  const auto x = b.input({1, 4, 4, 4});
  const auto conv = b.conv(x, 4, 4, 1);
  const auto sum = b.node("Add", {conv, x});
  ir::Graph graph = b.finish({sum});
  graph.value(x).quantization = int8(0.1F);
  graph.value(sum).quantization = int8(0.1F);
  propagate_quantization(graph);
  ASSERT_TRUE(graph.value(conv).quantization);
  EXPECT_EQ(graph.value(conv).quantization->type, DataType::i16);
  EXPECT_NEAR(graph.value(conv).quantization->scale[0] * 32767, 25.5, 0.1);
}

}  // namespace
}  // namespace heddle::quant
