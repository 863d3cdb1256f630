// SPDX-License-Identifier: Apache-2.0
#include "codegen/synchronize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace heddle::codegen {
namespace {

using isa::Engine;
using isa::Field;

constexpr std::array kEngineList{Engine::load_features, Engine::load_weights, Engine::conv, Engine::stencil,
                                 Engine::save};

isa::Instruction numbered(std::int64_t number) {
  isa::Instruction i{.opcode = isa::Opcode::conv};
  i[Field::ddr_offset] = number;
  return i;
}

/// Runs the streams with engines picked at random and returns the order in which the numbered instructions ran;
/// empty if they got stuck.
std::vector<std::int64_t> simulate(const Streams& streams, std::mt19937& random, std::size_t favourite) {
  std::array<std::size_t, isa::kEngines> at{};
  std::map<std::int64_t, int> counters;
  std::vector<std::int64_t> order;
  for (;;) {
    std::vector<std::size_t> ready;
    bool done = true;
    for (std::size_t e = 0; e < isa::kEngines; ++e) {
      if (at[e] == streams[e].instructions.size()) continue;
      done = false;
      const isa::Instruction& i = streams[e].instructions[at[e]];
      const auto open = [&](Field wait) { return i[wait] == 0 || counters[i[wait]] > 0; };
      if (open(Field::wait0) && open(Field::wait1)) ready.push_back(e);
    }
    if (done) break;
    if (ready.empty()) return {};
    const bool favoured = std::ranges::find(ready, favourite) != ready.end();
    const std::size_t engine = favoured ? favourite : ready[random() % ready.size()];
    const isa::Instruction& i = streams[engine].instructions[at[engine]++];
    for (const Field wait : {Field::wait0, Field::wait1})
      if (i[wait] != 0) --counters[i[wait]];
    for (const Field signal : {Field::signal0, Field::signal1})
      if (i[signal] != 0) {
        EXPECT_LE(++counters[i[signal]], isa::kSemaphoreMax);
      }
    if (i.opcode != isa::Opcode::fence) order.push_back(i[Field::ddr_offset]);
  }
  for (const auto& [semaphore, count] : counters) EXPECT_EQ(count, 0) << "semaphore " << semaphore;
  return order;
}

/// The two accesses conflict and so must keep their order.
bool conflict(const Listing& listing, const Access& a, const Access& b) {
  if (!a.write && !b.write) return false;
  const Region &x = listing.regions[static_cast<std::size_t>(a.region)],
               &y = listing.regions[static_cast<std::size_t>(b.region)];
  if (a.region == b.region) return a.box.overlaps(b.box);
  return x.space == y.space && x.begin < y.end && y.begin < x.end;
}

void expect_order_kept(const Listing& listing, const std::vector<std::int64_t>& order) {
  ASSERT_EQ(order.size(), listing.entries.size());
  std::vector<std::size_t> position(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) position[static_cast<std::size_t>(order[i])] = i;
  for (std::size_t i = 0; i < order.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      for (const Access& a : listing.accesses_of(listing.entries[i]))
        for (const Access& b : listing.accesses_of(listing.entries[k]))
          if (conflict(listing, a, b)) {
            ASSERT_LT(position[k], position[i]);
          }
}

TEST(Synchronize, RandomProgramsKeepEveryConflictInOrder) {
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    Listing listing;
    std::vector<RegionId> open;
    for (std::int64_t number = 0; number < 120; ++number) {
      // Regions come and go as in a real program: an old one is not used any more once another covers it.
      if (open.empty() || random() % 8 == 0) {
        const auto begin = static_cast<std::int64_t>(random() % 40),
                   end = begin + 1 + static_cast<std::int64_t>(random() % 20);
        std::erase_if(open, [&](RegionId id) {
          const Region& r = listing.regions[static_cast<std::size_t>(id)];
          return r.begin < end && begin < r.end;
        });
        open.push_back(listing.open(Space::features, begin, end));
      }
      std::vector<Access> accesses;
      for (std::size_t i = 0; i < 1 + random() % 3; ++i) {
        const auto row = static_cast<std::int32_t>(random() % 6);
        accesses.push_back({open[random() % open.size()],
                            {.rows = {row, row + 1 + static_cast<std::int32_t>(random() % 3)}},
                            random() % 2 == 0});
      }
      listing.add(kEngineList[random() % 5], 0, numbered(number), accesses);
    }
    const auto streams = synchronize(listing);
    ASSERT_TRUE(streams);
    for (std::size_t favourite = 0; favourite < 5; ++favourite)
      expect_order_kept(listing, simulate(*streams, random, favourite));
  }
}

TEST(Synchronize, OverlapIsSetExactlyWhereThePredecessorWritesNothingThatMatters) {
  const auto flag = [](Engine engine, std::span<const Access> first, std::span<const Access> second) {
    Listing listing;
    listing.open(Space::features, 0, 10);
    listing.open(Space::features, 5, 15);
    listing.open(Space::features, 20, 30);
    listing.add(engine, 0, numbered(0), first);
    listing.add(engine, 0, numbered(1), second);
    const auto streams = synchronize(listing);
    const auto& instructions = (*streams)[static_cast<std::size_t>(engine)].instructions;
    EXPECT_EQ(instructions[0][Field::overlap], 0) << "nothing comes before it";
    return instructions[1][Field::overlap];
  };
  const Box top{.rows = {0, 2}}, bottom{.rows = {2, 4}}, middle{.rows = {1, 3}};
  const Access write_top{0, top, true}, write_bottom{0, bottom, true}, read_top{0, top, false};
  const Access write_beside{1, top, true}, read_beside{1, top, false}, write_far{2, top, true};
  const Access read_middle{0, middle, false}, read_bottom{0, bottom, false};
  EXPECT_EQ(flag(Engine::conv, {{write_top}}, {{read_middle}}), 0) << "reads what was written";
  EXPECT_EQ(flag(Engine::conv, {{write_top}}, {{read_bottom}}), 1);
  EXPECT_EQ(flag(Engine::conv, {{write_top}}, {{read_beside}}), 0) << "another region in the same memory";
  EXPECT_EQ(flag(Engine::conv, {{read_top}}, {{write_top}}), 1) << "reads come before later writes";
  EXPECT_EQ(flag(Engine::conv, {{write_top}}, {{write_top}}), 1) << "writes of an array are in order";
  EXPECT_EQ(flag(Engine::load_features, {{write_top}}, {{write_top}}), 0) << "those of a loader are not";
  EXPECT_EQ(flag(Engine::load_features, {{write_top}}, {{write_bottom}}), 1);
  EXPECT_EQ(flag(Engine::save, {{write_top}}, {{write_beside}}), 0);
  EXPECT_EQ(flag(Engine::load_weights, {{write_top}}, {{write_far}}), 1);
}

TEST(Synchronize, AProducerIsHeldBackBeforeItsCounterOverflows) {
  Listing listing;
  // The loader fills 2,000 separate tiles; the array could read each much later.
  for (std::int64_t number = 0; number < 4000; number += 2) {
    const RegionId tile = listing.open(Space::features, number, number + 1);
    const Access write{tile, {}, true}, read{tile, {}, false};
    listing.add(Engine::load_features, 0, numbered(number), {&write, 1});
    listing.add(Engine::conv, 0, numbered(number + 1), {&read, 1});
  }
  const auto streams = synchronize(listing);
  ASSERT_TRUE(streams);
  std::mt19937 random(1);
  EXPECT_EQ(simulate(*streams, random, 0).size(), 4000U);  // the loader always first
}

TEST(Synchronize, ManyPartnersNeedFences) {
  Listing listing;
  const RegionId shared = listing.open(Space::features, 0, 10);
  const Access write{shared, {}, true}, read{shared, {}, false};
  listing.add(Engine::load_features, 0, numbered(0), {&write, 1});
  std::int64_t number = 1;
  for (const Engine reader : {Engine::load_weights, Engine::conv, Engine::stencil, Engine::save})
    listing.add(reader, 0, numbered(number++), {&read, 1});
  listing.add(Engine::load_features, 0, numbered(number), {&write, 1});
  const auto streams = synchronize(listing);
  ASSERT_TRUE(streams);
  // Four signals behind the first instruction, four waits before the last: a fence each.
  EXPECT_EQ((*streams)[0].instructions.size(), 4U);
  std::mt19937 random(1);
  expect_order_kept(listing, simulate(*streams, random, 0));
}

TEST(Synchronize, WhatFollowsFromOtherWaitsIsDropped) {
  Listing listing;
  const RegionId a = listing.open(Space::features, 0, 1), b = listing.open(Space::features, 1, 2);
  const Access write_a{a, {}, true}, read_a{a, {}, false}, write_b{b, {}, true};
  const std::array last{Access{a, {}, false}, Access{b, {}, false}};
  listing.add(Engine::load_features, 0, numbered(0), {&write_a, 1});
  const std::array middle{read_a, write_b};
  listing.add(Engine::conv, 0, numbered(1), middle);
  listing.add(Engine::save, 0, numbered(2), last);
  const auto streams = synchronize(listing);
  ASSERT_TRUE(streams);
  const isa::Instruction& save = (*streams)[static_cast<std::size_t>(Engine::save)].instructions[0];
  EXPECT_NE(save[Field::wait0], 0);
  EXPECT_EQ(save[Field::wait1], 0) << "the array has already waited for the loader";
}

}  // namespace
}  // namespace heddle::codegen
