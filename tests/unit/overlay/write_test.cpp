// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "overlay/keys.h"

namespace heddle::overlay {
namespace {

Overlay unusual() {
  Overlay o{.name = "quote \" back \\ bell \a", .device = "zu2", .P = 5, .M = 32, .N = 8};
  o.winograd = Winograd::f4;
  o.post_lanes = 40;
  o.weight_bits = {8, 16, 4};
  o.units = {"table"};
  o.ddr_gb_per_s = 0.1;
  o.clock_mhz = 1.0 / 3.0;
  return o;
}

TEST(ToToml, ReadsBackToTheSameOverlay) {
  const auto again = parse_overlay(to_toml(unusual()), "x");
  ASSERT_TRUE(again) << again.error().front().text() << to_toml(unusual());
  EXPECT_EQ(*again, unusual());
}

TEST(ToToml, NamesEveryKeyOnce) {
  const std::string text = "\n" + to_toml(unusual());
  for (const auto& key : overlay_keys()) {
    const std::string line = "\n" + std::string(key.name) + " = ";
    const std::size_t at = text.find(line);
    EXPECT_NE(at, std::string::npos) << line;
    EXPECT_EQ(text.find(line, at + 1), std::string::npos) << line;
  }
}

TEST(Fingerprint, IgnoresWhatChangesNeitherBitsNorAddresses) {
  const Overlay base = unusual();
  Overlay other = base;
  other.name = "other";
  other.device = "zu9";
  other.clock_mhz = 100;
  other.ddr_gb_per_s = 5;
  other.cores = 2;
  other.stencil_pixels = 1;
  other.post_lanes = 24;
  other.weight_bits = {4, 8, 16};  // a set
  EXPECT_EQ(fingerprint(base), fingerprint(other));
}

TEST(Fingerprint, ChangesWithEveryOtherParameter) {
  const std::vector<std::function<void(Overlay&)>> changes{
      [](Overlay& o) { o.P = 7; },
      [](Overlay& o) { o.M = 64; },
      [](Overlay& o) { o.N = 16; },
      [](Overlay& o) { o.regions = 9; },
      [](Overlay& o) { o.region_words = 9; },
      [](Overlay& o) { o.weight_words = 9; },
      [](Overlay& o) { o.weight_cycles = 2; },
      [](Overlay& o) { o.acc_depth = 128; },
      [](Overlay& o) { o.winograd = Winograd::f2; },
      [](Overlay& o) { o.format = NumberFormat::fp32; },
      [](Overlay& o) { o.format = NumberFormat::bf16; },
      [](Overlay& o) { o.param_words = 64; },
      [](Overlay& o) { o.stencil_param_words = 64; },
      [](Overlay& o) { o.coefficient_words = 64; },
      [](Overlay& o) { o.tables = 1; },
      [](Overlay& o) { o.units = {"average"}; },
      [](Overlay& o) { o.weight_bits = {16, 8}; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Overlay other = unusual();
    changes[i](other);
    EXPECT_NE(fingerprint(unusual()), fingerprint(other)) << "change " << i;
  }
}

}  // namespace
}  // namespace heddle::overlay
