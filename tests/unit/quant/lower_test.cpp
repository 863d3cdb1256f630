// SPDX-License-Identifier: Apache-2.0
#include "quant/lower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "quant/quantize.h"
#include "tests/unit/quant/execute.h"
#include "tests/unit/quant/graph_builder.h"

namespace heddle::quant {
namespace {

using Ints = std::vector<std::int64_t>;
using test::GraphBuilder;

/// A graph that lies on the overlay as a whole, and how far it may be from the rounded float graph, in steps of the
/// output: 1 for a layer; more where several layers round one after the other, or a 16-bit table interpolates.
struct Case {
  const char* name;
  ir::Graph (*build)(GraphBuilder&);
  int steps8 = 1, steps16 = 1;
};

ir::ValueId image(GraphBuilder& b, std::int64_t channels = 6) {
  return b.input({1, channels, 9, 8});
}

template <std::int64_t kernel, std::int64_t stride, std::int64_t group>
ir::Graph conv(GraphBuilder& b) {
  return b.finish({b.node("Relu", {b.conv(image(b), 6, 12, kernel, stride, group)})});
}
ir::Graph conv_asymmetric(GraphBuilder& b) {
  return b.finish({b.node("Conv", {image(b), b.weights({4, 6, 3, 2})},
                          {{"pads", Ints{0, 1, 2, 0}}, {"dilations", Ints{2, 1}}, {"strides", Ints{1, 2}}})});
}
ir::Graph conv_same(GraphBuilder& b) {
  return b.finish({b.node("Conv", {image(b), b.weights({4, 6, 3, 3})},
                          {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Ints{2, 2}}})});
}
ir::Graph conv_1d(GraphBuilder& b) {
  return b.finish(
      {b.node("Conv", {b.input({1, 5, 20}), b.weights({3, 5, 4}), b.weights({3})}, {{"pads", Ints{1, 2}}})});
}
ir::Graph conv_transpose(GraphBuilder& b) {
  return b.finish({b.node("ConvTranspose", {image(b), b.weights({6, 4, 3, 3}), b.weights({8})},
                          {{"strides", Ints{2, 2}},
                           {"pads", Ints{1, 1, 0, 1}},
                           {"output_padding", Ints{1, 0}},
                           {"group", std::int64_t{2}}})});
}
ir::Graph conv_transpose_same(GraphBuilder& b) {
  return b.finish({b.node("ConvTranspose", {image(b), b.weights({6, 4, 3, 3})},
                          {{"strides", Ints{2, 2}}, {"auto_pad", std::string("SAME_LOWER")}})});
}
ir::Graph gemm(GraphBuilder& b) {
  return b.finish(
      {b.node("Gemm", {b.input({2, 12}), b.weights({7, 12}), b.weights({7})}, {{"transB", std::int64_t{1}}})});
}
ir::Graph gemm_of_flattened(GraphBuilder& b) {
  const auto flat = b.node("Flatten", {b.node("Relu", {b.conv(image(b), 6, 4, 3)})});
  return b.finish({b.node("Gemm", {flat, b.weights({4 * 9 * 8, 5}), b.weights({5})})});
}
ir::Graph matmul(GraphBuilder& b) {
  return b.finish({b.node("MatMul", {b.input({1, 12}), b.weights({12, 5})})});
}
ir::Graph max_pool(GraphBuilder& b) {
  return b.finish({b.node("MaxPool", {image(b)},
                          {{"kernel_shape", Ints{3, 3}},
                           {"strides", Ints{2, 2}},
                           {"pads", Ints{1, 0, 1, 1}},
                           {"ceil_mode", std::int64_t{1}}})});
}
ir::Graph average_pool(GraphBuilder& b) {
  return b.finish({b.node("AveragePool", {image(b)},
                          {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}})});
}
ir::Graph average_pool_counting(GraphBuilder& b) {
  return b.finish(
      {b.node("AveragePool", {image(b)},
              {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}, {"count_include_pad", std::int64_t{1}}})});
}
ir::Graph average_pool_ceil(GraphBuilder& b) {
  return b.finish({b.node("AveragePool", {image(b)},
                          {{"kernel_shape", Ints{3, 3}},
                           {"strides", Ints{2, 2}},
                           {"pads", Ints{1, 1, 0, 0}},
                           {"ceil_mode", std::int64_t{1}},
                           {"count_include_pad", std::int64_t{1}}})});
}
ir::Graph global_average(GraphBuilder& b) {
  return b.finish({b.node("GlobalAveragePool", {image(b)})});
}
ir::Graph global_max(GraphBuilder& b) {
  return b.finish({b.node("GlobalMaxPool", {image(b)})});
}
ir::Graph reduce_mean(GraphBuilder& b) {
  return b.finish({b.node("ReduceMean", {image(b), b.ints({2, -1})}, {{"keepdims", std::int64_t{0}}})});
}
ir::Graph add(GraphBuilder& b) {
  return b.finish({b.node("Add", {image(b), image(b)})});
}
ir::Graph subtract(GraphBuilder& b) {
  return b.finish({b.node("Relu", {b.node("Sub", {image(b), image(b)})})});
}
ir::Graph add_channels(GraphBuilder& b) {
  return b.finish({b.node("Sub", {b.input({1, 6, 1, 1}), image(b)})});
}
ir::Graph add_constant(GraphBuilder& b) {
  return b.finish({b.node("Sub", {b.weights({6, 1, 1}), image(b)})});
}
ir::Graph multiply(GraphBuilder& b) {
  return b.finish({b.node("Mul", {b.input({1, 6, 1, 1}), image(b)})});
}
ir::Graph scale(GraphBuilder& b) {
  return b.finish({b.node("Div", {image(b), b.floats({1, 6, 1, 1}, {1, -2, 0.5F, 4, -0.1F, 30})})});
}
ir::Graph batch_norm(GraphBuilder& b) {
  return b.finish({b.node("BatchNormalization", {image(b), b.weights({6}), b.weights({6}), b.weights({6}),
                                                 b.floats({6}, {1, 2, 0.5F, 1, 0.1F, 3})})});
}
ir::Graph clip(GraphBuilder& b) {
  return b.finish({b.node("Clip", {b.conv(image(b), 6, 4, 1), b.scalar(-0.25F), b.scalar(0.5F)})});
}
ir::Graph relu_alone(GraphBuilder& b) {
  return b.finish({b.node("Relu", {image(b)})});
}
template <const char* const& op>
ir::Graph unary(GraphBuilder& b) {
  return b.finish({b.node(op, {b.conv(image(b), 6, 4, 1)})});
}
constexpr const char *kSigmoid = "Sigmoid", *kLeaky = "LeakyRelu", *kSwish = "HardSwish", *kTanh = "Tanh";
ir::Graph table_alone(GraphBuilder& b) {
  return b.finish({b.node("Sigmoid", {image(b)})});
}
ir::Graph reshape(GraphBuilder& b) {
  return b.finish({b.node("Reshape", {b.conv(image(b), 6, 4, 1), b.ints({1, -1})})});
}
ir::Graph leading_reshape(GraphBuilder& b) {
  return b.finish({b.conv(b.node("Reshape", {b.input({1, 96}), b.ints({1, 6, 4, 4})}), 6, 4, 3)});
}
ir::Graph concat(GraphBuilder& b) {
  const auto x = image(b);
  return b.finish({b.node("Concat", {b.conv(x, 6, 3, 1), x, b.conv(x, 6, 5, 3)}, {{"axis", std::int64_t{1}}})});
}
ir::Graph slice(GraphBuilder& b) {
  return b.finish(
      {b.node("Slice", {image(b), b.ints({1, 2, -7}), b.ints({5, 9, 100}), b.ints({1, 2, 3}), b.ints({1, 3, 2})})});
}
ir::Graph split(GraphBuilder& b) {
  return b.finish(b.nodes("Split", {image(b), b.ints({2, 4})}, 2, {{"axis", std::int64_t{1}}}));
}
ir::Graph split_rows(GraphBuilder& b) {
  return b.finish(b.nodes("Split", {image(b), b.ints({2, 7})}, 2, {{"axis", std::int64_t{-2}}}));
}
ir::Graph pad(GraphBuilder& b) {
  return b.finish({b.node("Pad", {image(b), b.ints({0, 0, 1, 2, 0, 0, -1, 3})})});
}
template <const char* const& mode, const char* const& transform>
ir::Graph resize(GraphBuilder& b) {
  return b.finish({b.node("Resize", {image(b), ir::kNoValue, ir::kNoValue, b.ints({1, 6, 20, 13})},
                          {{"mode", std::string(mode)}, {"coordinate_transformation_mode", std::string(transform)}})});
}
constexpr const char *kNearest = "nearest", *kLinear = "linear", *kHalf = "half_pixel", *kCorners = "align_corners",
                     *kAsymmetric = "asymmetric";
