// SPDX-License-Identifier: Apache-2.0
#include "codegen/generate.h"

#include <gtest/gtest.h>

#include "tests/unit/codegen/machine.h"

namespace heddle::codegen {
namespace {

using test::matches_reference;
using test::random_network;

TEST(Generate, RandomNetworksOnAllOverlays) {
  const auto overlays = overlay::all_overlays();
  ASSERT_GE(overlays.size(), 5U);
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const overlay::Overlay& overlay = overlays[seed % overlays.size()];
    ASSERT_TRUE(matches_reference(random_network(seed), overlay)) << "seed " << seed << " on " << overlay.name;
  }
}

TEST(Generate, RandomNetworksInVerySmallMemories) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    overlay::Overlay overlay = test::tiny_overlay();
    overlay.region_words = 32 << (seed % 3);
    ASSERT_TRUE(matches_reference(random_network(seed), overlay)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace heddle::codegen
