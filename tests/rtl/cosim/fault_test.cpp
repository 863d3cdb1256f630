// SPDX-License-Identifier: Apache-2.0
// Injections at random places: bus errors, late and lost answers, resets, flipped bits. A run ends within a bounded
// number of cycles, right or with an error and its cause, and the next one is right.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <iostream>
#include <random>

#include "tests/rtl/cosim/cosim_kit.h"
#include "tests/unit/codegen/hand_networks.h"

namespace heddle::test {
namespace {

enum class Injection { slave_error, decode_error, late, lost, reset, stop, flip };
constexpr std::array kInjections{Injection::slave_error, Injection::decode_error, Injection::late, Injection::lost,
                                 Injection::reset,       Injection::stop,         Injection::flip};
const char* name(Injection injection) {
  switch (injection) {
    case Injection::slave_error:
      return "SLVERR";
    case Injection::decode_error:
      return "DECERR";
    case Injection::late:
      return "late answer";
    case Injection::lost:
      return "lost answer";
    case Injection::reset:
      return "reset";
    case Injection::stop:
      return "stop";
    case Injection::flip:
      return "flipped instruction bit";
  }
  return "";
}

constexpr std::uint32_t kWatchdog = 1500;
/// What was asked of DDR before an error has come after this many cycles, if it comes.
constexpr std::uint64_t kDrain = 3000;
/// Cycles that reading and writing registers, and ending a run, may add.
constexpr std::uint64_t kMargin = 2000 + 2 * kDrain;

/// A program, and what a run of it without injections takes.
struct Target {
  Case program;
  std::uint64_t cycles = 0, beats = 0, bursts = 0;
};

struct Tally {
  std::uint64_t runs = 0, errors = 0, unharmed = 0, most_cycles = 0;
};

class Faults : public ::testing::TestWithParam<const char*> {
 protected:
  const RtlOverlay& rtl() { return RtlOverlay::get(GetParam(), !many_rounds()); }

  /// Machines with little latency, with random latencies, pauses and overtaking bursts, and with the overlay's DDR.
  std::deque<cosim::Machine> make_machines() {
    std::deque<cosim::Machine> machines;
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
      cosim::MachineOptions options = machine_options(rtl().overlay, seed);
      options.watchdog = kWatchdog;
      options.status_cycles = kDrain;
      machines.emplace_back(rtl().library, options);
    }
    return machines;
  }

  Target make_target(ir::Network network, cosim::Machine& machine) {
    Target target{.program = make_case(std::move(network), rtl().overlay)};
    machine.ddr().set_fault([&](std::uint64_t, bool) {
      ++target.beats;
      return cosim::Response::okay;
    });
    machine.ddr().set_delay([&](std::uint64_t, bool) -> std::uint64_t {
      ++target.bursts;
      return 0;
    });
    const std::uint64_t before = machine.cycles();
    EXPECT_TRUE(runs_right(machine, target.program, rtl().overlay));
    target.cycles = machine.cycles() - before;
    machine.ddr().set_fault({});
    machine.ddr().set_delay({});
    return target;
  }

  std::vector<Target> make_targets(cosim::Machine& machine) {
    std::vector<Target> targets;
    targets.push_back(make_target(residual_chain(), machine));
    targets.push_back(make_target(up_and_down(), machine));
    for (const std::uint32_t seed : {3U, 8U, 17U}) {
      RandomNetworkOptions random;
      random.layers = 4;
      targets.push_back(make_target(random_network(seed, random), machine));
    }
    return targets;
  }

  ::testing::AssertionResult inject(cosim::Machine& machine, const Target& target, Injection injection, Tally& tally);
  ::testing::AssertionResult interrupted(cosim::Machine& machine, const Target& target, Injection injection);

