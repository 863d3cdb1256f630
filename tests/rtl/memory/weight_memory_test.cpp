// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "tests/rtl/axi_pins.h"
#include "tests/rtl/bench.h"

namespace heddle::rtl {
namespace {

/// Ports write different lanes at once while words are read; reads see what was written in earlier cycles.
TEST(WeightMemory, WritesLanesAndReadsWords) {
  const overlay::Overlay o = bench_overlay();
  const auto word = static_cast<std::size_t>(o.weight_word_bytes()), beat = static_cast<std::size_t>(o.axi_bytes);
  const std::size_t write = word % beat == 0 ? beat : word, lanes = word / write;
  const int address_bits = index_bits(o.weight_words), lane_bits = index_bits(static_cast<std::int64_t>(lanes));
  const std::uint64_t words = std::min<std::uint64_t>(16, static_cast<std::uint64_t>(o.weight_words));
  std::vector<std::byte> memory(word * words);
  std::vector<std::vector<std::byte>> coming(2);
  Bench bench;
  std::mt19937 random(9);
  for (int cycle = 0; cycle < 4000; ++cycle) {
    Vdut& dut = *bench.dut;
    const std::uint64_t first_lane = random() % lanes;
    for (std::byte& byte : pin_bytes(dut.weight_write_data)) byte = static_cast<std::byte>(random());
    std::vector<std::byte> next = memory;
    for (int q = 0; q < o.axi_ports; ++q) {
      const std::uint64_t lane = (first_lane + static_cast<std::uint64_t>(q)) % lanes, address = random() % words;
      const bool on = static_cast<std::size_t>(q) < lanes && random() % 2 == 0 && (write == beat || q == 0);
      set_field(dut.weight_write, q, 1, on);
      set_field(dut.weight_write_lane, q * lane_bits, lane_bits, lane);
      set_field(dut.weight_write_address, q * address_bits, address_bits, address);
      if (on)
        std::ranges::copy(
            pin_bytes(std::as_const(dut.weight_write_data)).subspan(static_cast<std::size_t>(q) * write, write),
            next.begin() + static_cast<std::ptrdiff_t>(address * word + lane * write));
    }
    dut.weight_read = random() % 3 != 0;
    const std::uint64_t address = random() % words;
    dut.weight_address = static_cast<unsigned>(address);
    coming.emplace_back();
    if (dut.weight_read != 0)
      coming.back().assign(memory.begin() + static_cast<std::ptrdiff_t>(address * word),
                           memory.begin() + static_cast<std::ptrdiff_t>((address + 1) * word));
    bench.tick();
    memory = next;
    // After this edge the cycle has come in which data of the read before the last one are there.
    const std::vector<std::byte>& expected = coming[coming.size() - 2];
    const bool written_first = cycle > 200;  // before that, words may never have been written
    if (!expected.empty() && written_first) {
      ASSERT_TRUE(std::ranges::equal(pin_bytes(dut.weight_data).first(word), expected)) << "cycle " << cycle;
    }
  }
}

}  // namespace
}  // namespace heddle::rtl
