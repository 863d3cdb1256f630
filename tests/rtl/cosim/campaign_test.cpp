// SPDX-License-Identifier: Apache-2.0
// Random layers and random graphs on the campaign overlays: reference, functional machine and Verilated overlay agree
// on every bit. HEDDLE_COSIM_ROUNDS=n runs 20·n layers and 2·n graphs on each overlay; without it only the overlays
// themselves are checked.
#include <gtest/gtest.h>

#include <iostream>
#include <set>

#include "tests/rtl/cosim/cosim_kit.h"
#include "tests/rtl/cosim/shrink.h"
#include "tests/unit/codegen/hand_networks.h"

namespace heddle::test {
namespace {

constexpr const char* kOverlays[] = {"campaign-64", "campaign-160", "campaign-384", "campaign-896", "campaign-2048"};

overlay::Overlay overlay_of(const char* name) {
  return overlay::find_overlay(std::string(HEDDLE_TESTS_DIR) + "/rtl/overlays/" + name + ".toml").value();
}

/// Values of a parameter that `overlay::check` allows, among candidates.
template <class T>
std::set<T> legal(T overlay::Overlay::* member, std::initializer_list<T> candidates) {
  std::set<T> values;
  for (const T candidate : candidates) {
    overlay::Overlay o = overlay_of("campaign-2048");
    o.*member = candidate;
    if (overlay::check(o)) values.insert(candidate);
  }
  return values;
}

TEST(CampaignOverlays, CoverWhatOverlaysMayHave) {
  std::set<std::int32_t> P, depths, cycles, widths;
  std::set<std::pair<std::string, bool>> units;
  for (const char* name : kOverlays) {
    const overlay::Overlay o = overlay_of(name);
    EXPECT_EQ("campaign-" + std::to_string(o.P * o.M * o.N), name);
    P.insert(o.P);
    depths.insert(o.acc_depth);
    cycles.insert(o.weight_cycles);
    widths.insert(o.weight_bits.begin(), o.weight_bits.end());
    for (const std::string& unit : overlay::Overlay{}.units) units.emplace(unit, o.has_unit(unit));
  }
  EXPECT_EQ(P.size(), std::size(kOverlays)) << "as many values of P as overlays";
  EXPECT_EQ(depths, legal(&overlay::Overlay::acc_depth, {1, 16, 32, 64, 128, 256, 512}));
  EXPECT_EQ(cycles, legal(&overlay::Overlay::weight_cycles, {1, 2, 3, 4, 5, 6, 7, 8, 16, 32}));
  EXPECT_EQ(widths, (std::set<std::int32_t>{8, 16})) << "all that CONV instructions can state";
  EXPECT_EQ(units.size(), 2 * overlay::Overlay{}.units.size()) << "each unit once present and once absent";
}

TEST(Shrink, FindsTheLayerThatMatters) {
  const auto fails = [](const ir::Network& network) {
    return std::ranges::any_of(network.layers, [](const ir::Layer& layer) {
      return layer.kind == ir::LayerKind::depthwise && layer.window.stride_h > 1;
    });
  };
  int tried = 0;
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    RandomNetworkOptions random;
    random.layers = 8;
    const ir::Network network = random_network(seed, random);
    if (!fails(network)) continue;
    const ir::Network small = shrunk(network, [&](const ir::Network& candidate) {
      EXPECT_TRUE(ir::verify(candidate)) << text(ir::verify(candidate).error()) << ir::print(candidate);
      return fails(candidate);
    });
    EXPECT_EQ(small.layers.size(), 1U) << ir::print(small);
    EXPECT_EQ(small.maps.size(), 2U);
    EXPECT_EQ(small.layers[0].post.table, nullptr);
    ++tried;
  }
  EXPECT_GT(tried, 5);
}

class Campaign : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::getenv("HEDDLE_COSIM_ROUNDS") == nullptr) GTEST_SKIP() << "set HEDDLE_COSIM_ROUNDS";
  }
  const RtlOverlay& rtl() { return RtlOverlay::get(GetParam(), !many_rounds()); }

  /// Kinds that the overlay has units for, and sizes that give its array some blocks of work.
  RandomNetworkOptions random_options(std::uint32_t seed) {
    const overlay::Overlay& o = rtl().overlay;
    RandomNetworkOptions random;
    random.max_channels = seed % 4 == 0 ? 5 * o.M / 2 : o.M + o.M / 2;
    random.max_extent = seed % 4 == 1 ? 4 * o.P : 2 * o.P + 5;
    random.max_elements = 20000;
    random.allow_tables = o.has_unit("table");
    const auto without = [&](const char* unit, std::initializer_list<ir::LayerKind> kinds) {
      if (o.has_unit(unit)) return;
      for (const ir::LayerKind kind : kinds) std::erase(random.kinds, kind);
    };
    without("upsample", {ir::LayerKind::resize_nearest, ir::LayerKind::resize_bilinear});
    without("average", {ir::LayerKind::global_average});
    without("multiply", {ir::LayerKind::multiply});
    return random;
  }

  void expect_agreement(const ir::Network& network, std::uint32_t seed);

  std::uint32_t compared_ = 0, refused_ = 0;
};

