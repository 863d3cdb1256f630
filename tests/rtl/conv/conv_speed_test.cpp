// SPDX-License-Identifier: Apache-2.0
// How busy the array is: layers that lie on chip, alone and back to back, without other users of feature memory.
#include <cmath>

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

/// Cycles of useful work over cycles in execution; `times` instructions, each overlapping the one before.
double busy(ConvMachine& machine, const Layer& layer, int times) {
  isa::Instruction i = instruction(layer, machine.o);
  isa::PostDescriptor d;
  std::memcpy(machine.params.data(), &d, sizeof d);
  std::vector<isa::Instruction> program(static_cast<std::size_t>(times), i);
  for (std::size_t k = 1; k < program.size(); ++k) program[k][Field::overlap] = 1;
  machine.activity = {};
  const auto begin = machine.bench.cycles;
  EXPECT_TRUE(machine.run(program, 10000000));
  const Activity& a = machine.activity;
  printf("%lld %lld %lld %lld %lld: x%d busy %lld working %lld total %llu weights %lld port %lld post %lld bank %lld\n",
         (long long)layer.size, (long long)layer.in_channels, (long long)layer.out_channels, (long long)layer.kernel,
         (long long)layer.stride, times, (long long)a.busy, (long long)a.working,
         (unsigned long long)(machine.bench.cycles - begin), (long long)a.stalls[1], (long long)a.stalls[2],
         (long long)a.stalls[3], (long long)a.stalls[5]);
  return static_cast<double>(a.working) / static_cast<double>(a.busy);
}

TEST(ConvSpeed, KeepsTheArrayBusy) {
  ConvMachine machine;
  EXPECT_GE(busy(machine, {56, 64, 64, 3, 1}, 1), 0.97);
  EXPECT_GE(busy(machine, {56, 64, 64, 1, 1}, 1), 0.92);
  EXPECT_GE(busy(machine, {28, 64, 64, 3, 2}, 1), 0.92);
  EXPECT_GE(busy(machine, {28, 128, 128, 1, 1}, 1), 0.92);
  EXPECT_GE(busy(machine, {7, 512, 512, 1, 1}, 3), 0.92);
  EXPECT_GE(busy(machine, {14, 256, 256, 3, 1}, 1), 0.92);
}

TEST(ConvSpeed, Others) {
  ConvMachine machine;
  constexpr auto os = isa::Dataflow::output_stationary, ws = isa::Dataflow::weight_stationary,
                 is = isa::Dataflow::input_stationary;
  constexpr auto i8 = DataType::i8, i16 = DataType::i16;
  busy(machine, {28, 64, 64, 1, 2}, 4);
  busy(machine, {28, 64, 64, 3, 2}, 4);
  busy(machine, {28, 64, 64, 3, 1, os}, 1);
  busy(machine, {28, 64, 64, 3, 1, is}, 1);
  busy(machine, {28, 64, 64, 1, 1, os}, 1);
  busy(machine, {28, 256, 256, 1, 1, os}, 1);
  busy(machine, {28, 256, 256, 1, 1, is}, 1);
  busy(machine, {1, 512, 1024, 1, 1, is}, 3);
  busy(machine, {1, 512, 1024, 1, 1, os}, 3);
  busy(machine, {7, 512, 512, 1, 1, os}, 3);
  busy(machine, {7, 64, 64, 1, 1, ws}, 8);
  busy(machine, {28, 64, 64, 3, 1, ws, i16, i8, i16}, 1);
  busy(machine, {28, 64, 64, 3, 1, ws, i16, i16, i16}, 1);
  busy(machine, {28, 64, 64, 3, 1, ws, i8, i16, i8}, 1);
  busy(machine, {28, 64, 64, 3, 1, os, i16, i16, i16}, 1);
  busy(machine, {28, 64, 64, 3, 1, os, i8, i16, i8}, 1);
  busy(machine, {28, 64, 64, 3, 1, is, i16, i16, i16}, 1);
  busy(machine, {28, 64, 64, 1, 1, ws, i8, i8, i8, true}, 4);
  busy(machine, {28, 16, 64, 1, 1, ws, i8, i8, i8, true}, 4);
  busy(machine, {28, 16, 64, 1, 1, ws, i8, i8, i8, false}, 4);
  busy(machine, {28, 16, 64, 1, 1, is, i8, i8, i8, false}, 4);
  busy(machine, {28, 32, 64, 1, 1, ws, i8, i8, i8, false}, 4);
}

}  // namespace
}  // namespace heddle::rtl
