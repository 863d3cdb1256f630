// SPDX-License-Identifier: Apache-2.0
// How busy the array is: layers that lie on chip, alone and back to back, without other users of feature memory.
#include "hardware/on_chip_conv.h"
#include "tests/rtl/conv/random_conv.h"

namespace heddle::rtl {
namespace {

using Layer = hardware::OnChipConv;

/// Cycles in which the array works, over all cycles in execution; `times` instructions, each overlapping the one
/// before. With `of_post` counts instead the cycles that POST needs at least.
double share(ConvMachine& machine, const Layer& layer, int times = 1, bool of_post = false) {
  const isa::Instruction i = instruction(layer, machine.o);
  const isa::PostDescriptor d;
  std::memcpy(machine.params.data(), &d, sizeof d);
  std::vector<isa::Instruction> program(static_cast<std::size_t>(times), i);
  for (std::size_t k = 1; k < program.size(); ++k) program[k][Field::overlap] = 1;
  machine.activity = {};
  EXPECT_TRUE(machine.run(program, 10'000'000));
  const std::int64_t chunks = layer.size * layer.size / (machine.o.post_lanes / machine.o.N) * i[Field::out_blocks];
  const std::int64_t useful = of_post ? chunks * times : machine.activity.working;
  return static_cast<double>(useful) / static_cast<double>(machine.activity.busy);
}

constexpr auto kOutput = isa::Dataflow::output_stationary, kWeight = isa::Dataflow::weight_stationary,
               kInput = isa::Dataflow::input_stationary;
constexpr auto kI8 = DataType::i8, kI16 = DataType::i16;

TEST(ConvSpeed, LayersOnChipKeepTheArrayBusy) {
  ConvMachine machine;
  EXPECT_GE(share(machine, {56, 64, 64, 3, 1}), 0.99);
  EXPECT_GE(share(machine, {56, 64, 64, 1, 1}), 0.92);
  EXPECT_GE(share(machine, {28, 64, 64, 3, 2}), 0.96);
  EXPECT_GE(share(machine, {28, 128, 128, 1, 1}), 0.92);
  EXPECT_GE(share(machine, {14, 256, 256, 3, 1}), 0.99);
}

TEST(ConvSpeed, OverlappingInstructionsLeaveNoGaps) {
  ConvMachine machine;
  EXPECT_GE(share(machine, {7, 512, 512, 1, 1}, 3), 0.99);
  EXPECT_GE(share(machine, {28, 64, 64, 1, 2}, 4), 0.93);
  EXPECT_GE(share(machine, {28, 64, 64, 1, 1, kWeight, kI8, kI8, kI8, true}, 4), 0.93) << "with an operand";
}

TEST(ConvSpeed, OtherDataflowsStarveTheArrayNeither) {
  ConvMachine machine;
  EXPECT_GE(share(machine, {28, 64, 64, 3, 1, kOutput}), 0.99);
  EXPECT_GE(share(machine, {28, 64, 64, 3, 1, kInput}), 0.99);
  EXPECT_GE(share(machine, {28, 256, 256, 1, 1, kOutput}), 0.99);
  EXPECT_GE(share(machine, {28, 256, 256, 1, 1, kInput}), 0.98);
  EXPECT_GE(share(machine, {1, 512, 1024, 1, 1, kOutput}, 3), 0.98);
}

TEST(ConvSpeed, WideModeTakesTwoCyclesAStepAndNoMore) {
  ConvMachine machine;
  for (const isa::Dataflow dataflow : {kOutput, kWeight, kInput}) {
    EXPECT_GE(share(machine, {28, 64, 64, 3, 1, dataflow, kI16, kI8, kI16}), 0.97);
    EXPECT_GE(share(machine, {28, 64, 64, 3, 1, dataflow, kI16, kI16, kI16}), 0.97);
    EXPECT_GE(share(machine, {28, 64, 64, 3, 1, dataflow, kI8, kI16, kI8}), 0.98);
  }
}

TEST(ConvSpeed, ShortReductionsRunAtTheRateOfPost) {
  ConvMachine machine;
  EXPECT_GE(share(machine, {28, 16, 64, 1, 1}, 4, true), 0.95);
  EXPECT_GE(share(machine, {56, 32, 64, 1, 1}, 4, true), 0.95);
}

}  // namespace
}  // namespace heddle::rtl
