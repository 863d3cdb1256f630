// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "isa/access.h"
#include "isa/codec.h"
#include "isa/program.h"
#include "tests/rtl/axi_pins.h"
#include "tests/rtl/bench.h"

/// What the benches of the DMA engines share: module `dma` between an AXI memory and models of the memories on chip.
namespace heddle::rtl {

enum DmaEngine : std::uint8_t { kLoadFeatures, kLoadWeights, kSave };
inline constexpr std::size_t kDmaEngines = 3;

struct DmaOptions {
  AxiMemoryOptions axi;
  double grant = 1;        ///< chance that feature memory grants a request, each cycle
  double table_ready = 1;  ///< chance that a table entry is taken, each cycle
  double eager = 1;        ///< chance that the sequencer offers an instruction or a start, each cycle
  std::uint32_t seed = 1;
};

struct DmaCounters {
  std::uint64_t busy = 0;
  std::array<std::uint64_t, 8> stalls{};  ///< by stall_e, of the busy cycles
};

class DmaBench {
 public:
  static constexpr std::uint64_t kDdrBase = std::uint64_t{0x12} << 32;
  static constexpr std::size_t kDdrBytes = std::size_t{4} << 20;

  explicit DmaBench(const DmaOptions& options)
      : o(bench_overlay()),
        ddr(kDdrBytes),
        features(static_cast<std::size_t>(o.feature_slots() * o.N)),
        options_(options),
        random_(options.seed),
        axi(ddr, o.axi_ports, axi_options(options, o)) {
    for (std::byte& byte : ddr) byte = static_cast<std::byte>(random_());
    for (std::byte& byte : features) byte = static_cast<std::byte>(random_());
    for (std::size_t s = 0; s < constants.size(); ++s) {
      const auto space = static_cast<isa::Space>(s);
      constants[s].resize(static_cast<std::size_t>(isa::word_count(o, space) * isa::word_bytes(o, space)));
    }
    for (std::size_t i = 0; i < 4; ++i) set_base(i, kDdrBase + i * (kDdrBytes / 4));
    bench.dut->rst_engine = 0;
    bench.reset();
  }

  /// DDR behind a base register: four quarters.
  [[nodiscard]] std::span<std::byte> segment(std::size_t base) {
    return std::span(ddr).subspan(base * (kDdrBytes / 4), kDdrBytes / 4);
  }
  void set_base(std::size_t i, std::uint64_t address) {
    for (std::size_t b = 0; b < 8; ++b)
      pin_bytes(bench.dut->bases)[8 * i + b] = static_cast<std::byte>(address >> (8 * b));
  }

  /// Runs until every instruction of `program` is done. False: it took longer than `limit` cycles.
  bool run(std::uint64_t limit = 2'000'000) {
    const std::uint64_t end = bench.cycles + limit;
    while (!finished()) {
      if (bench.cycles > end) return false;
      cycle();
    }
    return true;
  }
  [[nodiscard]] bool finished() const {
    for (std::size_t e = 0; e < kDmaEngines; ++e)
      if (done[e] < program[e].size()) return false;
    return true;
  }

  void cycle() {
    Vdut& dut = *bench.dut;
    offer();
    for (int port = 0; port < o.axi_ports; ++port) drive_axi(dut, port, o.axi_bytes, axi.outputs(port));
    std::ranges::copy(returns_[2], pin_bytes(dut.read_data).begin());
    dut.table_ready = chance(options_.table_ready);
    dut.clk = 0;
    bench.settle();
    const bool writes = any_bank(dut.write_request), reads = any_bank(dut.read_request);
    dut.write_grant = writes && chance(options_.grant);
    dut.read_grant = reads && chance(options_.grant);
    bench.settle();
    returns_[2] = returns_[1];
    returns_[1] = returns_[0];
    if (dut.read_grant != 0) read_features();
    if (dut.write_grant != 0) write_features();
    write_constants();
    count();
    for (int port = 0; port < o.axi_ports; ++port) axi.clock(port, sample_axi(dut, port, o.axi_bytes));
    if (before_edge) before_edge();
    const std::uint64_t pulses = dut.done;
    const unsigned taking = dut.instr_valid & dut.instr_ready, starting = dut.start_valid & dut.start_ready;
    bench.tick();
    dut.instr_valid = dut.instr_valid & ~taking;
    dut.start_valid = dut.start_valid & ~starting;
    for (std::size_t e = 0; e < kDmaEngines; ++e) {
      taken[e] += taking >> e & 1;
      started[e] += starting >> e & 1;
      if ((pulses >> e & 1) == 0) continue;
      ASSERT_LT(done[e], started[e]) << "done without start";
      if (on_done) on_done(static_cast<DmaEngine>(e), done[e]);
      ++done[e];
    }
  }

