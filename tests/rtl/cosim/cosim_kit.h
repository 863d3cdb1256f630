// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdlib>
#include <memory>
#include <string>

#include "cosim/build_model.h"
#include "cosim/rtl_device.h"
#include "isa/names.h"
#include "tests/rtl/cosim/instruction_coverage.h"
#include "tests/unit/codegen/machine.h"

/// Runs generated programs on the Verilated overlay and compares them with the functional machine, bit by bit.
namespace heddle::test {

/// The Verilated overlay of tests/rtl/overlays or overlays/, with assertions; built by the first test that needs it.
struct RtlOverlay {
  overlay::Overlay overlay;
  cosim::ModelLibrary library;

  static Result<RtlOverlay> make(const std::string& name, bool assertions = true) {
    const std::string own = std::string(HEDDLE_TESTS_DIR) + "/rtl/overlays/" + name + ".toml";
    auto overlay = overlay::find_overlay(own);
    if (!overlay) overlay = overlay::find_overlay(name);
    if (!overlay) return fail(overlay.error());
    const bool coverage = std::getenv("HEDDLE_RTL_COVERAGE") != nullptr;
    const auto path =
        cosim::build_model(*overlay, {.assertions = assertions, .coverage = coverage, .jobs = 2}, HEDDLE_COSIM_FOLDER);
    if (!path) return fail(path.error());
    auto library = cosim::ModelLibrary::open(*path);
    if (!library) return fail(library.error());
    return RtlOverlay{std::move(*overlay), std::move(*library)};
  }
  /// The one for this name, shared by all tests of the program.
  static const RtlOverlay& get(const std::string& name, bool assertions = true) {
    static std::map<std::pair<std::string, bool>, RtlOverlay> all;
    const auto found = all.find({name, assertions});
    if (found != all.end()) return found->second;
    auto made = make(name, assertions);
    EXPECT_TRUE(made) << text(made.error());
    return all.emplace(std::pair{name, assertions}, made.value()).first->second;
  }
};

/// $HEDDLE_COSIM_ROUNDS: how many times as many random networks.
inline std::uint32_t rounds(std::uint32_t few) {
  const char* factor = std::getenv("HEDDLE_COSIM_ROUNDS");
  return factor == nullptr ? few : few * static_cast<std::uint32_t>(std::max(1, std::atoi(factor)));
}

/// Many rounds run on the faster models without assertions.
inline bool many_rounds() {
  return rounds(1) > 1;
}

/// Memory with little latency, or with random latencies, pauses and overtaking bursts.
inline cosim::MachineOptions machine_options(const overlay::Overlay& overlay, std::uint32_t seed) {
  cosim::MachineOptions options{.ddr = cosim::ddr_options(overlay), .seed = seed, .watchdog = 20000, .most_cycles = 0};
  options.ddr.seed = seed;
  if (seed % 3 == 0) return options;
  options.ddr.bytes_per_cycle = 0;
  options.ddr.min_latency = 1;
  options.ddr.max_latency = seed % 3 == 1 ? 5 : 100;
  options.ddr.stall = seed % 3 == 1 ? 0 : 0.3;
  options.ddr.interleave = seed % 3 == 2;
  return options;
}

/// The memory of a run, filled with noise where nothing was written.
struct RunMemory {
  std::vector<std::byte> inputs, outputs, scratch;

