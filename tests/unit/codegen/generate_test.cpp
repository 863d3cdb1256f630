// SPDX-License-Identifier: Apache-2.0
#include "codegen/generate.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "tests/unit/codegen/machine.h"

namespace heddle::codegen {
namespace {

using ir::LayerKind;
using test::matches_reference;
using test::random_network;

/// Small networks by hand: layers with random weights and plausible requantisers.
struct Maker {
  ir::Network n;
  std::mt19937 random{7};

  ir::MapId map(std::int32_t channels, std::int32_t height, std::int32_t width, DataType type = DataType::i8) {
    ir::FeatureMap map;
    map.name = "m" + std::to_string(n.maps.size());
    map.channels = channels;
    map.height = height;
    map.width = width;
    map.type = type;
    map.zero_point = type == DataType::i8 ? 5 : 0;
    n.maps.push_back(map);
    return static_cast<ir::MapId>(n.maps.size()) - 1;
  }
  ir::MapId input(std::int32_t channels, std::int32_t height, std::int32_t width) {
    n.inputs.push_back(map(channels, height, width));
    return n.inputs.back();
  }
  ir::MapId layer(LayerKind kind, std::vector<ir::MapId> inputs, ir::MapId output, ir::Window window = {}) {
    ir::Layer l;
    l.kind = kind;
    l.name = "layer" + std::to_string(n.layers.size());
    l.inputs = std::move(inputs);
    l.output = output;
    l.window = window;
    l.post.channels = {{.bias = 3, .mult = 40000, .shift = 17}};
    l.post.zero_point = 1;
    if (kind == LayerKind::add)
      l.post.add =
          kernels::AddParams{.mult_a = 16384, .mult_b = -9000, .zero_a = 5, .zero_b = 5, .zero_y = 5, .shift = 15};
    n.layers.push_back(std::move(l));
    return output;
  }
  /// A convolution of stride `stride` with padding that keeps the size (kernel odd).
  ir::MapId conv(ir::MapId in, std::int32_t channels, std::int32_t kernel, std::int32_t stride = 1,
                 std::int32_t groups = 1) {
    const ir::FeatureMap from = n.map(in);
    const std::int32_t pad = kernel / 2;
    const ir::Window w{.kernel_h = kernel,
                       .kernel_w = kernel,
                       .stride_h = stride,
                       .stride_w = stride,
                       .pad_top = pad,
                       .pad_left = pad,
                       .pad_bottom = pad,
                       .pad_right = pad};
    const ir::Extent e = ir::windowed(w, channels, from.height, from.width);
    layer(LayerKind::conv, {in}, map(channels, e.height, e.width), w);
    n.layers.back().groups = groups;
    weights(n.layers.back(), static_cast<std::size_t>(channels * (from.channels / groups) * kernel * kernel));
    return n.layers.back().output;
  }
  void weights(ir::Layer& l, std::size_t count) {
    l.weights.values.resize(count);
    for (auto& w : l.weights.values) w = static_cast<std::int16_t>(static_cast<int>(random() % 255) - 127);
    const auto per_output = count / static_cast<std::size_t>(n.map(l.output).channels);
    l.post.channels[0].shift = static_cast<std::uint8_t>(21 + std::bit_width(per_output) / 2);
  }
  ir::MapId concat(std::vector<ir::MapId> inputs) {
    std::int32_t channels = 0;
    for (const ir::MapId id : inputs) channels += n.map(id).channels;
    const ir::FeatureMap like = n.map(inputs[0]);
    return layer(LayerKind::concat, std::move(inputs), map(channels, like.height, like.width));
  }
  ir::Network done(std::vector<ir::MapId> outputs) {
    n.outputs = std::move(outputs);
    return n;
  }
};

/// On a shipped overlay, where all fits, and on one where everything is tiled.
void expect_match(const ir::Network& network, const Options& options = {}) {
  const auto zcu102 = overlay::find_overlay("zcu102");
  ASSERT_TRUE(zcu102);
  EXPECT_TRUE(matches_reference(network, *zcu102, options));
  EXPECT_TRUE(matches_reference(network, test::tiny_overlay(), options));
}

TEST(Generate, RandomNetworksOnAllOverlays) {
  const auto overlays = overlay::all_overlays();
  ASSERT_GE(overlays.size(), 5U);
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const overlay::Overlay& overlay = overlays[seed % overlays.size()];
    ASSERT_TRUE(matches_reference(random_network(seed), overlay)) << "seed " << seed << " on " << overlay.name;
  }
}

TEST(Generate, RandomNetworksInVerySmallMemories) {
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    overlay::Overlay overlay = test::tiny_overlay(seed % 2 == 0 ? 3 : 5, 8, seed % 3 == 0 ? 2 : 4);
    overlay.region_words = 32 << (seed % 3);
    overlay.weight_cycles = 1 << (seed % 3);
    const Options options{.expose = {}, .fuse = seed % 5 != 0, .in_place = seed % 7 != 0};
    test::RandomNetworkOptions random;
    random.layers = 4 + static_cast<int>(seed % 12);
    ASSERT_TRUE(matches_reference(random_network(seed, random), overlay, options, seed)) << "seed " << seed;
  }
}