  overlay::Overlay o;
  Bench bench;
  std::vector<std::byte> ddr, features;
  std::array<std::vector<std::byte>, 5> constants;  ///< by isa::Space
  std::array<std::vector<isa::Instruction>, kDmaEngines> program;
  std::array<std::size_t, kDmaEngines> taken{}, started{}, done{};
  std::array<DmaCounters, kDmaEngines> counters;
  std::function<void()> before_edge;                    ///< when all signals of the cycle have settled
  std::function<void(DmaEngine, std::size_t)> on_done;  ///< when the effects of an instruction must be visible

 private:
  static AxiMemoryOptions axi_options(const DmaOptions& options, const overlay::Overlay& overlay) {
    AxiMemoryOptions axi = options.axi;
    axi.beat_bytes = overlay.axi_bytes;
    axi.base = kDdrBase;
    return axi;
  }
  bool chance(double probability) {
    return probability >= 1 || std::uniform_real_distribution<double>(0, 1)(random_) < probability;
  }

  void offer() {
    Vdut& dut = *bench.dut;
    for (std::size_t e = 0; e < kDmaEngines; ++e) {
      const int bit = static_cast<int>(e);
      if (taken[e] < program[e].size() && pin_bits(dut.instr_valid, bit, 1) == 0 && chance(options_.eager)) {
        set_pin_bits(dut.instr_valid, bit, 1, 1);
        const auto word = isa::encode(program[e][taken[e]]);
        ASSERT_TRUE(word) << word.error().front().text();
        std::ranges::copy(*word, pin_bytes(dut.instr).subspan(64 * e, 64).begin());
      }
      if (started[e] < taken[e] && pin_bits(dut.start_valid, bit, 1) == 0 && chance(options_.eager)) {
        const bool overlap = program[e][started[e]][isa::Field::overlap] != 0;
        set_pin_bits(dut.start_valid, bit, 1, started[e] - done[e] <= (overlap ? 1U : 0U) ? 1 : 0);
      }
    }
  }
  template <class Request>
  bool any_bank(const Request& request) const {
    return pin_bits(request, enable_at(), o.P) != 0;
  }
  // feature_request_t = {enable, region, row, regions}, the first member in the highest bits.
  [[nodiscard]] int row_bits() const { return index_bits(o.region_words); }
  [[nodiscard]] int region_bits() const { return index_bits(o.regions); }
  [[nodiscard]] int enable_at() const { return o.regions + o.P * (row_bits() + region_bits()); }
  template <class Request>
  std::size_t slot_of(const Request& request, int bank) const {
    const std::uint64_t row = pin_bits(request, o.regions + bank * row_bits(), row_bits());
    const std::uint64_t region = pin_bits(request, o.regions + o.P * row_bits() + bank * region_bits(), region_bits());
    EXPECT_LT(row, static_cast<std::uint64_t>(o.region_words));
    EXPECT_EQ(pin_bits(request, static_cast<int>(region), 1), 1U);
    const auto slot = static_cast<std::size_t>(
        (static_cast<std::int64_t>(region) * o.region_words + static_cast<std::int64_t>(row)) * o.P + bank);
    const auto slots = static_cast<std::size_t>(o.feature_slots());
    EXPECT_LT(slot, slots) << "outside feature memory";
    return slot % slots;
  }
  void read_features() {
    const auto slot_bytes = static_cast<std::size_t>(o.N);
    returns_[0].assign(static_cast<std::size_t>(o.P) * slot_bytes, std::byte{0xee});
    for (int bank = 0; bank < o.P; ++bank)
      if (pin_bits(bench.dut->read_request, enable_at() + bank, 1) != 0)
        std::ranges::copy(std::span(features).subspan(slot_of(bench.dut->read_request, bank) * slot_bytes, slot_bytes),
                          returns_[0].begin() + bank * o.N);
  }
  void write_features() {
    const auto slot_bytes = static_cast<std::size_t>(o.N);
    for (int bank = 0; bank < o.P; ++bank) {
      if (pin_bits(bench.dut->write_request, enable_at() + bank, 1) == 0) continue;
      EXPECT_EQ(pin_bits(bench.dut->write_strobe, 2 * bank, 2), 3U);
      const auto data = pin_bytes(std::as_const(bench.dut->write_data))
                            .subspan(static_cast<std::size_t>(bank) * slot_bytes, slot_bytes);
      std::ranges::copy(
          data, features.begin() + static_cast<std::ptrdiff_t>(slot_of(bench.dut->write_request, bank) * slot_bytes));
    }
  }

