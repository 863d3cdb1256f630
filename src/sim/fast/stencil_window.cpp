// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "sim/fast/stencil.h"
#include "sim/layout.h"

namespace heddle::sim::fast {
namespace {

using isa::Field;
using isa::StencilOp;

/// The window of one instruction. Every source line is split by column modulo stride_w, so that a tap's elements for
/// adjacent output pixels are adjacent whatever the stride.
struct Window {
  std::int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, top, left;
  std::int64_t columns;        ///< of a padded source line
  std::int64_t phase_columns;  ///< of each phase of it
  std::int64_t line;           ///< elements from one line to the next
};

Window window_of(const Stencil& s) {
  const isa::Instruction& i = s.c.i;
  Window w{i[Field::kernel_h],
           i[Field::kernel_w],
           i[Field::stride_h],
           i[Field::stride_w],
           i[Field::dilation_h],
           i[Field::dilation_w],
           i[Field::pad_top],
           i[Field::pad_left],
           0,
           0,
           0};
  if (s.op == StencilOp::identity) w.kernel_h = w.kernel_w = 1;
  w.columns = (s.out_width - 1) * w.stride_w + (w.kernel_w - 1) * w.dilation_w + 1;
  w.phase_columns = ceil_div(w.columns, w.stride_w);
  w.line = w.phase_columns * w.stride_w * s.lane_count;
  return w;
}

std::int16_t pad_of(const Stencil& s) {
  // Left out of a maximum is the same as the lowest value.
  if (s.op == StencilOp::maximum)
    return s.type == DataType::i16 ? std::numeric_limits<std::int16_t>::lowest()
                                   : std::numeric_limits<std::int8_t>::lowest();
  return static_cast<std::int16_t>(s.c.i[Field::pad_value]);
}

/// `LaneCount` is a constant, so that the copy of a pixel is one move.
template <std::int64_t LaneCount>
void split_phases(const Window& w, const std::int16_t* from, std::int16_t* to) {
  for (std::int64_t phase = 0; phase < w.stride_w; ++phase)
    for (std::int64_t x = phase, k = 0; x < w.columns; x += w.stride_w, ++k)
      std::memcpy(to + (phase * w.phase_columns + k) * LaneCount, from + x * LaneCount, LaneCount * sizeof *to);
}

void split_phases(const Window& w, std::int64_t lane_count, const std::int16_t* from, std::int16_t* to) {
  switch (lane_count) {
    case 1:
      return split_phases<1>(w, from, to);
    case 2:
      return split_phases<2>(w, from, to);
    case 4:
      return split_phases<4>(w, from, to);
    case 8:
      return split_phases<8>(w, from, to);
    case 16:
      return split_phases<16>(w, from, to);
  }
}

/// Where the taps of output row `y` begin in a band whose lines start with that of output row `first`.
struct Lines {
  const Window& w;
  std::int64_t lane_count;
  const std::int16_t* data;

