// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "isa/access.h"
#include "sim/cycle/parameters.h"

/// Feature memory as cycles see it: banks that serve one word a cycle, regions that serve one requester a cycle.
namespace heddle::sim::cycle {

/// Counts of lanes for each bank: how many rounds a group of lanes takes (bank_router).
class BankRounds {
 public:
  explicit BankRounds(std::int64_t banks) : banks_(banks) {}
  void add(std::int64_t slot) {
    std::int64_t bank = slot % banks_;
    if (bank < 0) bank += banks_;
    const int count = ++counts_[static_cast<std::size_t>(bank)];
    if (count > most_) most_ = count;
  }
  /// Of the group; begins the next one. A group without lanes takes a round, too.
  [[nodiscard]] int take() {
    const int rounds = most_ > 1 ? most_ : 1;
    counts_.fill(0);
    most_ = 0;
    return rounds;
  }

 private:
  std::int64_t banks_;
  int most_ = 0;
  std::array<int, 32> counts_{};
};

/// Regions that the box touches.
[[nodiscard]] std::uint64_t regions_of(const isa::SlotBox& box, const Parameters& parameters);

/// How often two that walk over these regions are in the same one.
[[nodiscard]] double meeting(std::uint64_t a, std::uint64_t b);

/// Binary digits: cycles of a shift-and-add (slot_scale).
[[nodiscard]] constexpr int digits(std::int64_t value) {
  int count = 0;
  for (value = value < 0 ? -value : value; value != 0; value >>= 1) ++count;
  return count;
}

}  // namespace heddle::sim::cycle
