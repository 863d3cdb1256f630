// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>

#include "sim/fast/context.h"
#include "sim/fast/lines.h"
#include "sim/layout.h"

namespace heddle::sim::fast {
namespace {

using isa::Field;

/// How the register blocks find the source.
enum class Access {
  in_place,  ///< int16 in feature memory and no padding: read there
  gathered,  ///< 1×1 kernel: each task widens the pixels of its own tile
  padded,    ///< the whole source is widened and padded before
};

/// One conv instruction while it runs. Pixels are numbered row by row.
class Conv {
 public:
  explicit Conv(const Context& c);
  void run();

 private:
  struct Tile {
    std::int64_t begin, end;        ///< pixels
    std::int64_t panel, panel_end;  ///< panels of kLanes output channels
  };

  [[nodiscard]] bool reads_padding() const;
  [[nodiscard]] Access choose() const;
  [[nodiscard]] std::int64_t row_of(std::int64_t y) const { return y * c_.i[Field::stride_h] - c_.i[Field::pad_top]; }
  [[nodiscard]] std::int64_t column_of(std::int64_t x) const {
    return x * c_.i[Field::stride_w] - c_.i[Field::pad_left];
  }
  void widen_source();
  void gather(const Tile& tile, Scratch::Thread& own) const;
  void fill_offsets();
  [[nodiscard]] PixelAddress address(const Tile& tile, std::int64_t pixel, const Scratch::Thread& own) const;
  void run_tile(const Tile& tile) const;
  void block(std::int64_t panel, std::int64_t pixel, std::span<const PixelAddress> pixels) const;
  bool short_block(std::int64_t panel, const GemmBlock& gemm, std::int64_t rows, std::int16_t* out) const;
  [[nodiscard]] GemmBlock gemm_block(std::int64_t panel, std::span<const PixelAddress> pixels) const;
  void accumulate(std::int64_t panel, std::int64_t rows, const GemmBlock& gemm, std::int64_t* wide) const;
  void drain(std::int64_t panel, std::span<const PixelAddress> pixels, std::int16_t* out) const;
  void add_operand(std::int64_t panel, std::span<const PixelAddress> pixels, std::int16_t* out) const;
  template <class F>
  void for_each_slot(std::int64_t panel, std::int64_t plane, F f) const;

