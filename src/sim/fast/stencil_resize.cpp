// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "sim/fast/stencil.h"
#include "sim/layout.h"

namespace heddle::sim::fast {
namespace {

using isa::Field;
using kernels::ResizeTap;

std::vector<ResizeTap> column_taps(const Stencil& s) {
  std::vector<ResizeTap> taps;
  for (std::int64_t x = 0; x < s.out_width; ++x)
    taps.push_back(kernels::resize_tap(s.c.i[Field::start_x], s.c.i[Field::step_x], x, s.c.i[Field::src_width]));
  return taps;
}

void nearest_line(const Stencil& s, const std::vector<ResizeTap>& taps, const std::int16_t* row, std::int32_t* acc) {
  for (const ResizeTap& tap : taps) {
    const std::int16_t* pixel = row + tap.first * s.lane_count;
    for (std::int64_t lane = 0; lane < s.lane_count; ++lane) *acc++ = pixel[lane];
  }
}

/// Rows first, then columns: every intermediate value is exact, so the order does not matter. 8 + 8 fractional bits and
/// 16 bits of value fit 32 bits, because the weights of a blend sum to 1.
void bilinear_line(const Stencil& s, const std::vector<ResizeTap>& taps, const std::int16_t* top,
                   const std::int16_t* bottom, std::int32_t weight, std::vector<std::int32_t>& blend,
                   std::int32_t* acc) {
  const std::int64_t count = s.c.i[Field::src_width] * s.lane_count;
  grow(blend, count);
  for (std::int64_t k = 0; k < count; ++k)
    blend[static_cast<std::size_t>(k)] = top[k] * (256 - weight) + bottom[k] * weight;
  for (const ResizeTap& tap : taps) {
    const std::int32_t* a = blend.data() + tap.first * s.lane_count;
    const std::int32_t* b = blend.data() + tap.second * s.lane_count;
    for (std::int64_t lane = 0; lane < s.lane_count; ++lane)
      *acc++ = a[lane] * (256 - tap.weight) + b[lane] * tap.weight;
  }
}

}  // namespace

void resize_stencil(const Stencil& s) {
  const Context& c = s.c;
  const std::vector<ResizeTap> taps = column_taps(s);
  const std::int64_t bands = ceil_div(s.out_height, kBandRows), width = c.i[Field::src_width];
  const PaddedSource source = padded_source(c, s.lane_count, 0);
  // Columns that no tap reads may lie outside feature memory.
  const std::int64_t begin = taps.front().first, count = taps.back().second + 1 - begin;
  parallel(s.blocks * bands, [&](std::int64_t task) {
    Scratch::Thread& own = c.scratch.threads.local();
    const std::int64_t block = task / bands, y0 = task % bands * kBandRows;
    grow(own.acc, s.padded_elements);
    std::int16_t* top = grow(own.source, 2 * width * s.lane_count);
    std::int16_t* bottom = top + width * s.lane_count;
    const auto read = [&](std::int64_t y, std::int16_t* to) {
      source.row(c.kernels, c.source.data(), block, y, begin, count, to + begin * s.lane_count);
    };
    for (std::int64_t y = y0; y < std::min(y0 + kBandRows, s.out_height); ++y) {
      const ResizeTap tap = kernels::resize_tap(c.i[Field::start_y], c.i[Field::step_y], y, c.i[Field::src_height]);
      read(tap.first, top);
      if (s.op == isa::StencilOp::nearest) {
        nearest_line(s, taps, top, own.acc.data());
      } else {
        read(tap.second, bottom);
        bilinear_line(s, taps, top, bottom, tap.weight, own.blend, own.acc.data());
      }
      s.emit(block, y, own.acc.data(), own);
    }
  });
}

}  // namespace heddle::sim::fast
