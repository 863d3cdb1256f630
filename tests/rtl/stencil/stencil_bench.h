// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <functional>
#include <vector>

#include "isa/codec.h"
#include "tests/rtl/bench.h"
#include "tests/rtl/stencil/stencil_cases.h"

/// The STENCIL engine between behavioural memories and a sequencer.
namespace heddle::rtl {

struct StencilBench {
  const overlay::Overlay o = bench_overlay();
  Bench bench;
  StencilMemories memories;
  std::mt19937_64 random{1};
  int denied = 0;         ///< of 100 requests that are refused
  bool overlaps = false;  ///< an instruction may start while another one is in execution
  std::function<void(std::size_t)> on_done = [](std::size_t) {};  ///< with the number of the instruction
  std::uint64_t reads = 0, writes = 0, starts = 0;
  std::vector<std::uint64_t> stalls = std::vector<std::uint64_t>(8);

  /// Runs the instructions; returns the cycles from the first start to the last `done`.
  std::uint64_t run(const std::vector<isa::Instruction>& instructions) { return run_for(instructions, UINT64_MAX); }

  /// The same, but stops after `limit` cycles.
  std::uint64_t run_for(const std::vector<isa::Instruction>& instructions, std::uint64_t limit) {
    std::size_t taken = 0, begun = 0, done = 0;
    std::uint64_t first = 0;
    const std::uint64_t begin = bench.cycles;
    last_progress = begin;
    while (done < instructions.size() && bench.cycles - begin < limit) {
      auto& d = *bench.dut;
      d.instr_valid = taken < instructions.size();
      if (taken < instructions.size()) offer(instructions[taken]);
      d.start_valid = begun < taken && begun - done < (overlaps ? 2U : 1U);
      cycle_begin();
      const bool takes = d.instr_valid != 0 && d.instr_ready != 0,
                 starts_now = d.start_valid != 0 && d.start_ready != 0;
      if (d.done != 0) on_done(done++);
      if (starts_now && begun == 0) first = bench.cycles;
      if (d.done == 0 && (d.activity & 8) != 0) ++stalls[d.activity & 7];
      cycle_end();
      taken += takes ? 1 : 0;
      begun += starts_now ? 1 : 0;
      if (bench.cycles - last_progress > 20000) {
        ADD_FAILURE() << "no progress: taken " << taken << " begun " << begun << " done " << done;
        break;
      }
    }
    return bench.cycles - first;
  }

  void load_tables() {
    if (!o.has_unit("table")) return;
    for (std::int64_t t = 0; t < o.tables; ++t)
      for (int entry = 0; entry <= 256; ++entry) {
        bench.dut->table_write = 1;
        bench.dut->table_number = static_cast<std::uint8_t>(t);
        bench.dut->table_entry = static_cast<std::uint16_t>(entry);
        const std::byte* at = memories.tables.data() + (t * 257 + entry) * 2;
        bench.dut->table_data =
            static_cast<std::uint16_t>(std::to_integer<int>(at[0]) | std::to_integer<int>(at[1]) << 8);
        bench.tick();
      }
    bench.dut->table_write = 0;
  }

 private:
  static constexpr std::size_t kReadLatency = 3, kConstLatency = 2;
  const int bank_bits_ = index_bits(o.P), row_bits_ = index_bits(o.region_words), region_bits_ = index_bits(o.regions);
  std::uint64_t last_progress = 0;

  void offer(const isa::Instruction& i) {
    const auto word = isa::encode(i);
    if (!word) {
      for (const Diagnostic& diagnostic : word.error()) ADD_FAILURE() << diagnostic.text();
      return;
    }
    for (int k = 0; k < 64; ++k)
      set_field(bench.dut->instr, 8 * k, 8, std::to_integer<std::uint64_t>((*word)[static_cast<std::size_t>(k)]));
  }

