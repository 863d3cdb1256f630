// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "tests/rtl/axi_pins.h"
#include "tests/rtl/bench.h"

namespace heddle::rtl {
namespace {

/// Words are written one by one and read in pairs, the even one in the low half.
TEST(ParamMemory, WritesWordsAndReadsPairs) {
  const overlay::Overlay o = bench_overlay();
  constexpr std::size_t kBytes = 12;
  const auto words = static_cast<std::size_t>(o.param_words);
  std::vector<std::byte> memory(words * kBytes);
  Bench bench;
  Vdut& dut = *bench.dut;
  std::mt19937 random(3);
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<std::byte>(random());
  for (std::size_t i = 0; i < words; ++i) {
    dut.write = 1;
    dut.write_address = static_cast<unsigned>(i);
    std::ranges::copy(std::span(memory).subspan(i * kBytes, kBytes), pin_bytes(dut.write_data).begin());
    bench.tick();
  }
  dut.write = 0;
  for (std::size_t i = 0; i < words / 2 + 1; ++i) {
    dut.read = i < words / 2;
    dut.read_address = static_cast<unsigned>(i);
    bench.tick();
    if (i == 0) continue;
    ASSERT_TRUE(std::ranges::equal(pin_bytes(dut.read_data).first(2 * kBytes),
                                   std::span(memory).subspan((i - 1) * 2 * kBytes, 2 * kBytes)))
        << "pair " << i - 1;
  }
}

}  // namespace
}  // namespace heddle::rtl
