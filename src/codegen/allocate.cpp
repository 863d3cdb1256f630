// SPDX-License-Identifier: Apache-2.0
#include "codegen/allocate.h"

#include <algorithm>
#include <numeric>

namespace heddle::codegen {
namespace {

bool alive_together(const Need& need, std::int32_t first, std::int32_t last) {
  return need.first <= last && first <= need.last;
}

std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

std::vector<Packer::Gap> Packer::free_between(std::int32_t first, std::int32_t last) const {
  std::vector<Gap> taken;
  for (const Placement& p : placements_)
    if (alive_together(p.need, first, last)) taken.push_back({p.offset, p.offset + p.need.size});
  std::ranges::sort(taken, {}, &Gap::begin);
  std::vector<Gap> gaps;
  std::int64_t at = 0;
  for (const Gap& block : taken) {
    if (block.begin > at) gaps.push_back({at, block.begin});
    at = std::max(at, round_up(block.end, alignment_));
  }
  if (at < capacity_) gaps.push_back({at, capacity_});
  return gaps;
}

std::optional<std::int64_t> Packer::place(const Need& need) {
  std::optional<Gap> best;
  for (const Gap& gap : free_between(need.first, need.last)) {
    const bool fits = gap.end - gap.begin >= need.size;
    if (fits && (!best || gap.end - gap.begin < best->end - best->begin)) best = gap;
  }
  if (!best) return std::nullopt;
  placements_.push_back({need, best->begin});
  return best->begin;
}

std::vector<std::int64_t> Packer::gaps(std::int32_t step) const {
  std::vector<std::int64_t> sizes;
  for (const Gap& gap : free_between(step, step)) sizes.push_back(gap.end - gap.begin);
  std::ranges::sort(sizes, std::greater<>());
  return sizes;
}

std::int64_t Packer::used() const {
  std::int64_t highest = 0;
  for (const Placement& p : placements_) highest = std::max(highest, p.offset + p.need.size);
  return highest;
}

std::vector<std::optional<std::int64_t>> place_all(Packer& packer, std::span<const Need> needs) {
  std::vector<std::size_t> order(needs.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return needs[i].size; });
  std::vector<std::optional<std::int64_t>> offsets(needs.size());
  for (const std::size_t i : order) offsets[i] = packer.place(needs[i]);
  return offsets;
}

std::string check_placements(std::span<const Placement> placements, std::int64_t capacity, std::int64_t alignment) {
  for (std::size_t i = 0; i < placements.size(); ++i) {
    const Placement& a = placements[i];
    if (a.offset < 0 || a.need.size < 0 || a.offset + a.need.size > capacity)
      return "placement " + std::to_string(i) + " leaves the memory";
    if (a.offset % alignment != 0) return "placement " + std::to_string(i) + " is not aligned";
    for (std::size_t k = 0; k < i; ++k) {
      const Placement& b = placements[k];
      const bool in_memory = a.offset < b.offset + b.need.size && b.offset < a.offset + a.need.size;
      if (in_memory && alive_together(a.need, b.need.first, b.need.last))
        return "placements " + std::to_string(k) + " and " + std::to_string(i) + " overlap";
    }
  }
  return {};
}

}  // namespace heddle::codegen
