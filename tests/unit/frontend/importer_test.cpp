// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <limits>

#include "frontend/onnx.h"
#include "tests/unit/frontend/model_builder.h"

namespace heddle::frontend {
namespace {

using namespace heddle::testing;
using ::testing::HasSubstr;

Result<ir::Graph> import(const Model& model, const ReadOptions& options = {}) {
  const std::string bytes = model.bytes();
  return read_onnx(as_span(bytes), "", options);
}

/// The single finding of an import that must fail.
Diagnostic refusal(const Model& model, const ReadOptions& options = {}) {
  const Result<ir::Graph> graph = import(model, options);
  if (graph) {
    ADD_FAILURE() << "was accepted:\n" << ir::print(*graph);
    return {};
  }
  EXPECT_EQ(graph.error().size(), 1U) << graph.error().back().text();
  return graph.error().front();
}

Model relu_model() {
  Model m;
  m.input("x", {1, 3}).add(node("Relu", {"x"}, {"y"}, {}, "act")).output("y");
  return m;
}

TEST(Importer, ReadsAGraphWithTypesAndShapes) {
  Model m;
  m.input("x", {1, 2, 4, 4}).initializer(floats("w", {3, 2, 1, 1}, std::vector<float>(6, 1.0F)));
  m.add(node("Conv", {"x", "w"}, {"c"}, {ints_attribute("kernel_shape", {1, 1})}, "conv"));
  m.add(node("Relu", {"c"}, {"y"})).output("y");
  const Result<ir::Graph> graph = import(m);
  ASSERT_TRUE(graph) << graph.error()[0].text();
  EXPECT_TRUE(ir::verify(*graph));
  EXPECT_EQ(graph->value(graph->outputs[0]).shape, (Shape{1, 3, 4, 4}));
  EXPECT_EQ(graph->nodes[0].name, "conv");
  EXPECT_EQ(graph->nodes[1].name, "Relu_1");
  EXPECT_EQ(graph->nodes[1].origins, std::vector<std::string>{"Relu_1"});
}

TEST(Importer, InitializersListedAsInputsAreNoInputs) {
  Model m = relu_model();
  m.input("w", {1}).initializer(floats("w", {1}, {1.0F}));
  const Result<ir::Graph> graph = import(m);
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->inputs.size(), 1U);
}

TEST(Importer, NodesMayComeInAnyOrderAndUnderOneName) {
  Model m;
  m.input("x", {2}).add(node("Relu", {"a"}, {"y"}, {}, "n")).add(node("Neg", {"x"}, {"a"}, {}, "n")).output("y");
  const Result<ir::Graph> graph = import(m);
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->nodes[0].op, "Neg");
  EXPECT_NE(graph->nodes[0].name, graph->nodes[1].name);
  EXPECT_TRUE(ir::verify(*graph));
}

TEST(Importer, ConstantNodesOfEveryForm) {
  Model m;
  m.input("x", {2});
  m.add(node("Constant", {}, {"a"}, {float_attribute("value_float", 2.0F)}));
  m.add(node("Constant", {}, {"b"}, {floats_attribute("value_floats", {1.0F, 2.0F})}));
  m.add(node("Constant", {}, {"s"}, {ints_attribute("value_ints", {2})}));
  m.add(node("Constant", {}, {"i"}, {int_attribute("value_int", 5)}));
  m.add(node("Constant", {}, {"t"}, {attribute("value").message(5, floats("", {2}, {3, 4})).integer(20, 4)}));
  m.add(node("Sum", {"x", "a", "b", "t"}, {"sum"})).add(node("Reshape", {"sum", "s"}, {"y"})).output("y").output("i");
  const Result<ir::Graph> graph = import(m);
  ASSERT_TRUE(graph) << graph.error()[0].text();
  EXPECT_EQ(graph->nodes.size(), 2U);
  EXPECT_EQ(graph->value(graph->outputs[1]).constant->data<std::int64_t>()[0], 5);
}

TEST(Importer, ShapeArithmeticIsEvaluated) {
  Model m;
  m.input("x", {-1, 3, 4}).initializer(ints("zero", {0})).initializer(ints("rest", {-1}));
  m.add(node("Shape", {"x"}, {"s"})).add(node("Gather", {"s", "zero"}, {"n"}));
  m.add(node("Concat", {"n", "rest"}, {"t"}, {int_attribute("axis", 0)}));
  m.add(node("Reshape", {"x", "t"}, {"y"})).output("y");
  const Result<ir::Graph> graph = import(m, {.shapes = {}, .default_batch = 2});
  ASSERT_TRUE(graph) << graph.error()[0].text();
  EXPECT_EQ(graph->value(graph->outputs[0]).shape, (Shape{2, 12}));
  const Status status = ir::verify(*graph);
  EXPECT_TRUE(status) << status.error()[0].text();
}