template <const char* const& op, const char* const& mode>
ir::Graph blocks(GraphBuilder& b) {
  return b.finish(
      {b.node(op, {b.input({1, 12, 4, 6})}, {{"blocksize", std::int64_t{2}}, {"mode", std::string(mode)}})});
}
constexpr const char *kToDepth = "SpaceToDepth", *kToSpace = "DepthToSpace", *kColumns = "DCR", *kRows = "CRD";
ir::Graph block_of_one(GraphBuilder& b) {
  return b.finish({b.conv(b.node("DepthToSpace", {image(b)}, {{"blocksize", std::int64_t{1}}}), 6, 4, 1)});
}
ir::Graph transpose_of_vector(GraphBuilder& b) {
  return b.finish(
      {b.node("Transpose", {b.node("GlobalAveragePool", {b.conv(image(b), 6, 4, 1)})}, {{"perm", Ints{0, 2, 3, 1}}})});
}
ir::Graph residual(GraphBuilder& b) {
  const auto x = b.conv(image(b), 6, 6, 1);
  return b.finish({b.node("Relu", {b.node("Add", {x, b.conv(b.node("Relu", {x}), 6, 6, 3)})})});
}

const Case kCases[] = {
    {"Conv1x1", conv<1, 1, 1>},
    {"Conv3x3", conv<3, 2, 1>},
    {"Grouped", conv<3, 1, 3>},
    {"Depthwise", conv<3, 1, 6>},
    {"ConvAsymmetric", conv_asymmetric},
    {"ConvSame", conv_same},
    {"Conv1D", conv_1d},
    {"ConvTranspose", conv_transpose},
    {"ConvTransposeSame", conv_transpose_same},
    {"Gemm", gemm},
    {"GemmOfFlattened", gemm_of_flattened, 3, 4},
    {"MatMul", matmul},
    {"MaxPool", max_pool},
    {"AveragePool", average_pool},
    {"AveragePoolCounting", average_pool_counting},
    {"AveragePoolCeil", average_pool_ceil},
    {"GlobalAverage", global_average},
    {"GlobalMax", global_max},
    {"ReduceMean", reduce_mean},
    {"Add", add, 1, 2},
    {"Subtract", subtract, 1, 2},
    {"AddChannels", add_channels, 1, 2},
    {"AddConstant", add_constant, 1, 2},
    {"Multiply", multiply},
    {"Scale", scale, 1, 2},
    {"BatchNorm", batch_norm, 1, 2},
    {"Clip", clip},
    {"ReluAlone", relu_alone, 1, 2},
    {"Sigmoid", unary<kSigmoid>, 1, 60},
    {"LeakyRelu", unary<kLeaky>, 1, 30},
    {"HardSwish", unary<kSwish>, 1, 60},
    {"Tanh", unary<kTanh>, 1, 200},
    {"TableAlone", table_alone, 1, 60},
    {"Reshape", reshape},
    {"LeadingReshape", leading_reshape},
    {"Concat", concat, 1, 2},
    {"Slice", slice},
    {"Split", split},
    {"SplitRows", split_rows},
    {"Pad", pad},
    {"NearestHalf", resize<kNearest, kHalf>},
    {"NearestAsymmetric", resize<kNearest, kAsymmetric>},
    {"LinearHalf", resize<kLinear, kHalf>, 2, 160},
    {"LinearCorners", resize<kLinear, kCorners>, 2, 160},
    {"SpaceToDepth", blocks<kToDepth, kColumns>, 0},
    {"SpaceToDepthByPixel", blocks<kToDepth, kRows>, 0},
    {"DepthToSpace", blocks<kToSpace, kColumns>, 0},
    {"DepthToSpaceByPixel", blocks<kToSpace, kRows>, 0},
    {"BlockOfOne", block_of_one},
    {"TransposeOfVector", transpose_of_vector, 2, 2},
    {"Residual", residual, 4, 6},
};

