// SPDX-License-Identifier: Apache-2.0
#include "reference/network.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "tests/unit/reference/random_network.h"

namespace heddle::reference {
namespace {

using ir::LayerKind;

/// Accumulator of a convolution-like layer straight from its definition: one output element.
std::int64_t accumulator(const ir::Network& net, const ir::Layer& l, const IntegerMap& in, std::int32_t o,
                         std::int32_t y, std::int32_t x) {
  const ir::Window& w = l.window;
  const std::int32_t zero = net.map(l.inputs[0]).zero_point;
  const bool by_channel = l.kind == LayerKind::depthwise;
  const std::int32_t outputs = net.map(l.output).channels;
  const std::int32_t per_group = by_channel ? 1 : in.channels / l.groups;
  const std::int32_t group = by_channel ? o / (outputs / in.channels) : o / (outputs / l.groups);
  std::int64_t acc = 0;
  for (std::int32_t i = 0; i < per_group; ++i)
    for (std::int32_t ky = 0; ky < w.kernel_h; ++ky)
      for (std::int32_t kx = 0; kx < w.kernel_w; ++kx) {
        std::int32_t sy = y * w.stride_h - w.pad_top + ky * w.dilation_h;
        std::int32_t sx = x * w.stride_w - w.pad_left + kx * w.dilation_w;
        bool inside = true;
        if (l.kind == LayerKind::conv_transpose) {
          sy = y + w.pad_top - ky * w.dilation_h;
          sx = x + w.pad_left - kx * w.dilation_w;
          inside = sy % w.stride_h == 0 && sx % w.stride_w == 0;
          sy /= w.stride_h;
          sx /= w.stride_w;
          inside = inside && y + w.pad_top - ky * w.dilation_h >= 0 && x + w.pad_left - kx * w.dilation_w >= 0;
        }
        inside = inside && sy >= 0 && sy < in.height && sx >= 0 && sx < in.width;
        const std::int32_t v =
            inside ? in.plane(group * per_group + i)[static_cast<std::size_t>(sy * in.width + sx)] : zero;
        const auto at =
            ((static_cast<std::size_t>(o) * static_cast<std::size_t>(per_group) + static_cast<std::size_t>(i)) *
                 static_cast<std::size_t>(w.kernel_h) +
             static_cast<std::size_t>(ky)) *
                static_cast<std::size_t>(w.kernel_w) +
            static_cast<std::size_t>(kx);
        acc += std::int64_t{l.weights.values[at]} * v;
      }
  return acc;
}

std::int32_t expected_element(const ir::Network& net, const ir::Layer& l, const std::vector<IntegerMap>& maps,
                              std::int32_t o, std::int32_t y, std::int32_t x) {
  const IntegerMap& in = maps[static_cast<std::size_t>(l.inputs[0])];
  const auto& q = l.post.channels[l.post.channels.size() == 1 ? 0 : static_cast<std::size_t>(o)];
  std::int32_t v = kernels::requantize(accumulator(net, l, in, o, y, x), q, l.post.zero_point, l.post.lo, l.post.hi);
  if (l.post.table)
    v = net.map(l.output).type == DataType::i16 ? kernels::look_up_16(*l.post.table, v)
                                                : kernels::look_up_8(*l.post.table, v);
  if (!l.post.add) return v;
  const IntegerMap& b = maps[static_cast<std::size_t>(l.inputs[1])];
  return kernels::residual_add(v, b.plane(o)[static_cast<std::size_t>(y * b.width + x)], *l.post.add);
}

TEST(NetworkReference, ConvolutionsFollowTheDefinition) {
  test::RandomNetworkOptions options;
  options.kinds = {LayerKind::conv, LayerKind::conv_transpose, LayerKind::depthwise};
  options.layers = 3;
  options.max_channels = 10;
  options.max_extent = 9;
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const ir::Network net = test::random_network(seed, options);
    const auto maps = run_network(net, test::random_inputs(net, seed), {.all_maps = true});
    ASSERT_TRUE(maps);
    for (const ir::Layer& l : net.layers) {
      const IntegerMap& out = (*maps)[static_cast<std::size_t>(l.output)];
      for (std::int32_t o = 0; o < out.channels; ++o)
        for (std::int32_t y = 0; y < out.height; ++y)
          for (std::int32_t x = 0; x < out.width; ++x)
            ASSERT_EQ(out.plane(o)[static_cast<std::size_t>(y * out.width + x)],
                      expected_element(net, l, *maps, o, y, x))
                << "seed " << seed << ", layer " << l.name << " at " << o << ',' << y << ',' << x;
    }
  }
}

/// One layer from map 0 (and 1) to the last map.
struct Single {
  ir::Network net;

