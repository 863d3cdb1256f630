// SPDX-License-Identifier: Apache-2.0
#include "quant/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/lower.h"
#include "tests/unit/quant/execute.h"
#include "tests/unit/quant/graph_builder.h"

namespace heddle::quant {
namespace {

using test::GraphBuilder;

/// Convolutions without activation between, whose channels differ by a factor of up to 2^10: int8 ruins them.
ir::Graph difficult() {
  GraphBuilder b;
  auto x = b.conv(b.input({1, 3, 12, 12}), 3, 8, 3);
  std::vector<float> spread(8);
  for (std::size_t c = 0; c < spread.size(); ++c) spread[c] = std::exp2(static_cast<float>(c) - 3);
  x = b.node("Mul", {x, b.floats({1, 8, 1, 1}, spread)});
  for (float& s : spread) s = 1 / s;
  x = b.node("Clip", {b.node("Mul", {x, b.floats({1, 8, 1, 1}, spread)}), b.scalar(-2), b.scalar(2)});
  x = b.node("Relu", {b.conv(x, 8, 8, 3)});
  return b.finish({b.conv(x, 8, 4, 1)});
}

ir::Graph chain() {
  GraphBuilder b;
  auto x = b.node("Relu", {b.conv(b.input({1, 3, 12, 12}), 3, 8, 3)});
  x = b.node("Relu", {b.conv(x, 8, 8, 3, 1, 8)});
  return b.finish({b.conv(x, 8, 4, 1)});
}

double output_sqnr(const ir::Graph& exact, const ir::Graph& quantized,
                   const std::vector<std::vector<Tensor>>& samples) {
  const auto deployment = lower(quantized);
  EXPECT_TRUE(deployment);
  double sum = 0;
  for (const auto& sample : samples) {
    std::vector<Tensor> wanted(1);
    EXPECT_TRUE(run(exact, sample, [&](ir::ValueId id, const Tensor& t) {
      if (id == exact.outputs[0]) wanted[0] = t;
      return t;
    }));
    sum += sqnr(wanted[0].data<float>(), test::execute(*deployment, sample)[0].data<float>());
  }
  return sum / static_cast<double>(samples.size());
}

TEST(Quantize, Int8OfAnEasyNetwork) {
  const ir::Graph exact = chain();
  ir::Graph graph = exact;
  const auto samples = seeded_noise(graph, 4);
  const auto report = quantize(graph, samples, {.precision = Precision::int8});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->wide_share, 0);
  EXPECT_GT(report->output_sqnr, 28);
  EXPECT_EQ(report->layers.size(), 5U);
  EXPECT_EQ(report->layers[0].weight_bits, 8);
  EXPECT_NEAR(output_sqnr(exact, graph, samples), report->output_sqnr, 1.5)
      << "the simulation is far from the integers";
}

TEST(Quantize, Int16IsFarBetter) {
  ir::Graph graph = chain();
  const auto report = quantize(graph, seeded_noise(graph, 4), {.precision = Precision::int16});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->wide_share, 1);
  EXPECT_GT(report->output_sqnr, 70);
}

TEST(Quantize, AutomaticRaisesOnlyWhatItMust) {
  const ir::Graph exact = difficult();
  const auto samples = seeded_noise(exact, 3);
  ir::Graph narrow = exact, automatic = exact;
  const auto int8 = quantize(narrow, samples, {.precision = Precision::int8});
  ASSERT_TRUE(int8);
  EXPECT_LT(int8->output_sqnr, 24);
  const auto report = quantize(automatic, samples, {.target_sqnr = 24});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->target_reached);
  EXPECT_GE(report->output_sqnr, 24);
  EXPECT_LT(report->wide_share, 1);
  EXPECT_GE(output_sqnr(exact, automatic, samples), 23.8);
}

