// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <functional>

#include "tests/rtl/dma/dma_bench.h"

/// Random boxes of load and save, and where their slots lie.
namespace heddle::rtl {

/// Calls `visit(feature byte, DDR byte behind the base register)` for every slot of a load or save.
template <class Visit>
void for_slots(const isa::Instruction& i, const overlay::Overlay& o, Visit visit) {
  using isa::Field;
  const bool load = i.opcode == isa::Opcode::load;
  const std::int64_t first =
      i[load ? Field::dst_word : Field::src_word] * o.P + i[load ? Field::dst_bank : Field::src_bank];
  const std::int64_t pitch = i[load ? Field::dst_pitch : Field::src_pitch];
  const std::int64_t plane = i[load ? Field::dst_plane : Field::src_plane] * o.P;
  for (std::int64_t b = 0; b < i[Field::blocks]; ++b)
    for (std::int64_t y = 0; y < i[Field::rows]; ++y)
      for (std::int64_t x = 0; x < i[Field::columns]; ++x)
        visit(static_cast<std::size_t>((first + b * plane + y * pitch + x) * o.N),
              static_cast<std::size_t>(i[Field::ddr_offset] +
                                       (b * i[Field::ddr_plane] + y * i[Field::ddr_row] + x) * o.N));
}

class BoxSource {
 public:
  BoxSource(const overlay::Overlay& o, std::uint32_t seed) : o_(o), random_(seed) {}

  /// A box in one half of feature memory and one half of what is behind `base`.
  isa::Instruction draw(isa::Opcode opcode, std::size_t base, int half) {
    using isa::Field;
    const bool load = opcode == isa::Opcode::load;
    const std::int64_t slots = o_.feature_slots() / 2,
                       ddr_slots = static_cast<std::int64_t>(DmaBench::kDdrBytes) / 8 / o_.N;
    for (;;) {
      isa::Instruction i{.opcode = opcode};
      i[Field::overlap] = pick({0, 1, 1});
      i[Field::ddr_base] = static_cast<std::int64_t>(base);
      const std::int64_t columns = pick({1, 2, 3, 5, 7, 7, 14, 28, 56, 113}), rows = pick({1, 1, 2, 3, 7, 14, 40});
      const std::int64_t blocks = pick({1, 1, 2, 3, 8, 20});
      const std::int64_t pitch = load || chance(0.9) ? columns + pick({0, 0, 1, 4}) : 0;
      const std::int64_t plane =
          load || chance(0.9) ? ((rows - 1) * pitch + columns + o_.P - 1) / o_.P + pick({0, 0, 1}) : 0;
      const std::int64_t extent = (blocks - 1) * plane * o_.P + (rows - 1) * pitch + columns;
      const std::int64_t row = !load || chance(0.9) ? columns + pick({0, 0, 0, 1, 9, 200}) : 0;
      const std::int64_t ddr_plane =
          !load || chance(0.9) ? (rows - 1) * row + std::max(row, columns) + pick({0, 0, 1, 33}) : 0;
      const std::int64_t ddr_extent = (blocks - 1) * ddr_plane + (rows - 1) * row + columns;
      if (extent > slots || ddr_extent > ddr_slots || rows * blocks * columns > 6000) continue;
      const std::int64_t at = half * slots + uniform(slots - extent);
      i[Field::blocks] = blocks;
      i[Field::rows] = rows;
      i[Field::columns] = columns;
      i[Field::ddr_offset] = (half * ddr_slots + uniform(ddr_slots - ddr_extent)) * o_.N;
      i[Field::ddr_row] = row;
      i[Field::ddr_plane] = ddr_plane;
      i[load ? Field::dst_word : Field::src_word] = at / o_.P;
      i[load ? Field::dst_bank : Field::src_bank] = at % o_.P;
      i[load ? Field::dst_pitch : Field::src_pitch] = pitch;
      i[load ? Field::dst_plane : Field::src_plane] = plane;
      return i;
    }
  }

 private:
  std::int64_t uniform(std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random_); }
  std::int64_t pick(std::initializer_list<std::int64_t> values) {
    return values.begin()[uniform(static_cast<std::int64_t>(values.size()) - 1)];
  }
  bool chance(double probability) { return std::uniform_real_distribution<double>(0, 1)(random_) < probability; }

  overlay::Overlay o_;
  std::mt19937 random_;
};

}  // namespace heddle::rtl
