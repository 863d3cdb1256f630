// SPDX-License-Identifier: Apache-2.0
// How many cycles windows take against the reads that they need.
#include <array>
#include <cstdio>

#include "tests/rtl/stencil/stencil_bench.h"

namespace heddle::rtl {
namespace {

using isa::Field;
using isa::Instruction;
using isa::StencilOp;

struct Map {
  std::int64_t size, blocks;  ///< blocks of size × size pixels
};

std::int64_t plane_words(const overlay::Overlay& o, std::int64_t size) {
  return (size * size + o.P - 1) / o.P;
}

/// The largest usual map of which source and output fit in feature memory.
Map largest_map(const overlay::Overlay& o) {
  for (const Map map : {Map{56, 4}, Map{28, 4}, Map{14, 4}})
    if (2 * map.blocks * plane_words(o, map.size) <= o.feature_words()) return map;
  return {14, 1};
}

/// A 3×3 window with padding 1.
Instruction layer(const overlay::Overlay& o, StencilOp op, Map map, std::int64_t stride) {
  Instruction i{.opcode = isa::Opcode::stencil};
  const std::int64_t out = (map.size - 1) / stride + 1;
  i[Field::stencil_op] = static_cast<std::int64_t>(op);
  i[Field::src_format] = i[Field::dst_format] = static_cast<std::int64_t>(DataType::i8);
  i[Field::first] = i[Field::last] = 1;
  i[Field::src_height] = i[Field::src_width] = i[Field::src_pitch] = map.size;
  i[Field::src_plane] = i[Field::dst_plane] = plane_words(o, map.size);
  i[Field::kernel_h] = i[Field::kernel_w] = 3;
  i[Field::stride_h] = i[Field::stride_w] = stride;
  i[Field::pad_top] = i[Field::pad_left] = 1;
  i[Field::dilation_h] = i[Field::dilation_w] = 1;
  i[Field::out_height] = i[Field::out_width] = i[Field::dst_pitch] = out;
  i[Field::dst_word] = o.feature_words() / 2;
  i[Field::dst_step] = 1;
  i[Field::in_blocks] = map.blocks;
  return i;
}

/// Cycles of reading every row of every strip once, in groups of P columns, for the best strip.
std::int64_t ideal(const overlay::Overlay& o, Map map, std::int64_t stride) {
  const std::int64_t out = (map.size - 1) / stride + 1;
  std::int64_t best = INT64_MAX;
  for (std::int64_t width = 1; width <= o.stencil_pixels; ++width) {
    const std::int64_t groups = ((width - 1) * stride + 3 + o.P - 1) / o.P;
    best = std::min(best, (out + width - 1) / width * std::max(out, map.size * groups));
  }
  return best * map.blocks;
}

/// Legal parameters for every channel, behind a descriptor that clamps to 8 bits.
void write_params(std::vector<std::byte>& params) {
  constexpr std::size_t word = 12;
  std::array<std::byte, 2 * word> descriptor{std::byte{0x80}, std::byte{0xff}, std::byte{127}};
  descriptor[20] = std::byte{1};  // shift of the add
  std::copy(descriptor.begin(), descriptor.end(), params.begin());
  for (std::size_t at = 2 * word; at + word <= params.size(); at += word) params[at + 8] = std::byte{20};
}

void expect_rate(StencilOp op, std::int64_t stride) {
  StencilBench bench;
  bench.memories = random_memories(bench.o, bench.random);
  write_params(bench.memories.params);
  const Map map = largest_map(bench.o);
  const Instruction i = layer(bench.o, op, map, stride);
  StencilMemories expected = bench.memories;
  run_reference(bench.o, expected, std::span(&i, 1));
  const std::uint64_t cycles = bench.run({i});
  EXPECT_EQ(bench.memories.features, expected.features);
  const std::int64_t least = ideal(bench.o, map, stride);
  std::printf("%d blocks of %dx%d, stride %d: %d cycles, reads alone %d\n", static_cast<int>(map.blocks),
              static_cast<int>(map.size), static_cast<int>(map.size), static_cast<int>(stride),
              static_cast<int>(cycles), static_cast<int>(least));
  EXPECT_LE(cycles, static_cast<std::uint64_t>(least) * 101 / 100 + 60);
}

TEST(StencilRate, OfDepthwise) {
  expect_rate(StencilOp::depthwise, 1);
}
TEST(StencilRate, OfDepthwiseStride2) {
  expect_rate(StencilOp::depthwise, 2);
}
TEST(StencilRate, OfMaximumStride2) {
  expect_rate(StencilOp::maximum, 2);
}

}  // namespace
}  // namespace heddle::rtl
