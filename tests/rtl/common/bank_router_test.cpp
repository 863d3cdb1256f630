// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <vector>

#include "tests/rtl/bench.h"

namespace heddle::rtl {
namespace {

struct Group {
  std::vector<std::int64_t> slots;  ///< −1: the lane is off
};

/// The fewest rounds: in each bank as many as different words are wanted of it.
std::size_t rounds(const Group& group, const overlay::Overlay& o) {
  std::vector<std::set<std::int64_t>> words(static_cast<std::size_t>(o.P));
  for (const std::int64_t slot : group.slots)
    if (slot >= 0) words[static_cast<std::size_t>(slot % o.P)].insert(slot / o.P);
  std::size_t most = 1;
  for (const auto& wanted : words) most = std::max(most, wanted.size());
  return most;
}

TEST(BankRouter, ServesEveryLaneOnceInTheFewestRounds) {
  const overlay::Overlay o = bench_overlay();
  const int bank_bits = index_bits(o.P), word_bits = index_bits(o.feature_words());
  const int row_bits = index_bits(o.region_words), region_bits = index_bits(o.regions);
  Bench bench;
  std::mt19937 random(7);
  std::vector<Group> sent;
  std::size_t served_groups = 0, presented = 0, used = 0;
  std::vector<bool> done(static_cast<std::size_t>(o.P));
  Group next;
  const auto draw = [&] {
    next.slots.clear();
    for (int lane = 0; lane < o.P; ++lane) {
      const bool off = random() % 5 == 0;
      const auto any = std::uniform_int_distribution<std::int64_t>(0, o.feature_slots() - 1)(random);
      const bool row =
          random() % 2 == 0 && lane > 0 && next.slots.back() >= 0 && next.slots.back() + 1 < o.feature_slots();
      next.slots.push_back(off ? -1 : row ? next.slots.back() + static_cast<std::int64_t>(random() % 2) : any);
    }
  };
  draw();
  while (served_groups < 2000) {
    bench.dut->in_valid = random() % 4 != 0;
    for (int lane = 0; lane < o.P; ++lane) {
      const std::int64_t slot = next.slots[static_cast<std::size_t>(lane)];
      set_field(bench.dut->in_enable, lane, 1, slot >= 0);
      const std::int64_t at = std::max<std::int64_t>(slot, 0);
      set_field(bench.dut->in_slot, lane * (bank_bits + word_bits), bank_bits + word_bits,
                static_cast<std::uint64_t>((at / o.P) << bank_bits | (at % o.P)));
    }
    bench.dut->grant = random() % 3 != 0;
    bench.dut->clk = 0;
    bench.settle();
    if (bench.dut->valid != 0 && bench.dut->advance != 0) {
      const Group& group = sent.at(served_groups);
      EXPECT_EQ(bench.dut->first != 0, presented == 0);
      std::uint64_t regions = 0;
      for (int lane = 0; lane < o.P; ++lane) {
        if (field(bench.dut->lanes, lane, 1) == 0) continue;
        const auto index = static_cast<std::size_t>(lane);
        const std::int64_t slot = group.slots[index];
        ASSERT_GE(slot, 0);
        ASSERT_FALSE(done[index]) << "lane served twice";
        done[index] = true;
        const auto bank = static_cast<int>(field(bench.dut->bank, lane * bank_bits, bank_bits));
        ASSERT_EQ(bank, slot % o.P);
        // request = {enable, region, row, regions}, the first member in the highest bits
        const int row_at = o.regions + bank * row_bits, region_at = o.regions + o.P * row_bits + bank * region_bits;
        ASSERT_EQ(field(bench.dut->request, o.regions + o.P * (row_bits + region_bits) + bank, 1), 1U);
        const std::uint64_t region = field(bench.dut->request, region_at, region_bits);
        ASSERT_EQ(static_cast<std::int64_t>(region) * o.region_words +
                      static_cast<std::int64_t>(field(bench.dut->request, row_at, row_bits)),
                  slot / o.P);
        regions |= std::uint64_t{1} << region;
      }
      EXPECT_EQ(field(bench.dut->request, 0, o.regions), regions);
      ++presented;
      if (bench.dut->last != 0) {
        EXPECT_EQ(presented, rounds(group, o));
        for (std::size_t lane = 0; lane < done.size(); ++lane) EXPECT_EQ(done[lane], group.slots[lane] >= 0);
        used += presented;
        presented = 0;
        done.assign(done.size(), false);
        ++served_groups;
      }
    }
    const bool taken = bench.dut->in_valid != 0 && bench.dut->in_ready != 0;
    bench.tick();
    if (taken) {
      sent.push_back(next);
      draw();
    }
    ASSERT_LT(bench.cycles, 100000U);
  }
  EXPECT_GT(used, served_groups) << "the stimulus has no conflicts";
}

}  // namespace
}  // namespace heddle::rtl