TEST(Importer, DynamicDimensions) {
  Model m;
  m.input("image", {-1, 3, -1, 224}).add(node("Relu", {"image"}, {"y"})).output("y");
  const Diagnostic d = refusal(m);
  EXPECT_EQ(d.code, "onnx.input.dynamic");
  EXPECT_THAT(d.message, HasSubstr("1x3x?x224"));
  EXPECT_THAT(d.hint, HasSubstr("--shape image=1x3x224x224"));

  const Result<ir::Graph> bound = import(m, {.shapes = {{"image", {2, 3, 192, 224}}}});
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->value(bound->outputs[0]).shape, (Shape{2, 3, 192, 224}));
  EXPECT_EQ(refusal(m, {.shapes = {{"image", {1, 4, 192, 224}}}}).code, "onnx.input.binding");

  const Result<ir::Graph> open = import(m, {.shapes = {}, .default_batch = 1, .require_static = false});
  ASSERT_TRUE(open);
  EXPECT_EQ(open->value(open->inputs[0]).shape, (Shape{1, 3, -1, 224}));
}

TEST(Importer, ABindingOfNoInputIsNamed) {
  Model m;
  m.input("image", {1, 3}).add(node("Relu", {"image"}, {"y"})).output("y");
  const Diagnostic d = refusal(m, {.shapes = {{"imagee", {1, 3}}}});
  EXPECT_EQ(d.code, "onnx.input.unknown");
  EXPECT_EQ(d.hint, "did you mean 'image'?");
}

TEST(Importer, AnInputWithoutShapeNeedsABinding) {
  Model m;
  m.graph.message(11, Message().text(1, "x").message(2, Message().message(1, Message().integer(1, 1))));
  m.add(node("Relu", {"x"}, {"y"})).output("y");
  EXPECT_THAT(refusal(m).message, HasSubstr("no shape"));
  EXPECT_TRUE(import(m, {.shapes = {{"x", {1, 2}}}}));
}

TEST(Importer, AllUnknownOperatorsAreNamed) {
  Model m;
  m.input("x", {2}).add(node("Relux", {"x"}, {"a"}, {}, "first")).add(node("If", {"a"}, {"b"}, {}, "second"));
  m.add(node("QLinearAdd", {"b"}, {"c"}, {}, "third").text(7, "com.microsoft")).output("c");
  const Result<ir::Graph> graph = import(m);
  ASSERT_FALSE(graph);
  ASSERT_EQ(graph.error().size(), 3U);
  EXPECT_EQ(exit_code(graph.error()), 3);
  EXPECT_EQ(graph.error()[0].node, "first");
  EXPECT_THAT(graph.error()[0].hint, HasSubstr("'Relu'"));
  EXPECT_THAT(graph.error()[1].message, HasSubstr("control flow"));
  EXPECT_THAT(graph.error()[2].message, HasSubstr("com.microsoft"));
}

TEST(Importer, AttributesAreChecked) {
  Model m;
  m.input("x", {1, 1, 4, 4});
  m.add(node("MaxPool", {"x"}, {"y"}, {ints_attribute("kernel_shap", {2, 2}), int_attribute("strides", 2)}, "pool"));
  m.output("y");
  const Result<ir::Graph> graph = import(m);
  ASSERT_FALSE(graph);
  ASSERT_EQ(graph.error().size(), 2U);
  EXPECT_EQ(graph.error()[0].field, "kernel_shap");
  EXPECT_EQ(graph.error()[0].hint, "did you mean 'kernel_shape'?");
  EXPECT_THAT(graph.error()[1].message, HasSubstr("should be a list of integers"));
  EXPECT_EQ(graph.error()[1].node, "pool");
  EXPECT_EQ(graph.error()[1].op, "MaxPool");
}

TEST(Importer, AttributesThatCannotBeRead) {
  Model m = relu_model();
  m.add(node("LeakyRelu", {"y"}, {"a"}, {float_attribute("alpha", 0.1F), float_attribute("alpha", 0.2F)}));
  m.add(node("Relu", {"y"}, {"b"}, {attribute("body").message(6, Message()).integer(20, 5)}));
  m.add(node("Pad", {"y"}, {"c"}, {text_attribute("mode", "\xFF")}));
  const Result<ir::Graph> graph = import(m);
  ASSERT_FALSE(graph);
  ASSERT_EQ(graph.error().size(), 3U);
  EXPECT_EQ(graph.error()[0].code, "onnx.attribute.duplicate");
  EXPECT_THAT(graph.error()[1].message, HasSubstr("sub-graphs"));
  EXPECT_EQ(graph.error()[2].code, "onnx.attribute.utf8");
}

TEST(Importer, AttributesWithoutAStatedTypeOrEffect) {
  Model m;
  m.input("x", {2, 3}).add(node("Dropout", {"x"}, {"a"}, {attribute("seed").integer(3, 7)}));
  m.add(node("LeakyRelu", {"a"}, {"b"}, {attribute("alpha").real(2, 0.5F)}));
  m.add(node("Transpose", {"b"}, {"y"}, {attribute("perm").integer(8, 1).integer(8, 0)})).output("y");
  const Result<ir::Graph> graph = import(m);
  ASSERT_TRUE(graph) << graph.error()[0].text();
  EXPECT_EQ(kernels::get_float(graph->nodes[1].attributes, "alpha", 0), 0.5F);
  EXPECT_EQ(graph->value(graph->outputs[0]).shape, (Shape{3, 2}));
}

