// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/cycle_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/unit/sim/random_instruction.h"

namespace heddle::sim::cycle {
namespace {

using isa::Engine;
using isa::Field;
using isa::Opcode;

Streams random_streams(std::uint64_t seed) {
  sim::testing::Generator generator(seed, sim::testing::small_overlay(4));
  for (int k = 0; k < 6; ++k) {
    if (generator.coin())
      generator.conv();
    else
      generator.stencil(static_cast<isa::StencilOp>(generator.between(0, 9)));
  }
  return generator.take().streams;
}

Report run(const Streams& streams, const Parameters& parameters) {
  const auto segment = make_timed_segment(streams, parameters);
  EXPECT_TRUE(segment);
  return segment ? simulate(*segment) : Report{};
}

Parameters small() {
  return parameters_of(sim::testing::small_overlay(4));
}

isa::Instruction convolution(std::int64_t side, std::int64_t kernel, std::int64_t in, std::int64_t out) {
  isa::Instruction i;
  i.opcode = Opcode::conv;
  i[Field::src_height] = i[Field::src_width] = i[Field::out_height] = i[Field::out_width] = side;
  i[Field::src_pitch] = i[Field::dst_pitch] = side;
  i[Field::kernel_h] = i[Field::kernel_w] = kernel;
  i[Field::pad_top] = i[Field::pad_left] = kernel / 2;
  for (const Field one : {Field::stride_h, Field::stride_w, Field::dilation_h, Field::dilation_w, Field::dst_step,
                          Field::first, Field::last})
    i[one] = 1;
  for (const Field format : {Field::src_format, Field::weight_format, Field::dst_format})
    i[format] = static_cast<std::int64_t>(DataType::i8);
  i[Field::in_blocks] = in;
  i[Field::out_blocks] = out;
  i[Field::dataflow] = static_cast<std::int64_t>(isa::Dataflow::weight_stationary);
  return i;
}

Streams alone(Engine engine, std::vector<isa::Instruction> instructions) {
  Streams streams;
  streams[static_cast<std::size_t>(engine)] = std::move(instructions);
  for (auto& stream : streams) stream.emplace_back();
  return streams;
}

isa::Instruction weights_of(std::int64_t bytes) {
  isa::Instruction i;
  i.opcode = Opcode::load_const;
  i[Field::bytes] = bytes;
  i[Field::space] = static_cast<std::int64_t>(isa::Space::weights);
  return i;
}

TEST(CycleMachine, PutsEveryCycleOfEachEngineIntoOneCounter) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Report report = run(random_streams(seed), small());
    ASSERT_GT(report.cycles, 100U);
    for (const auto& counters : report.counters)
      EXPECT_EQ(std::accumulate(counters.begin(), counters.end(), std::uint64_t{0}), report.cycles) << "seed " << seed;
  }
}

TEST(CycleMachine, GivesTheSameTwice) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Report a = run(random_streams(seed), small()), b = run(random_streams(seed), small());
    EXPECT_EQ(a.cycles, b.cycles);
    EXPECT_EQ(a.counters, b.counters);
    EXPECT_EQ(a.done, b.done);
  }
}

TEST(CycleMachine, KeepsTheOrderOfAnEngine) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Report report = run(random_streams(seed), small());
    for (std::size_t e = 0; e < isa::kEngines; ++e) {
      EXPECT_TRUE(std::ranges::is_sorted(report.started[e]));
      EXPECT_TRUE(std::ranges::is_sorted(report.done[e]));
      for (std::size_t i = 0; i < report.done[e].size(); ++i) EXPECT_LE(report.started[e][i], report.done[e][i]);
    }
  }
}

TEST(CycleMachine, IsNotSlowerWithFasterMemory) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Streams streams = random_streams(seed);
    Parameters fast = small();
    fast.memory.bytes_per_cycle = 64;
    Parameters slow = fast;
    slow.memory.bytes_per_cycle = 2;
    EXPECT_LE(run(streams, fast).cycles, run(streams, slow).cycles) << "seed " << seed;
    slow = fast;
    slow.memory.latency = 500;
    EXPECT_LE(run(streams, fast).cycles, run(streams, slow).cycles) << "seed " << seed;
  }
}

