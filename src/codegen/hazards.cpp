// SPDX-License-Identifier: Apache-2.0
#include "codegen/hazards.h"

#include <algorithm>

namespace heddle::codegen {
namespace {

constexpr RegionId kNobody = -1;

/// How far back a write looks for accesses that it covers. Tile buffers, which are written again and again, stay short
/// with it; in a large map that is written piece by piece there is nothing to find.
constexpr std::ptrdiff_t kLookBack = 16;

/// Makes `key` the start of an interval without changing who owns what.
std::map<std::int64_t, RegionId>::iterator split(std::map<std::int64_t, RegionId>& owners, std::int64_t key) {
  const auto next = owners.upper_bound(key);
  const auto current = std::prev(next);
  return current->first == key ? current : owners.emplace_hint(next, key, current->second);
}

}  // namespace

Progress later(const Progress& a, const Progress& b) {
  Progress result = a;
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = std::max(a[i], b[i]);
  return result;
}

HazardTracker::HazardTracker(const Listing& listing) : listing_(listing), histories_(listing.regions.size()) {
  for (auto& owners : owners_) owners.emplace(std::numeric_limits<std::int64_t>::min(), kNobody);
}

/// The region takes over its units; what the former owners did there must be over before it is used.
void HazardTracker::open(RegionId id) {
  History& history = histories_[static_cast<std::size_t>(id)];
  const Region& region = listing_.regions[static_cast<std::size_t>(id)];
  auto& owners = owners_[static_cast<std::size_t>(region.space)];
  split(owners, region.end);
  auto at = split(owners, region.begin);
  while (at != owners.end() && at->first < region.end) {
    if (at->second != kNobody) {
      const History& former = histories_[static_cast<std::size_t>(at->second)];
      history.inherited = later(history.inherited, later(former.inherited, former.own));
    }
    at = owners.erase(at);
  }
  owners.emplace(region.begin, id);
  history.open = true;
}

Progress HazardTracker::before(isa::Engine engine, const Access& access) {
  History& history = histories_[static_cast<std::size_t>(access.region)];
  if (!history.open) open(access.region);
  Progress needed = history.inherited;
  for (std::size_t other = 0; other < isa::kEngines; ++other) {
    if (other == static_cast<std::size_t>(engine)) continue;
    const auto& touches = history.touches[other];
    // Engines run in order, so the newest conflict implies all older ones.
    const auto conflict = std::find_if(touches.rbegin(), touches.rend(), [&](const Touch& touch) {
      return (access.write || touch.write) && touch.box.overlaps(access.box);
    });
    if (conflict != touches.rend()) needed[other] = std::max(needed[other], conflict->index + 1);
  }
  needed[static_cast<std::size_t>(engine)] = 0;
  return needed;
}

void HazardTracker::record(isa::Engine engine, std::int32_t index, const Access& access) {
  History& history = histories_[static_cast<std::size_t>(access.region)];
  const auto self = static_cast<std::size_t>(engine);
  history.own[self] = index + 1;
  // A write comes after all that it covers, so that later accesses need to look at the write only.
  if (access.write)
    for (auto& touches : history.touches) {
      const auto recent = touches.end() - std::min(kLookBack, std::ssize(touches));
      touches.erase(
          std::remove_if(recent, touches.end(), [&](const Touch& touch) { return access.box.contains(touch.box); }),
          touches.end());
    }
  auto& mine = history.touches[self];
  if (!access.write && !mine.empty() && !mine.back().write && access.box.contains(mine.back().box)) mine.pop_back();
  mine.push_back({index, access.box, access.write});
}

}  // namespace heddle::codegen