TEST(Quantize, AutomaticStaysAtInt8WhereThatSuffices) {
  ir::Graph graph = chain();
  const auto report = quantize(graph, seeded_noise(graph, 3), {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->wide_share, 0);
  EXPECT_TRUE(report->target_reached);
}

TEST(Quantize, ATargetOutOfReachIsReported) {
  ir::Graph graph = chain();
  const auto report = quantize(graph, seeded_noise(graph, 2), {.target_sqnr = 150});
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->target_reached);
  EXPECT_EQ(report->wide_share, 1);
}

TEST(Quantize, BitsOfSingleNodesWin) {
  ir::Graph graph = chain();
  const auto report = quantize(graph, seeded_noise(graph, 2),
                               {.precision = Precision::int8, .bits = {{"Conv_2", {.activation = 16, .weight = 16}}}});
  ASSERT_TRUE(report);
  EXPECT_EQ(graph.value(graph.nodes[3].outputs[0]).quantization->type, DataType::i16);  // behind its Relu
  EXPECT_EQ(graph.value(graph.nodes[2].inputs[1]).quantization->type, DataType::i16);
  EXPECT_EQ(graph.value(graph.nodes[0].inputs[1]).quantization->type, DataType::i8);
  const auto deployment = lower(graph);
  ASSERT_TRUE(deployment);
  EXPECT_GT(summarize(*deployment).wide_share(), 0.2);
}

TEST(Quantize, EqualizationKeepsTheFunctionAndHelps) {
  GraphBuilder b;
  auto x = b.node("Conv", {b.input({1, 3, 10, 10}), b.weights({8, 3, 3, 3}), b.weights({8})});
  x = b.node("Conv", {b.node("Relu", {x}), b.weights({8, 1, 3, 3}), b.weights({8})}, {{"group", std::int64_t{8}}});
  ir::Graph exact = b.finish({b.conv(x, 8, 4, 1)});
  // One loud channel: the others have few steps left.
  Tensor loud = exact.value(exact.nodes[0].inputs[1]).constant->clone();
  for (std::size_t i = 0; i < 27; ++i) loud.mutable_data<float>()[i] *= 200;
  exact.value(exact.nodes[0].inputs[1]).constant = loud;
  Tensor quiet = exact.value(exact.nodes[2].inputs[1]).constant->clone();
  for (std::size_t i = 0; i < 9; ++i) quiet.mutable_data<float>()[i] /= 200;
  exact.value(exact.nodes[2].inputs[1]).constant = quiet;
  const auto samples = seeded_noise(exact, 3);
  ir::Graph plain = exact, equalized = exact;
  const auto without =
      quantize(plain, samples, {.precision = Precision::int8, .equalize = false, .correct_bias = false});
  const auto with = quantize(equalized, samples, {.precision = Precision::int8, .correct_bias = false});
  ASSERT_TRUE(without && with);
  EXPECT_GT(with->output_sqnr, without->output_sqnr + 5);
  std::vector<Tensor> outputs;
  for (const ir::Graph* graph : {&exact, &equalized})
    ASSERT_TRUE(run(*graph, samples[0], [&](ir::ValueId id, const Tensor& t) {
      if (id == graph->outputs[0]) outputs.push_back(t);
      return t;
    }));
  EXPECT_GT(sqnr(outputs[0].data<float>(), outputs[1].data<float>()), 90);
}

TEST(Quantize, BiasCorrectionNeverHurts) {
  const auto samples = seeded_noise(difficult(), 3);
  double db[2];
  for (const bool correct : {false, true}) {
    ir::Graph graph = difficult();
    const auto report = quantize(graph, samples, {.precision = Precision::int8, .correct_bias = correct});
    ASSERT_TRUE(report);
    db[correct ? 1 : 0] = report->output_sqnr;
  }
  EXPECT_GE(db[1], db[0]);
}

