// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ir/graph.h"
#include "ir/graph_inference.h"
#include "kernels/operator.h"

/// Writes small graphs down, and runs them operator by operator.
namespace heddle::testing {

class GraphBuilder {
 public:
  ir::Graph graph;

  ir::ValueId input(const std::string& name, Shape shape, DataType type = DataType::f32) {
    const ir::ValueId id =
        graph.add_value({.name = name, .type = type, .shape = std::move(shape), .constant = {}, .quantization = {}});
    graph.inputs.push_back(id);
    return id;
  }
  ir::ValueId floats(Shape shape, const std::vector<float>& values) {
    return graph.add_constant(fresh("c"), Tensor::from<float>(std::move(shape), values));
  }
  ir::ValueId scalar(float value) { return floats({}, {value}); }
  ir::ValueId ints(const std::vector<std::int64_t>& values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return graph.add_constant(fresh("c"), Tensor::from<std::int64_t>({count}, values));
  }
  template <class T>
  ir::ValueId constant(Shape shape, const std::vector<T>& values) {
    return graph.add_constant(fresh("c"), Tensor::from<T>(std::move(shape), values));
  }
  /// Uniform in [-1, 1).
  ir::ValueId random(Shape shape) { return graph.add_constant(fresh("c"), random_tensor(std::move(shape))); }
  Tensor random_tensor(Shape shape, float lo = -1.0F, float hi = 1.0F) {
    Tensor tensor(DataType::f32, std::move(shape));
    std::uniform_real_distribution<float> uniform(lo, hi);
    for (float& v : tensor.mutable_data<float>()) v = uniform(generator_);
    return tensor;
  }

  /// Appends a node and infers it; a refusal is a failure of the test.
  ir::ValueId node(const std::string& op, std::vector<ir::ValueId> inputs, kernels::Attributes attributes = {}) {
    return nodes(op, std::move(inputs), std::move(attributes), 1).front();
  }
  std::vector<ir::ValueId> nodes(const std::string& op, std::vector<ir::ValueId> inputs, kernels::Attributes attributes,
                                 std::size_t outputs) {
    ir::Node node;
    node.op = op;
    node.name = fresh(op);
    node.origins = {node.name};
    node.attributes = std::move(attributes);
    node.inputs = std::move(inputs);
    for (std::size_t i = 0; i < outputs; ++i)
      node.outputs.push_back(graph.add_value(
          {.name = fresh("v"), .type = DataType::f32, .shape = {}, .constant = {}, .quantization = {}}));
    const auto infos = ir::infer_node(graph, node);
    EXPECT_TRUE(infos) << op << ": " << (infos ? "" : infos.error().front().text());
    for (std::size_t i = 0; infos && i < outputs; ++i) {
      graph.value(node.outputs[i]).type = (*infos)[i].type;
      graph.value(node.outputs[i]).shape = (*infos)[i].shape;
    }
    std::vector<ir::ValueId> result = node.outputs;
    graph.nodes.push_back(std::move(node));
    return result;
  }
  void output(ir::ValueId id) { graph.outputs.push_back(id); }

 private:
  std::string fresh(const std::string& stem) { return stem + "_" + std::to_string(count_++); }
  int count_ = 0;
  std::mt19937 generator_{20240229};
};

/// Runs the graph on inputs of its types and shapes; every operator's run function in order.
inline std::vector<Tensor> evaluate(const ir::Graph& graph, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> values(graph.values.size());
  for (std::size_t v = 0; v < values.size(); ++v)
    if (graph.values[v].constant) values[v] = *graph.values[v].constant;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) values[static_cast<std::size_t>(graph.inputs[i])] = inputs[i];
  for (const ir::Node& node : graph.nodes) {
    std::vector<Tensor> operands;
    for (const ir::ValueId id : node.inputs)
      operands.push_back(id == ir::kNoValue ? Tensor{} : values[static_cast<std::size_t>(id)]);
    const auto* definition = kernels::find_operator(node.op);
    if (definition == nullptr) {
      ADD_FAILURE() << "unknown operator " << node.op;
      return {};
    }
    auto results = definition->run(node.attributes, operands, node.outputs.size());
    if (!results) {
      ADD_FAILURE() << node.op << ": " << results.error().front().text();
      return {};
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i] != ir::kNoValue) values[static_cast<std::size_t>(node.outputs[i])] = (*results)[i];
  }
  std::vector<Tensor> outputs;
  for (const ir::ValueId id : graph.outputs) outputs.push_back(values[static_cast<std::size_t>(id)]);
  return outputs;
}

/// Random inputs of the graph's types and shapes.
inline std::vector<Tensor> random_inputs(const ir::Graph& graph, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-2.0F, 2.0F);
  std::vector<Tensor> inputs;
  for (const ir::ValueId id : graph.inputs) {
    Tensor tensor(graph.value(id).type, graph.value(id).shape);
    if (tensor.type() == DataType::f32)
      for (float& v : tensor.mutable_data<float>()) v = uniform(generator);
    else
      for (std::byte& b : tensor.mutable_bytes()) b = static_cast<std::byte>(generator() & 0xFFU);
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

/// Equal types and shapes, and values within `tolerance` of the largest magnitude.
inline void expect_close(const Tensor& a, const Tensor& b, float tolerance = 1e-4F) {
  ASSERT_EQ(a.type(), b.type());
  ASSERT_EQ(a.shape(), b.shape());
  if (a.type() != DataType::f32) {
    EXPECT_TRUE(std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin()));
    return;
  }
  float largest = 1.0F, difference = 0.0F;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const float x = a.data<float>()[static_cast<std::size_t>(i)], y = b.data<float>()[static_cast<std::size_t>(i)];
    largest = std::max(largest, std::abs(x));
    difference = std::max(difference, std::abs(x - y));
  }
  EXPECT_LE(difference, tolerance * largest);
}

/// How many nodes have this operator.
inline int count_of(const ir::Graph& graph, const std::string& op) {
  int count = 0;
  for (const ir::Node& node : graph.nodes) count += node.op == op ? 1 : 0;
  return count;
}

}  // namespace heddle::testing