  void store(isa::Space space, std::uint64_t at, std::span<const std::byte> data) {
    std::vector<std::byte>& memory = constants[static_cast<std::size_t>(space)];
    ASSERT_LE(at + data.size(), memory.size());
    std::ranges::copy(data, memory.begin() + static_cast<std::ptrdiff_t>(at));
  }
  void write_constants() {
    const Vdut& dut = *bench.dut;
    const auto word = static_cast<int>(o.weight_word_bytes());
    const int write = word % o.axi_bytes == 0 ? o.axi_bytes : word;
    const int address_bits = index_bits(o.weight_words), lane_bits = index_bits(word / write);
    std::set<std::uint64_t> lanes;
    for (int q = 0; q < o.axi_ports; ++q) {
      if (pin_bits(dut.weight_write, q, 1) == 0) continue;
      const std::uint64_t lane = pin_bits(dut.weight_write_lane, q * lane_bits, lane_bits);
      const std::uint64_t address = pin_bits(dut.weight_write_address, q * address_bits, address_bits);
      EXPECT_TRUE(lanes.insert(lane).second) << "two ports write one lane";
      store(isa::Space::weights, address * static_cast<std::uint64_t>(word) + lane * static_cast<std::uint64_t>(write),
            pin_bytes(dut.weight_write_data)
                .subspan(static_cast<std::size_t>(q * write), static_cast<std::size_t>(write)));
    }
    const auto parameter = pin_bytes(dut.param_write_data).first(12);
    if (dut.conv_param_write != 0) store(isa::Space::conv_params, dut.param_write_address * 12U, parameter);
    if (dut.stencil_param_write != 0) store(isa::Space::stencil_params, dut.param_write_address * 12U, parameter);
    const auto bytes = static_cast<std::size_t>(2 * o.N);
    if (dut.coefficient_write != 0)
      store(isa::Space::coefficients, dut.coefficient_write_address * bytes,
            pin_bytes(dut.coefficient_write_data).first(bytes));
    if (dut.table_write != 0 && dut.table_ready != 0)
      store(isa::Space::tables, dut.table_number * 514U + dut.table_entry * 2U, pin_bytes(dut.table_data).first(2));
  }

  void count() {
    for (std::size_t e = 0; e < kDmaEngines; ++e) {
      const std::uint64_t activity = pin_bits(bench.dut->activity, 4 * static_cast<int>(e), 4);
      if ((activity >> 3) == 0) continue;
      ++counters[e].busy;
      ++counters[e].stalls.at(activity & 7);
    }
  }

  DmaOptions options_;
  std::mt19937 random_;
  std::array<std::vector<std::byte>, 3> returns_;  ///< feature data, by cycles since their grant

 public:
  AxiMemory axi;
};

}  // namespace heddle::rtl
