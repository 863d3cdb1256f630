// SPDX-License-Identifier: Apache-2.0
#include "codegen/hazards.h"

#include <gtest/gtest.h>

namespace heddle::codegen {
namespace {

using isa::Engine;

constexpr auto kLoad = static_cast<std::size_t>(Engine::load_features);
constexpr auto kConv = static_cast<std::size_t>(Engine::conv);

Box rows(std::int32_t begin, std::int32_t end) {
  return {.rows = {begin, end}};
}

/// What an instruction does: it waits, then it is recorded.
void touch(HazardTracker& tracker, Engine engine, std::int32_t index, const Access& access) {
  (void)tracker.before(engine, access);
  tracker.record(engine, index, access);
}

TEST(Hazards, ReadsWaitForTheNewestOverlappingWrite) {
  Listing listing;
  const RegionId map = listing.open(Space::features, 0, 100);
  HazardTracker tracker(listing);
  for (std::int32_t i = 0; i < 3; ++i) touch(tracker, Engine::load_features, i, {map, rows(i * 4, i * 4 + 4), true});
  EXPECT_EQ(tracker.before(Engine::conv, {map, rows(0, 5), false})[kLoad], 2);
  EXPECT_EQ(tracker.before(Engine::conv, {map, rows(0, 4), false})[kLoad], 1);
  EXPECT_EQ(tracker.before(Engine::load_features, {map, rows(0, 5), false})[kLoad], 0) << "engines run in order";
}

TEST(Hazards, ReadersDoNotWaitForReaders) {
  Listing listing;
  const RegionId map = listing.open(Space::features, 0, 100);
  HazardTracker tracker(listing);
  const Access read{map, rows(0, 4), false};
  touch(tracker, Engine::conv, 0, read);
  EXPECT_EQ(tracker.before(Engine::stencil, read)[kConv], 0);
  EXPECT_EQ(tracker.before(Engine::stencil, {map, rows(3, 4), true})[kConv], 1);
}

TEST(Hazards, ANewRegionWaitsForAllThatLayBelow) {
  Listing listing;
  const RegionId left = listing.open(Space::features, 0, 50), right = listing.open(Space::features, 50, 100);
  const RegionId over = listing.open(Space::features, 40, 60), apart = listing.open(Space::features, 60, 100);
  const RegionId elsewhere = listing.open(Space::weights, 0, 100);
  HazardTracker tracker(listing);
  touch(tracker, Engine::conv, 0, {left, rows(0, 1), false});
  touch(tracker, Engine::conv, 1, {right, rows(0, 1), false});
  EXPECT_EQ(tracker.before(Engine::load_features, {over, rows(7, 8), true})[kConv], 2);
  EXPECT_EQ(tracker.before(Engine::load_features, {apart, rows(0, 1), true})[kConv], 2);
  EXPECT_EQ(tracker.before(Engine::load_features, {elsewhere, rows(0, 1), true})[kConv], 0);
}

TEST(Hazards, OrdersPassThroughRegionsThatWereNeverTouched) {
  Listing listing;
  const RegionId old = listing.open(Space::features, 0, 10);
  const RegionId idle = listing.open(Space::features, 0, 10), last = listing.open(Space::features, 0, 10);
  HazardTracker tracker(listing);
  touch(tracker, Engine::conv, 0, {old, rows(0, 1), true});
  (void)tracker.before(Engine::save, {idle, rows(0, 1), false});
  EXPECT_EQ(tracker.before(Engine::load_features, {last, rows(0, 1), true})[kConv], 1);
}

}  // namespace
}  // namespace heddle::codegen
