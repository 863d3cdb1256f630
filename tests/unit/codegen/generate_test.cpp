// SPDX-License-Identifier: Apache-2.0
#include "codegen/generate.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/codegen/hand_networks.h"
#include "tests/unit/codegen/machine.h"

namespace heddle::codegen {
namespace {

using ir::LayerKind;
using test::Maker;
using test::matches_reference;
using test::random_network;

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
  expect_match(test::fully_connected());
}

TEST(Generate, WideMapsAreCutIntoColumns) {
  expect_match(test::wide_map());
}

TEST(Generate, DenselyConnectedLayersShareOneBuffer) {
  expect_match(test::densely_connected());
}

TEST(Generate, SkipsAcrossAnUpAndDownPath) {
  expect_match(test::up_and_down());
}

TEST(Generate, ResidualChainsOverwriteTheirOperands) {
  expect_match(test::residual_chain());
  expect_match(test::residual_chain(), {.expose = {}, .fuse = false});
}

TEST(Generate, GroupsAndUnalignedSlices) {
  expect_match(test::groups_and_slices());
}

TEST(Generate, InputsCanBeOutputs) {
  Maker m;
  const auto x = m.input(5, 3, 4);
  expect_match(m.done({x, x}));
  expect_match(test::inputs_as_outputs());
}

TEST(Generate, MoreTablesThanPlaces) {
  expect_match(test::many_tables());
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
