// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "isa/access.h"
#include "isa/verifier/clock.h"

/// Who touched each cell of a memory last. A cell is a slot of feature memory, a word of a constant memory, or a
/// slot-sized piece of DDR.
///
/// An access is a hazard if an earlier conflicting one is not complete for its clock. It is enough to remember the
/// last writer and each engine's last reader: a new writer was ordered behind all of them, so it stands for them.
namespace heddle::isa::verifier {

/// Who accesses.
struct Observer {
  Stamp stamp;
  /// What is surely complete when it starts. Its own engine's entry covers all earlier instructions of that engine;
  /// with `overlap` all but the previous one, where that is no matter of the engine's own order.
  Clock clock;
  Clock write_clock;  ///< the same for what it writes
};

struct Hazard {
  enum class Kind : std::uint8_t { unwritten, read_after_write, write_after_write, write_after_read, in_place };
  Kind kind = Kind::unwritten;
  std::int64_t cell = 0;
  Stamp other{};  ///< the earlier access; nobody for `unwritten`
};
using Finding = std::optional<Hazard>;

/// Cells [0, size) of a memory that `Readers` engines read (see `slot_of_reader`), in pages that exist only where
/// something was touched.
template <std::size_t Readers>
class Shadow {
 public:
  Shadow() = default;
  explicit Shadow(std::int64_t cells) : pages_(static_cast<std::size_t>((cells >> kPageBits) + 1)) {}

  /// Checks a read of `count` cells and remembers it.
  Finding read(std::int64_t first, std::int64_t count, const Observer& who);
  Finding read(const SlotBox& box, const Observer& who);
  /// Checks a read without remembering it: of cells that the same instruction overwrites in place.
  Finding peek(const SlotBox& box, const Observer& who);
  Finding write(std::int64_t first, std::int64_t count, const Observer& who);
  Finding write(const SlotBox& box, const Observer& who);
  /// First cell of the range that nobody wrote, or -1.
  [[nodiscard]] std::int64_t unwritten(std::int64_t first, std::int64_t count) const;

 private:
  struct Cell {
    Stamp writer;
    std::array<Stamp, Readers> readers{};
  };
  struct Read;
  struct Peek;
  struct Write;
  static constexpr int kPageBits = 10;
  static constexpr std::int64_t kPageCells = std::int64_t{1} << kPageBits;

  template <class Action>
  Finding visit(std::int64_t first, std::int64_t count, const Observer& who);
  template <class Action>
  Finding visit_box(const SlotBox& box, const Observer& who);

  std::vector<std::unique_ptr<std::array<Cell, static_cast<std::size_t>(kPageCells)>>> pages_{};
};

}  // namespace heddle::isa::verifier
