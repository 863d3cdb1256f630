// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Static allocation of one memory over time: interval packing. Units are up to the caller (slots, bytes).
namespace heddle::codegen {

/// Something that needs `size` contiguous units during the steps first … last (inclusive).
struct Need {
  std::int64_t size = 0;
  std::int32_t first = 0, last = 0;
};

/// A need with its place.
struct Placement {
  Need need;
  std::int64_t offset = 0;
};

/// A memory that is filled need by need. Best fit: the smallest gap that takes it among all that are free for the
/// whole life of the need.
class Packer {
 public:
  Packer(std::int64_t capacity, std::int64_t alignment) : capacity_(capacity), alignment_(alignment) {}

  /// Reserves memory; nothing if no gap is large enough.
  [[nodiscard]] std::optional<std::int64_t> place(const Need& need);
  /// Free memory during one step: sizes of all gaps, largest first.
  [[nodiscard]] std::vector<std::int64_t> gaps(std::int32_t step) const;
  [[nodiscard]] std::span<const Placement> placements() const { return placements_; }
  /// One behind the highest unit in use.
  [[nodiscard]] std::int64_t used() const;

 private:
  struct Gap {
    std::int64_t begin = 0, end = 0;
  };
  [[nodiscard]] std::vector<Gap> free_between(std::int32_t first, std::int32_t last) const;

  std::int64_t capacity_, alignment_;
  std::vector<Placement> placements_;
};

/// Places all needs, largest first; the offset is nothing for those that found no gap.
[[nodiscard]] std::vector<std::optional<std::int64_t>> place_all(Packer& packer, std::span<const Need> needs);

/// Independent of the packer: inside the memory, aligned, and no two overlap in memory and in time. The text says
/// what is wrong; empty if nothing is.
[[nodiscard]] std::string check_placements(std::span<const Placement> placements, std::int64_t capacity,
                                           std::int64_t alignment);

}  // namespace heddle::codegen