class Lower : public testing::TestWithParam<Case> {
 protected:
  static void check(Precision precision, int steps) {
    GraphBuilder b;
    ir::Graph graph = GetParam().build(b);
    const auto samples = seeded_noise(graph, 2, 7);
    ASSERT_TRUE(quantize(graph, samples, {.precision = precision, .method = RangeMethod::minmax}));
    const auto deployment = lower(graph);
    ASSERT_TRUE(deployment) << deployment.error().front().text();
    EXPECT_TRUE(deployment->reasons.empty()) << deployment->reasons.front().reason;
    EXPECT_EQ(deployment->parts.size(), 1U);
    // One image at a time, as the runtime would.
    if (graph.value(graph.inputs[0]).shape[0] != 1) return;
    for (const auto& sample : samples) {
      const auto got = test::execute(*deployment, sample), wanted = test::execute_rounded(deployment->graph, sample);
      for (std::size_t o = 0; o < got.size(); ++o)
        expect_near(got[o], wanted[o], static_cast<float>(steps) * scale_of(graph, o));
    }
  }
  static float scale_of(const ir::Graph& graph, std::size_t output) {
    const auto& q = graph.value(graph.outputs[output]).quantization;
    return q ? q->scale[0] : 1.0F;
  }
  static void expect_near(const Tensor& got, const Tensor& wanted, float tolerance) {
    ASSERT_EQ(got.shape(), wanted.shape());
    float largest = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got.size()); ++i)
      largest = std::max(largest, std::abs(got.data<float>()[i] - wanted.data<float>()[i]));
    EXPECT_LE(largest, tolerance * 1.001F + 1e-6F);
  }
};

