// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace heddle::test {

/// Builds small float graphs with seeded weights.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::uint32_t seed = 1) : random_(seed) { graph_.name = "test"; }

  ir::ValueId input(Shape shape, DataType type = DataType::f32) {
    ir::Value value;
    value.name = "input" + std::to_string(graph_.inputs.size());
    value.type = type;
    value.shape = std::move(shape);
    const ir::ValueId id = graph_.add_value(std::move(value));
    graph_.inputs.push_back(id);
    return id;
  }
  /// Normal weights.
  ir::ValueId weights(Shape shape, float deviation = 0.3F) {
    Tensor tensor(DataType::f32, std::move(shape));
    std::normal_distribution<float> normal(0.0F, deviation);
    for (float& v : tensor.mutable_data<float>()) v = normal(random_);
    return constant(tensor);
  }
  ir::ValueId constant(const Tensor& tensor) {
    return graph_.add_constant("constant" + std::to_string(graph_.values.size()), tensor);
  }
  ir::ValueId floats(Shape shape, const std::vector<float>& values) {
    return constant(Tensor::from<float>(std::move(shape), values));
  }
  ir::ValueId scalar(float value) { return floats({}, {value}); }
  ir::ValueId ints(const std::vector<std::int64_t>& values) {
    return constant(Tensor::from<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  }

  ir::ValueId node(const std::string& op, std::vector<ir::ValueId> inputs, kernels::Attributes attributes = {}) {
    return nodes(op, std::move(inputs), 1, std::move(attributes))[0];
  }
  std::vector<ir::ValueId> nodes(const std::string& op, std::vector<ir::ValueId> inputs, std::size_t outputs,
                                 kernels::Attributes attributes = {}) {
    ir::Node node;
    node.op = op;
    node.name = op + "_" + std::to_string(graph_.nodes.size());
    node.attributes = std::move(attributes);
    node.inputs = std::move(inputs);
    for (std::size_t i = 0; i < outputs; ++i) {
      ir::Value value;
      value.name = node.name + "_out" + std::to_string(i);
      node.outputs.push_back(graph_.add_value(std::move(value)));
    }
    graph_.nodes.push_back(node);
    return node.outputs;
  }
  /// Conv with bias; `kernel` square, pads keep the size at stride 1.
  ir::ValueId conv(ir::ValueId x, std::int64_t from, std::int64_t to, std::int64_t kernel, std::int64_t stride = 1,
                   std::int64_t group = 1) {
    const std::int64_t pad = kernel / 2;
    return node("Conv", {x, weights({to, from / group, kernel, kernel}), weights({to})},
                {{"pads", std::vector<std::int64_t>{pad, pad, pad, pad}},
                 {"strides", std::vector<std::int64_t>{stride, stride}},
                 {"kernel_shape", std::vector<std::int64_t>{kernel, kernel}},
                 {"group", group}});
  }

  ir::Graph finish(std::vector<ir::ValueId> outputs) {
    graph_.outputs = std::move(outputs);
    const auto shapes = ir::infer_shapes(graph_);
    EXPECT_TRUE(shapes) << shapes.error().front().text();
    const auto legal = ir::verify(graph_);
    EXPECT_TRUE(legal) << legal.error().front().text();
    return std::move(graph_);
  }

 private:
  ir::Graph graph_;
  std::mt19937 random_;
};

}  // namespace heddle::test
