// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "sim/cycle/cycle_machine.h"

namespace heddle::sim::cycle {

/// The cycles of one engine by category. Time is booked in order and without gaps: `through` says up to where.
class Account {
 public:
  explicit Account(Category rest) : rest_(rest) {}

  /// Everything up to cycle `end` that is not yet booked belongs to this.
  void book(Category category, double end, std::size_t giver = 0);
  /// Progress and stalls of the instructions in execution; booked when `finish` tells how long it took.
  void add(Category category, double cycles) { running_[static_cast<std::size_t>(category)] += cycles; }
  /// No instruction is in execution from cycle `end` on. What `add` did not explain is the pipeline: `rest`.
  void finish(double end);

  [[nodiscard]] double through() const { return through_; }
  /// Whole cycles that sum up to `cycles`.
  [[nodiscard]] std::array<std::uint64_t, kCategories> counters(std::uint64_t cycles) const;

 private:
  Category rest_;
  double through_ = 0;
  std::array<double, kCategories> booked_{}, running_{};
};

}  // namespace heddle::sim::cycle
