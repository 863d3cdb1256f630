// SPDX-License-Identifier: Apache-2.0
// Every address that an instruction forms lies inside its memory, and a tensor's slots are distinct.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "isa/names.h"
#include "isa/verifier/context.h"

namespace heddle::isa::verifier {
namespace {

/// Are all elements of the three nested strides different? True if each stride exceeds the extent of the smaller ones.
bool distinct(std::array<std::pair<std::int64_t, std::int64_t>, 3> count_and_stride) {
  std::sort(count_and_stride.begin(), count_and_stride.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  std::int64_t extent = 0;
  for (const auto& [count, stride] : count_and_stride) {
    if (count <= 1) continue;
    if (stride <= extent) return false;
    extent += (count - 1) * stride;
  }
  return true;
}

/// Reading one row or block again and again (stride 0) is a broadcast, not an overlap.
bool distinct(const SlotBox& box, bool write) {
  const auto count = [&](std::int64_t n, std::int64_t stride) { return !write && stride == 0 ? 1 : n; };
  return distinct({{{count(box.blocks, box.block_stride), box.block_stride},
                    {count(box.rows, box.row_stride), box.row_stride},
                    {count(box.columns, box.step), box.step}}});
}

void check_box(Context& c, Place place, const SlotBox& box, Field word, bool write) {
  if (box.empty()) return;
  if (box.end() > c.overlay.feature_slots())
    c.add(place, "isa.address", name(word),
          fmt::format("the access ends at slot {}; feature memory has {}", box.end() - 1, c.overlay.feature_slots()));
  else if (!distinct(box, write))
    c.add(place, "isa.overlap", name(word),
          fmt::format("pixels, rows or blocks share slots: {} blocks every {}, {} rows every {}, {} pixels every {}",
                      box.blocks, box.block_stride, box.rows, box.row_stride, box.columns, box.step));
}

void check_words(Context& c, Place place, const WordRange& range, Field field) {
  const std::int64_t words = word_count(c.overlay, range.space);
  if (range.count > 0 && range.first + range.count > words)
    c.add(place, "isa.address", name(field),
          fmt::format("words {} ... {} of {}, which has {}", range.first, range.first + range.count - 1,
                      name(range.space), words));
}

void check_ddr(Context& c, Place place, const DdrBox& box, bool write) {
  if (box.empty()) return;
  const std::int64_t bytes = base_bytes(c.segment, box.base);
  if (box.end() > bytes)
    c.add(place, "isa.address", name(Field::ddr_offset),
          fmt::format("the access ends at byte {}; base register {} has {}", box.end() - 1, box.base, bytes));
  else if (write && !distinct({{{box.blocks, box.block_stride}, {box.rows, box.row_stride}, {box.run, 1}}}))
    c.add(place, "isa.overlap", name(Field::ddr_row), "rows or blocks share bytes");
}

void check_instruction(Context& c, Place place) {
  const Instruction& i = c.at(place);
  const Accesses a = accesses(i, c.overlay);
  check_box(c, place, a.source, Field::src_word, false);
  check_box(c, place, a.operand, Field::operand_word, false);
  check_box(c, place, a.destination, Field::dst_word, true);
  check_words(c, place, a.weights, Field::weight_address);
  check_words(c, place, a.coefficients, Field::coefficient_address);
  check_words(c, place, a.loaded, Field::address);
  // How many channel words follow is only known with the descriptor's flags: check_schedule.
  if (a.parameters.count > 0) check_words(c, place, {a.parameters.space, a.parameters.first, 2}, Field::param_address);
  check_ddr(c, place, a.ddr, a.ddr_write);
}

}  // namespace

void check_bounds(Context& c) {
  for (const Engine engine : kAllEngines)
    for (std::size_t i = 0; i < c.streams[static_cast<std::size_t>(engine)].size() && !c.full(); ++i)
      check_instruction(c, {engine, i});
}

}  // namespace heddle::isa::verifier