TEST_P(Lower, Int8AgreesWithRoundedFloat) {
  check(Precision::int8, GetParam().steps8);
}
TEST_P(Lower, Int16AgreesWithRoundedFloat) {
  check(Precision::int16, GetParam().steps16);
}
INSTANTIATE_TEST_SUITE_P(Operators, Lower, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

ir::Deployment lowered(ir::Graph graph, Precision precision = Precision::int8, LowerOptions options = {}) {
  EXPECT_TRUE(quantize(graph, seeded_noise(graph, 1), {.precision = precision}));
  auto deployment = lower(graph, options);
  EXPECT_TRUE(deployment) << deployment.error().front().text();
  return deployment ? *deployment : ir::Deployment{};
}
ir::Graph quantized_everywhere(ir::Graph graph) {
  for (ir::Value& value : graph.values)
    if (value.type == DataType::f32) value.quantization = ir::Quantization{DataType::i8, {0.1F}, {0}, -1};
  return graph;
}
const ir::Network& network_of(const ir::Deployment& d) {
  for (const auto& part : d.parts)
    if (const auto* overlay = std::get_if<ir::OverlayPart>(&part)) return overlay->network;
  static const ir::Network none;
  return none;
}

TEST(Lowering, FusesActivationAndResidual) {
  GraphBuilder b;
  const auto d = lowered(residual(b));
  const ir::Network& net = network_of(d);
  ASSERT_EQ(net.layers.size(), 3U);  // conv, relu as a layer of its own (its operand has two readers), conv+add+relu
  EXPECT_EQ(net.layers[2].kind, ir::LayerKind::conv);
  ASSERT_TRUE(net.layers[2].post.add);
  EXPECT_EQ(net.layers[2].post.add->lo, net.map(net.layers[2].output).zero_point);
  EXPECT_EQ(net.layers[2].inputs.size(), 2U);
}

TEST(Lowering, EveryMapHasItsOwnName) {
  GraphBuilder b;
  const auto d = lowered(blocks<kToDepth, kColumns>(b));
  const ir::Network& net = network_of(d);
  std::set<std::string> names;
  for (const ir::FeatureMap& map : net.maps) EXPECT_TRUE(names.insert(map.name).second) << map.name;
  EXPECT_EQ(net.maps.size(), 6U);  // the input, four pixels of the block, their concatenation
  EXPECT_EQ(net.map(net.outputs[0]).name, d.graph.value(d.graph.outputs[0]).name);
}

TEST(Lowering, FusionChangesNoBit) {
  GraphBuilder b;
  ir::Graph graph = residual(b);
  const auto samples = seeded_noise(graph, 1);
  ASSERT_TRUE(quantize(graph, samples, {.precision = Precision::int8}));
  const auto fused = lower(graph), apart = lower(graph, {.fuse = false});
  ASSERT_TRUE(fused && apart);
  EXPECT_GT(network_of(*apart).layers.size(), network_of(*fused).layers.size());
  const auto a = test::execute(*fused, samples[0]), c = test::execute(*apart, samples[0]);
  EXPECT_TRUE(std::ranges::equal(a[0].data<float>(), c[0].data<float>()));
}

TEST(Lowering, HostOperatorsCutTheGraphOnce) {
  GraphBuilder b;
  auto y = b.conv(image(b), 6, 4, 3);
  y = b.node("LRN", {y}, {{"size", std::int64_t{3}}});
  y = b.conv(y, 4, 4, 3);
  y = b.node("Softmax", {b.node("Flatten", {y})});
  const auto d = lowered(b.finish({y}));
  ASSERT_EQ(d.parts.size(), 4U);
  ASSERT_EQ(d.reasons.size(), 2U);
  EXPECT_EQ(d.reasons[0].reason, "the overlay has no LRN");
  const Coverage coverage = summarize(d);
  EXPECT_EQ(coverage.overlay_parts, 2);
  EXPECT_DOUBLE_EQ(coverage.overlay_share(), 1.0);
  EXPECT_EQ(coverage.wide_macs, 0);
}

TEST(Lowering, BranchesStayInOnePart) {
  GraphBuilder b;
  const auto x = b.conv(image(b), 6, 4, 1);
  const auto left = b.node("Softmax", {x}), right = b.conv(x, 4, 4, 3);
  const auto d = lowered(b.finish({left, right}));
  EXPECT_EQ(summarize(d).overlay_parts, 1);
}

TEST(Lowering, SmallPartsWithoutWorkGoToTheHost) {
  GraphBuilder b;
  const auto y = b.node("LRN", {b.conv(image(b), 6, 4, 3)}, {{"size", std::int64_t{3}}});
  const auto d = lower(quantized_everywhere(b.finish({b.node("Relu", {y})})));
  ASSERT_TRUE(d);
  EXPECT_EQ(summarize(*d).overlay_parts, 1);
  EXPECT_THAT(d->reasons.back().reason, testing::HasSubstr("not worth a transfer"));
}

struct HostCase {
  const char* name;
  ir::Graph (*build)(GraphBuilder&);
  const char* reason;
};
const HostCase kHostCases[] = {
    {"CubicResize",
     [](GraphBuilder& b) {
       return b.finish(
           {b.node("Resize", {image(b), ir::kNoValue, b.floats({4}, {1, 1, 2, 2})}, {{"mode", std::string("cubic")}})});
     },
     "mode 'cubic'"},
    {"ReflectPad",
     [](GraphBuilder& b) {
       return b.finish(
           {b.node("Pad", {image(b), b.ints({0, 0, 1, 1, 0, 0, 1, 1})}, {{"mode", std::string("reflect")}})});
     },
     "mode 'reflect'"},
    {"LargeKernel",
     [](GraphBuilder& b) {
       return b.finish({b.node("MaxPool", {b.input({1, 1, 70, 70})}, {{"kernel_shape", Ints{64, 2}}})});
     },
     "a kernel of 64 exceeds 63"},
    {"LargeStride",
     [](GraphBuilder& b) {
       return b.finish(
           {b.node("MaxPool", {b.input({1, 1, 70, 70})}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{16, 1}}})});
     },
     "a stride of 16 exceeds 15"},
    {"ThreeDimensions",
     [](GraphBuilder& b) {
       return b.finish({b.node("MaxPool", {b.input({1, 1, 8, 8, 8})}, {{"kernel_shape", Ints{2, 2, 2}}})});
     },
     "has 5 dimensions"},
    {"RowConcat",
     [](GraphBuilder& b) { return b.finish({b.node("Concat", {image(b), image(b)}, {{"axis", std::int64_t{2}}})}); },
     "another axis than the channels"},
    {"PixelConstant", [](GraphBuilder& b) { return b.finish({b.node("Add", {image(b), b.weights({9, 8})})}); },
     "varies over pixels"},
    {"Division", [](GraphBuilder& b) { return b.finish({b.node("Div", {image(b), image(b)})}); }, "not a constant"},
    {"TransposeOfMap",
     [](GraphBuilder& b) { return b.finish({b.node("Transpose", {image(b)}, {{"perm", Ints{0, 2, 3, 1}}})}); },
     "reorders elements"},
    {"LargeBlock",
     [](GraphBuilder& b) {
       return b.finish({b.node("SpaceToDepth", {b.input({1, 1, 32, 16})}, {{"blocksize", std::int64_t{16}}})});
     },
     "a block of 16 exceeds the largest stride, 15"},
    {"ManyShuffledChannels",
     [](GraphBuilder& b) {
       return b.finish({b.node("DepthToSpace", {b.input({1, 2052, 2, 2})}, {{"blocksize", std::int64_t{2}}})});
     },
     "2052 channels in DCR order"},
    {"DilatedAverage",
     [](GraphBuilder& b) {
       return b.finish({b.node("AveragePool", {image(b)}, {{"kernel_shape", Ints{2, 2}}, {"dilations", Ints{2, 2}}})});
     },
     "dilation"},
    {"ChannelReduction", [](GraphBuilder& b) { return b.finish({b.node("ReduceMean", {image(b), b.ints({1})})}); },
     "other axes"},
    {"BatchReshape", [](GraphBuilder& b) { return b.finish({b.node("Reshape", {image(b), b.ints({6, 1, 9, 8})})}); },
     "batch"},
    {"ActivationProduct",
     [](GraphBuilder& b) { return b.finish({b.node("MatMul", {b.input({1, 4}), b.input({4, 3})})}); }, "not one batch"},
};
class LowerHost : public testing::TestWithParam<HostCase> {};
TEST_P(LowerHost, SaysWhy) {
  GraphBuilder b;
  const auto d = lower(quantized_everywhere(GetParam().build(b)));
  ASSERT_TRUE(d);
  ASSERT_EQ(d->reasons.size(), 1U);
  EXPECT_THAT(d->reasons[0].reason, testing::HasSubstr(GetParam().reason));
}
INSTANTIATE_TEST_SUITE_P(Reasons, LowerHost, testing::ValuesIn(kHostCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Lowering, UnquantisedGraphRunsOnTheHost) {
  GraphBuilder b;
  const auto d = lower(residual(b));
  ASSERT_TRUE(d);
  EXPECT_EQ(summarize(*d).overlay_parts, 0);
  EXPECT_THAT(d->reasons[0].reason, testing::HasSubstr("is not quantised"));
}

TEST(Lowering, UnboundShapesRunOnTheHost) {
  GraphBuilder b;
  ir::Graph graph = conv<3, 1, 1>(b);
  ASSERT_TRUE(quantize(graph, seeded_noise(graph, 1), {.precision = Precision::int8}));
  graph.value(graph.inputs[0]).shape[2] = -1;
  const auto d = lower(graph);
  ASSERT_TRUE(d);
  EXPECT_THAT(d->reasons[0].reason, testing::HasSubstr("not bound"));
}

TEST(Lowering, BiasThatDoesNotFitIsRefusedWithItsNode) {
  GraphBuilder b;
  ir::Graph graph = b.finish({b.node("Conv", {image(b), b.weights({1, 6, 1, 1}), b.floats({1}, {1e9F})})});
  ASSERT_TRUE(quantize(graph, seeded_noise(graph, 1), {.precision = Precision::int8, .correct_bias = false}));
  graph.value(graph.nodes[0].inputs[1]).quantization->scale = {0.02F};
  const auto d = lower(graph);
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error()[0].node, "Conv_0");
  EXPECT_EQ(d.error()[0].code, "quant.accumulator");
}

