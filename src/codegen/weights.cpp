// SPDX-License-Identifier: Apache-2.0
#include "codegen/weights.h"

#include <algorithm>
#include <cstring>

#include "cost/cost.h"

namespace heddle::codegen {
namespace {

using cost::ceil_div;

void put(std::vector<std::byte>& to, std::int64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
}

/// Input lanes of one group of N as the weight tensor sees them: index within the filter of the first lane, if all
/// lanes are consecutive channels of it (the tight loop), otherwise each lane on its own.
struct LaneGroup {
  std::span<const std::int32_t> channels;
  bool consecutive = false;
};

std::vector<LaneGroup> lane_groups(std::span<const std::int32_t> channels, std::size_t lanes) {
  std::vector<LaneGroup> groups;
  for (std::size_t at = 0; at < channels.size(); at += lanes) {
    LaneGroup group{.channels = channels.subspan(at, std::min(lanes, channels.size() - at))};
    group.consecutive = group.channels.front() != kHole;
    for (std::size_t i = 1; i < group.channels.size(); ++i)
      group.consecutive = group.consecutive && group.channels[i] == group.channels[0] + static_cast<std::int32_t>(i);
    groups.push_back(group);
  }
  return groups;
}

/// Writes the N weights of one output channel, one tap and one group of input lanes.
template <class Element>
class RowPacker {
 public:
  RowPacker(const WeightSource& source, std::int32_t output)
      : source_(source), output_(output), taps_(static_cast<std::size_t>(kernel_taps(source))) {
    if (source.layer == nullptr) return;
    const auto group = output / source.out_per_group;
    first_ = group * source.in_per_group;
    filter_ = source.layer->weights.values.data() +
              static_cast<std::size_t>(output) * static_cast<std::size_t>(source.in_per_group) * taps_;
  }

  void pack(const LaneGroup& lanes, std::size_t tap, Element* to) const {
    if (filter_ == nullptr) return pack_identity(lanes, to);
    const std::int32_t begin = lanes.channels.front() - first_;
    const bool inside = begin >= 0 && begin + static_cast<std::int32_t>(lanes.channels.size()) <= source_.in_per_group;
    if (lanes.consecutive && inside) {
      const std::int16_t* from = filter_ + static_cast<std::size_t>(begin) * taps_ + tap;
      for (std::size_t i = 0; i < lanes.channels.size(); ++i) to[i] = static_cast<Element>(from[i * taps_]);
      return;
    }
    for (std::size_t i = 0; i < lanes.channels.size(); ++i) {
      const std::int32_t channel = lanes.channels[i] - first_;
      if (lanes.channels[i] == kHole || channel < 0 || channel >= source_.in_per_group) continue;
      to[i] = static_cast<Element>(filter_[static_cast<std::size_t>(channel) * taps_ + tap]);
    }
  }

 private:
  static std::int32_t kernel_taps(const WeightSource& source) {
    return source.layer == nullptr ? 1 : source.layer->window.kernel_h * source.layer->window.kernel_w;
  }
  void pack_identity(const LaneGroup& lanes, Element* to) const {
    for (std::size_t i = 0; i < lanes.channels.size(); ++i)
      if (lanes.channels[i] == output_) to[i] = 1;
  }