  std::mt19937_64 random_{41};
};

/// A reset or stop at a random cycle.
::testing::AssertionResult Faults::interrupted(cosim::Machine& machine, const Target& target, Injection injection) {
  RunMemory memory(target.program.segment, rtl().overlay, target.program.inputs);
  if (!machine.start(job_of(target.program.segment, memory))) return ::testing::AssertionFailure() << "no start";
  for (std::uint64_t i = random_() % target.cycles; i > 0; --i)
    if (!machine.cycle()) return ::testing::AssertionFailure() << "an assertion failed";
  if (injection == Injection::reset) {
    machine.reset();
    return runs_right(machine, target.program, rtl().overlay);
  }
  if (!machine.write_register(hardware::registers::kControl.offset, hardware::control_bits::kStop))
    return ::testing::AssertionFailure() << "no stop";
  for (std::uint64_t i = 0; i < kMargin && !machine.interrupt(); ++i)
    if (!machine.cycle()) return ::testing::AssertionFailure() << "an assertion failed";
  const auto report = machine.report();
  if (!report || report->status.running || report->status.error || report->status.stopped == report->status.done)
    return ::testing::AssertionFailure() << "stopped badly";
  if (report->status.done && wrong_outputs(target.program, rtl().overlay, memory) > 0)
    return ::testing::AssertionFailure() << "done, but wrong";
  return runs_right(machine, target.program, rtl().overlay);
}

::testing::AssertionResult Faults::inject(cosim::Machine& machine, const Target& target, Injection injection,
                                          Tally& tally) {
  using hardware::ErrorCause;
  ++tally.runs;
  if (injection == Injection::reset || injection == Injection::stop) return interrupted(machine, target, injection);
  isa::OverlaySegment segment = target.program.segment;
  ErrorCause cause = ErrorCause::watchdog;
  std::size_t engine = 0, index = 0;
  std::uint64_t delay = 0, bound = 2 * target.cycles + 2 * kWatchdog + kMargin;
  if (injection == Injection::flip) {
    cause = ErrorCause::crc;
    engine = random_() % isa::kEngines;
    index = random_() % segment.streams[engine].size();
    segment.streams[engine][index][random_() % 64] ^= static_cast<std::byte>(1U << random_() % 8);
  } else if (injection == Injection::late || injection == Injection::lost) {
    // Around the watchdog: some are only late, some end the run.
    delay = injection == Injection::lost ? cosim::DdrModel::kLost : random_() % (2 * kWatchdog);
    if (injection == Injection::late) bound += delay;
    machine.ddr().set_delay([delay, left = random_() % target.bursts](std::uint64_t, bool) mutable -> std::uint64_t {
      return left-- == 0 ? delay : 0;
    });
  } else {
    const bool slave = injection == Injection::slave_error;
    cause = slave ? ErrorCause::axi_slave : ErrorCause::axi_decode;
    machine.ddr().set_fault([slave, left = random_() % target.beats](std::uint64_t, bool) mutable {
      if (left-- != 0) return cosim::Response::okay;
      return slave ? cosim::Response::slave_error : cosim::Response::decode_error;
    });
  }
  RunMemory memory(segment, rtl().overlay, target.program.inputs);
  const std::uint64_t before = machine.cycles();
  const auto report = machine.run(job_of(segment, memory));
  const std::uint64_t cycles = machine.cycles() - before;
  machine.ddr().set_fault({});
  machine.ddr().set_delay({});
  if (!report) return ::testing::AssertionFailure() << text(report.error());
  tally.most_cycles = std::max(tally.most_cycles, cycles);
  if (cycles > bound) return ::testing::AssertionFailure() << cycles << " cycles, at most " << bound;
  const hardware::RunStatus& status = report->status;
  if (status.done == status.error) return ::testing::AssertionFailure() << "neither done nor an error";
  if (status.done && wrong_outputs(target.program, rtl().overlay, memory) > 0)
    return ::testing::AssertionFailure() << "done, but wrong";
  if (status.error && status.cause != cause)
    return ::testing::AssertionFailure() << hardware::name(status.cause) << " instead of " << hardware::name(cause);
  if (injection == Injection::flip &&
      (!status.error || status.engine != static_cast<isa::Engine>(engine) || report->error_instruction != index))
    return ::testing::AssertionFailure() << "not reported at engine " << engine << ", instruction " << index;
  if (injection == Injection::late && status.error && delay + 200 < kWatchdog)
    return ::testing::AssertionFailure() << "an error, though the answer was only " << delay << " cycles late";
  ++(status.error ? tally.errors : tally.unharmed);
  if (injection != Injection::lost && status.running) return ::testing::AssertionFailure() << "still running";
  if (status.running) machine.reset();  // it waits for what will not come
  return runs_right(machine, target.program, rtl().overlay);
}

TEST_P(Faults, EndInBoundedTimeWithTheirCauseAndTheNextRunIsRight) {
  auto machines = make_machines();
  const auto targets = make_targets(machines[0]);
  std::array<Tally, kInjections.size()> tallies;
  for (std::uint32_t round = 0; round < rounds(7); ++round)
    for (std::size_t i = 0; i < kInjections.size(); ++i) {
      const std::size_t m = random_() % machines.size(), t = random_() % targets.size();
      ASSERT_TRUE(inject(machines[m], targets[t], kInjections[i], tallies[i]))
          << name(kInjections[i]) << ", round " << round << ", machine " << m << ", target " << t;
    }
  for (std::size_t i = 0; i < kInjections.size(); ++i)
    std::cout << "  " << name(kInjections[i]) << ": " << tallies[i].runs << " runs, " << tallies[i].errors
              << " reported, " << tallies[i].unharmed << " unharmed, at most " << tallies[i].most_cycles << " cycles\n";
}

TEST_P(Faults, FlippedDataAreNotNoticedButEndTheRunAsAlways) {
  auto machines = make_machines();
  const auto targets = make_targets(machines[0]);
  std::uint32_t changed = 0;
  const std::uint32_t all = rounds(20);
  for (std::uint32_t round = 0; round < all; ++round) {
    const Target& target = targets[random_() % targets.size()];
    isa::OverlaySegment segment = target.program.segment;
    RunMemory memory(segment, rtl().overlay, target.program.inputs);
    const std::size_t at = random_() % (segment.constants.size() + memory.inputs.size());
    const auto bit = static_cast<std::byte>(1U << random_() % 8);
    (at < segment.constants.size() ? segment.constants[at] : memory.inputs[at - segment.constants.size()]) ^= bit;
    const auto report = machines[round % machines.size()].run(job_of(segment, memory));
    ASSERT_TRUE(ended_well(report)) << "round " << round;
    changed += wrong_outputs(target.program, rtl().overlay, memory) > 0 ? 1 : 0;
  }
  std::cout << "  flipped bits of constants and inputs: " << changed << " of " << all << " changed an output\n";
}

INSTANTIATE_TEST_SUITE_P(Overlays, Faults, ::testing::Values("tiny", "narrow"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace heddle::test