  Single(LayerKind kind, std::vector<ir::FeatureMap> maps) {
    net.maps = std::move(maps);
    const auto last = static_cast<ir::MapId>(net.maps.size()) - 1;
    ir::Layer layer;
    layer.kind = kind;
    layer.name = "layer";
    layer.output = last;
    for (ir::MapId id = 0; id < last; ++id) {
      net.inputs.push_back(id);
      layer.inputs.push_back(id);
    }
    layer.post.channels = {{0, 32768, 15}};
    net.outputs = {last};
    net.layers = {layer};
  }
  ir::Layer& layer() { return net.layers[0]; }
  std::vector<std::int16_t> run(std::vector<IntegerMap> inputs) const {
    const auto out = run_network(net, inputs);
    if (!out) ADD_FAILURE() << out.error()[0].text();
    return out ? (*out)[0].values : std::vector<std::int16_t>{};
  }
};

ir::FeatureMap map_of(std::int32_t c, std::int32_t h, std::int32_t w, std::int32_t zero = 0,
                      DataType type = DataType::i8) {
  ir::FeatureMap map;
  map.name = "map";
  map.channels = c;
  map.height = h;
  map.width = w;
  map.zero_point = zero;
  map.type = type;
  return map;
}
using Values = std::vector<std::int16_t>;

TEST(NetworkReference, MaximumLeavesPaddingOut) {
  Single s(LayerKind::max_pool, {map_of(1, 2, 2, 50), map_of(1, 2, 2, 50)});
  s.layer().window = {2, 2, 1, 1, 1, 1, 1, 1, 0, 0};
  EXPECT_EQ(s.run({{1, 2, 2, {-5, -9, -3, -7}}}), (Values{-5, -5, -3, -3}));
}

TEST(NetworkReference, AverageCountsPaddingAsZeroPoint) {
  Single s(LayerKind::average_pool, {map_of(1, 1, 2, 10), map_of(1, 1, 3, 0)});
  s.layer().window = {1, 2, 1, 1, 1, 1, 0, 1, 0, 1};
  s.layer().post.channels = {{-20, 32768, 16}};  // (sum − 2·10) / 2
  EXPECT_EQ(s.run({{1, 1, 2, {14, 18}}}), (Values{2, 6, 4}));
}

TEST(NetworkReference, AverageDividesByValidTaps) {
  Single s(LayerKind::average_pool, {map_of(1, 1, 2), map_of(1, 1, 3)});
  s.layer().window = {1, 2, 1, 1, 1, 1, 0, 1, 0, 1};
  s.layer().post.by_count = {{1, {0, 32768, 15}}, {2, {0, 32768, 16}}};
  EXPECT_EQ(s.run({{1, 1, 2, {14, 18}}}), (Values{14, 16, 18}));
}

TEST(NetworkReference, GlobalAverage) {
  Single s(LayerKind::global_average, {map_of(2, 2, 2), map_of(2, 1, 1)});
  s.layer().post.channels = {{0, 32768, 17}};
  EXPECT_EQ(s.run({{2, 2, 2, {1, 2, 3, 4, -8, -8, -8, -9}}}), (Values{3, -8}));  // 2.5 rounds up
}

TEST(NetworkReference, NearestAndBilinear) {
  Single nearest(LayerKind::resize_nearest, {map_of(1, 1, 2), map_of(1, 1, 4)});
  nearest.layer().resize_x = {0, 32768};
  EXPECT_EQ(nearest.run({{1, 1, 2, {3, 8}}}), (Values{3, 3, 8, 8}));
  Single bilinear(LayerKind::resize_bilinear, {map_of(1, 1, 2), map_of(1, 1, 4)});
  bilinear.layer().resize_x = {-16384, 32768};
  bilinear.layer().post.channels = {{0, 32768, 31}};
  EXPECT_EQ(bilinear.run({{1, 1, 2, {0, 100}}}), (Values{0, 25, 75, 100}));
}

TEST(NetworkReference, AddAndMultiplyBroadcastChannels) {
  Single add(LayerKind::add, {map_of(2, 1, 2, 1), map_of(2, 1, 1, 2), map_of(2, 1, 2, 3)});
  add.layer().post.add = kernels::AddParams{2, -1, 1, 2, 3, -128, 10, 1};
  // y = 3 + (2·(a−1) − (b−2)) / 2, rounded half up, at most 10.
  EXPECT_EQ(add.run({{2, 1, 2, {5, 100, -4, 0}}, {2, 1, 1, {4, 3}}}), (Values{6, 10, -2, 2}));
  Single product(LayerKind::multiply, {map_of(2, 1, 2, 1), map_of(2, 1, 1, 2), map_of(2, 1, 2)});
  EXPECT_EQ(product.run({{2, 1, 2, {5, 11, -4, 0}}, {2, 1, 1, {4, 3}}}), (Values{8, 20, -5, -1}));
}

TEST(NetworkReference, RequantizePadsCropsAndStrides) {
  Single pad(LayerKind::requantize, {map_of(1, 1, 2, 7), map_of(1, 1, 4, 0, DataType::i16)});
  pad.layer().window.pad_left = 2;
  pad.layer().post.channels = {{-7, 32768, 8}};  // times 128
  pad.layer().post.lo = -32768;
  pad.layer().post.hi = 32767;
  EXPECT_EQ(pad.run({{1, 1, 2, {8, 127}}}), (Values{0, 0, 128, 15360}));
  Single crop(LayerKind::requantize, {map_of(1, 1, 6), map_of(1, 1, 2)});
  crop.layer().window.pad_left = -1;
  crop.layer().window.stride_w = 2;
  crop.layer().window.pad_right = -2;
  EXPECT_EQ(crop.run({{1, 1, 6, {0, 1, 2, 3, 4, 5}}}), (Values{1, 3}));
}

TEST(NetworkReference, ConcatSliceFill) {
  Single concat(LayerKind::concat, {map_of(1, 1, 2), map_of(2, 1, 2), map_of(3, 1, 2)});
  EXPECT_EQ(concat.run({{1, 1, 2, {1, 2}}, {2, 1, 2, {3, 4, 5, 6}}}), (Values{1, 2, 3, 4, 5, 6}));
  Single slice(LayerKind::slice, {map_of(3, 1, 2), map_of(1, 1, 2)});
  slice.layer().slice_begin = 1;
  EXPECT_EQ(slice.run({{3, 1, 2, {1, 2, 3, 4, 5, 6}}}), (Values{3, 4}));
  Single fill(LayerKind::fill, {map_of(1, 2, 1)});
  fill.layer().fill_value = -9;
  EXPECT_EQ(fill.run({}), (Values{-9, -9}));
}

TEST(NetworkReference, TablesOfBothWidths) {
  auto table = std::make_shared<kernels::Table>();
  for (int i = 0; i < 257; ++i) table->entry[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(i / 4);
  Single narrow(LayerKind::requantize, {map_of(1, 1, 2), map_of(1, 1, 2)});
  narrow.layer().post.table = table;
  EXPECT_EQ(narrow.run({{1, 1, 2, {-128, 127}}}), (Values{0, 63}));
  for (int i = 0; i < 257; ++i) table->entry[static_cast<std::size_t>(i)] = static_cast<std::int16_t>(i * 100);
  Single wide(LayerKind::requantize, {map_of(1, 1, 2, 0, DataType::i16), map_of(1, 1, 2, 0, DataType::i16)});
  wide.layer().post.table = table;
  wide.layer().post.lo = -32768;
  wide.layer().post.hi = 32767;
  EXPECT_EQ(wide.run({{1, 1, 2, {-32768, 128}}}), (Values{0, 12850}));
}

TEST(NetworkReference, RefusesWrongInputs) {
  const Single s(LayerKind::max_pool, {map_of(1, 1, 2), map_of(1, 1, 2)});
  EXPECT_FALSE(run_network(s.net, {}));
  EXPECT_FALSE(run_network(s.net, std::vector<IntegerMap>{{1, 2, 1, {0, 0}}}));
  EXPECT_FALSE(run_network(s.net, std::vector<IntegerMap>{{1, 1, 2, {0}}}));
  EXPECT_FALSE(run_network(s.net, std::vector<IntegerMap>{{1, 1, 2, {0, 128}}}));
  Single broken = s;
  broken.layer().inputs = {5};
  EXPECT_FALSE(run_network(broken.net, std::vector<IntegerMap>{{1, 1, 2, {0, 0}}}));
}

TEST(NetworkReference, QuantizesMaps) {
  ir::FeatureMap map = map_of(1, 1, 6, 10);
  map.scale = 0.5F;
  const IntegerMap integers =
      quantize_map(map, std::vector<float>{0, 0.25F, 0.75F, 1e30F, -1e30F, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(integers.values, (Values{10, 10, 12, 127, -128, -128}));
  EXPECT_EQ(dequantize_map(map, integers)[2], 1.0F);
}

TEST(RandomNetwork, VerifiesAndRuns) {
  std::map<LayerKind, int> seen;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    const ir::Network network = test::random_network(seed);
    const auto status = ir::verify(network);
    ASSERT_TRUE(status) << "seed " << seed << ": " << status.error()[0].text() << "\n" << ir::print(network);
    const auto outputs = run_network(network, test::random_inputs(network, seed));
    ASSERT_TRUE(outputs) << outputs.error()[0].text();
    EXPECT_EQ(outputs->size(), network.outputs.size());
    for (const ir::Layer& layer : network.layers) ++seen[layer.kind];
  }
  EXPECT_EQ(seen.size(), 14U) << "some kind of layer never occurs";
}

}  // namespace
}  // namespace heddle::reference