TEST(Generate, EveryMapCanBeExposed) {
  for (std::uint32_t seed = 200; seed < 220; ++seed) {
    const ir::Network network = random_network(seed);
    Options options;
    for (std::size_t id = 0; id < network.maps.size(); ++id) options.expose.push_back(static_cast<ir::MapId>(id));
    ASSERT_TRUE(matches_reference(network, test::tiny_overlay(), options)) << "seed " << seed;
  }
}

TEST(Generate, OverlaysWithoutAnAverageUnit) {
  overlay::Overlay overlay = test::tiny_overlay();
  overlay.units = {"upsample", "table", "multiply"};
  overlay.coefficient_words = 12;
  test::RandomNetworkOptions random;
  random.max_extent = 7;
  random.kinds = {LayerKind::conv, LayerKind::average_pool, LayerKind::global_average, LayerKind::concat};
  int built = 0;
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    const ir::Network network = random_network(seed, random);
    if (!generate(network, overlay)) continue;  // divisors by count with a window larger than the memory
    ++built;
    ASSERT_TRUE(matches_reference(network, overlay)) << "seed " << seed;
  }
  EXPECT_GT(built, 25);
}

TEST(Generate, FullyConnectedLayersStreamTheirWeights) {
  Maker m;
  const auto x = m.input(40, 7, 7);
  const ir::Window whole{.kernel_h = 7, .kernel_w = 7};
  m.layer(LayerKind::conv, {x}, m.map(50, 1, 1), whole);
  m.weights(m.n.layers.back(), 50 * 40 * 49);
  const auto y = m.conv(m.n.layers.back().output, 70, 1);
  expect_match(m.done({y}));
}

TEST(Generate, WideMapsAreCutIntoColumns) {
  Maker m;
  const auto x = m.input(3, 1, 900);
  m.layer(LayerKind::conv, {x}, m.map(5, 1, 450), {.kernel_w = 5, .stride_w = 2, .pad_left = 2, .pad_right = 2});
  m.weights(m.n.layers.back(), 5 * 3 * 5);
  expect_match(m.done({m.conv(m.n.layers.back().output, 6, 1)}));
}

TEST(Generate, DenselyConnectedLayersShareOneBuffer) {
  Maker m;
  ir::MapId x = m.conv(m.input(6, 9, 9), 12, 3);
  for (int i = 0; i < 4; ++i) x = m.concat({x, m.conv(m.conv(x, 10, 1), 5, 3)});
  expect_match(m.done({m.conv(x, 7, 1), x}));
}

TEST(Generate, SkipsAcrossAnUpAndDownPath) {
  Maker m;
  const auto a = m.conv(m.input(5, 12, 12), 9, 3), b = m.conv(a, 14, 3, 2);
  m.layer(LayerKind::conv_transpose, {m.conv(b, 14, 3)}, m.map(9, 12, 12),
          {.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2});
  m.weights(m.n.layers.back(), 9 * 14 * 4);
  expect_match(m.done({m.conv(m.concat({a, m.n.layers.back().output}), 4, 3)}));
}

TEST(Generate, ResidualChainsOverwriteTheirOperands) {
  Maker m;
  ir::MapId x = m.conv(m.input(9, 10, 10), 12, 3);
  for (int i = 0; i < 3; ++i) {
    const auto y = m.conv(m.conv(x, 6, 1), 12, 3);
    x = m.layer(LayerKind::add, {i == 1 ? x : y, i == 1 ? y : x}, m.map(12, 10, 10));
  }
  expect_match(m.done({x}));
  expect_match(m.n, {.expose = {}, .fuse = false});
}

TEST(Generate, GroupsAndUnalignedSlices) {
  Maker m;
  const auto x = m.conv(m.input(8, 6, 6), 24, 3, 1, 4);
  std::vector<ir::MapId> parts;
  for (const std::int32_t begin : {0, 5, 13}) {
    parts.push_back(m.layer(LayerKind::slice, {x}, m.map(begin == 13 ? 11 : 5 + begin / 2, 6, 6)));
    m.n.layers.back().slice_begin = begin;
  }
  const auto joined = m.concat({parts[2], parts[0], parts[1]});
  expect_match(m.done({m.conv(joined, 22, 1, 1, 1), parts[1]}));
}

