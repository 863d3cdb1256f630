// SPDX-License-Identifier: Apache-2.0
#include "isa/access.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "kernels/integer/arithmetic.h"
#include "tests/unit/isa/sample.h"

namespace heddle::isa {
namespace {

using F = Field;

std::set<std::int64_t> slots(const SlotBox& box) {
  std::set<std::int64_t> out;
  for (std::int64_t b = 0; b < box.blocks; ++b)
    for (std::int64_t y = 0; y < box.rows; ++y)
      for (std::int64_t x = 0; x < box.columns; ++x)
        out.insert(box.first + b * box.block_stride + y * box.row_stride + x * box.step);
  return out;
}

/// Every slot that the definition in docs/isa_semantics.md reads, tap by tap.
std::set<std::int64_t> window_taps(const Instruction& i, const overlay::Overlay& o) {
  std::set<std::int64_t> out;
  for (std::int64_t b = 0; b < i[F::in_blocks]; ++b)
    for (std::int64_t y = 0; y < i[F::out_height]; ++y)
      for (std::int64_t ky = 0; ky < i[F::kernel_h]; ++ky)
        for (std::int64_t x = 0; x < i[F::out_width]; ++x)
          for (std::int64_t kx = 0; kx < i[F::kernel_w]; ++kx) {
            const std::int64_t sy = y * i[F::stride_h] - i[F::pad_top] + ky * i[F::dilation_h];
            const std::int64_t sx = x * i[F::stride_w] - i[F::pad_left] + kx * i[F::dilation_w];
            if (sy < 0 || sx < 0 || sy >= i[F::src_height] || sx >= i[F::src_width]) continue;
            out.insert(i[F::src_word] * o.P + i[F::src_bank] + b * i[F::src_plane] * o.P + sy * i[F::src_pitch] + sx);
          }
  return out;
}

Instruction random_conv(std::mt19937& random) {
  const auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  return sample::make(Opcode::conv, {{F::src_word, draw(0, 9)},
                                     {F::src_bank, draw(0, 2)},
                                     {F::src_pitch, draw(9, 12)},
                                     {F::src_plane, draw(36, 40)},
                                     {F::src_height, draw(1, 9)},
                                     {F::src_width, draw(1, 9)},
                                     {F::kernel_h, draw(1, 4)},
                                     {F::kernel_w, draw(1, 4)},
                                     {F::stride_h, draw(1, 4)},
                                     {F::stride_w, draw(1, 4)},
                                     {F::dilation_h, draw(1, 3)},
                                     {F::dilation_w, draw(1, 3)},
                                     {F::pad_top, draw(-3, 5)},
                                     {F::pad_left, draw(-3, 5)},
                                     {F::out_height, draw(1, 5)},
                                     {F::out_width, draw(1, 5)},
                                     {F::in_blocks, draw(1, 3)},
                                     {F::last, 1}});
}

TEST(Accesses, CoverEveryTapOfAWindow) {
  std::mt19937 random(1);
  const overlay::Overlay o = sample::small_overlay();
  int exact = 0;
  constexpr int kRounds = 2000;
  for (int round = 0; round < kRounds; ++round) {
    const Instruction i = random_conv(random);
    const auto taps = window_taps(i, o);
    const SlotBox box = accesses(i, o).source;
    const auto covered = slots(box);
    ASSERT_TRUE(std::includes(covered.begin(), covered.end(), taps.begin(), taps.end())) << round;
    if (!taps.empty()) {
      ASSERT_EQ(box.end() - 1, *covered.rbegin());
    }
    for (const std::int64_t slot : covered) {
      const std::int64_t in_plane = (slot - i[F::src_word] * o.P - i[F::src_bank]) % (i[F::src_plane] * o.P);
      ASSERT_LT(in_plane / i[F::src_pitch], i[F::src_height]);
      ASSERT_LT(in_plane % i[F::src_pitch], i[F::src_width]);
    }
    exact += covered == taps ? 1 : 0;
  }
  EXPECT_GT(exact, kRounds / 2) << "the range is rarely wider than the taps";
}

TEST(Accesses, OfAResizeStayInTheSourceAndCoverTheTaps) {
  const overlay::Overlay o = sample::small_overlay();
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    Instruction i = sample::make(Opcode::stencil, {{F::src_pitch, 16}, {F::src_plane, 90}, {F::in_blocks, 1}});
    i[F::stencil_op] = static_cast<std::int64_t>(StencilOp::bilinear);
    i[F::src_height] = 1 + static_cast<std::int64_t>(random() % 9);
    i[F::src_width] = 1 + static_cast<std::int64_t>(random() % 9);
    i[F::out_height] = 1 + static_cast<std::int64_t>(random() % 20);
    i[F::out_width] = 3;
    i[F::start_y] = static_cast<std::int64_t>(random() % 200000) - 100000;
    i[F::step_y] = static_cast<std::int64_t>(random() % 200000);
    const auto covered = slots(accesses(i, o).source);
    for (std::int64_t y = 0; y < i[F::out_height]; ++y) {
      const auto tap = kernels::resize_tap(i[F::start_y], i[F::step_y], y, i[F::src_height]);
      EXPECT_TRUE(covered.contains(tap.first * 16));
      EXPECT_TRUE(covered.contains(tap.second * 16));
    }
    EXPECT_LT(*covered.rbegin(), (i[F::src_height] - 1) * 16 + i[F::src_width]);
  }
}

TEST(Accesses, CountWeightWords) {
  overlay::Overlay o = sample::small_overlay();  // M = 8, N = 4: words of 32 bytes
  Instruction i = sample::make(Opcode::conv, {{F::kernel_h, 3}, {F::in_blocks, 2}, {F::out_blocks, 3}});
  EXPECT_EQ(accesses(i, o).weights, (WordRange{Space::weights, 0, 2 * 3 * 2}));  // 12 output channels: 2 blocks of M
  i[F::weight_format] = static_cast<std::int64_t>(DataType::i16);
  EXPECT_EQ(accesses(i, o).weights.count, 2 * 2 * 3 * 2);
  o.weight_cycles = 2;
  EXPECT_EQ(accesses(i, o).weights.count, 2 * 2 * 2 * 3 * 2);
  i[F::src_format] = static_cast<std::int64_t>(DataType::i16);  // 2 channels a block: 4 in channels
  EXPECT_EQ(accesses(i, o).weights.count, 2 * 2 * 2 * 3 * 1);
}

TEST(Accesses, OfPostDependOnTheDescriptor) {
  const overlay::Overlay o = sample::small_overlay();
  Instruction i = sample::make(Opcode::conv, {{F::out_blocks, 3}, {F::param_address, 7}});
  EXPECT_EQ(accesses(i, o).parameters.count, 0) << "nothing is drained";
  EXPECT_TRUE(accesses(i, o).destination.empty());
  i[F::last] = 1;
  EXPECT_EQ(accesses(i, o).parameters, (WordRange{Space::conv_params, 7, 2 + 12}));
  PostDescriptor d;
  d.flags = 1;
  d.table = 2;
  EXPECT_EQ(accesses(i, o, &d).parameters.count, 3);
  EXPECT_EQ(accesses(i, o, &d).table, (WordRange{Space::tables, 1, 1}));
  EXPECT_TRUE(accesses(i, o).operand.empty());
  i[F::use_operand] = 1;
  EXPECT_EQ(accesses(i, o).operand.blocks, 3);
}

TEST(Accesses, OfStencils) {
  const overlay::Overlay o = sample::small_overlay();
  const auto stencil = [&](StencilOp op, sample::Values extra) {
    Instruction i = sample::tile_instruction(Opcode::stencil, 0, 2, extra);
    i[F::stencil_op] = static_cast<std::int64_t>(op);
    return accesses(i, o);
  };
  EXPECT_EQ(stencil(StencilOp::add, {}).parameters.count, 2) << "an add has no channel words";
  EXPECT_EQ(stencil(StencilOp::add, {}).operand.rows, 3);
  EXPECT_EQ(stencil(StencilOp::multiply, {{F::operand_broadcast, 1}}).operand.rows, 1);
  EXPECT_TRUE(stencil(StencilOp::fill, {}).source.empty());
  EXPECT_EQ(stencil(StencilOp::depthwise, {{F::kernel_h, 3}}).coefficients.count, 6);
  EXPECT_TRUE(stencil(StencilOp::global_average, {{F::last, 0}}).destination.empty());
  EXPECT_FALSE(stencil(StencilOp::maximum, {{F::last, 0}}).destination.empty());
  const auto wide = static_cast<std::int64_t>(DataType::i16);
  EXPECT_EQ(stencil(StencilOp::identity, {{F::dst_format, wide}}).destination.blocks, 4);
  EXPECT_EQ(stencil(StencilOp::identity, {{F::src_format, wide}}).destination.blocks, 1);
}

TEST(Accesses, OfMoves) {
  const overlay::Overlay o = sample::small_overlay();
  const Accesses load = accesses(sample::load_tile(1, {}), o);
  EXPECT_EQ(load.destination.first, 30);
  EXPECT_FALSE(load.ddr_write);
  EXPECT_EQ(load.ddr.end(), 60 + 45 * 4 + 2 * 20 + 20);
  const Accesses save = accesses(sample::save_tile(1, {}), o);
  EXPECT_TRUE(save.ddr_write);
  EXPECT_EQ(save.source.first, 150);
  EXPECT_TRUE(save.destination.empty());
  const Accesses constants = accesses(sample::load_constants(Space::weights, 32, 33, {{F::address, 5}}), o);
  EXPECT_EQ(constants.loaded, (WordRange{Space::weights, 5, 2}));
  EXPECT_EQ(constants.ddr.end(), 65);
  EXPECT_TRUE(accesses(sample::make(Opcode::fence, {}), o).ddr.empty());
}

}  // namespace
}  // namespace heddle::isa
