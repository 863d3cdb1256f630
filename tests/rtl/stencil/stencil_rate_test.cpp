// SPDX-License-Identifier: Apache-2.0
// How many cycles layers take against what reading and writing alone would take.
#include "tests/rtl/stencil/stencil_bench.h"

namespace heddle::rtl {
namespace {

using isa::Field;
using isa::Instruction;
using isa::StencilOp;

/// A 3×3 window with padding 1 over `blocks` blocks of size × size.
Instruction layer(const overlay::Overlay& o, StencilOp op, std::int64_t size, std::int64_t stride,
                  std::int64_t blocks) {
  Instruction i{.opcode = isa::Opcode::stencil};
  const std::int64_t out = (size - 1) / stride + 1, plane = (size * size + o.P - 1) / o.P;
  i[Field::stencil_op] = static_cast<std::int64_t>(op);
  i[Field::src_format] = i[Field::dst_format] = static_cast<std::int64_t>(DataType::i8);
  i[Field::first] = i[Field::last] = 1;
  i[Field::src_height] = i[Field::src_width] = i[Field::src_pitch] = size;
  i[Field::src_plane] = plane;
  i[Field::kernel_h] = i[Field::kernel_w] = 3;
  i[Field::stride_h] = i[Field::stride_w] = stride;
  i[Field::pad_top] = i[Field::pad_left] = 1;
  i[Field::dilation_h] = i[Field::dilation_w] = 1;
  i[Field::out_height] = i[Field::out_width] = i[Field::dst_pitch] = out;
  i[Field::dst_plane] = plane;
  i[Field::dst_word] = o.feature_words() / 2;
  i[Field::dst_step] = 1;
  i[Field::in_blocks] = blocks;
  return i;
}

/// Cycles of reading every row of every strip once, in groups of P columns, for the best strip.
std::int64_t ideal(const overlay::Overlay& o, std::int64_t size, std::int64_t stride, std::int64_t blocks) {
  const std::int64_t out = (size - 1) / stride + 1;
  std::int64_t best = INT64_MAX;
  for (std::int64_t width = 1; width <= o.stencil_pixels; ++width) {
    const std::int64_t groups = ((width - 1) * stride + 3 + o.P - 1) / o.P;
    best = std::min(best, (out + width - 1) / width * std::max(out, size * groups));
  }
  return best * blocks;
}

void measure(std::int64_t stride, StencilOp op) {
  StencilBench bench;
  bench.memories = random_memories(bench.o, bench.random);
  const std::array<std::byte, 24> descriptor{std::byte{0x80}, std::byte{0xff}, std::byte{127}};
  std::copy(descriptor.begin(), descriptor.end(), bench.memories.params.begin());
  for (std::size_t word = 2; word < 130; ++word) bench.memories.params[word * 12 + 8] = std::byte{20};
  bench.memories.params[20] = std::byte{1};  // shift of the add
  bench.memories.params[21] = std::byte{0};
  bench.memories.params[22] = std::byte{0};
  const Instruction i = layer(bench.o, op, 56, stride, 4);
  StencilMemories expected = bench.memories;
  run_reference(bench.o, expected, std::span(&i, 1));
  const std::uint64_t cycles = bench.run({i});
  EXPECT_EQ(bench.memories.features, expected.features);
  const std::int64_t least = ideal(bench.o, 56, stride, 4);
  testing::Test::RecordProperty("cycles", static_cast<int>(cycles));
  std::printf("56x56, 4 blocks, stride %d: %d cycles, ideal %d\n", static_cast<int>(stride), static_cast<int>(cycles),
              static_cast<int>(least));
  EXPECT_LT(cycles, static_cast<std::uint64_t>(least) * 102 / 100 + 80);
}

TEST(StencilRate, DepthwiseStride1) {
  measure(1, StencilOp::depthwise);
}
TEST(StencilRate, DepthwiseStride2) {
  measure(2, StencilOp::depthwise);
}
TEST(StencilRate, MaximumStride2) {
  measure(2, StencilOp::maximum);
}

}  // namespace
}  // namespace heddle::rtl
