// SPDX-License-Identifier: Apache-2.0
// LOAD and SAVE: random boxes against the definition of the ISA.
#include "tests/rtl/dma/boxes.h"

namespace heddle::rtl {
namespace {

/// A quiet memory, and one where everything pauses at random.
std::vector<DmaOptions> settings() {
  DmaOptions quiet;
  quiet.axi.min_latency = quiet.axi.max_latency = 30;
  DmaOptions rough;
  rough.grant = 0.6;
  rough.eager = 0.3;
  rough.seed = 5;
  rough.axi = {.min_latency = 1, .max_latency = 90, .stall = 0.3, .interleave = true, .outstanding = 6, .seed = 3};
  return {quiet, rough};
}

std::span<const std::byte> slot(std::span<const std::byte> memory, std::size_t at, const overlay::Overlay& o) {
  return memory.subspan(at, static_cast<std::size_t>(o.N));
}

constexpr int kBoxes = 60;

TEST(LoadFeatures, CopiesBoxes) {
  for (const DmaOptions& options : settings()) {
    DmaBench dma(options);
    BoxSource source(dma.o, options.seed + 10);
    for (int i = 0; i < kBoxes; ++i) dma.program[kLoadFeatures].push_back(source.draw(isa::Opcode::load, 2, i % 2));
    std::vector<std::byte> expected = dma.features;
    dma.on_done = [&](DmaEngine, std::size_t index) {
      const isa::Instruction& box = dma.program[kLoadFeatures][index];
      for_slots(box, dma.o, [&](std::size_t at, std::size_t ddr) {
        std::ranges::copy(slot(dma.segment(2), ddr, dma.o), expected.begin() + static_cast<std::ptrdiff_t>(at));
        ASSERT_TRUE(std::ranges::equal(slot(dma.features, at, dma.o), slot(dma.segment(2), ddr, dma.o)))
            << "box " << index << ", byte " << at << " of feature memory";
      });
    };
    ASSERT_TRUE(dma.run());
    EXPECT_EQ(dma.features, expected);
    EXPECT_EQ(dma.axi.violations(), std::vector<std::string>{});
    EXPECT_EQ(dma.bench.dut->error, 0);
    EXPECT_TRUE(dma.axi.idle());
  }
}

TEST(Save, CopiesBoxes) {
  for (const DmaOptions& options : settings()) {
    DmaBench dma(options);
    BoxSource source(dma.o, options.seed + 20);
    for (int i = 0; i < kBoxes; ++i) dma.program[kSave].push_back(source.draw(isa::Opcode::save, 3, i % 2));
    std::vector<std::byte> expected(dma.segment(3).begin(), dma.segment(3).end());
    dma.on_done = [&](DmaEngine, std::size_t index) {
      const isa::Instruction& box = dma.program[kSave][index];
      for_slots(box, dma.o, [&](std::size_t at, std::size_t ddr) {
        std::ranges::copy(slot(dma.features, at, dma.o), expected.begin() + static_cast<std::ptrdiff_t>(ddr));
        ASSERT_TRUE(std::ranges::equal(slot(dma.features, at, dma.o), slot(dma.segment(3), ddr, dma.o)))
            << "box " << index << ", byte " << ddr << " of DDR";
      });
    };
    ASSERT_TRUE(dma.run());
    EXPECT_TRUE(std::ranges::equal(dma.segment(3), expected));
    EXPECT_EQ(dma.axi.violations(), std::vector<std::string>{});
    EXPECT_EQ(dma.bench.dut->error, 0);
    EXPECT_TRUE(dma.axi.idle());
  }
}

}  // namespace
}  // namespace heddle::rtl