  [[nodiscard]] const std::int16_t* tap(std::int64_t row, std::int64_t ky, std::int64_t kx) const {
    const std::int64_t column = kx * w.dilation_w;
    return data + (row * w.stride_h + ky * w.dilation_h) * w.line +
           (column % w.stride_w * w.phase_columns + column / w.stride_w) * lane_count;
  }
  template <class F>
  void for_each_tap(std::int64_t row, F f) const {
    for (std::int64_t ky = 0; ky < w.kernel_h; ++ky)
      for (std::int64_t kx = 0; kx < w.kernel_w; ++kx) f(tap(row, ky, kx));
  }
};

Lines read_band(const Stencil& s, const Window& w, std::int64_t block, std::int64_t y, std::int64_t rows,
                Scratch::Thread& own) {
  const std::int64_t count = (rows - 1) * w.stride_h + (w.kernel_h - 1) * w.dilation_h + 1;
  const PaddedSource source = padded_source(s.c, s.lane_count, pad_of(s));
  // Whole vectors are read: the last one may begin in the last pixel.
  grow(own.source, count * w.line + kLanes);
  grow(own.split, w.columns * s.lane_count);
  for (std::int64_t k = 0; k < count; ++k) {
    std::int16_t* line = own.source.data() + k * w.line;
    std::int16_t* to = w.stride_w == 1 ? line : own.split.data();
    source.row(s.c.kernels, s.c.source.data(), block, y * w.stride_h - w.top + k, -w.left, w.columns, to);
    if (w.stride_w != 1) split_phases(w, s.lane_count, to, line);
  }
  return {w, s.lane_count, own.source.data()};
}

/// Which part of the coefficients a pass multiplies with.
enum class Part { all, low_byte, high_byte };

std::int16_t part_of(std::int32_t coefficient, Part part) {
  switch (part) {
    case Part::all:
      return static_cast<std::int16_t>(coefficient);
    case Part::low_byte:
      return static_cast<std::int16_t>(coefficient & 0xff);
    case Part::high_byte:
      return static_cast<std::int16_t>(coefficient >> 8);
  }
  return 0;
}

/// Coefficients of `block`, two taps an entry; an odd last tap is paired with itself and weight 0.
void fill_weights(const Stencil& s, std::int64_t block, std::int64_t taps, Part part, std::vector<TapPair>& pairs) {
  pairs.assign(static_cast<std::size_t>(ceil_div(taps, 2)), TapPair{});
  const std::byte* words = s.c.coefficients.data() + block * taps * 2 * s.c.overlay.N;
  for (std::int64_t t = 0; t < taps; ++t)
    for (std::int64_t lane = 0; lane < kLanes; ++lane)
      pairs[static_cast<std::size_t>(t / 2)]
          .weights[pair_position(static_cast<std::size_t>(lane)) + static_cast<std::size_t>(t % 2)] =
          part_of(load_element(words + t * 2 * s.c.overlay.N, lane % s.lane_count, DataType::i16), part);
}

void depthwise_line(const Stencil& s, const Lines& lines, std::int64_t row, std::vector<TapPair>& pairs,
                    std::int32_t* acc) {
  std::size_t t = 0;
  lines.for_each_tap(row, [&](const std::int16_t* tap) {
    TapPair& pair = pairs[t / 2];
    (t % 2 == 0 ? pair.a : pair.b) = tap;
    if (t % 2 == 0) pair.b = tap;
    ++t;
  });
  s.c.kernels.depthwise(pairs.data(), static_cast<std::int64_t>(pairs.size()), s.padded_elements, acc);
}

/// Do 32 bits hold the sums of the whole coefficients of a block?
bool fits_32(const Stencil& s, std::int64_t block, std::int64_t taps) {
  if (s.type != DataType::i16) return true;
  const std::byte* words = s.c.coefficients.data() + block * taps * 2 * s.c.overlay.N;
  for (std::int64_t lane = 0; lane < s.lane_count; ++lane) {
    std::int64_t sum = 0;
    for (std::int64_t t = 0; t < taps; ++t)
      sum += std::abs(load_element(words + t * 2 * s.c.overlay.N, lane, DataType::i16));
    if (sum > INT32_MAX / 32768) return false;
  }
  return true;
}

void depthwise_band(const Stencil& s, const Lines& lines, std::int64_t block, std::int64_t y, std::int64_t rows,
                    Scratch::Thread& own) {
  const std::int64_t taps = lines.w.kernel_h * lines.w.kernel_w;
  std::int32_t* low = grow(own.acc, 2 * s.padded_elements);
  std::int32_t* high = low + s.padded_elements;
  if (fits_32(s, block, taps)) {
    fill_weights(s, block, taps, Part::all, own.pairs);
    for (std::int64_t row = 0; row < rows; ++row) {
      depthwise_line(s, lines, row, own.pairs, low);
      s.emit(block, y + row, low, own);
    }
    return;
  }
  fill_weights(s, block, taps, Part::low_byte, own.pairs);
  fill_weights(s, block, taps, Part::high_byte, own.high_pairs);
  for (std::int64_t row = 0; row < rows; ++row) {
    depthwise_line(s, lines, row, own.pairs, low);
    depthwise_line(s, lines, row, own.high_pairs, high);
    s.emit(block, y + row, low, high, own);
  }
}

/// maximum, average and identity: a fold over the taps.
void fold_line(const Stencil& s, const Lines& lines, std::int64_t row, std::int32_t* acc) {
  const std::int64_t count = s.padded_elements;
  if (s.op == StencilOp::maximum) {
    std::fill_n(acc, count, std::numeric_limits<std::int16_t>::lowest());
    lines.for_each_tap(row, [&](const std::int16_t* tap) {
      for (std::int64_t k = 0; k < count; ++k) acc[k] = std::max<std::int32_t>(acc[k], tap[k]);
    });
  } else {
    std::fill_n(acc, count, 0);
    lines.for_each_tap(row, [&](const std::int16_t* tap) {
      for (std::int64_t k = 0; k < count; ++k) acc[k] += tap[k];
    });
  }
}

}  // namespace

void window_stencil(const Stencil& s) {
  const Window w = window_of(s);
  const std::int64_t bands = ceil_div(s.out_height, kBandRows);
  parallel(s.blocks * bands, [&](std::int64_t task) {
    Scratch::Thread& own = s.c.scratch.threads.local();
    grow(own.acc, s.padded_elements);
    const std::int64_t block = task / bands, y = task % bands * kBandRows;
    const std::int64_t rows = std::min(kBandRows, s.out_height - y);
    const Lines lines = read_band(s, w, block, y, rows, own);
    if (s.op == StencilOp::depthwise) return depthwise_band(s, lines, block, y, rows, own);
    for (std::int64_t row = 0; row < rows; ++row) {
      fold_line(s, lines, row, own.acc.data());
      s.emit(block, y + row, own.acc.data(), own);
    }
  });
}

}  // namespace heddle::sim::fast
