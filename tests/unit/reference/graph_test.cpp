// SPDX-License-Identifier: Apache-2.0
#include "reference/graph.h"

#include <gtest/gtest.h>

namespace heddle::reference {
namespace {

Tensor f32(Shape shape, const std::vector<float>& values) {
  return Tensor::from<float>(std::move(shape), values);
}

std::vector<float> floats(const Tensor& tensor) {
  const auto data = tensor.data<float>();
  return {data.begin(), data.end()};
}

ir::ValueId add_value(ir::Graph& graph, const std::string& name, Shape shape) {
  ir::Value value;
  value.name = name;
  value.shape = std::move(shape);
  return graph.add_value(std::move(value));
}

ir::ValueId add_node(ir::Graph& graph, const std::string& op, std::vector<ir::ValueId> inputs) {
  const ir::ValueId output = add_value(graph, op + "_out", {-1, 2});
  ir::Node node;
  node.op = op;
  node.name = "the_" + op;
  node.inputs = std::move(inputs);
  node.outputs = {output};
  graph.nodes.push_back(std::move(node));
  return output;
}

/// y = relu(x) · 2 + x
struct Example {
  ir::Graph graph;
  ir::ValueId x, relu, product;
  Example() {
    x = add_value(graph, "x", {-1, 2});
    graph.inputs = {x};
    relu = add_node(graph, "Relu", {x});
    product = add_node(graph, "Mul", {relu, graph.add_constant("two", f32({}, {2}))});
    graph.outputs = {add_node(graph, "Add", {product, x})};
  }
};

TEST(RunGraph, ComputesTheOutputs) {
  const Example e;
  const std::vector<Tensor> inputs{f32({1, 2}, {-1, 3})};
  const auto result = run_graph(e.graph, inputs);
  ASSERT_TRUE(result.has_value());
  ASSERT_EQ(result->size(), 1U);
  EXPECT_EQ(floats(result->front()), (std::vector<float>{-1, 9}));
}

TEST(RunGraph, UnboundDimensionsTakeAnySize) {
  const Example e;
  const std::vector<Tensor> inputs{f32({2, 2}, {1, 2, 3, 4})};
  EXPECT_EQ(floats(run_graph(e.graph, inputs)->front()), (std::vector<float>{3, 6, 9, 12}));
}

TEST(RunGraph, KeepsWhatIsAskedFor) {
  const Example e;
  const std::vector<Tensor> inputs{f32({1, 2}, {-1, 3})};
  const std::vector<ir::ValueId> keep{e.relu, e.x};
  const auto result = run_graph(e.graph, inputs, {.keep = keep});
  ASSERT_EQ(result->size(), 3U);
  EXPECT_EQ(floats((*result)[1]), (std::vector<float>{0, 3}));
  EXPECT_EQ(floats((*result)[2]), (std::vector<float>{-1, 3}));
}

TEST(RunGraph, ShowsEveryNodeToTheObserver) {
  const Example e;
  const std::vector<Tensor> inputs{f32({1, 2}, {-1, 3})};
  std::vector<std::string> seen;
  const Observer observer = [&](const ir::Node& node, std::span<const Tensor> outputs) {
    seen.push_back(node.op + ":" + std::to_string(outputs[0].data<float>()[1]));
  };
  ASSERT_TRUE(run_graph(e.graph, inputs, {.observer = observer}).has_value());
  EXPECT_EQ(seen, (std::vector<std::string>{"Relu:3.000000", "Mul:6.000000", "Add:9.000000"}));
}

TEST(RunGraph, CopiesOfTheObserverStayValid) {
  const Example e;
  const std::vector<Tensor> inputs{f32({1, 2}, {-1, 3})};
  Tensor relu;
  const Observer observer = [&](const ir::Node& node, std::span<const Tensor> outputs) {
    if (node.op == "Relu") relu = outputs[0];
  };
  const auto result = run_graph(e.graph, inputs, {.observer = observer});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(floats(relu), (std::vector<float>{0, 3}));
}

TEST(RunGraph, RefusesInputsThatDoNotFit) {
  const Example e;
  const auto code = [&](const std::vector<Tensor>& inputs) { return run_graph(e.graph, inputs).error()[0].code; };
  EXPECT_EQ(code({}), "run.inputs");
  EXPECT_EQ(code({f32({1, 3}, {1, 2, 3})}), "run.input");
  EXPECT_EQ(code({f32({2}, {1, 2})}), "run.input");
  EXPECT_EQ(code({Tensor(DataType::i32, {1, 2})}), "run.input");
  EXPECT_EQ(code({Tensor()}), "run.input");
}

TEST(RunGraph, NamesTheNodeThatFails) {
  Example e;
  e.graph.nodes[1].inputs[1] = e.graph.add_constant("three", f32({3}, {1, 2, 3}));
  const std::vector<Tensor> inputs{f32({1, 2}, {-1, 3})};
  const auto result = run_graph(e.graph, inputs);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error()[0].node, "the_Mul");
  EXPECT_EQ(result.error()[0].op, "Mul");
  EXPECT_EQ(result.error()[0].code, "op.shape");
}

TEST(RunGraph, UnknownOperatorsAreUnsupported) {
  Example e;
  e.graph.nodes[0].op = "Nothing";
  const std::vector<Tensor> inputs{f32({1, 2}, {-1, 3})};
  const auto result = run_graph(e.graph, inputs);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error()[0].code, "op.unknown");
  EXPECT_EQ(result.error()[0].error_class, ErrorClass::unsupported);
}

}  // namespace
}  // namespace heddle::reference