  /// Slot that bank `b` of a request reads or writes; −1: none.
  template <class Request>
  std::int64_t slot_of(const Request& request, int b) const {
    const int regions = static_cast<int>(o.regions), banks = static_cast<int>(o.P);
    if (field(request, regions + banks * (row_bits_ + region_bits_) + b, 1) == 0) return -1;
    const auto row = static_cast<std::int64_t>(field(request, regions + b * row_bits_, row_bits_));
    const auto region =
        static_cast<std::int64_t>(field(request, regions + banks * row_bits_ + b * region_bits_, region_bits_));
    return (region * o.region_words + row) * o.P + b;
  }
  template <class Vector>
  void copy_out(Vector& vector, int bit, const std::byte* bytes, std::int64_t count) {
    for (int k = 0; k < count; ++k) set_field(vector, bit + 8 * k, 8, std::to_integer<std::uint64_t>(bytes[k]));
  }

  struct Delayed {
    bool valid = false;
    std::vector<std::byte> bytes;
  };
  std::deque<std::vector<std::pair<int, std::vector<std::byte>>>> feature_line_{kReadLatency};
  std::deque<Delayed> param_line_{kConstLatency}, coefficient_line_{kConstLatency};

  /// Inputs of this cycle: data that were asked for, and the grants.
  void cycle_begin() {
    auto& d = *bench.dut;
    const int slot_bits = static_cast<int>(o.N) * 8;
    for (const auto& [bank, bytes] : feature_line_.front()) copy_out(d.read_data, bank * slot_bits, bytes.data(), o.N);
    if (param_line_.front().valid) copy_out(d.stencil_param_data, 0, param_line_.front().bytes.data(), 24);
    if (coefficient_line_.front().valid)
      copy_out(d.coefficient_data, 0, coefficient_line_.front().bytes.data(), 2 * o.N);
    feature_line_.pop_front();
    param_line_.pop_front();
    coefficient_line_.pop_front();
    d.read_grant = static_cast<int>(random() % 100) >= denied;
    d.write_grant = static_cast<int>(random() % 100) >= denied;
    d.clk = 0;
    bench.settle();
  }

  /// Memories answer, writes happen.
  void cycle_end() {
    auto& d = *bench.dut;
    auto& arriving = feature_line_.emplace_back();
    for (int b = 0; b < o.P; ++b) {
      const std::int64_t read = d.read_grant != 0 ? slot_of(d.read_request, b) : -1;
      if (read >= 0) {
        const auto first = memories.features.begin() + read * o.N;
        arriving.emplace_back(b, std::vector<std::byte>(first, first + o.N));
        ++reads;
        last_progress = bench.cycles;
      }
    }
    for (int b = 0; b < o.P; ++b) write_bank(d.write_grant != 0 ? slot_of(d.write_request, b) : -1, b);
    param_line_.push_back(
        answer(d.stencil_param_read != 0, memories.params, std::int64_t{d.stencil_param_address} * 24, 24));
    coefficient_line_.push_back(
        answer(d.coefficient_read != 0, memories.coefficients, std::int64_t{d.coefficient_address} * 2 * o.N, 2 * o.N));
    if (d.done != 0) last_progress = bench.cycles;
    bench.tick();
  }
  void write_bank(std::int64_t slot, int b) {
    if (slot < 0) return;
    ++writes;
    last_progress = bench.cycles;
    const auto strobe = field(bench.dut->write_strobe, 2 * b, 2);
    for (std::int64_t k = 0; k < o.N; ++k)
      if (((strobe >> (k >= o.N / 2 ? 1 : 0)) & 1) != 0)
        memories.features.at(static_cast<std::size_t>(slot * o.N + k)) =
            static_cast<std::byte>(field(bench.dut->write_data, static_cast<int>((b * o.N + k) * 8), 8));
  }
  static Delayed answer(bool read, const std::vector<std::byte>& memory, std::int64_t at, std::int64_t count) {
    Delayed delayed{read, std::vector<std::byte>(static_cast<std::size_t>(count))};
    for (std::int64_t k = 0; read && k < count; ++k)
      if (at + k < static_cast<std::int64_t>(memory.size()))
        delayed.bytes[static_cast<std::size_t>(k)] = memory[static_cast<std::size_t>(at + k)];
    return delayed;
  }
};

}  // namespace heddle::rtl
