// SPDX-License-Identifier: Apache-2.0
#include "sim/fast/packed_weights.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "sim/layout.h"

namespace heddle::sim::fast {
namespace {

using isa::Field;

/// The stored weights with their sizes: [out/M][ky][kx][in/N][M][N].
struct Stored {
  std::span<const std::byte> bytes;
  DataType type;
  std::int64_t m, n, kernel_h, kernel_w, in_channels, out_channels, lane_count, in_blocks;

  /// Offset of the element of output 0 of the M-tile, first channel of the N-tile.
  [[nodiscard]] std::int64_t tile(std::int64_t out_tile, std::int64_t ky, std::int64_t kx, std::int64_t c) const {
    return (((out_tile * kernel_h + ky) * kernel_w + kx) * ceil_div(in_channels, n) + c / n) * m * n;
  }
  [[nodiscard]] std::int64_t index(std::int64_t o, std::int64_t ky, std::int64_t kx, std::int64_t c) const {
    return tile(o / m, ky, kx, c) + o % m * n + c % n;
  }
};

Stored stored_of(const isa::Instruction& i, const overlay::Overlay& overlay, std::span<const std::byte> weights) {
  const std::int64_t lane_count = lanes(isa::format_type(i[Field::src_format]), overlay.N);
  return {weights,
          isa::format_type(i[Field::weight_format]),
          overlay.M,
          overlay.N,
          i[Field::kernel_h],
          i[Field::kernel_w],
          i[Field::in_blocks] * lane_count,
          i[Field::out_blocks] * lanes(isa::format_type(i[Field::dst_format]), overlay.N),
          lane_count,
          i[Field::in_blocks]};
}

/// Channels of a quad that exist; with one or two lanes a slot the rest of the quad is padding.
std::int64_t quad_channels(const Stored& s, std::int64_t quad) {
  return std::min(kTapChannels, s.lane_count - quad * kTapChannels);
}

bool any_weight(const Stored& s, const Tap& tap) {
  const std::int64_t first = tap.block * s.lane_count + tap.quad * kTapChannels;
  const std::int64_t count = quad_channels(s, tap.quad);
  for (std::int64_t o = 0; o < s.out_channels; ++o) {
    const std::int64_t from = s.index(o, tap.ky, tap.kx, first);
    for (std::int64_t c = from; c < from + count; ++c)
      if (load_element(s.bytes.data(), c, s.type) != 0) return true;
  }
  return false;
}

std::vector<Tap> taps_of(const Stored& s) {
  std::vector<Tap> taps;
  const std::int64_t quads = ceil_div(s.lane_count, kTapChannels);
  for (std::int32_t block = 0; block < s.in_blocks; ++block)
    for (std::int32_t ky = 0; ky < s.kernel_h; ++ky)
      for (std::int32_t kx = 0; kx < s.kernel_w; ++kx)
        for (std::int32_t quad = 0; quad < quads; ++quad)
          if (const Tap tap{block, quad, ky, kx}; any_weight(s, tap)) taps.push_back(tap);
  return taps;
}

void fill_tap(const Stored& s, const Tap& tap, std::int64_t panel, std::byte* to) {
  const std::int64_t first = tap.block * s.lane_count + tap.quad * kTapChannels;
  const std::int64_t count = quad_channels(s, tap.quad);
  const std::int64_t outputs = std::min(kLanes, s.out_channels - panel * kLanes);
  for (std::int64_t o = 0; o < outputs; ++o) {
    // The channels of a quad lie in one slot and so in one run of N.
    const std::int64_t from = s.index(panel * kLanes + o, tap.ky, tap.kx, first);
    for (std::int64_t c = 0; c < count; ++c)
      store_element(to, (c / 2 * kLanes + o) * 2 + c % 2, s.type, load_element(s.bytes.data(), from + c, s.type));
  }
}

std::int64_t magnitude(WeightPass pass, std::int32_t weight) {
  switch (pass) {
    case WeightPass::low_byte:
      return weight & 0xff;
    case WeightPass::high_byte:
      return std::abs(weight >> 8);
    case WeightPass::bytes:
    case WeightPass::words:
      return std::abs(weight);
  }
  return 0;
}

/// Per tap, the sum of magnitudes of each output's weights; cut so that no output's sum exceeds `limit`.
std::vector<TapRange> ranges_of(const PackedWeights& packed, DataType type, WeightPass pass, std::int64_t limit) {
  const auto count = static_cast<std::int64_t>(packed.taps.size());
  const std::int64_t largest = pass == WeightPass::words ? 32768 : pass == WeightPass::low_byte ? 255 : 128;
  if (count * kTapChannels * largest <= limit) return {{0, count}};
  std::vector<std::int64_t> sums(static_cast<std::size_t>(packed.panels * kLanes));
  std::vector<TapRange> ranges;
  std::int64_t begin = 0;
  for (std::int64_t t = 0; t < count; ++t) {
    bool full = false;
    for (std::int64_t k = 0; k < packed.panels * kLanes; ++k) {
      const std::byte* tap = packed.bytes.data() + k / kLanes * packed.panel_bytes + t * packed.tap_bytes;
      std::int64_t own = 0;
      for (std::int64_t c = 0; c < kTapChannels; ++c)
        own += magnitude(pass, load_element(tap, (c / 2 * kLanes + k % kLanes) * 2 + c % 2, type));
      sums[static_cast<std::size_t>(k)] += own;
      full = full || sums[static_cast<std::size_t>(k)] > limit;
    }
    if (!full) continue;
    // Tap t begins the next range; redo its sums there. A single tap always fits.
    std::ranges::fill(sums, 0);
    ranges.push_back({begin, t});
    begin = t--;
  }
  ranges.push_back({begin, count});
  return ranges;
}

std::vector<PackedWeights::Pass> passes_of(const PackedWeights& packed, DataType source, DataType weight,
                                           std::int64_t largest) {
  const std::int64_t limit = INT32_MAX / largest;
  const auto pass = [&](WeightPass kind, int shift) {
    return PackedWeights::Pass{kind, shift, ranges_of(packed, weight, kind, limit)};
  };
  if (weight == DataType::i8) return {pass(WeightPass::bytes, 0)};
  // Long sums of 16 × 16 bits would be cut every few taps; the two halves of the weights are not.
  if (source == DataType::i16) return {pass(WeightPass::low_byte, 0), pass(WeightPass::high_byte, 8)};
  return {pass(WeightPass::words, 0)};
}

}  // namespace

std::int64_t padded_lanes(DataType type, std::int64_t slot_bytes) {
  return ceil_div(lanes(type, slot_bytes), kTapChannels) * kTapChannels;
}

PackedWeights pack_weights(const isa::Instruction& instruction, const overlay::Overlay& overlay,
                           std::span<const std::byte> weights) {
  const Stored s = stored_of(instruction, overlay, weights);
  PackedWeights packed;
  packed.taps = taps_of(s);
  packed.panels = ceil_div(s.out_channels, kLanes);
  packed.tap_bytes = kTapChannels * kLanes * element_bytes(s.type);
  packed.panel_bytes = packed.tap_bytes * static_cast<std::int64_t>(packed.taps.size());
  packed.bytes.resize(static_cast<std::size_t>(packed.panels * packed.panel_bytes));
  std::byte* to = packed.bytes.data();
  for (std::int64_t panel = 0; panel < packed.panels; ++panel)
    for (const Tap& tap : packed.taps) {
      fill_tap(s, tap, panel, to);
      to += packed.tap_bytes;
    }
  const DataType source = isa::format_type(instruction[Field::src_format]);
  const std::int64_t largest =
      std::max<std::int64_t>(source == DataType::i16 ? 32768 : 128, std::abs(instruction[Field::pad_value]));
  packed.passes = passes_of(packed, source, s.type, largest);
  return packed;
}

}  // namespace heddle::sim::fast
