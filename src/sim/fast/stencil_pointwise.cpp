// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>

#include "sim/fast/stencil.h"
#include "sim/layout.h"

namespace heddle::sim::fast {
namespace {

using isa::Field;
using isa::StencilOp;

struct Operands {
  const std::int16_t *a, *b;
};

/// Row `y` of the source and of the second operand.
Operands read_rows(const Stencil& s, std::int64_t block, std::int64_t y, Scratch::Thread& own) {
  const Context& c = s.c;
  const std::int64_t n = c.overlay.N, count = s.out_width;
  grow(own.source, s.padded_elements);
  grow(own.operand, s.padded_elements);
  const SlotView source = source_view(c.i, c.overlay.P), second = operand_view(c.i, c.overlay.P);
  read_slots(c.kernels, c.source.data() + source.slot(block, y, 0) * n, count, n, s.type, s.lane_count,
             own.source.data());
  if (c.i[Field::operand_broadcast] == 0) {
    read_slots(c.kernels, c.source.data() + second.slot(block, y, 0) * n, count, n, s.type, s.lane_count,
               own.operand.data());
  } else {
    read_slots(c.kernels, c.source.data() + second.slot(block, 0, 0) * n, 1, n, s.type, s.lane_count,
               own.operand.data());
    for (std::int64_t k = s.lane_count; k < s.elements; ++k)
      own.operand[static_cast<std::size_t>(k)] = own.operand[static_cast<std::size_t>(k - s.lane_count)];
  }
  return {own.source.data(), own.operand.data()};
}

void add_line(const Stencil& s, std::int64_t block, std::int64_t y, Scratch::Thread& own) {
  const Operands operands = read_rows(s, block, y, own);
  std::int16_t* out = grow(own.out, s.padded_elements);
  s.c.kernels.add(s.c.step.post.post->add, operands.a, operands.b, s.elements, out);
  s.write(block, y, out);
}

void multiply_line(const Stencil& s, std::int64_t block, std::int64_t y, Scratch::Thread& own) {
  const Operands operands = read_rows(s, block, y, own);
  const std::int32_t zero_a = s.c.step.post.post->add.zero_a, zero_b = s.c.step.post.post->add.zero_b;
  own.wide.assign(static_cast<std::size_t>(s.padded_elements), 0);
  for (std::int64_t k = 0; k < s.elements; ++k)
    own.wide[static_cast<std::size_t>(k)] = std::int64_t{operands.a[k] - zero_a} * std::int64_t{operands.b[k] - zero_b};
  s.emit(block, y, own.wide.data(), own);
}

void fill_line(const Stencil& s, std::int64_t block, std::int64_t y, Scratch::Thread& own) {
  own.acc.assign(static_cast<std::size_t>(s.padded_elements), static_cast<std::int32_t>(s.c.i[Field::pad_value]));
  s.emit(block, y, own.acc.data(), own);
}

}  // namespace

void pointwise_stencil(const Stencil& s) {
  const auto line = s.op == StencilOp::add ? add_line : s.op == StencilOp::multiply ? multiply_line : fill_line;
  parallel(s.blocks, [&](std::int64_t block) {
    Scratch::Thread& own = s.c.scratch.threads.local();
    for (std::int64_t y = 0; y < s.out_height; ++y) line(s, block, y, own);
  });
}

void global_stencil(const Stencil& s) {
  const Context& c = s.c;
  const SlotView view = source_view(c.i, c.overlay.P);
  const std::int64_t n = c.overlay.N, width = c.i[Field::src_width];
  std::vector<std::int64_t>& sums = c.carry.sums;
  if (c.i[Field::first] != 0) sums.assign(static_cast<std::size_t>(s.blocks * s.lane_count), 0);
  parallel(s.blocks, [&](std::int64_t block) {
    Scratch::Thread& own = c.scratch.threads.local();
    grow(own.source, width * s.lane_count);
    for (std::int64_t y = 0; y < c.i[Field::src_height]; ++y) {
      read_slots(c.kernels, c.source.data() + view.slot(block, y, 0) * n, width, n, s.type, s.lane_count,
                 own.source.data());
      own.acc.assign(kLanes, 0);
      for (std::int64_t x = 0; x < width; ++x)
        for (std::int64_t lane = 0; lane < s.lane_count; ++lane)
          own.acc[static_cast<std::size_t>(lane)] += own.source[static_cast<std::size_t>(x * s.lane_count + lane)];
      for (std::int64_t lane = 0; lane < s.lane_count; ++lane)
        sums[static_cast<std::size_t>(block * s.lane_count + lane)] += own.acc[static_cast<std::size_t>(lane)];
    }
  });
  if (c.i[Field::last] == 0) return;
  for (std::int64_t channel = 0; channel < s.blocks * s.lane_count; ++channel) {
    const auto y = static_cast<std::int16_t>(apply_post(*c.step.post.post, c.step.post.type, channel,
                                                        sums[static_cast<std::size_t>(channel)], std::nullopt));
    s.writer.pixel(c.target.data(), 0, 0, channel, 1, &y);
  }
}

}  // namespace heddle::sim::fast
