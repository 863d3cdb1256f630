// SPDX-License-Identifier: Apache-2.0
// The register file, the state of a run and the counters.
#include <array>

#include "hardware/registers.h"
#include "isa/names.h"
#include "tests/rtl/bench.h"

namespace heddle::rtl {
namespace {

namespace regs = hardware::registers;
using hardware::RunStatus;
using isa::kEngines;

class ControlBench : public Bench {
 public:
  ControlBench() {
    dut->s_axi_wstrb = 15;
    dut->s_axi_bready = dut->s_axi_rready = 1;
  }

  void write(std::uint32_t address, std::uint32_t value) {
    dut->s_axi_awvalid = dut->s_axi_wvalid = 1;
    dut->s_axi_awaddr = address;
    dut->s_axi_wdata = value;
    for (bool taken = false; !taken;) {
      dut->clk = 0;
      settle();
      taken = dut->s_axi_awready != 0;
      tick();
    }
    dut->s_axi_awvalid = dut->s_axi_wvalid = 0;
    EXPECT_NE(dut->s_axi_bvalid, 0);
    tick();
    EXPECT_EQ(dut->s_axi_bvalid, 0);
  }

  std::uint32_t read(std::uint32_t address) {
    dut->s_axi_arvalid = 1;
    dut->s_axi_araddr = address;
    for (bool taken = false; !taken;) {
      dut->clk = 0;
      settle();
      taken = dut->s_axi_arready != 0;
      tick();
    }
    dut->s_axi_arvalid = 0;
    for (int i = 0; i < 10 && dut->s_axi_rvalid == 0; ++i) tick();
    EXPECT_NE(dut->s_axi_rvalid, 0);
    const std::uint32_t value = dut->s_axi_rdata;
    tick();
    return value;
  }
  std::uint64_t read_wide(std::uint32_t address) { return read(address) | std::uint64_t{read(address + 4)} << 32; }
  RunStatus status() { return hardware::run_status(read(regs::kStatus.offset)); }
  void start() { write(regs::kControl.offset, hardware::control_bits::kStart); }
};

TEST(Control, IdentifiesItself) {
  ControlBench bench;
  EXPECT_EQ(bench.read(regs::kIdentification.offset), hardware::kIdentity);
  EXPECT_EQ(bench.read(regs::kVersion.offset), hardware::kRegisterMapVersion);
  EXPECT_EQ(bench.read_wide(regs::kFingerprint.offset), fingerprint(bench_overlay()));
  EXPECT_EQ(bench.read(regs::kWatchdog.offset), regs::kWatchdog.reset);
  EXPECT_EQ(bench.read(0xffc), 0U);
}

TEST(Control, KeepsWhatIsWritten) {
  ControlBench bench;
  std::mt19937 random(3);
  std::array<std::uint64_t, kEngines> addresses{};
  std::array<std::uint64_t, isa::kBaseRegisters> bases{};
  const auto wide = [&](std::uint32_t address) {
    const std::uint64_t value = random() | std::uint64_t{random()} << 32;
    bench.write(address, static_cast<std::uint32_t>(value));
    bench.write(address + 4, static_cast<std::uint32_t>(value >> 32));
    return value & ~std::uint64_t{4095};
  };
  for (std::size_t e = 0; e < kEngines; ++e) {
    addresses[e] = wide(regs::kStreamAddress.at(e));
    bench.write(regs::kStreamWords.at(e), static_cast<std::uint32_t>(100 + e));
  }
  for (std::size_t b = 0; b < bases.size(); ++b) bases[b] = wide(regs::kBase.at(b));
  for (std::size_t e = 0; e < kEngines; ++e) {
    EXPECT_EQ(bench.read_wide(regs::kStreamAddress.at(e)), addresses[e]);
    EXPECT_EQ(field(bench.dut->stream_address, 64 * static_cast<int>(e), 64), addresses[e]);
    EXPECT_EQ(bench.read(regs::kStreamWords.at(e)), 100 + e);
    EXPECT_EQ(field(bench.dut->stream_words, 32 * static_cast<int>(e), 32), 100 + e);
    set_field(bench.dut->done_count, 32 * static_cast<int>(e), 32, 7 + e);
  }
  for (std::size_t e = 0; e < kEngines; ++e) EXPECT_EQ(bench.read(regs::kDoneCount.at(e)), 7 + e);
  for (std::size_t b = 0; b < bases.size(); ++b) {
    EXPECT_EQ(bench.read_wide(regs::kBase.at(b)), bases[b]);
    EXPECT_EQ(field(bench.dut->bases, 64 * static_cast<int>(b), 64), bases[b]);
  }
  // Parts of words are not written.
  bench.dut->s_axi_wstrb = 7;
  bench.write(regs::kWatchdog.offset, 5);
  EXPECT_EQ(bench.read(regs::kWatchdog.offset), regs::kWatchdog.reset);
}

TEST(Control, ARunThatEnds) {
  ControlBench bench;
  bench.write(regs::kInterruptEnable.offset, hardware::interrupt_bits::kDone);
  bench.start();
  EXPECT_NE(bench.dut->enable, 0);
  for (int i = 0; i < 20; ++i) bench.tick();
  EXPECT_TRUE(bench.status().running);
  bench.dut->all_ended = 1;
  bench.tick();
  EXPECT_EQ(bench.dut->enable, 0);
  bench.tick();
  bench.tick();
  EXPECT_NE(bench.dut->irq, 0);
  const RunStatus status = bench.status();
  EXPECT_TRUE(status.done && !status.running && !status.error && !status.stopped);
  bench.write(regs::kInterruptStatus.offset, hardware::interrupt_bits::kDone);
  bench.tick();
  EXPECT_EQ(bench.dut->irq, 0);
}

TEST(Control, AnErrorResetsTheEnginesAndWaitsForThePorts) {
  ControlBench bench;
  bench.write(regs::kInterruptEnable.offset, hardware::interrupt_bits::kError);
  bench.start();
  bench.dut->ports_busy = 1;
  set_field(bench.dut->done_count, 32 * 3, 32, 99);
  bench.dut->error = 4;
  bench.dut->error_engine = 3;
  bench.tick();
  EXPECT_EQ(bench.dut->enable, 0);
  EXPECT_NE(bench.dut->reset_engines, 0);
  for (int i = 0; i < 8; ++i) bench.tick();
  bench.dut->error = 0;
  EXPECT_EQ(bench.dut->reset_engines, 0);
  for (int i = 0; i < 100; ++i) bench.tick();
  EXPECT_EQ(bench.dut->irq, 0);
  RunStatus status = bench.status();
  EXPECT_TRUE(status.error && status.running);
  EXPECT_EQ(status.cause, hardware::ErrorCause::axi_decode);
  EXPECT_EQ(status.engine, isa::Engine::stencil);
  EXPECT_EQ(bench.read(regs::kErrorInstruction.offset), 99U);
  bench.start();
  EXPECT_EQ(bench.dut->enable, 0) << "not before it is idle";
  bench.dut->ports_busy = 0;
  for (int i = 0; i < 4; ++i) bench.tick();
  EXPECT_NE(bench.dut->irq, 0);
  EXPECT_FALSE(bench.status().running);
  bench.start();
  status = bench.status();
  EXPECT_TRUE(status.running && !status.error);
}

TEST(Control, AStop) {
  ControlBench bench;
  bench.start();
  bench.write(regs::kControl.offset, hardware::control_bits::kStop);
  for (int i = 0; i < 20; ++i) bench.tick();
  const RunStatus status = bench.status();
  EXPECT_TRUE(status.stopped && !status.error && !status.done && !status.running);
}

TEST(Control, CountsEveryCycleOnce) {
  // Categories change at random; waits (16 and 17) belong to the engine that is named when they end.
  constexpr int kWait = 4;
  std::mt19937 random(9);
  for (int round = 0; round < 20; ++round) {
    ControlBench bench;
    std::array<std::array<std::uint64_t, hardware::kCategories>, kEngines> expected{};
    struct Now {
      int category = 0, giver = 0, length = 0;
    };
    std::array<Now, kEngines> now{};
    bench.start();
    const int cycles = 500;
    std::uint64_t reads = 0, writes = 0;
    for (int i = 0; i < cycles; ++i) {
      for (std::size_t e = 0; e < kEngines; ++e) {
        Now& n = now[e];
        if (i == 0 || random() % 8 == 0) {
          const int next = static_cast<int>(random() % 17);
          const int category = next < hardware::kCategories ? next : next + 1;
          const int giver = static_cast<int>(random() % kEngines);
          if (category != n.category) {
            if (n.length > 0)
              expected[e][static_cast<std::size_t>(n.category >= 16 ? kWait + giver : n.category)] +=
                  static_cast<std::uint64_t>(n.length);
            n = {category, giver, 0};
          }
        }
        ++n.length;
        set_field(bench.dut->category, 5 * static_cast<int>(e), 5, static_cast<unsigned>(n.category));
        set_field(bench.dut->giver, 3 * static_cast<int>(e), 3, static_cast<unsigned>(n.giver));
      }
      for (int port = 0; port < bench_overlay().axi_ports; ++port) {
        const bool read = random() % 2 == 0, write = random() % 3 == 0;
        set_field(bench.dut->read_beat, port, 1, read);
        set_field(bench.dut->write_beat, port, 1, write);
        reads += read ? 1 : 0;
        writes += write ? 1 : 0;
      }
      bench.dut->all_ended = i == cycles - 1;
      bench.tick();
    }
    for (std::size_t e = 0; e < kEngines; ++e) {
      const Now& n = now[e];
      expected[e][static_cast<std::size_t>(n.category >= 16 ? kWait + n.giver : n.category)] +=
          static_cast<std::uint64_t>(n.length);
    }
    // `write` of start takes one more cycle, which counts with the pins as they were.
    const std::uint64_t counted = bench.read_wide(regs::kCycles.offset);
    EXPECT_EQ(counted, cycles + 1U);
    EXPECT_EQ(bench.read_wide(regs::kReadBeats.offset), reads);
    EXPECT_EQ(bench.read_wide(regs::kWriteBeats.offset), writes);
    for (std::size_t e = 0; e < kEngines; ++e)
      for (int c = 0; c < hardware::kCategories; ++c) {
        const auto engine = static_cast<isa::Engine>(e);
        EXPECT_EQ(bench.read_wide(hardware::counter_address(engine, c)),
                  expected[e][static_cast<std::size_t>(c)] + (c == 0 ? 1 : 0))
            << hardware::counter_name(engine, c);
      }
  }
}

}  // namespace
}  // namespace heddle::rtl
