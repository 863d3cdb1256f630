// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "frontend/onnx.h"
#include "tests/unit/frontend/model_builder.h"

namespace heddle::frontend {
namespace {

using namespace heddle::testing;

Model small_model() {
  Model m;
  m.input("x", {1, 2, 4, 4}).initializer(floats("w", {3, 2, 1, 1}, std::vector<float>(6, 1.0F)));
  m.add(node("Conv", {"x", "w"}, {"c"}, {ints_attribute("kernel_shape", {1, 1})}, "conv"));
  m.add(node("Constant", {}, {"k"}, {floats_attribute("value_floats", {1.0F})}));
  m.add(node("Mul", {"c", "k"}, {"y"})).output("y");
  return m;
}

TEST(Hostile, EveryPrefixIsAnAnswer) {
  const std::string bytes = small_model().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string prefix = bytes.substr(0, size);
    const Result<ir::Graph> graph = read_onnx(as_span(prefix), "");
    if (!graph) {
      EXPECT_FALSE(graph.error().front().message.empty());
    }
  }
}

TEST(Hostile, MutationsNeitherCrashNorGiveABrokenGraph) {
  const std::string bytes = small_model().bytes();
  std::mt19937 generator(1);
  for (int i = 0; i < 5000; ++i) {
    std::string mutated = bytes;
    for (unsigned flips = 1 + generator() % 4; flips > 0; --flips)
      mutated[generator() % mutated.size()] = static_cast<char>(generator());
    Result<ir::Graph> graph = read_onnx(as_span(mutated), "");
    if (graph) {
      EXPECT_TRUE(ir::verify(*graph));
    }
  }
}

TEST(Hostile, AbsurdDimensions) {
  const std::vector<Dims> shapes{{1LL << 62}, {1LL << 31, 1LL << 31}, {-1}, {-5, 3}, {1LL << 62, 0}};
  for (const Dims& dims : shapes) {
    Model m = small_model();
    m.initializer(floats("big", dims, {1.0F}));
    const std::string bytes = m.bytes();
    EXPECT_FALSE(read_onnx(as_span(bytes), ""));
  }
}

TEST(Hostile, ManyNodesAreLinear) {
  Model m;
  m.input("v0", {4});
  const int count = 100'000;  // as many as are accepted
  for (int i = 0; i < count; ++i)
    m.add(node(i % 2 == 0 ? "Relu" : "Neg", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)}, {}, "n"));
  m.output("v" + std::to_string(count));
  const std::string bytes = m.bytes();
  Result<ir::Graph> graph = read_onnx(as_span(bytes), "");
  ASSERT_TRUE(graph) << graph.error()[0].text();
  EXPECT_EQ(graph->nodes.size(), static_cast<std::size_t>(count));
}

TEST(Hostile, MoreNodesThanAnyNetworkHasAreRefused) {
  Model m;
  m.input("v0", {4});
  for (int i = 0; i < 100'001; ++i) m.add(node("Relu", {"v0"}, {"w" + std::to_string(i)}, {}, "n"));
  m.output("w0");
  const std::string bytes = m.bytes();
  const Result<ir::Graph> graph = read_onnx(as_span(bytes), "");
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error()[0].code, "onnx.size");
}

TEST(Hostile, ManyUnknownOperatorsAreOneReport) {
  Model m;
  m.input("x", {4});
  for (int i = 0; i < 100'000; ++i) m.add(node("Nonsense" + std::to_string(i), {"x"}, {"v" + std::to_string(i)}));
  m.output("v0");
  const std::string bytes = m.bytes();
  const Result<ir::Graph> graph = read_onnx(as_span(bytes), "");
  ASSERT_FALSE(graph);
  EXPECT_LE(graph.error().size(), 201U);
}

}  // namespace
}  // namespace heddle::frontend
