// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/banks.h"

#include <algorithm>
#include <bit>

namespace heddle::sim::cycle {

std::uint64_t regions_of(const isa::SlotBox& box, const Parameters& parameters) {
  std::uint64_t mask = 0;
  const std::int64_t slots = parameters.region_words * parameters.banks;
  for (std::int64_t b = 0; b < box.blocks; ++b) {
    const std::int64_t first = box.first + b * box.block_stride;
    const std::int64_t last = first + (box.rows - 1) * box.row_stride + (box.columns - 1) * box.step;
    for (std::int64_t r = std::max<std::int64_t>(0, first / slots); r <= std::min(last / slots, parameters.regions - 1);
         ++r)
      mask |= std::uint64_t{1} << r;
  }
  return mask;
}

double meeting(std::uint64_t a, std::uint64_t b) {
  const int common = std::popcount(a & b);
  return common == 0 ? 0 : static_cast<double>(common) / (std::popcount(a) * std::popcount(b));
}

}  // namespace heddle::sim::cycle