TEST(Importer, WrongGraphs) {
  EXPECT_EQ(refusal(Model(relu_model()).add(node("Neg", {"nothing"}, {"z"}))).code, "onnx.value.undefined");
  EXPECT_EQ(refusal(Model(relu_model()).add(node("Neg", {"x"}, {"y"}))).code, "onnx.value.duplicate");
  EXPECT_EQ(refusal(Model(relu_model()).output("z")).code, "onnx.output.undefined");
  EXPECT_EQ(refusal(Model(relu_model()).add(node("Neg", {"x"}, {}))).code, "onnx.node.outputs");
  const Diagnostic cycle =
      refusal(Model(relu_model()).add(node("Neg", {"p"}, {"q"}, {}, "loop")).add(node("Abs", {"q"}, {"p"})));
  EXPECT_EQ(cycle.code, "onnx.graph.cycle");
  EXPECT_EQ(cycle.node, "loop");
  Model none;
  none.input("x", {1});
  EXPECT_EQ(refusal(none).code, "onnx.output.none");
  EXPECT_EQ(refusal(Model(relu_model()).input("bad\xFF", {1})).code, "onnx.name.utf8");
  EXPECT_EQ(refusal(Model(relu_model()).input("", {1})).code, "onnx.input.name");
  EXPECT_EQ(refusal(Model(relu_model()).input("huge", {1LL << 31, 1LL << 31})).code, "onnx.input.size");
  EXPECT_EQ(refusal(Model(relu_model()).input("text", {1}, 8)).code, "onnx.input.type");
  EXPECT_EQ(refusal(Model(relu_model()).initializer(floats("", {1}, {1}))).code, "onnx.tensor.name");
}

TEST(Importer, SequencesAndSparseTensorsAreUnsupported) {
  Model m = relu_model();
  m.graph.message(11, Message().text(1, "list").message(2, Message().message(4, Message())));
  m.graph.message(15, Message());
  const Result<ir::Graph> graph = import(m);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().size(), 2U);
  EXPECT_EQ(exit_code(graph.error()), 3);
}

TEST(Importer, TensorsAreNamedInFindings) {
  Model m = relu_model();
  m.initializer(floats("nan", {2}, {1.0F, std::numeric_limits<float>::quiet_NaN()}));
  m.initializer(floats("short", {3}, {1.0F}));
  const Result<ir::Graph> graph = import(m);
  ASSERT_FALSE(graph);
  ASSERT_EQ(graph.error().size(), 2U);
  EXPECT_EQ(graph.error()[0].message, "tensor 'nan' contains NaN");
  EXPECT_THAT(graph.error()[1].message, HasSubstr("'short' stores 4 bytes; its dimensions 3 need 12"));
}

TEST(Importer, OperatorSets) {
  for (const std::int64_t opset : {6, 29, 1000}) {
    Model m = relu_model();
    m.opset = opset;
    EXPECT_EQ(refusal(m).code, "onnx.opset");
  }
  EXPECT_EQ(read_onnx(as_span(std::string("\x08\x07", 2)), "").error()[0].code, "onnx.graph");
}

TEST(Importer, FunctionsAreInlined) {
  Model m;
  m.input("x", {2, 3});
  m.add(node("Twice", {"x"}, {"y"}, {float_attribute("slope", 0.25F)}, "call").text(7, "local")).output("y");
  Message inner = attribute("alpha").text(21, "slope").integer(20, 1);
  Message f;
  f.text(1, "Twice").text(10, "local").text(4, "a").text(5, "b").text(6, "slope");
  f.message(7, node("LeakyRelu", {"a"}, {"t"}, {inner}, "leak")).message(7, node("Neg", {"t"}, {"b"}));
  f.message(9, Message().text(1, "").integer(2, 21));
  m.functions.push_back(f);
  const Result<ir::Graph> graph = import(m);
  ASSERT_TRUE(graph) << graph.error()[0].text();
  ASSERT_EQ(graph->nodes.size(), 2U);
  EXPECT_EQ(graph->nodes[0].name, "call/leak");
  EXPECT_EQ(kernels::get_float(graph->nodes[0].attributes, "alpha", 0), 0.25F);
  EXPECT_EQ(graph->value(graph->outputs[0]).name, "y");
}

TEST(Importer, FunctionsThatExplodeAreRefused) {
  Model m;
  m.input("x", {1}).add(node("f0", {"x"}, {"y"}).text(7, "local")).output("y");
  for (int i = 0; i < 40; ++i) {
    Message f;
    const std::string next = i < 39 ? "f" + std::to_string(i + 1) : "f0";
    f.text(1, "f" + std::to_string(i)).text(10, "local").text(4, "a").text(5, "b");
    f.message(7, node(next, {"a"}, {"t"}).text(7, "local")).message(7, node(next, {"t"}, {"b"}).text(7, "local"));
    m.functions.push_back(f);
  }
  const Result<ir::Graph> graph = import(m);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error()[0].code, "onnx.function.depth");
}

}  // namespace
}  // namespace heddle::frontend
