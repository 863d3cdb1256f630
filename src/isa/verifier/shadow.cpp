// SPDX-License-Identifier: Apache-2.0
#include "isa/verifier/shadow.h"

namespace heddle::isa::verifier {
namespace {

/// Index into Cell::readers. Feature memory is read by conv, stencil and save (3 readers); constant memories by conv
/// and stencil (2); DDR by load_features (1).
std::size_t slot_of_reader(Engine engine) {
  switch (engine) {
    case Engine::load_features:
    case Engine::load_weights:
    case Engine::conv:
      return 0;
    case Engine::stencil:
      return 1;
    case Engine::save:
      return 2;
  }
  return 0;
}

}  // namespace

template <std::size_t Readers>
struct Shadow<Readers>::Peek {
  const Observer& who;
  Stamp known{};  ///< a writer that was found to be ordered: neighbours mostly have the same

  Finding operator()(Cell& cell, std::int64_t index) {
    if (cell.writer == known && !known.nobody()) return std::nullopt;
    if (cell.writer.nobody()) return Hazard{Hazard::Kind::unwritten, index, {}};
    if (!cell.writer.ordered(who.clock)) return Hazard{Hazard::Kind::read_after_write, index, cell.writer};
    known = cell.writer;
    return std::nullopt;
  }
};

template <std::size_t Readers>
struct Shadow<Readers>::Read {
  explicit Read(const Observer& observer) : peek{observer}, reader(slot_of_reader(observer.stamp.engine())) {}
  Peek peek;
  std::size_t reader;

  Finding operator()(Cell& cell, std::int64_t index) {
    if (auto hazard = peek(cell, index)) return hazard;
    cell.readers[reader] = peek.who.stamp;
    return std::nullopt;
  }
};

template <std::size_t Readers>
struct Shadow<Readers>::Write {
  const Observer& who;

  Finding operator()(Cell& cell, std::int64_t index) const {
    if (!cell.writer.ordered(who.write_clock)) return Hazard{Hazard::Kind::write_after_write, index, cell.writer};
    for (const Stamp reader : cell.readers) {
      if (reader == who.stamp) return Hazard{Hazard::Kind::in_place, index, reader};
      if (!reader.ordered(who.write_clock)) return Hazard{Hazard::Kind::write_after_read, index, reader};
    }
    cell = Cell{who.stamp, {}};
    return std::nullopt;
  }
};

template <std::size_t Readers>
template <class Action>
Finding Shadow<Readers>::visit(std::int64_t first, std::int64_t count, const Observer& who) {
  Action action{who};
  const std::int64_t end = first + count;
  while (first < end) {
    auto& page = pages_[static_cast<std::size_t>(first >> kPageBits)];
    if (!page) page = std::make_unique<std::array<Cell, static_cast<std::size_t>(kPageCells)>>();
    const std::int64_t stop = std::min(end, ((first >> kPageBits) + 1) << kPageBits);
    for (; first < stop; ++first)
      if (auto hazard = action((*page)[static_cast<std::size_t>(first & (kPageCells - 1))], first)) return hazard;
  }
  return std::nullopt;
}

template <std::size_t Readers>
template <class Action>
Finding Shadow<Readers>::visit_box(const SlotBox& box, const Observer& who) {
  const std::int64_t blocks = box.block_stride == 0 ? std::min<std::int64_t>(box.blocks, 1) : box.blocks;
  const std::int64_t rows = box.row_stride == 0 ? 1 : box.rows;
  const std::int64_t run = box.step == 1 ? box.columns : 1;
  for (std::int64_t b = 0; b < blocks; ++b)
    for (std::int64_t y = 0; y < rows; ++y)
      for (std::int64_t x = 0; x < box.columns; x += run)
        if (auto hazard = visit<Action>(box.first + b * box.block_stride + y * box.row_stride + x * box.step, run, who))
          return hazard;
  return std::nullopt;
}

template <std::size_t Readers>
std::int64_t Shadow<Readers>::unwritten(std::int64_t first, std::int64_t count) const {
  for (std::int64_t i = first; i < first + count; ++i) {
    const auto& page = pages_[static_cast<std::size_t>(i >> kPageBits)];
    if (!page || (*page)[static_cast<std::size_t>(i & (kPageCells - 1))].writer.nobody()) return i;
  }
  return -1;
}

template <std::size_t Readers>
Finding Shadow<Readers>::read(std::int64_t first, std::int64_t count, const Observer& who) {
  return visit<Read>(first, count, who);
}

template <std::size_t Readers>
Finding Shadow<Readers>::read(const SlotBox& box, const Observer& who) {
  return visit_box<Read>(box, who);
}

template <std::size_t Readers>
Finding Shadow<Readers>::peek(const SlotBox& box, const Observer& who) {
  return visit_box<Peek>(box, who);
}

template <std::size_t Readers>
Finding Shadow<Readers>::write(std::int64_t first, std::int64_t count, const Observer& who) {
  return visit<Write>(first, count, who);
}

template <std::size_t Readers>
Finding Shadow<Readers>::write(const SlotBox& box, const Observer& who) {
  return visit_box<Write>(box, who);
}

template class Shadow<1>;
template class Shadow<2>;
template class Shadow<3>;

}  // namespace heddle::isa::verifier
