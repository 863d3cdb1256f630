// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <deque>
#include <vector>

#include "kernels/integer/arithmetic.h"
#include "tests/rtl/bench.h"

namespace heddle::rtl {
namespace {

constexpr std::int64_t kMost = (std::int64_t{1} << 47) - 1, kLeast = -kMost - 1;

/// One beat of the pipeline: the accumulators of all pixels and everything that is applied to them.
struct Beat {
  bool wide = false, operand_wide = false, use_operand = false, add_only = false;
  int table = 0;  ///< 0: none, otherwise number + 1
  std::int32_t zero = 0, lo = -128, hi = 127;
  kernels::AddParams add;
  std::vector<kernels::ChannelRequant> channels;  ///< of each lane
  std::vector<std::int64_t> acc;                  ///< [pixel][lane]
  std::vector<std::int32_t> operand;              ///< [pixel][lane]
};

class PostBench {
 public:
  const overlay::Overlay o = bench_overlay();
  const int lanes = static_cast<int>(o.N), pixels = static_cast<int>(o.post_lanes / o.N);
  Bench bench;
  std::mt19937_64 random{5};
  std::vector<kernels::Table> tables = std::vector<kernels::Table>(static_cast<std::size_t>(o.tables));
  std::size_t checked = 0;

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    const std::uint64_t kind = random() % 8;
    if (kind == 0) return low;
    if (kind == 1) return high;
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  }
  /// Of any magnitude up to `bits` bits.
  std::int64_t spread(int bits) {
    const auto width = static_cast<int>(pick(1, bits));
    return pick(-(std::int64_t{1} << (width - 1)), (std::int64_t{1} << (width - 1)) - 1);
  }

  kernels::ChannelRequant random_channel() {
    kernels::ChannelRequant q;
    q.bias = spread(48);
    q.mult = static_cast<std::uint16_t>(random() % 4 == 0 ? pick(0, 65535) : pick(32768, 65535));
    q.shift = static_cast<std::uint8_t>(pick(1, 47));
    return q;
  }
  kernels::AddParams random_add(std::int64_t least, std::int64_t most) {
    kernels::AddParams add;
    for (auto* field : {&add.mult_a, &add.mult_b, &add.zero_a, &add.zero_b, &add.zero_y})
      *field = static_cast<std::int16_t>(spread(16));
    add.shift = static_cast<std::uint8_t>(pick(1, random() % 2 == 0 ? 47 : 18));
    add.lo = static_cast<std::int16_t>(pick(least, most));
    add.hi = static_cast<std::int16_t>(pick(add.lo, most));
    return add;
  }
  Beat random_beat() {
    Beat beat;
    beat.wide = random() % 2 != 0;
    const std::int64_t least = beat.wide ? -32768 : -128, most = -least - 1;
    beat.use_operand = random() % 2 != 0;
    beat.add_only = beat.use_operand && random() % 3 == 0;
    beat.operand_wide = beat.add_only ? random() % 2 != 0 : beat.wide;
    beat.table = o.has_unit("table") && random() % 2 == 0 ? static_cast<int>(pick(0, o.tables)) : 0;
    beat.zero = static_cast<std::int32_t>(pick(-32768, 32767));
    const bool open = random() % 2 == 0;
    beat.lo = static_cast<std::int32_t>(open ? least : pick(least, most));
    beat.hi = static_cast<std::int32_t>(open ? most : pick(beat.lo, most));
    beat.add = random_add(least, most);
    for (int n = 0; n < lanes; ++n) beat.channels.push_back(random_channel());
    for (int k = 0; k < pixels * lanes; ++k) {
      const std::int64_t bias = beat.channels[static_cast<std::size_t>(k % lanes)].bias;
      const std::int64_t limited =
          std::clamp(spread(48), std::max(kLeast, kLeast - bias), std::min(kMost, kMost - bias));
      beat.acc.push_back(beat.add_only ? spread(beat.operand_wide ? 16 : 8) : limited);
      beat.operand.push_back(static_cast<std::int32_t>(spread(beat.operand_wide ? 16 : 8)));
    }
    return beat;
  }

  void drive(const Beat& beat) {
    auto& d = *bench.dut;
    d.in_wide = beat.wide;
    d.in_operand_wide = beat.operand_wide;
    d.in_use_operand = beat.use_operand;
    d.in_add_only = beat.add_only;
    const std::array<std::int32_t, 10> words = {beat.lo,         beat.hi,         beat.zero,       beat.add.mult_a,
                                                beat.add.mult_b, beat.add.zero_a, beat.add.zero_b, beat.add.zero_y,
                                                beat.add.lo,     beat.add.hi};
    for (int i = 0; i < 10; ++i)
      set_field(d.in_descriptor, 16 * i, 16, static_cast<std::uint64_t>(words[static_cast<std::size_t>(i)]));
    set_field(d.in_descriptor, 160, 8, beat.add.shift);
    set_field(d.in_descriptor, 176, 8, static_cast<std::uint64_t>(beat.table));
    for (int n = 0; n < lanes; ++n) {
      const auto& q = beat.channels[static_cast<std::size_t>(n)];
      set_field(d.in_param, 96 * n, 48, static_cast<std::uint64_t>(q.bias));
      set_field(d.in_param, 96 * n + 48, 16, q.mult);
      set_field(d.in_param, 96 * n + 64, 8, q.shift);
    }
    for (int k = 0; k < pixels * lanes; ++k) {
      const auto index = static_cast<std::size_t>(k);
      set_field(d.in_acc, 48 * k, 48, static_cast<std::uint64_t>(beat.acc[index]));
      const int lane = k % lanes, slot = k / lanes * lanes * 8;
      if (!beat.operand_wide)
        set_field(d.in_operand, slot + 8 * lane, 8, static_cast<std::uint64_t>(beat.operand[index]));
      else if (lane < lanes / 2)
        set_field(d.in_operand, slot + 16 * lane, 16, static_cast<std::uint64_t>(beat.operand[index]));
    }
  }

