// SPDX-License-Identifier: Apache-2.0
// How busy the array is: layers that lie on chip, alone and back to back, without other users of feature memory.
#include "tests/rtl/conv/random_conv.h"

namespace heddle::rtl {
namespace {

struct Layer {
  std::int64_t size, in_channels, out_channels, kernel, stride;  ///< of a square map of `size` outputs
  isa::Dataflow dataflow = isa::Dataflow::weight_stationary;
  DataType source = DataType::i8, weights = DataType::i8, destination = DataType::i8;
  bool operand = false;
};

isa::Instruction instruction(const Layer& layer, const overlay::Overlay& o) {
  isa::Instruction i;
  i.opcode = isa::Opcode::conv;
  const std::int64_t source = (layer.size - 1) * layer.stride + 1, pad = layer.kernel / 2;
  // Rows that continue their groups in other banks: pitch ≡ out_width (mod P).
  const auto pitch = [&](std::int64_t width) {
    while (width % o.P != layer.size % o.P) ++width;
    return width;
  };
  i[Field::src_format] = static_cast<std::int64_t>(layer.source);
  i[Field::weight_format] = static_cast<std::int64_t>(layer.weights);
  i[Field::dst_format] = static_cast<std::int64_t>(layer.destination);
  i[Field::use_operand] = layer.operand;
  i[Field::src_height] = i[Field::src_width] = source;
  i[Field::out_height] = i[Field::out_width] = layer.size;
  i[Field::src_pitch] = pitch(source);
  i[Field::dst_pitch] = i[Field::operand_pitch] = pitch(layer.size);
  i[Field::src_plane] = (i[Field::src_pitch] * source + o.P - 1) / o.P;
  i[Field::dst_plane] = i[Field::operand_plane] = (i[Field::dst_pitch] * layer.size + o.P - 1) / o.P;
  i[Field::in_blocks] = layer.in_channels / isa::lanes(o, layer.source);
  i[Field::out_blocks] = layer.out_channels / isa::lanes(o, layer.destination);
  i[Field::dst_word] = o.feature_words() / 2;
  i[Field::operand_word] = o.feature_words() * 3 / 4;
  i[Field::dst_step] = 1;
  i[Field::kernel_h] = i[Field::kernel_w] = layer.kernel;
  i[Field::stride_h] = i[Field::stride_w] = layer.stride;
  i[Field::dilation_h] = i[Field::dilation_w] = 1;
  i[Field::pad_top] = i[Field::pad_left] = pad;
  i[Field::first] = i[Field::last] = 1;
  i[Field::dataflow] = static_cast<std::int64_t>(layer.dataflow);
  return i;
}

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
