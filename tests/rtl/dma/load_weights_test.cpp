// SPDX-License-Identifier: Apache-2.0
// LOAD_CONST: random loads of all five memories against a copy of bytes.
#include "tests/rtl/dma/dma_bench.h"

namespace heddle::rtl {
namespace {

using isa::Field;
using isa::Space;

constexpr std::array kSpaces{Space::weights, Space::conv_params, Space::stencil_params, Space::coefficients,
                             Space::tables};

class LoadSource {
 public:
  LoadSource(const overlay::Overlay& o, std::uint32_t seed) : o_(o), random_(seed) {}

  /// Loads that may overlap with their predecessor write another half of the memory.
  isa::Instruction draw(int half) {
    isa::Instruction i{.opcode = isa::Opcode::load_const};
    const Space space = kSpaces[random_() % kSpaces.size()];
    const std::int64_t word = isa::word_bytes(o_, space), words = isa::word_count(o_, space) / 2;
    const std::int64_t most = std::min(words, std::max<std::int64_t>(1, 20000 / word));
    const std::int64_t count = 1 + uniform(uniform(1) != 0 ? std::min<std::int64_t>(most, 3) - 1 : most - 1);
    i[Field::overlap] = uniform(1);
    i[Field::space] = static_cast<std::int64_t>(space);
    i[Field::address] = half * words + uniform(words - count);
    i[Field::bytes] = count * word;
    const std::int64_t alignment = isa::constant_alignment(o_);
    i[Field::ddr_offset] =
        uniform((static_cast<std::int64_t>(DmaBench::kDdrBytes) / 4 - 40000) / alignment) * alignment;
    return i;
  }

 private:
  std::int64_t uniform(std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random_); }

  overlay::Overlay o_;
  std::mt19937 random_;
};

void run_loads(const DmaOptions& options) {
  DmaBench dma(options);
  LoadSource source(dma.o, options.seed + 30);
  for (int i = 0; i < 100; ++i) dma.program[kLoadWeights].push_back(source.draw(i % 2));
  auto expected = dma.constants;
  dma.on_done = [&](DmaEngine, std::size_t index) {
    const isa::Instruction& load = dma.program[kLoadWeights][index];
    const auto space = static_cast<std::size_t>(load[Field::space]);
    const auto at = static_cast<std::ptrdiff_t>(load[Field::address] * isa::word_bytes(dma.o, kSpaces[space]));
    const auto from = dma.segment(0).subspan(static_cast<std::size_t>(load[Field::ddr_offset]),
                                             static_cast<std::size_t>(load[Field::bytes]));
    std::ranges::copy(from, expected[space].begin() + at);
    ASSERT_TRUE(
        std::ranges::equal(std::span(dma.constants[space]).subspan(static_cast<std::size_t>(at), from.size()), from))
        << "load " << index << " of space " << space;
  };
  ASSERT_TRUE(dma.run());
  EXPECT_EQ(dma.constants, expected);
  EXPECT_EQ(dma.axi.violations(), std::vector<std::string>{});
  EXPECT_EQ(dma.bench.dut->error, 0);
  EXPECT_TRUE(dma.axi.idle());
}

TEST(LoadWeights, CopiesBytesFromAQuietMemory) {
  DmaOptions options;
  options.axi.min_latency = options.axi.max_latency = 40;
  run_loads(options);
}

TEST(LoadWeights, CopiesBytesThroughPauses) {
  DmaOptions options;
  options.table_ready = 0.5;
  options.eager = 0.3;
  options.seed = 4;
  options.axi = {.min_latency = 1, .max_latency = 90, .stall = 0.3, .interleave = true, .outstanding = 6, .seed = 8};
  run_loads(options);
}

}  // namespace
}  // namespace heddle::rtl
