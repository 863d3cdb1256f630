// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "sim/fast/context.h"
#include "sim/layout.h"

/// Rows of slots as lines of int16 elements, and back.
namespace heddle::sim::fast {

/// Elements of `count` adjacent slots from `slot` on, widened to int16: [slot][lane]. `lane_stride` (a multiple of
/// kTapChannels, at least the lanes of a slot) elements a slot; lanes that the slot lacks become 0.
void read_slots(const Kernels& kernels, const std::byte* slot, std::int64_t count, std::int64_t slot_bytes,
                DataType type, std::int64_t lane_stride, std::int16_t* to);

/// Source row `y` (may be outside), columns [x, x + count) with `pad` outside the source: `count` slots of
/// `lane_stride` elements.
struct PaddedSource {
  SlotView view;
  std::int64_t height, width, slot_bytes, lane_stride;
  DataType type;
  std::int16_t pad;

  void row(const Kernels& kernels, const std::byte* features, std::int64_t block, std::int64_t y, std::int64_t x,
           std::int64_t count, std::int16_t* to) const;
};
[[nodiscard]] PaddedSource padded_source(const Context& context, std::int64_t lane_stride, std::int16_t pad);

/// Writes `count` elements from channel `channel` on of pixel (y, x); `limit` channels exist.
struct Writer {
  SlotView view;
  std::int64_t slot_bytes, lane_count, limit;
  DataType type;

  void pixel(std::byte* features, std::int64_t y, std::int64_t x, std::int64_t channel, std::int64_t count,
             const std::int16_t* from) const;
};
[[nodiscard]] Writer destination_writer(const Context& context, std::int64_t channels);

}  // namespace heddle::sim::fast
