// SPDX-License-Identifier: Apache-2.0
#include "sim/functional_machine.h"

#include <gtest/gtest.h>

#include "tests/unit/sim/random_instruction.h"

namespace heddle::sim {
namespace {

using testing::Generator;
using testing::noise;
using testing::Scenario;
using testing::small_overlay;

std::string text(const Diagnostics& diagnostics) {
  return diagnostics.empty() ? ""
                             : diagnostics.front().code + " " + diagnostics.front().node + " " +
                                   diagnostics.front().field + ": " + diagnostics.front().message;
}

/// Feature memory after the scenario ran on noise; empty with a test failure if it was refused.
std::vector<std::byte> features_after(const Scenario& s, std::uint64_t seed, Execution execution,
                                      const fast::Kernels& kernels) {
  const auto prepared = prepare(s.streams, s.constants, s.overlay, execution);
  if (!prepared) {
    ADD_FAILURE() << text(prepared.error());
    return {};
  }
  FunctionalMachine machine(s.overlay, kernels);
  const auto start = noise(seed, machine.features().size());
  std::ranges::copy(start, machine.features().begin());
  EXPECT_TRUE(machine.run(*prepared, s.constants, {}));
  return {machine.features().begin(), machine.features().end()};
}

void expect_equal(const Scenario& s, std::uint64_t seed) {
  const auto want = features_after(s, seed, Execution::reference, fast::portable_kernels());
  const auto portable = features_after(s, seed, Execution::fast, fast::portable_kernels());
  const auto best = features_after(s, seed, Execution::fast, fast::best_kernels());
  const auto first = [&](const auto& got) { return std::ranges::mismatch(want, got).in1 - want.begin(); };
  EXPECT_TRUE(want == portable) << "seed " << seed << ", first difference at byte " << first(portable);
  EXPECT_TRUE(want == best) << "seed " << seed << ", first difference at byte " << first(best);
  EXPECT_FALSE(want == noise(seed, want.size())) << "seed " << seed << " wrote nothing";
}

/// Most for the widths that real overlays have; the reference is slow at large ones.
std::uint64_t seeds(int n) {
  return n == 16 ? 60 : n > 16 ? 9 : 24;
}

class FastPaths : public ::testing::TestWithParam<int> {};

TEST_P(FastPaths, ConvEqualsReference) {
  for (std::uint64_t seed = 0; seed < seeds(GetParam()); ++seed) {
    Generator generator(seed, small_overlay(GetParam()));
    generator.conv(seed % 3 == 0 ? 32767 : 300);
    expect_equal(generator.take(), seed);
  }
}

TEST_P(FastPaths, StencilEqualsReference) {
  for (std::int64_t op = 0; op < 10; ++op)
    for (std::uint64_t seed = 0; seed < seeds(GetParam()) / 3; ++seed) {
      Generator generator(1000 * static_cast<std::uint64_t>(op) + seed, small_overlay(GetParam()));
      generator.stencil(static_cast<isa::StencilOp>(op));
      SCOPED_TRACE(isa::name(static_cast<isa::StencilOp>(op)));
      expect_equal(generator.take(), seed);
    }
}

INSTANTIATE_TEST_SUITE_P(Lanes, FastPaths, ::testing::Values(2, 4, 8, 12, 16, 32));

}  // namespace
}  // namespace heddle::sim
