// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "passes/pass.h"
#include "quant/lower.h"
#include "quant/quantize.h"
#include "tests/unit/quant/execute.h"
#include "tests/unit/quant/graph_builder.h"

namespace heddle::quant {
namespace {

ir::Graph network() {
  test::GraphBuilder b;
  const auto x = b.node("Relu", {b.conv(b.input({1, 3, 8, 8}), 3, 6, 3)});
  const auto y = b.node("Add", {b.conv(x, 6, 6, 3, 1, 6), x});
  const auto z = b.node("Concat", {b.node("Sigmoid", {y}), x}, {{"axis", std::int64_t{1}}});
  const auto flat = b.node("Flatten", {b.node("GlobalAveragePool", {z})});
  return b.finish({b.node("Gemm", {flat, b.weights({12, 4}), b.weights({4})}), z});
}

TEST(Qdq, IsStandardAndCarriesEverything) {
  ir::Graph graph = network();
  ASSERT_TRUE(quantize(graph, seeded_noise(graph, 2), {.precision = Precision::int8}));
  ir::Graph qdq = to_qdq(graph);
  ASSERT_TRUE(ir::infer_shapes(qdq)) << ir::infer_shapes(qdq).error()[0].text();
  ASSERT_TRUE(ir::verify(qdq)) << ir::verify(qdq).error()[0].text();
  for (std::size_t o = 0; o < graph.outputs.size(); ++o)
    EXPECT_EQ(qdq.value(qdq.outputs[o]).name, graph.value(graph.outputs[o]).name);
  EXPECT_TRUE(std::ranges::none_of(qdq.values, [](const ir::Value& v) { return v.quantization.has_value(); }));
  const auto biases = std::ranges::count_if(qdq.values, [](const ir::Value& v) {
    return v.constant && v.constant->type() == DataType::i32 && v.constant->size() > 1;
  });
  EXPECT_GE(biases, 3);
}

/// Written as QDQ, read back through the passes and lowered: the same integers.
TEST(Qdq, SurvivesTheRoundTrip) {
  for (const Precision precision : {Precision::int8, Precision::int16}) {
    ir::Graph graph = network();
    const auto samples = seeded_noise(graph, 2);
    ASSERT_TRUE(quantize(graph, samples, {.precision = precision}));
    const auto direct = lower(graph);
    ir::Graph back = to_qdq(graph);
    ASSERT_TRUE(ir::infer_shapes(back));
    passes::PassOptions options;
    options.verify_each = true;
    const auto passes = passes::run_pipeline(back, passes::standard_pipeline(), options);
    ASSERT_TRUE(passes) << passes.error()[0].text();
    const auto imported = lower(back);
    ASSERT_TRUE(direct && imported);
    EXPECT_TRUE(imported->reasons.empty()) << imported->reasons[0].reason;
    EXPECT_EQ(imported->parts.size(), 1U);
    const auto a = test::execute(*direct, samples[0]), b = test::execute(*imported, samples[0]);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t o = 0; o < a.size(); ++o)
      EXPECT_TRUE(std::ranges::equal(a[o].data<float>(), b[o].data<float>())) << name(precision) << " output " << o;
  }
}

}  // namespace
}  // namespace heddle::quant