  const Context& c_;
  const PackedWeights& weights_;
  std::int64_t n_, lane_count_, lane_stride_, out_width_, pixels_, tile_pixels_ = 0;
  std::int64_t rows_ = 0, columns_ = 0;  ///< of the padded source
  Access access_;
  PaddedSource source_;
  Writer writer_;
  std::int64_t operand_plane_;
};

Conv::Conv(const Context& c)
    : c_(c),
      weights_(*c.step.weights),
      n_(c.overlay.N),
      lane_count_(lanes(isa::format_type(c.i[Field::src_format]), n_)),
      lane_stride_(padded_lanes(isa::format_type(c.i[Field::src_format]), n_)),
      out_width_(c.i[Field::out_width]),
      pixels_(c.i[Field::out_height] * c.i[Field::out_width]),
      access_(choose()),
      source_(padded_source(c, lane_stride_, static_cast<std::int16_t>(c.i[Field::pad_value]))),
      writer_(
          destination_writer(c, c.i[Field::out_blocks] * lanes(isa::format_type(c.i[Field::dst_format]), c.overlay.N))),
      operand_plane_(operand_view(c.i, c.overlay.P).plane) {
  rows_ = (c.i[Field::out_height] - 1) * c.i[Field::stride_h] + (c.i[Field::kernel_h] - 1) * c.i[Field::dilation_h] + 1;
  columns_ =
      (c.i[Field::out_width] - 1) * c.i[Field::stride_w] + (c.i[Field::kernel_w] - 1) * c.i[Field::dilation_w] + 1;
  // The source of a tile shall stay in the second-level cache while all panels pass over it.
  constexpr std::int64_t kTileElements = 128 * 1024, kLargest = 16 * kRows, kSmallest = 4 * kRows;
  const std::int64_t fitting = kTileElements / (c.i[Field::in_blocks] * lane_stride_) / kRows * kRows;
  const std::int64_t tiles = ceil_div(pixels_, std::clamp(fitting, kSmallest, kLargest));
  tile_pixels_ = ceil_div(ceil_div(pixels_, tiles), kRows) * kRows;
}

bool Conv::reads_padding() const {
  const isa::Instruction& i = c_.i;
  return row_of(0) < 0 || column_of(0) < 0 ||
         row_of(i[Field::out_height] - 1) + (i[Field::kernel_h] - 1) * i[Field::dilation_h] >= i[Field::src_height] ||
         column_of(i[Field::out_width] - 1) + (i[Field::kernel_w] - 1) * i[Field::dilation_w] >= i[Field::src_width];
}

Access Conv::choose() const {
  const bool words = isa::format_type(c_.i[Field::src_format]) == DataType::i16;
  if (words && lane_count_ == lane_stride_ && !reads_padding()) return Access::in_place;
  return c_.i[Field::kernel_h] == 1 && c_.i[Field::kernel_w] == 1 ? Access::gathered : Access::padded;
}

void Conv::widen_source() {
  grow(c_.scratch.source, c_.i[Field::in_blocks] * rows_ * columns_ * lane_stride_);
  parallel(c_.i[Field::in_blocks] * rows_, [&](std::int64_t line) {
    source_.row(c_.kernels, c_.source.data(), line / rows_, line % rows_ - c_.i[Field::pad_top], -c_.i[Field::pad_left],
                columns_, c_.scratch.source.data() + line * columns_ * lane_stride_);
  });
}

/// Tap offsets in bytes from the base of a pixel.
void Conv::fill_offsets() {
  std::int64_t block = 0, row = 0, column = 0, quad = 2 * kTapChannels;
  switch (access_) {
    case Access::in_place:
      block = source_.view.plane * n_;
      row = source_.view.pitch * n_;
      column = n_;
      break;
    case Access::gathered:
      block = tile_pixels_ * lane_stride_ * 2;
      break;
    case Access::padded:
      block = rows_ * columns_ * lane_stride_ * 2;
      row = columns_ * lane_stride_ * 2;
      column = lane_stride_ * 2;
      break;
  }
  c_.scratch.offsets.clear();
  for (const Tap& tap : weights_.taps)
    c_.scratch.offsets.push_back(static_cast<std::int32_t>(tap.block * block + tap.ky * c_.i[Field::dilation_h] * row +
                                                           tap.kx * c_.i[Field::dilation_w] * column +
                                                           tap.quad * quad));
}

void Conv::gather(const Tile& tile, Scratch::Thread& own) const {
  const std::int64_t plane = tile_pixels_ * lane_stride_;
  grow(own.source, c_.i[Field::in_blocks] * plane);
  const bool dense = c_.i[Field::stride_w] == 1;
  for (std::int64_t b = 0; b < c_.i[Field::in_blocks]; ++b)
    for (std::int64_t p = tile.begin, run = 0; p < tile.end; p += run) {
      const std::int64_t y = p / out_width_, x = p % out_width_;
      run = dense ? std::min(out_width_ - x, tile.end - p) : 1;
      source_.row(c_.kernels, c_.source.data(), b, row_of(y), column_of(x), run,
                  own.source.data() + b * plane + (p - tile.begin) * lane_stride_);
    }
}

PixelAddress Conv::address(const Tile& tile, std::int64_t pixel, const Scratch::Thread& own) const {
  const std::int64_t y = pixel / out_width_, x = pixel % out_width_;
  PixelAddress at{nullptr, writer_.view.slot(0, y, x) * n_, operand_view(c_.i, c_.overlay.P).slot(0, y, x) * n_};
  const std::int16_t* packed = c_.scratch.source.data();
  switch (access_) {
    case Access::in_place:
      at.source = c_.source.data() + source_.view.slot(0, row_of(y), column_of(x)) * n_;
      break;
    case Access::gathered:
      at.source = reinterpret_cast<const std::byte*>(own.source.data() + (pixel - tile.begin) * lane_stride_);
      break;
    case Access::padded:
      packed += (y * c_.i[Field::stride_h] * columns_ + x * c_.i[Field::stride_w]) * lane_stride_;
      at.source = reinterpret_cast<const std::byte*>(packed);
      break;
  }
  return at;
}

GemmBlock Conv::gemm_block(std::int64_t panel, std::span<const PixelAddress> pixels) const {
  GemmBlock gemm{};
  std::ranges::transform(pixels, gemm.rows.begin(), &PixelAddress::source);
  gemm.offsets = c_.scratch.offsets.data();
  gemm.taps = static_cast<std::int64_t>(weights_.taps.size());
  gemm.weights = weights_.bytes.data() + panel * weights_.panel_bytes;
  return gemm;
}

void Conv::accumulate(std::int64_t panel, std::int64_t rows, const GemmBlock& gemm, std::int64_t* wide) const {
  std::array<std::int32_t, kRows * kLanes> sums;
  for (const auto& pass : weights_.passes)
    for (const TapRange& range : pass.ranges) {
      GemmBlock part = gemm;
      part.offsets += range.begin;
      part.taps = range.end - range.begin;
      part.weights = weights_.bytes.data() + panel * weights_.panel_bytes + range.begin * weights_.tap_bytes;
      c_.kernels.gemm[static_cast<std::size_t>(pass.kind)][static_cast<std::size_t>(rows - 1)](part, sums.data());
      c_.kernels.add_wide(sums.data(), rows * kLanes, pass.shift, wide);
    }
}

/// Calls f(bytes from the slot of block 0, first lane, lanes, first channel within the panel) for the slots of a panel.
template <class F>
void Conv::for_each_slot(std::int64_t panel, std::int64_t plane, F f) const {
  const std::int64_t begin = panel * kLanes, end = std::min(begin + kLanes, writer_.limit);
  for (std::int64_t channel = begin, run = 0; channel < end; channel += run) {
    const std::int64_t lane = channel % writer_.lane_count;
    run = std::min(writer_.lane_count - lane, end - channel);
    f(channel / writer_.lane_count * plane * n_ + lane * element_bytes(writer_.type), run, channel - begin);
  }
}

void Conv::add_operand(std::int64_t panel, std::span<const PixelAddress> pixels, std::int16_t* out) const {
  std::array<std::int16_t, kRows * kLanes> operand{};
  for_each_slot(panel, operand_plane_, [&](std::int64_t offset, std::int64_t run, std::int64_t channel) {
    for (std::size_t r = 0; r < pixels.size(); ++r) {
      const std::byte* from = c_.source.data() + pixels[r].operand + offset;
      std::int16_t* to = operand.data() + static_cast<std::int64_t>(r) * kLanes + channel;
      if (writer_.type == DataType::i16)
        std::memcpy(to, from, static_cast<std::size_t>(2 * run));
      else
        c_.kernels.widen(reinterpret_cast<const std::int8_t*>(from), run, to);
    }
  });
  c_.kernels.add(c_.step.post.post->add, out, operand.data(), static_cast<std::int64_t>(pixels.size()) * kLanes, out);
}

/// A whole slot of the common width has a constant length, which compilers turn into one store.
void copy_run(const std::byte* from, std::int64_t bytes, std::byte* to) {
  if (bytes == 16)
    std::memcpy(to, from, 16);
  else
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

void Conv::drain(std::int64_t panel, std::span<const PixelAddress> pixels, std::int16_t* out) const {
  if (c_.i[Field::use_operand] != 0) add_operand(panel, pixels, out);
  std::array<std::int8_t, kRows * kLanes> narrow;
  const auto* elements = reinterpret_cast<const std::byte*>(out);
  const std::int64_t size = element_bytes(writer_.type);
  if (size == 1) {
    c_.kernels.narrow(out, static_cast<std::int64_t>(pixels.size()) * kLanes, narrow.data());
    elements = reinterpret_cast<const std::byte*>(narrow.data());
  }
  for_each_slot(panel, writer_.view.plane, [&](std::int64_t offset, std::int64_t run, std::int64_t channel) {
    for (std::size_t r = 0; r < pixels.size(); ++r)
      copy_run(elements + (static_cast<std::int64_t>(r) * kLanes + channel) * size, run * size,
               c_.target.data() + pixels[r].target + offset);
  });
}

/// Sums that need no 64-bit accumulators; false if they do.
bool Conv::short_block(std::int64_t panel, const GemmBlock& gemm, std::int64_t rows, std::int16_t* out) const {
  std::array<std::int32_t, kRows * kLanes> low, high;
  const auto sum = [&](std::size_t pass, std::int32_t* sums) {
    const auto kind = static_cast<std::size_t>(weights_.passes[pass].kind);
    c_.kernels.gemm[kind][static_cast<std::size_t>(rows - 1)](gemm, sums);
  };
  if (!weights_.fits_32() && !weights_.splits()) return false;
  sum(0, low.data());
  if (weights_.fits_32()) {
    finish(c_.kernels, c_.step.post, panel, low.data(), rows, out);
  } else {
    sum(1, high.data());
    finish(c_.kernels, c_.step.post, panel, low.data(), high.data(), rows, out);
  }
  return true;
}

void Conv::block(std::int64_t panel, std::int64_t pixel, std::span<const PixelAddress> pixels) const {
  const auto rows = static_cast<std::int64_t>(pixels.size());
  const GemmBlock gemm = gemm_block(panel, pixels);
  const bool first = c_.i[Field::first] != 0, last = c_.i[Field::last] != 0;
  std::array<std::int16_t, kRows * kLanes> out;
  if (first && last && short_block(panel, gemm, rows, out.data())) return drain(panel, pixels, out.data());
  std::array<std::int64_t, kRows * kLanes> own;
  std::int64_t* wide = own.data();
  if (!first || !last) wide = c_.scratch.accumulators.data() + (panel * pixels_ + pixel) * kLanes;
  if (first) std::fill_n(wide, rows * kLanes, 0);
  accumulate(panel, rows, gemm, wide);
  if (!last) return;
  finish(c_.kernels, c_.step.post, panel, wide, rows, out.data());
  drain(panel, pixels, out.data());
}

void Conv::run_tile(const Tile& tile) const {
  Scratch::Thread& own = c_.scratch.threads.local();
  if (access_ == Access::gathered) gather(tile, own);
  own.pixels.clear();
  for (std::int64_t p = tile.begin; p < tile.end; ++p) own.pixels.push_back(address(tile, p, own));
  const std::span<const PixelAddress> pixels = own.pixels;
  const std::int64_t count = tile.end - tile.begin;
  for (std::int64_t panel = tile.panel; panel < tile.panel_end; ++panel)
    for (std::int64_t p = 0; p < count; p += kRows)
      block(panel, tile.begin + p,
            pixels.subspan(static_cast<std::size_t>(p), static_cast<std::size_t>(std::min(kRows, count - p))));
}

void Conv::run() {
  if (access_ == Access::padded) widen_source();
  fill_offsets();
  if (c_.i[Field::last] == 0) grow(c_.scratch.accumulators, weights_.panels * pixels_ * kLanes);
  const std::int64_t tiles = ceil_div(pixels_, tile_pixels_);
  const std::int64_t wanted = 3 * tbb::this_task_arena::max_concurrency();
  const std::int64_t groups = std::clamp<std::int64_t>(ceil_div(wanted, tiles), 1, weights_.panels);
  parallel(tiles * groups, [&](std::int64_t task) {
    const std::int64_t t = task / groups, g = task % groups;
    run_tile({t * tile_pixels_, std::min(pixels_, (t + 1) * tile_pixels_), g * weights_.panels / groups,
              (g + 1) * weights_.panels / groups});
  });
}

}  // namespace

void conv(const Context& context) {
  Conv(context).run();
}

}  // namespace heddle::sim::fast
