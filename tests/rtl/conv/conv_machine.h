// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <span>
#include <vector>

#include "isa/codec.h"
#include "isa/program.h"
#include "tests/rtl/bench.h"

/// The CONV engine between behavioural memories and a sequencer that starts as early as `overlap` allows.
namespace heddle::rtl {

inline constexpr int kFeatureLatency = 3, kConstLatency = 2;

/// Counts of cycles in which the engine had an instruction in execution.
struct Activity {
  std::int64_t busy = 0, working = 0;
  std::array<std::int64_t, 8> stalls{};  ///< by stall_e
};

class ConvMachine {
 public:
  const overlay::Overlay o = bench_overlay();
  Bench bench;
  std::vector<std::byte> features = std::vector<std::byte>(static_cast<std::size_t>(o.feature_slots() * o.N));
  std::vector<std::byte> weights =
      std::vector<std::byte>(static_cast<std::size_t>(o.weight_words * o.weight_word_bytes()));
  std::vector<std::byte> params = std::vector<std::byte>(static_cast<std::size_t>(o.param_words) * 12);
  int denied = 0;  ///< of 16 requests, by chance
  std::mt19937_64 random{11};
  Activity activity;

  void load_tables(std::span<const std::byte> tables) {
    auto& d = *bench.dut;
    for (std::size_t at = 0; at + 1 < tables.size();) {
      d.table_write = 1;
      d.table_number = static_cast<std::uint8_t>(at / isa::kTableBytes);
      d.table_entry = static_cast<std::uint16_t>(at % isa::kTableBytes / 2);
      std::memcpy(&d.table_data, tables.data() + at, 2);
      bench.dut->clk = 0;
      bench.settle();
      if (d.table_ready != 0) at += 2;
      cycle();
    }
    d.table_write = 0;
  }

  /// As control does after an error. Data that memories were asked for are lost.
  void reset() {
    auto& d = *bench.dut;
    d.instr_valid = d.start_valid = 0;
    bench.reset();
  }

  /// Runs the instructions to their ends, or for `cut` cycles.
  ::testing::AssertionResult run(std::span<const isa::Instruction> instructions, std::int64_t most_cycles,
                                 std::int64_t cut = -1) {
    std::vector<isa::Word> words;
    for (const isa::Instruction& i : instructions) {
      const auto word = isa::encode(i);
      if (!word) return ::testing::AssertionFailure() << word.error().front().text();
      words.push_back(*word);
    }
    std::size_t taken = 0, started = 0, ended = 0;
    auto& d = *bench.dut;
    const auto deadline = bench.cycles + static_cast<std::uint64_t>(most_cycles);
    while (ended < words.size() && cut-- != 0) {
      if (bench.cycles >= deadline)
        return ::testing::AssertionFailure()
               << "hangs: " << taken << " taken, " << started << " started, " << ended << " ended of " << words.size();
      d.instr_valid = taken < words.size();
      if (taken < words.size()) std::memcpy(&d.instr, words[taken].data(), sizeof(isa::Word));
      const std::size_t running = started - ended;
      const bool overlaps = started < taken && instructions[started][isa::Field::overlap] != 0;
      d.start_valid = started < taken && running <= (overlaps ? 1U : 0U);
      prepare();
      const bool take = d.instr_valid != 0 && d.instr_ready != 0, start = d.start_valid != 0 && d.start_ready != 0;
      const bool done = d.done != 0;
      count();
      cycle();
      taken += take;
      started += start;
      ended += done;
      if (ended > started) return ::testing::AssertionFailure() << "done without a start";
    }
    d.instr_valid = d.start_valid = 0;
    return ::testing::AssertionSuccess();
  }

 private:
  struct Reader {
    std::deque<std::vector<std::byte>> pipe;  ///< data, by the cycles until they are shown
  };
  std::array<Reader, 2> readers_;
  std::deque<std::vector<std::byte>> weight_pipe_, param_pipe_;

  std::size_t slot_bytes() const { return static_cast<std::size_t>(o.N); }

  template <class Port>
  static void copy_in(Port& port, std::span<const std::byte> bytes) {
    ASSERT_LE(bytes.size(), sizeof(Port));
    std::memcpy(&port, bytes.data(), bytes.size());
  }

