// SPDX-License-Identifier: Apache-2.0
// Whole programs on the Verilated overlay against the functional machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "runtime/job_device.h"
#include "tests/rtl/cosim/cosim_kit.h"
#include "tests/unit/codegen/hand_networks.h"

namespace heddle::test {
namespace {

class Cosim : public ::testing::TestWithParam<const char*> {
 protected:
  const RtlOverlay& rtl() { return RtlOverlay::get(GetParam()); }
};

TEST_P(Cosim, RandomNetworks) {
  for (std::uint32_t seed = 0; seed < rounds(20); ++seed) {
    cosim::Machine machine(rtl().library, machine_options(rtl().overlay, seed));
    RandomNetworkOptions random;
    random.layers = 2 + static_cast<int>(seed % 6);
    const codegen::Options options{.expose = {}, .fuse = seed % 5 != 0, .in_place = seed % 7 != 0};
    ASSERT_TRUE(runs_on(machine, random_network(seed, random), rtl().overlay, options, seed)) << "seed " << seed;
  }
}

TEST_P(Cosim, RandomNetworksWithEveryMap) {
  // Every map is an output, so that the first wrong layer is found.
  for (std::uint32_t seed = 1000; seed < 1000 + rounds(6); ++seed) {
    cosim::Machine machine(rtl().library, machine_options(rtl().overlay, seed));
    const ir::Network network = random_network(seed);
    codegen::Options options;
    for (std::size_t id = 0; id < network.maps.size(); ++id) options.expose.push_back(static_cast<ir::MapId>(id));
    ASSERT_TRUE(runs_on(machine, network, rtl().overlay, options, seed)) << "seed " << seed;
  }
}

TEST_P(Cosim, HandMadeNetworksOneAfterTheOther) {
  // On one machine, without a reset between the runs.
  cosim::Machine machine(rtl().library, machine_options(rtl().overlay, 2));
  for (const auto& [name, network] : hand_networks()) EXPECT_TRUE(runs_on(machine, network, rtl().overlay)) << name;
}

TEST_P(Cosim, FlippedInstructionsAreReportedAndTheNextRunIsRight) {
  const Case c = make_case(residual_chain(), rtl().overlay);
  cosim::Machine machine(rtl().library, machine_options(rtl().overlay, 1));
  std::mt19937 random(5);
  for (int round = 0; round < 10; ++round) {
    isa::OverlaySegment damaged = c.segment;
    const std::size_t engine = random() % isa::kEngines, index = random() % damaged.streams[engine].size();
    damaged.streams[engine][index][random() % 64] ^= static_cast<std::byte>(1U << random() % 8);
    RunMemory memory(damaged, rtl().overlay, c.inputs);
    const auto report = machine.run(job_of(damaged, memory));
    ASSERT_TRUE(report) << text(report.error());
    EXPECT_FALSE(report->status.done || report->status.running);
    EXPECT_EQ(report->status.cause, hardware::ErrorCause::crc);
    EXPECT_EQ(report->status.engine, static_cast<isa::Engine>(engine));
    EXPECT_EQ(report->error_instruction, index);
    ASSERT_TRUE(runs_right(machine, c, rtl().overlay)) << "round " << round;
  }
}

TEST_P(Cosim, BusErrorsAreReportedAndTheNextRunIsRight) {
  const Case c = make_case(residual_chain(), rtl().overlay);
  cosim::Machine machine(rtl().library, machine_options(rtl().overlay, 1));
  std::mt19937 random(7);
  int reported = 0;
  for (int round = 0; round < 20; ++round) {
    const bool slave = random() % 2 == 0;
    int countdown = static_cast<int>(random() % 200);
    machine.ddr().set_fault([&](std::uint64_t, bool) {
      if (countdown-- != 0) return cosim::Response::okay;
      return slave ? cosim::Response::slave_error : cosim::Response::decode_error;
    });
    RunMemory memory(c.segment, rtl().overlay, c.inputs);
    const auto report = machine.run(job_of(c.segment, memory));
    machine.ddr().set_fault({});
    ASSERT_TRUE(report) << text(report.error());
    EXPECT_FALSE(report->status.running);
    // Read ahead beyond what was needed: no error of the run.
    if (report->status.done) continue;
    EXPECT_EQ(report->status.cause, slave ? hardware::ErrorCause::axi_slave : hardware::ErrorCause::axi_decode);
    ++reported;
    ASSERT_TRUE(runs_right(machine, c, rtl().overlay)) << "round " << round;
  }
  EXPECT_GT(reported, 10);
}

TEST_P(Cosim, ARunCanBeStoppedAtAnyTime) {
  const Case c = make_case(residual_chain(), rtl().overlay);
  cosim::Machine machine(rtl().library, machine_options(rtl().overlay, 1));
  std::mt19937 random(11);
  for (int round = 0; round < 10; ++round) {
    RunMemory memory(c.segment, rtl().overlay, c.inputs);
    ASSERT_TRUE(machine.start(job_of(c.segment, memory)));
    for (auto i = random() % 3000; i > 0; --i) ASSERT_TRUE(machine.cycle());
    const bool over = machine.interrupt();
    ASSERT_TRUE(machine.write_register(hardware::registers::kControl.offset, hardware::control_bits::kStop));
    for (int i = 0; i < 5000 && !machine.interrupt(); ++i) ASSERT_TRUE(machine.cycle());
    ASSERT_TRUE(machine.interrupt());
    const auto report = machine.report();
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->status.running);
    EXPECT_EQ(report->status.stopped, !report->status.done);
    EXPECT_TRUE(report->status.done || !over);
    ASSERT_TRUE(runs_right(machine, c, rtl().overlay)) << "round " << round;
  }
}

TEST_P(Cosim, AResetAtAnyTimeDoesNoHarm) {
  const Case c = make_case(residual_chain(), rtl().overlay);
  cosim::Machine machine(rtl().library, machine_options(rtl().overlay, 1));
  std::mt19937 random(13);
  for (int round = 0; round < 10; ++round) {
    RunMemory memory(c.segment, rtl().overlay, c.inputs);
    ASSERT_TRUE(machine.start(job_of(c.segment, memory)));
    for (auto i = random() % 3000; i > 0; --i) ASSERT_TRUE(machine.cycle());
    machine.reset();
    ASSERT_TRUE(runs_right(machine, c, rtl().overlay)) << "round " << round;
  }
}

TEST_P(Cosim, TheWatchdogReportsMemoryThatDoesNotAnswer) {
  const Case c = make_case(residual_chain(), rtl().overlay);
  cosim::MachineOptions options = machine_options(rtl().overlay, 1);
  options.watchdog = 500;
  options.ddr.min_latency = options.ddr.max_latency = 5000;
  cosim::Machine machine(rtl().library, options);
  RunMemory memory(c.segment, rtl().overlay, c.inputs);
  const auto report = machine.run(job_of(c.segment, memory));
  ASSERT_TRUE(report) << text(report.error());
  EXPECT_TRUE(report->status.error);
  EXPECT_EQ(report->status.cause, hardware::ErrorCause::watchdog);
}

TEST_P(Cosim, RunsBehindTheDeviceInterface) {
  const Case c = make_case(residual_chain(), rtl().overlay);
  cosim::RtlOptions options = cosim::rtl_options(rtl().overlay);
  options.model.assertions = true;
  auto executor = cosim::make_rtl_executor(rtl().overlay, options);
  ASSERT_TRUE(executor) << text(executor.error());
  const auto device = runtime::make_job_device(rtl().overlay, {.backend = "rtl", .workers = 2}, std::move(*executor));
  const auto id = device->load(std::make_shared<const isa::OverlaySegment>(c.segment));
  ASSERT_TRUE(id) << text(id.error());
  std::vector<std::pair<runtime::Ticket, runtime::BufferId>> runs;
  for (int i = 0; i < 3; ++i) {
    RunMemory memory(c.segment, rtl().overlay, c.inputs);
    runtime::Bases bases;
    for (const auto& [base, bytes] :
         {std::pair{isa::kScratch, &memory.scratch}, std::pair{isa::kInputs, &memory.inputs},
          std::pair{isa::kOutputs, &memory.outputs}}) {
      const auto buffer = device->allocate(bytes->size()).value();
      ASSERT_TRUE(device->copy_to(buffer, 0, *bytes));
      bases.buffer[base] = buffer;
    }
    runs.emplace_back(device->submit(*id, bases).value(), *bases.buffer[isa::kOutputs]);
  }
  for (const auto& [ticket, buffer] : runs) {
    const auto completion = device->wait(ticket);
    ASSERT_TRUE(completion) << text(completion.error());
    EXPECT_GT(completion->counters.at("conv.busy"), 0U);
    EXPECT_GT(completion->counters.at("cycles"), completion->counters.at("conv.busy"));
    std::vector<std::byte> outputs(static_cast<std::size_t>(c.segment.output_bytes));
    ASSERT_TRUE(device->copy_from(buffer, 0, outputs));
    EXPECT_EQ(read_binding(c.segment.outputs[0], rtl().overlay, outputs), c.expected[0]);
  }
}

INSTANTIATE_TEST_SUITE_P(Overlays, Cosim, ::testing::Values("tiny", "narrow"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace heddle::test
