// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "frontend/onnx.h"
#include "tests/unit/ir/graph_builder.h"

namespace heddle::frontend {
namespace {

using namespace heddle::testing;

/// Writes, reads back, and compares what both compute.
void expect_round_trip(const ir::Graph& graph) {
  const Result<ir::Graph> back = read_onnx(to_onnx(graph), "");
  ASSERT_TRUE(back) << back.error()[0].text();
  EXPECT_TRUE(ir::verify(*back));
  ASSERT_EQ(back->outputs.size(), graph.outputs.size());
  const std::vector<Tensor> inputs = random_inputs(graph, 3);
  const std::vector<Tensor> a = evaluate(graph, inputs), b = evaluate(*back, inputs);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(back->value(back->outputs[i]).name, graph.value(graph.outputs[i]).name);
    expect_close(a[i], b[i]);
  }
}

TEST(WriteOnnx, EveryKindOfAttributeAndOperand) {
  GraphBuilder b;
  ir::ValueId x = b.input("x", {1, 2, 4, 4});
  x = b.node("Conv", {x, b.random({4, 2, 3, 3}), b.random({4})},
             {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}},
              {"auto_pad", std::string("NOTSET")},
              {"group", std::int64_t{1}}});
  x = b.node("LeakyRelu", {x}, {{"alpha", 0.3F}});
  x = b.node("Clip", {x, ir::kNoValue, b.scalar(0.5F)});
  const ir::ValueId fill =
      b.node("ConstantOfShape", {b.ints({1})}, {{"value", Tensor::from<float>({1}, std::vector{0.25F})}});
  b.output(b.node("Add", {x, fill}));
  expect_round_trip(b.graph);
}

TEST(WriteOnnx, SwishInOlderOperators) {
  GraphBuilder b;
  const ir::ValueId x = b.input("x", {2, 3});
  b.output(b.node("Swish", {x}));
  b.output(b.node("Swish", {x}, {{"alpha", 1.5F}}));
  expect_round_trip(b.graph);
}

TEST(WriteOnnx, QuantiseNodesAndPackedConstants) {
  GraphBuilder b;
  const ir::ValueId x = b.input("x", {2, 3});
  const ir::ValueId q = b.node("QuantizeLinear", {x, b.scalar(0.1F), b.constant<std::uint8_t>({}, {128})});
  Tensor nibbles(DataType::i4, {3});
  nibbles.mutable_data<std::int8_t>()[0] = -8;
  nibbles.mutable_data<std::int8_t>()[2] = 7;
  const ir::ValueId w = b.node("DequantizeLinear", {b.graph.add_constant("w", nibbles), b.scalar(0.5F)});
  b.output(b.node("Mul", {b.node("DequantizeLinear", {q, b.scalar(0.1F), b.constant<std::uint8_t>({}, {128})}), w}));
  expect_round_trip(b.graph);
}

TEST(WriteOnnx, FilesAndTheirErrors) {
  GraphBuilder b;
  b.output(b.node("Relu", {b.input("x", {2})}));
  const std::string path = ::testing::TempDir() + "/heddle_write_" + std::to_string(::getpid()) + ".onnx";
  ASSERT_TRUE(write_onnx(b.graph, path));
  EXPECT_TRUE(read_onnx(path));
  std::ofstream(path) << "no model";
  const Result<ir::Graph> bad = read_onnx(path);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error()[0].file, path);
  std::filesystem::remove(path);
  EXPECT_FALSE(read_onnx(path));
  EXPECT_FALSE(read_onnx(::testing::TempDir()));
  EXPECT_FALSE(write_onnx(b.graph, ::testing::TempDir() + "/none/such/file.onnx"));
}

}  // namespace
}  // namespace heddle::frontend
