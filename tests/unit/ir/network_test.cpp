// SPDX-License-Identifier: Apache-2.0
#include "ir/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/network_shape.h"

namespace heddle::ir {
namespace {

FeatureMap map_of(std::int32_t c, std::int32_t h, std::int32_t w, DataType type = DataType::i8) {
  FeatureMap map;
  map.name = "map";
  map.channels = c;
  map.height = h;
  map.width = w;
  map.type = type;
  return map;
}

/// in 2×4×4 → 3×3 convolution with padding → 3×4×4.
Network convolution() {
  Network net;
  net.name = "test";
  net.maps = {map_of(2, 4, 4), map_of(3, 4, 4)};
  net.inputs = {0};
  net.outputs = {1};
  Layer layer;
  layer.name = "conv_1";
  layer.inputs = {0};
  layer.output = 1;
  layer.window = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
  layer.weights.values.assign(3 * 2 * 9, 1);
  layer.post.channels = {{0, 32768, 15}};
  net.layers = {layer};
  return net;
}

/// The first finding's text, or "" if the network is legal.
std::string finding(const Network& net) {
  const auto status = verify(net);
  return status ? "" : status.error().front().text();
}

TEST(Network, CountsMultiplications) {
  Network net = convolution();
  EXPECT_EQ(macs(net, net.layers[0]), 3 * 2 * 9 * 16);
  net.layers[0].kind = LayerKind::max_pool;
  EXPECT_EQ(macs(net, net.layers[0]), 0);
}

TEST(Network, CountsMultiplicationsOfTransposedConvolutionByInputPixels) {
  Network net = convolution();
  Layer& layer = net.layers[0];
  layer.kind = LayerKind::conv_transpose;
  layer.window = {2, 2, 2, 2, 1, 1, 0, 0, 0, 0};
  EXPECT_EQ(macs(net, layer), 3 * 2 * 4 * 16);
  EXPECT_EQ(transposed(layer, 3, 4, 4), (Extent{3, 8, 8}));
}

TEST(Network, CountsDepthwiseOncePerOutput) {
  Network net = convolution();
  net.layers[0].kind = LayerKind::depthwise;
  net.maps[1].channels = 4;
  EXPECT_EQ(macs(net, net.layers[0]), 4 * 9 * 16);
}

TEST(Network, WindowSizes) {
  Window w{3, 3, 2, 2, 1, 1, 0, 1, 1, 1};
  EXPECT_EQ(windowed(w, 5, 8, 8), (Extent{5, 4, 4}));
  w.dilation_h = 4;
  EXPECT_EQ(windowed(w, 5, 7, 8).height, 0);
  const FeatureMap in = map_of(1, 4, 4);
  const Window pool{3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(valid_taps(pool, in, 0, 0), 4);
  EXPECT_EQ(valid_taps(pool, in, 0, 1), 6);
  EXPECT_EQ(valid_taps(pool, in, 1, 2), 9);
}

TEST(Network, LegalNetworkVerifies) {
  EXPECT_EQ(finding(convolution()), "");
}

TEST(Network, PrintsLayersWithTheirShapes) {
  Network net = convolution();
  const std::string text = print(net);
  EXPECT_THAT(text, ::testing::HasSubstr("%1:i8[3x4x4] = conv(%0) kernel=3x3 pads=1,1,1,1 weights=i8"));
  EXPECT_THAT(text, ::testing::HasSubstr("# conv_1"));
  net.layers[0].kind = LayerKind::resize_bilinear;
  net.layers[0].post.add = kernels::AddParams{};
  EXPECT_THAT(print(net), ::testing::HasSubstr("add=(0,0)>>1"));
}

TEST(Network, EveryKindHasAName) {
  for (int k = 0; k <= static_cast<int>(LayerKind::fill); ++k) EXPECT_NE(name(static_cast<LayerKind>(k)), "?");
}

struct Damage {
  const char* what;
  void (*apply)(Network&);
  const char* expected;
};

class NetworkDamage : public ::testing::TestWithParam<Damage> {};

TEST_P(NetworkDamage, IsFound) {
  Network net = convolution();
  GetParam().apply(net);
  EXPECT_THAT(finding(net), ::testing::HasSubstr(GetParam().expected));
}

const Damage kDamages[] = {
    {"MissingInput", [](Network& n) { n.layers[0].inputs = {7}; }, "not computed yet"},
    {"NegativeInput", [](Network& n) { n.inputs = {-1}; }, "does not exist"},
    {"MissingOutput", [](Network& n) { n.outputs = {9}; }, "nothing computes"},
    {"TwoProducers", [](Network& n) { n.layers.push_back(n.layers[0]); }, "already has a producer"},
    {"Shape", [](Network& n) { n.maps[1].height = 5; }, "the layer yields 3x4x4"},
    {"TooManyInputs", [](Network& n) { n.layers[0].inputs = {0, 0}; }, "2 inputs do not fit"},
    {"Kernel", [](Network& n) { n.layers[0].window.kernel_h = 64; }, "kernel is outside"},
    {"Stride", [](Network& n) { n.layers[0].window.stride_w = 0; }, "stride is outside"},
    {"Dilation", [](Network& n) { n.layers[0].window.dilation_w = 64; }, "dilation is outside"},
    {"NegativePad", [](Network& n) { n.layers[0].window.pad_top = -1; }, "pad -1"},
    {"WeightCount", [](Network& n) { n.layers[0].weights.values.pop_back(); }, "53 weights"},
    {"WeightRange", [](Network& n) { n.layers[0].weights.values[5] = -128; }, "weight -128 exceeds"},
    {"WeightType", [](Network& n) { n.layers[0].weights.type = DataType::i4; }, "weights hold"},
    {"Groups", [](Network& n) { n.layers[0].groups = 2; }, "2 groups do not divide"},
    {"Shift", [](Network& n) { n.layers[0].post.channels[0].shift = 48; }, "shift 48"},
    {"Bias", [](Network& n) { n.layers[0].post.channels[0].bias = std::int64_t{1} << 31; }, "32-bit accumulator"},
    {"RequantCount", [](Network& n) { n.layers[0].post.channels.resize(2); }, "2 requantisers for 3"},
    {"Clamp", [](Network& n) { n.layers[0].post.lo = 10, n.layers[0].post.hi = 5; }, "clamp is empty"},
    {"ClampRange", [](Network& n) { n.layers[0].post.hi = 128; }, "clamp is empty or exceeds"},
    {"ZeroPoint", [](Network& n) { n.maps[0].zero_point = 128; }, "zero point 128"},
    {"Scale", [](Network& n) { n.maps[0].scale = 0; }, "is not positive"},
    {"Type", [](Network& n) { n.maps[0].type = DataType::f32; }, "holds i8 or i16"},
    {"Extent", [](Network& n) { n.maps[0].width = 8192; }, "outside 1 to 8191"},
    {"ResidualShape",
     [](Network& n) {
       n.layers[0].inputs = {0, 0};
       n.layers[0].post.add = kernels::AddParams{};
     },
     "residual differs"},
    {"Divisors",
     [](Network& n) {
       Layer& l = n.layers[0];
       n.maps[1].channels = 2;
       l.kind = LayerKind::average_pool;
       l.post.by_count = {{9, {0, 32768, 15}}};
     },
     "no requantiser for 4 valid taps"},
    {"ConcatScale",
     [](Network& n) {
       n.layers[0].kind = LayerKind::concat;
       n.maps[1] = n.maps[0];
       n.maps[1].scale = 2;
     },
     "scale or zero point of an input differs"},
    {"Slice",
     [](Network& n) {
       n.layers[0].kind = LayerKind::slice;
       n.maps[1].channels = 2;
       n.layers[0].slice_begin = 1;
     },
     "beyond the input's channels"},
    {"Fill",
     [](Network& n) {
       n.layers[0].kind = LayerKind::fill;
       n.layers[0].inputs = {};
       n.layers[0].fill_value = 300;
     },
     "value exceeds"},
    {"AddTypes",
     [](Network& n) {
       n.maps[0] = map_of(3, 4, 4);
       n.maps.push_back(map_of(3, 4, 4, DataType::i16));
       n.inputs = {0, 2};
       n.layers[0].kind = LayerKind::add;
       n.layers[0].inputs = {0, 2};
     },
     "different types"},
    {"Resize",
     [](Network& n) {
       n.layers[0].kind = LayerKind::resize_nearest;
       n.maps[1].channels = 2;
       n.layers[0].resize_y.step = std::int64_t{1} << 24;
     },
     "position exceeds"},
};
INSTANTIATE_TEST_SUITE_P(All, NetworkDamage, ::testing::ValuesIn(kDamages),
                         [](const auto& test) { return std::string(test.param.what); });

}  // namespace
}  // namespace heddle::ir
