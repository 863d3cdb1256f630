// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "sim/layout.h"
#include "sim/reference.h"

namespace heddle::sim::reference {
namespace {

using isa::Field;

/// Calls `move(DDR byte, feature byte)` for every slot of the box.
template <class Move>
void for_each_slot(const isa::Instruction& i, const overlay::Overlay& overlay, const SlotView& view, Move move) {
  for (std::int64_t b = 0; b < i[Field::blocks]; ++b)
    for (std::int64_t y = 0; y < i[Field::rows]; ++y)
      for (std::int64_t x = 0; x < i[Field::columns]; ++x) {
        const std::int64_t ddr = b * i[Field::ddr_plane] + y * i[Field::ddr_row] + x;
        move(i[Field::ddr_offset] + ddr * overlay.N, view.slot(b, y, x) * overlay.N);
      }
}

}  // namespace

void load(const isa::Instruction& instruction, const overlay::Overlay& overlay, std::span<const std::byte> ddr,
          std::span<std::byte> features) {
  for_each_slot(instruction, overlay, destination_view(instruction, overlay.P),
                [&](std::int64_t from, std::int64_t to) {
                  std::memcpy(features.data() + to, ddr.data() + from, static_cast<std::size_t>(overlay.N));
                });
}

void save(const isa::Instruction& instruction, const overlay::Overlay& overlay, std::span<const std::byte> features,
          std::span<std::byte> ddr) {
  for_each_slot(instruction, overlay, source_view(instruction, overlay.P), [&](std::int64_t to, std::int64_t from) {
    std::memcpy(ddr.data() + to, features.data() + from, static_cast<std::size_t>(overlay.N));
  });
}

}  // namespace heddle::sim::reference