TEST(Lowering, AsymmetricWeightsAndMinus128BecomeWide) {
  for (const bool asymmetric : {false, true}) {
    GraphBuilder b;
    ir::Graph graph = b.finish({b.node("Conv", {image(b), b.floats({1, 6, 1, 1}, {-12.8F, 1, 2, 3, 4, 5})})});
    ASSERT_TRUE(quantize(graph, seeded_noise(graph, 1), {.precision = Precision::int8}));
    graph.value(graph.nodes[0].inputs[1]).quantization = asymmetric ? ir::Quantization{DataType::u8, {0.1F}, {130}, -1}
                                                                    : ir::Quantization{DataType::i8, {0.1F}, {0}, -1};
    const auto d = lower(graph);
    ASSERT_TRUE(d);
    EXPECT_EQ(network_of(*d).layers[0].weights.type, DataType::i16);
    EXPECT_EQ(network_of(*d).layers[0].weights.values[0], -128);
    EXPECT_GT(summarize(*d).wide_share(), 0.99);
  }
}

TEST(Lowering, UnsignedActivationsAreShifted) {
  GraphBuilder b;
  ir::Graph graph = relu_alone(b);
  for (const ir::ValueId id : {graph.inputs[0], graph.outputs[0]})
    graph.value(id).quantization = ir::Quantization{DataType::u8, {0.1F}, {100}, -1};
  const auto d = lower(graph);
  ASSERT_TRUE(d);
  EXPECT_EQ(network_of(*d).maps[0].zero_point, -28);
  EXPECT_EQ(network_of(*d).layers[0].post.lo, -28);
}

