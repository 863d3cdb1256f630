// SPDX-License-Identifier: Apache-2.0
// Whole programs on the Verilated overlay against the functional machine.
#include <gtest/gtest.h>

#include "tests/rtl/cosim/cosim_kit.h"

namespace heddle::test {
namespace {

class Cosim : public ::testing::TestWithParam<const char*> {
 protected:
  const RtlOverlay& rtl() { return RtlOverlay::get(GetParam()); }
};

TEST_P(Cosim, RandomNetworks) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    cosim::Machine machine(rtl().library, machine_options(rtl().overlay, seed));
    RandomNetworkOptions random;
    random.layers = 2 + static_cast<int>(seed % 6);
    // Every map is an output, so that the first wrong layer is found.
    const ir::Network network = random_network(seed, random);
    ASSERT_TRUE(runs_on(machine, network, rtl().overlay, {}, seed)) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Overlays, Cosim, ::testing::Values("tiny", "narrow"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace heddle::test
