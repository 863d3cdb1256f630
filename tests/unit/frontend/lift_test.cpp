// SPDX-License-Identifier: Apache-2.0
#include "frontend/lift.h"

#include <gmock/gmock.h>

#include "frontend/onnx.h"
#include "tests/unit/frontend/model_builder.h"
#include "tests/unit/ir/graph_builder.h"

namespace heddle::frontend {
namespace {

using namespace heddle::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Imports x -> op -> y in an operator set.
Result<ir::Graph> import_one(std::int64_t opset, const Dims& shape, const Message& node,
                             const std::vector<Message>& initializers = {}) {
  Model m;
  m.opset = opset;
  m.input("x", shape).add(node).output("y");
  for (const Message& i : initializers) m.initializer(i);
  const std::string bytes = m.bytes();
  return read_onnx(as_span(bytes), "");
}

ir::Graph one(std::int64_t opset, const Dims& shape, const Message& node,
              const std::vector<Message>& initializers = {}) {
  Result<ir::Graph> graph = import_one(opset, shape, node, initializers);
  EXPECT_TRUE(graph) << (graph ? "" : graph.error()[0].text());
  if (!graph) return {};
  EXPECT_TRUE(ir::verify(*graph));
  return std::move(*graph);
}

std::vector<float> run(const ir::Graph& graph, const std::vector<float>& x) {
  const Tensor input = Tensor::from<float>(graph.value(graph.inputs[0]).shape, x);
  const Tensor y = evaluate(graph, {input}).front();
  return {y.data<float>().begin(), y.data<float>().end()};
}

TEST(Lift, ClipLimits) {
  const ir::Graph graph =
      one(6 + 1, {3}, node("Clip", {"x"}, {"y"}, {float_attribute("min", -1), float_attribute("max", 2)}));
  EXPECT_THAT(run(graph, {-5, 1, 5}), ElementsAre(-1, 1, 2));
  const ir::Graph open = one(10, {3}, node("Clip", {"x"}, {"y"}, {float_attribute("max", 2)}));
  EXPECT_THAT(run(open, {-5, 1, 5}), ElementsAre(-5, 1, 2));
}

TEST(Lift, PadSliceSqueezeUnsqueeze) {
  EXPECT_THAT(
      run(one(10, {2}, node("Pad", {"x"}, {"y"}, {ints_attribute("pads", {1, 0}), float_attribute("value", 9)})),
          {1, 2}),
      ElementsAre(9, 1, 2));
  EXPECT_THAT(run(one(9, {3},
                      node("Slice", {"x"}, {"y"},
                           {ints_attribute("starts", {1}), ints_attribute("ends", {3}), ints_attribute("axes", {0})})),
                  {1, 2, 3}),
              ElementsAre(2, 3));
  ir::Graph graph = one(12, {1, 2}, node("Squeeze", {"x"}, {"y"}, {ints_attribute("axes", {0})}));
  EXPECT_EQ(graph.value(graph.outputs[0]).shape, (Shape{2}));
  graph = one(12, {2}, node("Unsqueeze", {"x"}, {"y"}, {ints_attribute("axes", {0, 2})}));
  EXPECT_EQ(graph.value(graph.outputs[0]).shape, (Shape{1, 2, 1}));
}

TEST(Lift, SplitSizesAndEqualParts) {
  ir::Graph graph = one(11, {5}, node("Split", {"x"}, {"a", "y"}, {ints_attribute("split", {2, 3})}));
  EXPECT_EQ(graph.value(graph.outputs[0]).shape, (Shape{3}));
  graph = one(13, {6}, node("Split", {"x"}, {"a", "y"}));
  EXPECT_EQ(graph.value(graph.outputs[0]).shape, (Shape{3}));
}

TEST(Lift, AxesOfReductions) {
  for (const std::string op : {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
                               "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"}) {
    const ir::Graph graph = one(12, {2, 3}, node(op, {"x"}, {"y"}, {ints_attribute("axes", {1})}));
    EXPECT_EQ(graph.value(graph.outputs[0]).shape, (Shape{2, 1})) << op;
  }
}

TEST(Lift, TopKAndDropout) {
  EXPECT_THAT(run(one(9, {4}, node("TopK", {"x"}, {"y", "i"}, {int_attribute("k", 2)})), {1, 4, 3, 2}),
              ElementsAre(4, 3));
  EXPECT_THAT(run(one(7, {2}, node("Dropout", {"x"}, {"y"}, {float_attribute("ratio", 0.5F)})), {1, 2}),
              ElementsAre(1, 2));
}

TEST(Lift, UpsampleIsNearestFromBelow) {
  const std::vector<float> wanted{1, 1, 2, 2};
  EXPECT_EQ(run(one(7, {1, 1, 2}, node("Upsample", {"x"}, {"y"}, {floats_attribute("scales", {1, 1, 2})})), {1, 2}),
            wanted);
  const Message scales = floats("s", {3}, {1, 1, 2});
  EXPECT_EQ(run(one(9, {1, 1, 2}, node("Upsample", {"x", "s"}, {"y"}), {scales}), {1, 2}), wanted);
  EXPECT_EQ(run(one(10, {1, 1, 2}, node("Resize", {"x", "s"}, {"y"}), {scales}), {1, 2}), wanted);
}

TEST(Lift, UpsampleLinearIsAsymmetric) {
  const Message scales = floats("s", {4}, {1, 1, 1, 2});
  const ir::Graph graph =
      one(9, {1, 1, 1, 2}, node("Upsample", {"x", "s"}, {"y"}, {text_attribute("mode", "linear")}), {scales});
  EXPECT_THAT(run(graph, {1, 3}), ElementsAre(1, 2, 3, 3));
}

TEST(Lift, ResizeWithEmptyInputs) {
  const Message n = node("Resize", {"x", "roi", "scales", "sizes"}, {"y"},
                         {text_attribute("coordinate_transformation_mode", "asymmetric")});
  const ir::Graph graph =
      one(11, {1, 1, 2}, n, {floats("roi", {0}, {}), floats("scales", {0}, {}), ints("sizes", {1, 1, 4})});
  EXPECT_EQ(graph.value(graph.outputs[0]).shape, (Shape{1, 1, 4}));
}

TEST(Lift, BatchNormalisation) {
  const std::vector<Message> c{floats("s", {2}, {1, 1}), floats("b", {2}, {0, 0}), floats("m", {2}, {1, 2}),
                               floats("v", {2}, {1, 1})};
  const std::vector<std::string> in{"x", "s", "b", "m", "v"};
  EXPECT_THAT(
      run(one(7, {1, 2},
              node("BatchNormalization", in, {"y"}, {float_attribute("epsilon", 0), int_attribute("spatial", 1)}), c),
          {3, 3}),
      ElementsAre(2, 1));
  const ir::Graph training = one(9, {1, 2, 2}, node("BatchNormalization", in, {"y", "m2", "v2", "sm", "sv"}), c);
  EXPECT_EQ(kernels::get_int(training.nodes[0].attributes, "training_mode", 0), 1);
  const auto refused = import_one(7, {1, 2}, node("BatchNormalization", in, {"y"}, {int_attribute("spatial", 0)}), c);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error()[0].field, "spatial");
  EXPECT_EQ(exit_code(refused.error()), 3);
}

TEST(Lift, GroupNormalisationByGroup) {
  const Message n = node("GroupNormalization", {"x", "s", "b"}, {"y"}, {int_attribute("num_groups", 2)});
  const ir::Graph graph = one(18, {1, 4, 2}, n, {floats("s", {2}, {1, 2}), floats("b", {2}, {0, 10})});
  EXPECT_EQ(graph.value(graph.nodes[0].inputs[1]).shape, (Shape{4}));
  const std::vector<float> y = run(graph, {-1, 1, -1, 1, -1, 1, -1, 1});
  EXPECT_NEAR(y[0], -1, 1e-3);
  EXPECT_NEAR(y[7], 12, 1e-3);
}

TEST(Lift, SoftmaxOverAllAxesFromOneOn) {
  const std::vector<float> y = run(one(11, {1, 2, 2}, node("Softmax", {"x"}, {"y"})), {0, 0, 0, 0});
  EXPECT_THAT(y, ElementsAre(0.25F, 0.25F, 0.25F, 0.25F));
  EXPECT_THAT(run(one(13, {1, 2, 2}, node("Softmax", {"x"}, {"y"})), {0, 0, 0, 0}),
              ElementsAre(0.5F, 0.5F, 0.5F, 0.5F));
  const ir::Graph plain = one(11, {1, 4, 1, 1}, node("Softmax", {"x"}, {"y"}, {int_attribute("axis", 1)}));
  EXPECT_EQ(plain.nodes.size(), 1U);
  EXPECT_EQ(plain.nodes[0].op, "Softmax");
  EXPECT_FALSE(import_one(11, {2, 2}, node("Softmax", {"x"}, {"y"}, {int_attribute("axis", 5)})));
}

TEST(Lift, TheTableIsInOrder) {
  for (const Lift& rule : lifts()) {
    EXPECT_GT(rule.below, kOldestOpset);
    EXPECT_FALSE(rule.what.empty());
  }
}

}  // namespace
}  // namespace heddle::frontend