  /// Slot of each enabled bank of a request, −1 for the others.
  template <class Port>
  std::vector<std::int64_t> slots(const Port& request) const {
    const int row_bits = index_bits(o.region_words), region_bits = index_bits(o.regions);
    const int row_at = o.regions, region_at = row_at + o.P * row_bits, enable_at = region_at + o.P * region_bits;
    std::vector<std::int64_t> result(static_cast<std::size_t>(o.P), -1);
    std::uint64_t regions = 0;
    for (int b = 0; b < o.P; ++b) {
      if (field(request, enable_at + b, 1) == 0) continue;
      const auto region = static_cast<std::int64_t>(field(request, region_at + b * region_bits, region_bits));
      const auto row = static_cast<std::int64_t>(field(request, row_at + b * row_bits, row_bits));
      EXPECT_LT(region, o.regions);
      EXPECT_LT(row, o.region_words);
      regions |= std::uint64_t{1} << region;
      result[static_cast<std::size_t>(b)] = (region * o.region_words + row) * o.P + b;
    }
    EXPECT_EQ(field(request, 0, o.regions), regions);
    return result;
  }

  template <class Request, class Data>
  void read(Reader& reader, const Request& request, std::uint8_t& grant, Data& data) {
    const std::vector<std::int64_t> wanted = slots(request);
    const bool any = std::any_of(wanted.begin(), wanted.end(), [](std::int64_t s) { return s >= 0; });
    grant = any && static_cast<int>(random() % 16) >= denied;
    std::vector<std::byte> bytes(static_cast<std::size_t>(o.P) * slot_bytes(), std::byte{0xa5});
    if (grant != 0)
      for (std::size_t b = 0; b < wanted.size(); ++b)
        if (wanted[b] >= 0)
          std::memcpy(bytes.data() + b * slot_bytes(),
                      features.data() + static_cast<std::size_t>(wanted[b]) * slot_bytes(), slot_bytes());
    reader.pipe.push_back(std::move(bytes));
    if (reader.pipe.size() > kFeatureLatency) {
      copy_in(data, reader.pipe.front());
      reader.pipe.pop_front();
    }
  }

  /// Writes of this cycle; seen by reads of the next.
  void write() {
    auto& d = *bench.dut;
    const std::vector<std::int64_t> wanted = slots(d.write_request);
    const bool any = std::any_of(wanted.begin(), wanted.end(), [](std::int64_t s) { return s >= 0; });
    d.write_grant = any && static_cast<int>(random() % 16) >= denied;
    if (d.write_grant == 0) return;
    for (std::size_t b = 0; b < wanted.size(); ++b) {
      if (wanted[b] < 0) continue;
      const auto strobe = field(d.write_strobe, static_cast<int>(b) * 2, 2);
      const auto* data = reinterpret_cast<const std::byte*>(&d.write_data) + b * slot_bytes();
      auto* slot = features.data() + static_cast<std::size_t>(wanted[b]) * slot_bytes();
      for (std::size_t half = 0; half < 2; ++half)
        if ((strobe >> half & 1) != 0)
          std::memcpy(slot + half * slot_bytes() / 2, data + half * slot_bytes() / 2, slot_bytes() / 2);
    }
  }

  template <class Port>
  void read_const(std::deque<std::vector<std::byte>>& pipe, bool enable, std::uint64_t address,
                  std::span<const std::byte> memory, std::size_t word, Port& port) {
    std::vector<std::byte> bytes(word, std::byte{0x5a});
    const std::size_t at = address * word;
    if (enable && at < memory.size()) std::memcpy(bytes.data(), memory.data() + at, std::min(word, memory.size() - at));
    EXPECT_TRUE(!enable || at < memory.size()) << "reads beyond a constant memory";
    pipe.push_back(std::move(bytes));
    if (pipe.size() > kConstLatency) {
      copy_in(port, pipe.front());
      pipe.pop_front();
    }
  }

  /// Everything that the environment does in this cycle; the module's outputs follow.
  void prepare() {
    auto& d = *bench.dut;
    read(readers_[0], d.read_request, d.read_grant, d.read_data);
    read(readers_[1], d.operand_request, d.operand_grant, d.operand_data);
    write();
    read_const(weight_pipe_, d.weight_read != 0, d.weight_address, weights,
               static_cast<std::size_t>(o.weight_word_bytes()), d.weight_data);
    read_const(param_pipe_, d.conv_param_read != 0, d.conv_param_address, params, 24, d.conv_param_data);
    d.clk = 0;
    bench.settle();
  }
  void cycle() { bench.tick(); }

  void count() {
    const std::uint64_t bits = bench.dut->activity;  // {busy, stall[2:0]}
    if ((bits >> 3) == 0) return;
    ++activity.busy;
    if ((bits & 7) == 0)
      ++activity.working;
    else
      ++activity.stalls[bits & 7];
  }
};

}  // namespace heddle::rtl