TEST(CycleMachine, StartsWhatWaitsAfterWhatIsWaitedFor) {
  isa::Instruction first = weights_of(4096), second = convolution(6, 3, 2, 2);
  first[Field::signal0] = second[Field::wait0] = 5;
  Streams streams = alone(Engine::load_weights, {first});
  auto& conv = streams[static_cast<std::size_t>(Engine::conv)];
  conv.insert(conv.begin(), second);
  const Report report = run(streams, small());
  EXPECT_EQ(report.started[2][0], report.done[1][0] + 3);
  EXPECT_GT(report.counters[2][static_cast<std::size_t>(Category::wait) + 1], 100U);  // for load_weights
}

TEST(CycleMachine, RefusesWhatWaitsForEver) {
  isa::Instruction i = convolution(6, 3, 2, 2);
  i[Field::wait0] = 1;
  EXPECT_FALSE(make_timed_segment(alone(Engine::conv, {i}), small()));
}

TEST(CycleMachine, OverlapsWhatMayOverlap) {
  const isa::Instruction i = convolution(6, 3, 2, 2);
  isa::Instruction next = i;
  next[Field::overlap] = 1;
  const Report apart = run(alone(Engine::conv, {i, i}), small());
  const Report together = run(alone(Engine::conv, {i, next}), small());
  EXPECT_LT(together.cycles, apart.cycles);
  EXPECT_LT(together.started[2][1], together.done[2][0]);
  EXPECT_GT(apart.started[2][1], apart.done[2][0]);
}

TEST(CycleMachine, IsBoundByDdrWhereMemoryIsSlow) {
  Parameters parameters = small();
  parameters.memory.bytes_per_cycle = 8;
  const Report report = run(alone(Engine::load_weights, {weights_of(65536)}), parameters);
  EXPECT_NEAR(static_cast<double>(report.done[1][0] - report.started[1][0]), 65536.0 / 8, 100);
  EXPECT_EQ(report.read_bytes, 65536 + 16U * 64 / 16 * 6);  // and an `end` for each engine, and the load_const itself
}

TEST(CycleMachine, SharesMemoryFairly) {
  Parameters parameters = small();
  parameters.memory.bytes_per_cycle = 8;
  isa::Instruction load;
  load.opcode = Opcode::load;
  load[Field::blocks] = 1;
  load[Field::rows] = 64;
  load[Field::columns] = load[Field::dst_pitch] = load[Field::ddr_row] = 64;
  Streams streams = alone(Engine::load_weights, {weights_of(64 * 64 * 4)});
  streams[0].insert(streams[0].begin(), load);
  const Report report = run(streams, parameters);
  EXPECT_NEAR(static_cast<double>(report.done[0][0]), 2.0 * 64 * 64 * 4 / 8, 200);
  EXPECT_NEAR(static_cast<double>(report.done[1][0]), static_cast<double>(report.done[0][0]), 600);
}

// A hundred steps each, for nine taps, two blocks of input channels and one of output channels.
TEST(ConvTiming, IsAStepForEachGroupTapAndBlock) {
  const Timing timing = conv_timing(convolution(30, 3, 2, 2), small());
  EXPECT_EQ(timing.busy, 300 * 9 * 2);
  EXPECT_GE(timing.work, timing.busy);
  EXPECT_LE(timing.work, 1.02 * timing.busy);
}

TEST(ConvTiming, WaitsForWeightsWhereASetServesFewPixels) {
  Parameters parameters = small();
  parameters.weight_cycles = 4;
  isa::Instruction i = convolution(30, 3, 2, 2);
  i[Field::dataflow] = static_cast<std::int64_t>(isa::Dataflow::output_stationary);
  const Timing timing = conv_timing(i, parameters);
  EXPECT_GE(timing.work, 4 * timing.busy);
  EXPECT_EQ(timing.weights, 3 * timing.busy);
}

TEST(ConvTiming, CountsBankConflicts) {
  isa::Instruction i = convolution(30, 1, 2, 2);
  i[Field::stride_w] = 3;  // P = 3: all pixels of a group in one bank
  i[Field::src_width] = i[Field::src_pitch] = 90;
  const Timing timing = conv_timing(i, small());
  EXPECT_NEAR(timing.work, 3 * timing.busy, 0.01 * timing.work);
  EXPECT_NEAR(timing.bank, 2 * timing.busy, 0.01 * timing.work);
}

}  // namespace
}  // namespace heddle::sim::cycle
