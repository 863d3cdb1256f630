// SPDX-License-Identifier: Apache-2.0
#include "tests/rtl/bench.h"

namespace heddle::rtl {
namespace {

struct Slot {
  std::int64_t word, bank;
};

TEST(SlotScale, IsMultiplicationOfSlotNumbers) {
  const overlay::Overlay o = bench_overlay();
  const int bank_bits = index_bits(o.P);
  const std::int64_t slots = o.feature_slots();
  Bench bench;
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    const std::int64_t unit = std::uniform_int_distribution<std::int64_t>(0, slots / 4)(random);
    const std::int64_t most = std::min<std::int64_t>(16383, unit == 0 ? 16383 : (slots - 1) / unit);
    const std::int64_t factor = std::uniform_int_distribution<std::int64_t>(0, most)(random);
    bench.dut->factor = static_cast<std::uint32_t>(factor);
    bench.dut->unit = static_cast<std::uint32_t>((unit / o.P) << bank_bits | (unit % o.P));
    bench.dut->start = 1;
    bench.tick();
    bench.dut->start = 0;
    for (int cycles = 0; bench.dut->busy != 0; ++cycles) {
      ASSERT_LE(cycles, 14);
      bench.tick();
    }
    const std::uint32_t result = bench.dut->result;
    const Slot got{result >> bank_bits, result & ((1U << bank_bits) - 1)};
    ASSERT_EQ(got.word * o.P + got.bank, factor * unit) << factor << " x " << unit;
  }
}

}  // namespace
}  // namespace heddle::rtl