/// Generated or refused for lack of a unit or of room; never anything else.
enum class Verdict { agree, refused, differ };

Verdict compare(const ir::Network& network, const RtlOverlay& rtl, std::uint32_t seed, std::string& why) {
  const codegen::Options options{.expose = {}, .fuse = seed % 5 != 0, .in_place = seed % 7 != 0};
  const auto generated = codegen::generate(network, rtl.overlay, options);
  if (!generated && generated.error().front().error_class == ErrorClass::unsupported) return Verdict::refused;
  auto same = matches_reference(network, rtl.overlay, options, seed);
  if (same) {
    cosim::Machine machine(rtl.library, machine_options(rtl.overlay, seed));
    same = runs_on(machine, network, rtl.overlay, options, seed);
  }
  if (same) return Verdict::agree;
  why = same.message();
  return Verdict::differ;
}

void Campaign::expect_agreement(const ir::Network& network, std::uint32_t seed) {
  std::string why;
  const Verdict verdict = compare(network, rtl(), seed, why);
  ++(verdict == Verdict::refused ? refused_ : compared_);
  if (verdict != Verdict::differ) return;
  const ir::Network small = shrunk(
      network, [&](const ir::Network& candidate) { return compare(candidate, rtl(), seed, why) == Verdict::differ; });
  (void)compare(small, rtl(), seed, why);
  FAIL() << "seed " << seed << ", " << network.layers.size() << " layers, shrunk to " << small.layers.size() << ":\n"
         << why;
}

TEST_P(Campaign, RandomLayers) {
  const std::uint32_t all = rounds(20);
  for (std::uint32_t seed = 0; seed < all && !HasFatalFailure(); ++seed) {
    RandomNetworkOptions random = random_options(seed);
    random.layers = 1;
    expect_agreement(random_network(seed + 1'000'000, random), seed);
  }
  std::cout << "  " << GetParam() << ": " << compared_ << " layers agree, " << refused_ << " refused\n";
  EXPECT_LT(refused_ * 20, all) << "most are to be compared";
}

TEST_P(Campaign, RandomGraphs) {
  const std::uint32_t all = rounds(2);
  for (std::uint32_t seed = 0; seed < all && !HasFatalFailure(); ++seed) {
    RandomNetworkOptions random = random_options(seed);
    random.layers = 3 + static_cast<int>(seed % 8);
    expect_agreement(random_network(seed + 2'000'000, random), seed);
  }
  std::cout << "  " << GetParam() << ": " << compared_ << " graphs agree, " << refused_ << " refused\n";
  EXPECT_LT(refused_ * 20, std::max(20U, all)) << "most are to be compared";
}

INSTANTIATE_TEST_SUITE_P(Overlays, Campaign, ::testing::ValuesIn(kOverlays), [](const auto& test) {
  std::string name = test.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace heddle::test