  RunMemory(const isa::OverlaySegment& segment, const overlay::Overlay& overlay,
            const std::vector<reference::IntegerMap>& maps)
      : inputs(static_cast<std::size_t>(segment.input_bytes), std::byte{0x33}),
        outputs(static_cast<std::size_t>(segment.output_bytes), std::byte{0xc3}),
        scratch(static_cast<std::size_t>(segment.scratch_bytes), std::byte{0xa5}) {
    for (std::size_t i = 0; i < maps.size(); ++i) write_binding(segment.inputs[i], overlay, maps[i], inputs);
  }
  [[nodiscard]] std::array<std::span<std::byte>, isa::kBaseRegisters> bases() {
    std::array<std::span<std::byte>, isa::kBaseRegisters> all;
    all[isa::kScratch] = scratch;
    all[isa::kInputs] = inputs;
    all[isa::kOutputs] = outputs;
    return all;
  }
};

inline cosim::Job job_of(const isa::OverlaySegment& segment, RunMemory& memory) {
  cosim::Job job{.streams = {}, .constants = segment.constants, .bases = memory.bases()};
  for (std::size_t e = 0; e < isa::kEngines; ++e) job.streams[e] = segment.streams[e];
  return job;
}

inline ::testing::AssertionResult ended_well(const Result<cosim::RunReport>& report) {
  if (!report) return ::testing::AssertionFailure() << text(report.error());
  if (report->status.done) return ::testing::AssertionSuccess();
  auto failure = ::testing::AssertionFailure()
                 << isa::instruction_name(report->status.engine, report->error_instruction) << ": "
                 << hardware::name(report->status.cause) << " after " << report->counters.at("cycles") << " cycles";
  for (const auto& [name, value] : report->counters)
    if (value != 0) failure << "\n  " << name << " " << value;
  return failure;
}

/// Every cycle of every engine is in one counter.
inline ::testing::AssertionResult counters_add_up(const cosim::RunReport& report) {
  for (const isa::Engine engine : isa::kAllEngines) {
    std::uint64_t sum = 0;
    for (int c = 0; c < hardware::kCategories; ++c) sum += report.counters.at(hardware::counter_name(engine, c));
    if (sum != report.counters.at("cycles"))
      return ::testing::AssertionFailure() << name(engine) << ": " << sum << " of " << report.counters.at("cycles");
  }
  return ::testing::AssertionSuccess();
}

/// Generates the network for the overlay and runs it on the machine; the outputs must be those of the functional
/// machine.
inline ::testing::AssertionResult runs_on(cosim::Machine& machine, const ir::Network& network,
                                          const overlay::Overlay& overlay, const codegen::Options& options = {},
                                          std::uint32_t seed = 1) {
  const auto generated = codegen::generate(network, overlay, options);
  if (!generated) return ::testing::AssertionFailure() << "not generated: " << text(generated.error());
  const isa::OverlaySegment& segment = generated->segment;
  const auto verified = isa::verify(segment, overlay);
  if (!verified) return ::testing::AssertionFailure() << "not verified: " << text(verified.error());
  const auto inputs = random_inputs(network, seed);
  const auto expected = run_segment(segment, overlay, inputs);
  RunMemory memory(segment, overlay, inputs);
  const auto report = machine.run(job_of(segment, memory));
  if (auto ended = ended_well(report); !ended) return ended << "\n" << ir::print(network) << print(generated->plan);
  if (auto sum = counters_add_up(*report); !sum) return sum;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto actual = read_binding(segment.outputs[i], overlay, memory.outputs);
    if (actual == expected[i]) continue;
    std::size_t at = 0;
    while (actual.values[at] == expected[i].values[at]) ++at;
    const auto& b = segment.outputs[i];
    const auto pixel = at % static_cast<std::size_t>(b.height * b.width);
    return ::testing::AssertionFailure() << "output " << b.tensor << " differs at channel "
                                         << at / static_cast<std::size_t>(b.height * b.width) << ", y "
                                         << pixel / static_cast<std::size_t>(b.width) << ", x "
                                         << pixel % static_cast<std::size_t>(b.width) << ": " << actual.values[at]
                                         << " instead of " << expected[i].values[at] << "\n"
                                         << ir::print(network) << print(generated->plan);
  }
  InstructionCoverage::get().add(segment, overlay, machine.ddr().options());
  return ::testing::AssertionSuccess();
}

/// A program with its memory and the outputs that it must give.
struct Case {
  ir::Network network;
  isa::OverlaySegment segment;
  std::vector<reference::IntegerMap> inputs, expected;
};

inline Case make_case(ir::Network network, const overlay::Overlay& overlay) {
  Case c;
  c.network = std::move(network);
  c.segment = codegen::generate(c.network, overlay, {}).value().segment;
  c.inputs = random_inputs(c.network, 3);
  c.expected = run_segment(c.segment, overlay, c.inputs);
  return c;
}

/// How many outputs are not what they must be.
inline std::size_t wrong_outputs(const Case& c, const overlay::Overlay& overlay, const RunMemory& memory) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < c.expected.size(); ++i)
    wrong += read_binding(c.segment.outputs[i], overlay, memory.outputs) != c.expected[i] ? 1 : 0;
  return wrong;
}

/// After whatever happened before, the machine computes the right thing.
inline ::testing::AssertionResult runs_right(cosim::Machine& machine, const Case& c, const overlay::Overlay& overlay) {
  RunMemory memory(c.segment, overlay, c.inputs);
  const auto report = machine.run(job_of(c.segment, memory));
  if (auto ended = ended_well(report); !ended) return ended;
  if (const std::size_t wrong = wrong_outputs(c, overlay, memory); wrong > 0)
    return ::testing::AssertionFailure() << wrong << " outputs differ";
  return ::testing::AssertionSuccess();
}

}  // namespace heddle::test