  const WeightSource& source_;
  std::int32_t output_;
  std::size_t taps_;
  std::int32_t first_ = 0;  ///< first input channel of the output's group
  const std::int16_t* filter_ = nullptr;
};

/// Number of a tap in the weight tensor; nothing (weight 0) for a row or column −1.
std::optional<std::size_t> tap_number(const WeightSource& source, std::int32_t row, std::int32_t column) {
  if (row < 0 || column < 0) return std::nullopt;
  const std::int32_t width = source.layer == nullptr ? 1 : source.layer->window.kernel_w;
  return static_cast<std::size_t>(row * width + column);
}

template <class Element>
void pack_elements(const overlay::Overlay& overlay, const WeightSource& source, const WeightPiece& piece, Element* to) {
  const auto M = static_cast<std::size_t>(overlay.M), N = static_cast<std::size_t>(overlay.N);
  const auto groups = lane_groups(piece.in_channels, N);
  const std::size_t taps = piece.rows.size() * piece.columns.size();
  for (std::size_t o = 0; o < piece.out_channels.size(); ++o) {
    if (piece.out_channels[o] == kHole) continue;
    const RowPacker<Element> packer(source, piece.out_channels[o]);
    Element* const filter = to + (o / M * taps * groups.size() * M + o % M) * N;
    for (std::size_t t = 0; t < taps; ++t) {
      const auto tap =
          tap_number(source, piece.rows[t / piece.columns.size()], piece.columns[t % piece.columns.size()]);
      if (!tap) continue;
      for (std::size_t g = 0; g < groups.size(); ++g)
        packer.pack(groups[g], *tap, filter + (t * groups.size() + g) * M * N);
    }
  }
}

}  // namespace

std::int64_t weight_bytes(const overlay::Overlay& overlay, const WeightSource& source, const WeightPiece& piece) {
  const std::int64_t sets = ceil_div(std::ssize(piece.out_channels), overlay.M) * std::ssize(piece.rows) *
                            std::ssize(piece.columns) * ceil_div(std::ssize(piece.in_channels), overlay.N);
  return sets * overlay.M * overlay.N * (bits(source.type) / 8);
}

void pack_weights(const overlay::Overlay& overlay, const WeightSource& source, const WeightPiece& piece,
                  std::vector<std::byte>& to) {
  const std::size_t at = to.size();
  to.resize(at + static_cast<std::size_t>(weight_bytes(overlay, source, piece)));
  // The image is little endian and its pieces are aligned to 16 bytes, so elements can be written in place.
  if (source.type == DataType::i8)
    pack_elements(overlay, source, piece, reinterpret_cast<std::int8_t*>(to.data() + at));
  else
    pack_elements(overlay, source, piece, reinterpret_cast<std::int16_t*>(to.data() + at));
}

void pack_post(const PostParams& post, std::span<const std::int32_t> channels, int table, std::vector<std::byte>& to) {
  isa::PostDescriptor d = post.descriptor;
  const bool shared = post.channels.size() == 1;
  d.flags = shared ? 1 : 0;
  d.table = static_cast<std::uint8_t>(table < 0 ? 0 : table + 1);
  for (const std::int16_t field : {d.lo, d.hi, d.zero_point, d.add_mult_a, d.add_mult_b, d.add_zero_a, d.add_zero_b,
                                   d.add_zero_y, d.add_lo, d.add_hi})
    put(to, field, 2);
  for (const std::uint8_t field : {d.add_shift, d.flags, d.table, d.reserved}) put(to, field, 1);
  const auto put_channel = [&](const kernels::ChannelRequant& q) {
    put(to, q.bias, 6);
    put(to, q.mult, 2);
    put(to, q.shift, 4);  // one byte and three of 0
  };
  if (shared) return put_channel(post.channels.front());
  for (const std::int32_t channel : channels)
    put_channel(channel == kHole ? kernels::ChannelRequant{} : post.channels[static_cast<std::size_t>(channel)]);
}

void pack_coefficients(const overlay::Overlay& overlay, const StencilStep& step, mapping::Range blocks,
                       std::vector<std::byte>& to) {
  const std::int32_t taps = step.kernel_h * step.kernel_w;
  const ir::Layer* layer = step.coefficients.layer;
  for (std::int32_t block = blocks.begin; block < blocks.end; ++block)
    for (std::int32_t tap = 0; tap < taps; ++tap) {
      const std::size_t end = to.size() + 2 * static_cast<std::size_t>(overlay.N);
      for (const std::int32_t channel : step.channels.of_blocks(block, 1)) {
        const auto at =
            static_cast<std::size_t>(channel) * static_cast<std::size_t>(taps) + static_cast<std::size_t>(tap);
        const std::int16_t filter_tap = channel == kHole || layer == nullptr ? 0 : layer->weights.values[at];
        put(to, layer == nullptr ? 1 : filter_tap, 2);
      }
      to.resize(end);
    }
}

void pack_table(const kernels::Table& table, std::vector<std::byte>& to) {
  for (const std::int16_t entry : table.entry) put(to, entry, 2);
}

}  // namespace heddle::codegen
