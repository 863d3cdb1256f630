// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/account.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace heddle::sim::cycle {

void Account::book(Category category, double end, std::size_t giver) {
  if (end <= through_) return;
  booked_[static_cast<std::size_t>(category) + giver] += end - through_;
  through_ = end;
}

void Account::finish(double end) {
  double left = std::max(0.0, end - through_);
  for (std::size_t c = 0; c < kCategories; ++c) {
    const double cycles = std::min(running_[c], left);
    booked_[c] += cycles;
    left -= cycles;
  }
  booked_[static_cast<std::size_t>(rest_)] += left;
  running_.fill(0);
  through_ = std::max(through_, end);
}

std::array<std::uint64_t, kCategories> Account::counters(std::uint64_t cycles) const {
  std::array<std::uint64_t, kCategories> whole{};
  std::uint64_t sum = 0;
  std::array<std::size_t, kCategories> order{};
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t c = 0; c < kCategories; ++c) {
    whole[c] = std::min(static_cast<std::uint64_t>(booked_[c]), cycles - sum);
    sum += whole[c];
  }
  // The largest remainders are rounded up.
  const auto remainder = [&](std::size_t c) { return booked_[c] - static_cast<double>(whole[c]); };
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return remainder(a) > remainder(b); });
  for (std::size_t k = 0; sum < cycles; ++k, ++sum) ++whole[order[k % kCategories]];
  return whole;
}

}  // namespace heddle::sim::cycle
