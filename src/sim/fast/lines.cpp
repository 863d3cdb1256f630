// SPDX-License-Identifier: Apache-2.0
#include "sim/fast/lines.h"

#include <algorithm>
#include <cstring>

namespace heddle::sim::fast {

using isa::Field;

void read_slots(const Kernels& kernels, const std::byte* slot, std::int64_t count, std::int64_t slot_bytes,
                DataType type, std::int64_t lane_stride, std::int16_t* to) {
  const std::int64_t lane_count = lanes(type, slot_bytes);
  if (lane_count == lane_stride) {
    if (type == DataType::i16)
      std::memcpy(to, slot, static_cast<std::size_t>(count * slot_bytes));
    else
      kernels.widen(reinterpret_cast<const std::int8_t*>(slot), count * lane_count, to);
    return;
  }
  std::fill_n(to, count * lane_stride, std::int16_t{0});
  for (std::int64_t s = 0; s < count; ++s)
    for (std::int64_t lane = 0; lane < lane_count; ++lane)
      to[s * lane_stride + lane] = static_cast<std::int16_t>(load_element(slot + s * slot_bytes, lane, type));
}

void PaddedSource::row(const Kernels& kernels, const std::byte* features, std::int64_t block, std::int64_t y,
                       std::int64_t x, std::int64_t count, std::int16_t* to) const {
  const bool inside = y >= 0 && y < height;
  const std::int64_t begin = inside ? std::clamp<std::int64_t>(-x, 0, count) : count;
  const std::int64_t end = inside ? std::clamp<std::int64_t>(width - x, begin, count) : count;
  std::fill_n(to, begin * lane_stride, pad);
  if (begin < end)
    read_slots(kernels, features + view.slot(block, y, x + begin) * slot_bytes, end - begin, slot_bytes, type,
               lane_stride, to + begin * lane_stride);
  std::fill_n(to + end * lane_stride, (count - end) * lane_stride, pad);
}

PaddedSource padded_source(const Context& context, std::int64_t lane_stride, std::int16_t pad) {
  return {source_view(context.i, context.overlay.P),
          context.i[Field::src_height],
          context.i[Field::src_width],
          context.overlay.N,
          lane_stride,
          isa::format_type(context.i[Field::src_format]),
          pad};
}

void Writer::pixel(std::byte* features, std::int64_t y, std::int64_t x, std::int64_t channel, std::int64_t count,
                   const std::int16_t* from) const {
  const std::int64_t end = std::min(channel + count, limit);
  while (channel < end) {
    const std::int64_t lane = channel % lane_count, run = std::min(lane_count - lane, end - channel);
    std::byte* slot = features + view.slot(channel / lane_count, y, x) * slot_bytes;
    if (type == DataType::i16)
      std::memcpy(slot + 2 * lane, from, static_cast<std::size_t>(2 * run));
    else
      for (std::int64_t k = 0; k < run; ++k) slot[lane + k] = static_cast<std::byte>(from[k]);
    channel += run;
    from += run;
  }
}

Writer destination_writer(const Context& context, std::int64_t channels) {
  const DataType type = isa::format_type(context.i[Field::dst_format]);
  return {destination_view(context.i, context.overlay.P), context.overlay.N, lanes(type, context.overlay.N), channels,
          type};
}

}  // namespace heddle::sim::fast
