// SPDX-License-Identifier: Apache-2.0
#include "reference/network.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/reference/random_network.h"

namespace heddle::reference {
namespace {

using ir::LayerKind;

TEST(RandomNetwork, VerifiesAndRuns) {
  std::map<LayerKind, int> seen;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
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