TEST(Generate, InputsCanBeOutputs) {
  Maker m;
  const auto x = m.input(5, 3, 4);
  expect_match(m.done({x, x}));
  const auto y = m.conv(x, 3, 1);
  expect_match(m.done({y, x, y}));
}

TEST(Generate, MoreTablesThanPlaces) {
  Maker m;
  ir::MapId x = m.input(4, 5, 5);
  for (std::int16_t i = 0; i < 5; ++i) {
    x = m.conv(x, 4, 1);
    auto table = std::make_shared<kernels::Table>();
    for (std::size_t e = 0; e < 257; ++e)
      table->entry[e] = static_cast<std::int16_t>((static_cast<int>(e) * (i % 3 + 1)) % 200 - 100);
    m.n.layers.back().post.table = table;
  }
  expect_match(m.done({x}));
}

TEST(Generate, SaysWhatEveryLayerCosts) {
  Maker m;
  const auto y = m.conv(m.input(16, 20, 20), 32, 3);
  const auto generated = generate(m.done({y}), *overlay::find_overlay("zcu102"));
  ASSERT_TRUE(generated);
  ASSERT_EQ(generated->segment.layers.size(), 1U);
  const isa::LayerInfo& info = generated->segment.layers[0];
  EXPECT_EQ(info.macs, 20 * 20 * 32 * 16 * 9);
  EXPECT_GT(info.array_cycles, 0);
  EXPECT_GT(info.ddr_bytes, 32 * 16 * 9);
  EXPECT_NE(info.choice.find("conv"), std::string::npos);
  for (std::size_t engine = 0; engine < isa::kEngines; ++engine) {
    const auto& spans = generated->segment.spans[engine];
    const auto length = static_cast<std::int32_t>(generated->segment.streams[engine].size());
    if (!spans.empty()) {
      EXPECT_EQ(spans.back().end, length - 1) << "all but `end` belong to a layer";
    }
  }
}

TEST(Generate, RefusesWhatTheOverlayLacksByName) {
  Maker m;
  const auto x = m.input(4, 5, 5);
  m.layer(LayerKind::resize_nearest, {x}, m.map(4, 10, 10));
  m.n.layers.back().resize_y.step = m.n.layers.back().resize_x.step = 32768;
  m.layer(LayerKind::multiply, {x, x}, m.map(4, 5, 5));
  overlay::Overlay overlay = test::tiny_overlay();
  overlay.units = {};
  const auto generated = generate(m.done({1, 2}), overlay);
  ASSERT_FALSE(generated);
  ASSERT_EQ(generated.error().size(), 2U) << "all findings at once";
  EXPECT_EQ(generated.error()[0].node, "layer0");
  EXPECT_EQ(generated.error()[0].error_class, ErrorClass::unsupported);
  EXPECT_EQ(generated.error()[1].op, "multiply");
}

TEST(Generate, RefusesMemoriesThatHoldNoTile) {
  Maker m;
  const auto y = m.conv(m.input(64, 30, 30), 64, 31);
  overlay::Overlay overlay = test::tiny_overlay();
  overlay.region_words = 2;
  const auto generated = generate(m.done({y}), overlay);
  ASSERT_FALSE(generated);
  EXPECT_EQ(generated.error()[0].code, "codegen.memory");
  EXPECT_EQ(generated.error()[0].node, "layer0");
}

/// The field of the only finding.
std::string refused_field(const ir::Network& network, const overlay::Overlay& overlay, const Options& options = {}) {
  const auto generated = generate(network, overlay, options);
  if (generated || generated.error().size() != 1) return "no single finding";
  return generated.error()[0].field;
}

TEST(Generate, RefusesBadRequests) {
  Maker m;
  const auto y = m.conv(m.input(4, 5, 5), 4, 1);
  const ir::Network network = m.done({y});
  EXPECT_EQ(refused_field(network, test::tiny_overlay(), {.expose = {99}}), "expose");
  EXPECT_EQ(refused_field(network, test::tiny_overlay(), {.expose = {-1}}), "expose");
  overlay::Overlay overlay = test::tiny_overlay();
  overlay.format = overlay::NumberFormat::fp32;
  EXPECT_EQ(refused_field(network, overlay), "format");
  ir::Network broken = network;
  broken.layers[0].output = 50;
  EXPECT_FALSE(generate(broken, test::tiny_overlay())) << "networks are verified first";
}

TEST(Generate, RefusesMoreLayersThanItAllocatesInTime) {
  Maker m;
  const auto x = m.input(4, 1, 1);
  for (std::size_t i = 0; i <= kMostLayers; ++i) m.layer(LayerKind::requantize, {x}, m.map(4, 1, 1));
  const ir::Network network = m.done({1});
  EXPECT_EQ(refused_field(network, test::tiny_overlay()), "layers");
}

}  // namespace
}  // namespace heddle::codegen