TEST(Lowering, MixedWidthsMeetInAnAddition) {
  GraphBuilder b;
  ir::Graph graph = add(b);
  const auto samples = seeded_noise(graph, 1);
  ASSERT_TRUE(quantize(graph, samples, {.precision = Precision::int8}));
  graph.value(graph.inputs[1]).quantization = ir::Quantization{DataType::i16, {1e-3F}, {0}, -1};
  const auto d = lower(graph);
  ASSERT_TRUE(d);
  EXPECT_EQ(network_of(*d).layers.size(), 2U);
  const auto got = test::execute(*d, samples[0]), wanted = test::execute_rounded(d->graph, samples[0]);
  for (std::size_t i = 0; i < 100; ++i)
    EXPECT_NEAR(got[0].data<float>()[i], wanted[0].data<float>()[i],
                1.001F * graph.value(graph.outputs[0]).quantization->scale[0]);
}

TEST(Lowering, PadWithAnotherValueThanZero) {
  GraphBuilder b;
  ir::Graph graph = b.finish({b.node("Pad", {image(b), b.ints({0, 0, 1, 1, 0, 0, 1, 1}), b.scalar(1.0F)})});
  const auto samples = seeded_noise(graph, 1);
  ASSERT_TRUE(quantize(graph, samples, {.precision = Precision::int8}));
  const auto d = lower(graph);
  ASSERT_TRUE(d);
  EXPECT_TRUE(d->reasons.empty());
  EXPECT_NEAR(test::execute(*d, samples[0])[0].data<float>()[0], 1.0F, 0.02F);
}

TEST(Lowering, MissingScalesComeFromNeighbours) {
  GraphBuilder b;
  ir::Graph graph = residual(b);
  const auto samples = seeded_noise(graph, 1);
  ASSERT_TRUE(quantize(graph, samples, {.precision = Precision::int8}));
  const ir::ValueId between = graph.nodes[2].outputs[0];  // the second convolution's result, which is added
  ASSERT_EQ(graph.nodes[2].op, "Conv");
  graph.value(between).quantization.reset();
  const auto d = lower(graph);
  ASSERT_TRUE(d);
  EXPECT_TRUE(d->reasons.empty());
  const auto got = test::execute(*d, samples[0]), wanted = test::execute_rounded(graph, samples[0]);
  for (std::size_t i = 0; i < 100; ++i)
    EXPECT_NEAR(got[0].data<float>()[i], wanted[0].data<float>()[i],
                2.01F * graph.value(graph.outputs[0]).quantization->scale[0]);
}

}  // namespace
}  // namespace heddle::quant