  std::int32_t expected(const Beat& beat, std::size_t k) const {
    const auto& q = beat.channels[k % static_cast<std::size_t>(lanes)];
    if (beat.add_only) return kernels::residual_add(static_cast<std::int32_t>(beat.acc[k]), beat.operand[k], beat.add);
    std::int32_t y = kernels::requantize(beat.acc[k], q, beat.zero, beat.lo, beat.hi);
    if (beat.table != 0) {
      const auto& table = tables[static_cast<std::size_t>(beat.table - 1)];
      y = beat.wide ? kernels::look_up_16(table, y) : static_cast<std::int8_t>(kernels::look_up_8(table, y));
    }
    return beat.use_operand ? kernels::residual_add(y, beat.operand[k], beat.add) : y;
  }

  void check(const Beat& beat) {
    const int bits = beat.wide ? 16 : 8, results = beat.wide ? lanes / 2 : lanes;
    for (int p = 0; p < pixels; ++p)
      for (int n = 0; n < results; ++n) {
        // Lanes that are not filled at 8 bits: a 16-bit operand has N/2 elements.
        if (beat.operand_wide && n >= lanes / 2) continue;
        const std::uint64_t got = field(bench.dut->out_slot, p * lanes * 8 + n * bits, bits);
        const std::int64_t value = static_cast<std::int64_t>(got << (64 - bits)) >> (64 - bits);
        ASSERT_EQ(value, expected(beat, static_cast<std::size_t>(p * lanes + n)))
            << "pixel " << p << " lane " << n << " wide " << beat.wide << " table " << beat.table << " operand "
            << beat.use_operand << " add_only " << beat.add_only;
        ++checked;
      }
  }

  void write_table(int number, const kernels::Table& table) {
    for (int entry = 0; entry <= 256; ++entry) {
      bench.dut->table_write = 1;
      bench.dut->table_number = static_cast<std::uint8_t>(number);
      bench.dut->table_entry = static_cast<std::uint16_t>(entry);
      bench.dut->table_data = static_cast<std::uint16_t>(table.entry[static_cast<std::size_t>(entry)]);
      step();
    }
    bench.dut->table_write = 0;
    tables[static_cast<std::size_t>(number)] = table;
  }
  kernels::Table random_table() {
    kernels::Table table;
    for (auto& entry : table.entry) entry = static_cast<std::int16_t>(spread(16));
    return table;
  }

  /// One cycle, or with a table write as many as it takes. Feeds beats that use no table but `only_table` (−1: any).
  void step() {
    for (bool written = false; !written;) {
      Beat beat = random_beat();
      if (only_table >= 0 && beat.table != 0) beat.table = only_table;
      const bool valid = feeding && random() % 4 != 0;
      if (valid) drive(beat);
      bench.dut->in_valid = valid;
      bench.dut->clk = 0;
      bench.settle();
      written = bench.dut->table_write == 0 || bench.dut->table_ready != 0;
      pipeline.push_back({valid, beat});
      bench.tick();
      if (const std::size_t latency = measured(); pipeline.size() > latency) pipeline.pop_front();
      const auto& [due, oldest] = pipeline.front();
      if (pipeline.size() == measured()) {
        ASSERT_EQ(bench.dut->out_valid != 0, due);
        if (due) check(oldest);
      }
    }
  }
  /// POST_LATENCY, from heddle_pkg.sv.
  [[nodiscard]] std::size_t measured() const { return o.has_unit("table") ? 20 : 15; }

  bool feeding = false;
  int only_table = -1;
  std::deque<std::pair<bool, Beat>> pipeline;
};

TEST(Post, IsTheArithmeticOfTheReference) {
  PostBench post;
  for (int t = 0; t < post.o.tables; ++t) post.write_table(t, post.random_table());
  post.feeding = true;
  for (int cycle = 0; cycle < 8000 && !testing::Test::HasFatalFailure(); ++cycle) post.step();
  EXPECT_GT(post.checked, 10000U);
}

TEST(Post, TakesTableWritesBetweenLookUps) {
  PostBench post;
  if (!post.o.has_unit("table")) GTEST_SKIP() << "the overlay has no tables";
  for (int t = 0; t < post.o.tables; ++t) post.write_table(t, post.random_table());
  post.feeding = true;
  post.only_table = 1;  // while the last one is written
  const std::uint64_t before = post.bench.cycles;
  post.write_table(static_cast<int>(post.o.tables - 1), post.random_table());
  EXPECT_GT(post.bench.cycles - before, 257U) << "no write ever waited";
  post.only_table = static_cast<int>(post.o.tables);
  for (int cycle = 0; cycle < 2000 && !testing::Test::HasFatalFailure(); ++cycle) post.step();
}

}  // namespace
}  // namespace heddle::rtl