TEST(Quantize, ConcatInputsShareTheirScale) {
  GraphBuilder b;
  const auto x = b.input({1, 4, 8, 8});
  const auto left = b.conv(x, 4, 4, 1),
             right = b.node("MaxPool", {b.conv(x, 4, 4, 3)}, {{"kernel_shape", std::vector<std::int64_t>{1, 1}}});
  ir::Graph graph = b.finish({b.node("Concat", {left, right}, {{"axis", std::int64_t{1}}})});
  ASSERT_TRUE(quantize(graph, seeded_noise(graph, 2), {.precision = Precision::int8}));
  EXPECT_EQ(graph.value(left).quantization->scale, graph.value(right).quantization->scale);
  const auto deployment = lower(graph);
  ASSERT_TRUE(deployment);
  EXPECT_EQ(std::get<ir::OverlayPart>(deployment->parts[0]).network.layers.size(), 4U) << "no conversions are needed";
}

TEST(Quantize, DeadChannelsAndConstantMapsAreHarmless) {
  GraphBuilder b;
  const auto zeros = b.floats({2, 3, 1, 1}, std::vector<float>(6, 0.0F));
  const auto x = b.node("Conv", {b.input({1, 3, 4, 4}), zeros, b.floats({2}, {0, 5})});
  const auto y = b.node("Relu", {b.node("Mul", {x, b.scalar(0)})});
  ir::Graph graph = b.finish({x, y});
  const auto samples = seeded_noise(graph, 2);
  for (const Precision precision : {Precision::int8, Precision::int16}) {
    ir::Graph copy = graph;
    ASSERT_TRUE(quantize(copy, samples, {.precision = precision}));
    const auto deployment = lower(copy);
    ASSERT_TRUE(deployment) << deployment.error()[0].text();
    const auto outputs = test::execute(*deployment, samples[0]);
    EXPECT_NEAR(outputs[0].data<float>()[16], 5.0F, 0.05F);
    EXPECT_EQ(outputs[1].data<float>()[16], 0.0F);
  }
}

TEST(Quantize, RefusesWhatItCannotCalibrate) {
  ir::Graph graph = chain();
  EXPECT_FALSE(quantize(graph, {}, {}));
  std::vector<std::vector<Tensor>> samples = seeded_noise(graph, 1);
  samples[0][0].mutable_data<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  const auto nan = quantize(graph, samples, {});
  ASSERT_FALSE(nan);
  EXPECT_EQ(nan.error()[0].node, "input0");
  samples[0] = {Tensor(DataType::f32, {1, 3, 5, 5})};
  EXPECT_FALSE(quantize(graph, samples, {}));
  samples[0] = {};
  EXPECT_FALSE(quantize(graph, samples, {}));
  samples[0] = {Tensor(DataType::u8, {1, 3, 12, 12})};
  EXPECT_FALSE(quantize(graph, samples, {}));
}

TEST(Quantize, InfiniteActivationsAreNamed) {
  GraphBuilder b;
  const auto x = b.node("Div", {b.input({1, 1, 2, 2}), b.scalar(0)});
  ir::Graph graph = b.finish({b.node("Relu", {x})});
  const auto report = quantize(graph, seeded_noise(graph, 1), {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error()[0].node, "Div_0_out0");
}

TEST(Sqnr, Definition) {
  const std::vector<float> f{3, 4}, q{3, 4.5F};
  EXPECT_NEAR(sqnr(f, q), 20, 1e-4);
  EXPECT_EQ(sqnr(f, f), 200);
}

TEST(Names, AreDistinct) {
  EXPECT_EQ(name(Precision::automatic), "auto");
  EXPECT_NE(name(Precision::int8), name(Precision::int16));
  for (const RangeMethod m : {RangeMethod::minmax, RangeMethod::percentile, RangeMethod::mse, RangeMethod::entropy})
    EXPECT_EQ(range_method_from_name(name(m)), m);
  EXPECT_FALSE(range_method_from_name("best"));
}

}  // namespace
}  // namespace heddle::quant
