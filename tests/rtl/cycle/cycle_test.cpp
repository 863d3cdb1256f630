// SPDX-License-Identifier: Apache-2.0
// The cycle machine against the Verilated overlay. What it leaves out weighs most in runs of a few hundred cycles, so
// single networks may be off by more than their sum; docs/hardware/cycle_machine.md has the figures of large ones.
#include <gtest/gtest.h>

#include <cmath>

#include "runtime/cycle_device.h"
#include "sim/cycle/layer_account.h"
#include "tests/rtl/cosim/cosim_kit.h"
#include "tests/unit/codegen/hand_networks.h"

namespace heddle::test {
namespace {

namespace cycle = sim::cycle;

struct Comparison {
  std::uint64_t rtl = 0, model = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> layers;  ///< RTL and model
  std::map<std::string, std::uint64_t> rtl_counters, model_counters;
  [[nodiscard]] double error() const { return static_cast<double>(model) / static_cast<double>(rtl) - 1; }
};

/// Runs the network in both; the memory is that of the overlay's file.
Comparison compare(const ir::Network& network, const RtlOverlay& rtl) {
  Comparison result;
  const auto generated = codegen::generate(network, rtl.overlay);
  EXPECT_TRUE(generated) << text(generated.error());
  if (!generated) return result;
  const isa::OverlaySegment& segment = generated->segment;
  cosim::Machine machine(rtl.library, {.ddr = cosim::ddr_options(rtl.overlay)});
  std::vector<cosim::EngineEvent> events;
  machine.trace(&events);
  RunMemory memory(segment, rtl.overlay, random_inputs(network, 1));
  const auto report = machine.run(job_of(segment, memory));
  EXPECT_TRUE(ended_well(report));
  const auto timed = runtime::time_segment(segment, rtl.overlay);
  EXPECT_TRUE(timed);
  if (!report || !timed) return result;
  const cycle::Report model = cycle::simulate(*timed);
  std::array<std::vector<std::uint64_t>, isa::kEngines> pulses;
  for (const cosim::EngineEvent& event : events)
    if (event.kind == cosim::EngineEvent::Kind::done)
      pulses[static_cast<std::size_t>(event.engine)].push_back(event.cycle);
  const auto in_rtl = cycle::layer_cycles(segment, cycle::with_specials(segment, pulses));
  const auto in_model = cycle::layer_cycles(segment, model.done);
  for (std::size_t l = 0; l < in_rtl.size(); ++l) result.layers.emplace_back(in_rtl[l], in_model[l]);
  result.rtl_counters = report->counters;
  result.model_counters = runtime::cycle_counters(model);
  result.rtl = report->counters.at("cycles");
  result.model = model.cycles;
  return result;
}

class CycleMachine : public ::testing::TestWithParam<const char*> {
 protected:
  const RtlOverlay& rtl() { return RtlOverlay::get(GetParam()); }
};

/// What many networks come to.
struct Sum {
  std::uint64_t rtl = 0, model = 0;
  int layers = 0, close = 0;
  void add(const Comparison& c) {
    rtl += c.rtl;
    model += c.model;
    for (const auto& [a, b] : c.layers) {
      if (a < 1000) continue;
      ++layers;
      if (std::abs(static_cast<double>(b) - static_cast<double>(a)) <= 0.05 * static_cast<double>(a)) ++close;
    }
  }
};

TEST_P(CycleMachine, TakesTheTimeOfTheHardware) {
  Sum sum;
  for (const auto& [name, network] : hand_networks()) {
    const Comparison c = compare(network, rtl());
    EXPECT_LE(std::abs(c.error()), 0.05) << name << ": " << c.rtl << " in RTL, " << c.model;
    sum.add(c);
  }
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    RandomNetworkOptions random;
    random.layers = 2 + static_cast<int>(seed % 6);
    const Comparison c = compare(random_network(seed, random), rtl());
    EXPECT_LE(std::abs(c.error()), 0.07) << "seed " << seed << ": " << c.rtl << " in RTL, " << c.model;
    sum.add(c);
  }
  EXPECT_NEAR(static_cast<double>(sum.model) / static_cast<double>(sum.rtl), 1, 0.03);
  EXPECT_GE(sum.close, 0.75 * sum.layers) << sum.close << " of " << sum.layers << " layers within 5 %";
}

TEST_P(CycleMachine, CountsWhatTheHardwareCounts) {
  const Comparison c = compare(residual_chain(), rtl());
  ASSERT_EQ(c.rtl_counters.size(), c.model_counters.size());
  const auto close = [&](const std::string& name, double share) {
    EXPECT_NEAR(static_cast<double>(c.model_counters.at(name)), static_cast<double>(c.rtl_counters.at(name)),
                share * static_cast<double>(c.rtl))
        << name;
  };
  for (const auto& [name, value] : c.rtl_counters) {
    ASSERT_TRUE(c.model_counters.contains(name)) << name;
    close(name, name.find(".stall.") == std::string::npos ? 0.05 : 0.1);
  }
  EXPECT_EQ(c.model_counters.at("conv.busy"), c.rtl_counters.at("conv.busy"));
  EXPECT_EQ(c.model_counters.at("ddr.read_bytes"), c.rtl_counters.at("ddr.read_bytes"));
  EXPECT_EQ(c.model_counters.at("ddr.write_bytes"), c.rtl_counters.at("ddr.write_bytes"));
}

INSTANTIATE_TEST_SUITE_P(Overlays, CycleMachine, ::testing::Values("tiny", "narrow"));

}  // namespace
}  // namespace heddle::test
