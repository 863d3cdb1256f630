// SPDX-License-Identifier: Apache-2.0
#include "sim/boxes.h"

#include <cstring>

#include "sim/layout.h"

namespace heddle::sim {
namespace {

using isa::Field;

/// Calls `move(DDR byte, feature byte)` for every row of the box; slots of a row are adjacent on both sides.
template <class Move>
void for_each_row(const isa::Instruction& i, const overlay::Overlay& overlay, const SlotView& view, Move move) {
  for (std::int64_t b = 0; b < i[Field::blocks]; ++b)
    for (std::int64_t y = 0; y < i[Field::rows]; ++y) {
      const std::int64_t ddr = b * i[Field::ddr_plane] + y * i[Field::ddr_row];
      move(i[Field::ddr_offset] + ddr * overlay.N, view.slot(b, y, 0) * overlay.N);
    }
}

std::size_t row_bytes(const isa::Instruction& i, const overlay::Overlay& overlay) {
  return static_cast<std::size_t>(i[Field::columns] * overlay.N);
}

}  // namespace

void load(const isa::Instruction& instruction, const overlay::Overlay& overlay, std::span<const std::byte> ddr,
          std::span<std::byte> features) {
  for_each_row(instruction, overlay, destination_view(instruction, overlay.P), [&](std::int64_t from, std::int64_t to) {
    std::memcpy(features.data() + to, ddr.data() + from, row_bytes(instruction, overlay));
  });
}

void save(const isa::Instruction& instruction, const overlay::Overlay& overlay, std::span<const std::byte> features,
          std::span<std::byte> ddr) {
  for_each_row(instruction, overlay, source_view(instruction, overlay.P), [&](std::int64_t to, std::int64_t from) {
    std::memcpy(ddr.data() + to, features.data() + from, row_bytes(instruction, overlay));
  });
}

}  // namespace heddle::sim
