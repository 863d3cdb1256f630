// SPDX-License-Identifier: Apache-2.0
// The sequencer against engines and a memory with random delays.
#include <algorithm>
#include <deque>
#include <set>

#include "tests/rtl/bench.h"
#include "tests/rtl/sequencer/stream_program.h"

namespace heddle::rtl {
namespace {

using isa::kEngines;

/// error_e of heddle_pkg.
enum Error : int { kNone, kCrc, kOpcode, kAxiSlave, kAxiDecode, kWatchdog, kSemaphore };

struct Delays {
  int memory = 40;   ///< cycles to the first beat
  double gap = 0.2;  ///< chance of a cycle without a beat
  int work = 30;     ///< longest execution
};

/// Answers fetches: bursts in order, beats without back-pressure.
class FetchMemory {
 public:
  FetchMemory(int beat_bytes, const Delays& delays) : beat_bytes_(beat_bytes), delays_(delays) {}

  std::array<std::vector<isa::Word>, kEngines> streams;
  std::uint64_t faulty = ~std::uint64_t{0};  ///< a beat whose answer is `fault`
  int fault = 0;

  static std::uint64_t address(std::size_t engine) { return (std::uint64_t{engine} + 3) << 32; }

  void drive(Vdut& dut, std::uint64_t cycle, std::mt19937& random) {
    dut.req_ready = random() % 3 != 0;
    dut.beat_valid = 0;
    if (bursts_.empty() || bursts_.front().ready > cycle) return;
    if (std::uniform_real_distribution<double>(0, 1)(random) < delays_.gap) return;
    Burst& burst = bursts_.front();
    dut.beat_valid = 1;
    dut.beat_last = burst.beats == 1;
    dut.beat_error = burst.address == faulty ? fault : 0;
    for (int i = 0; i < beat_bytes_; ++i)
      set_field(dut.beat_data, 8 * i, 8, byte_at(burst.address + static_cast<std::uint64_t>(i)));
    burst.address += static_cast<std::uint64_t>(beat_bytes_);
    if (--burst.beats == 0) bursts_.pop_front();
  }

  void observe(const Vdut& dut, std::uint64_t cycle, std::mt19937& random) {
    if (dut.req_valid == 0 || dut.req_ready == 0) return;
    EXPECT_EQ(dut.req_address % static_cast<std::uint64_t>(beat_bytes_), 0U);
    EXPECT_LE(dut.req_address % 4096 + dut.req_beats * static_cast<std::uint64_t>(beat_bytes_), 4096U);
    EXPECT_TRUE(dut.req_beats >= 1 && dut.req_beats <= 256);
    bursts_.push_back({dut.req_address, static_cast<int>(dut.req_beats),
                       cycle + 1 + random() % (static_cast<unsigned>(delays_.memory) + 1)});
  }

 private:
  struct Burst {
    std::uint64_t address;
    int beats;
    std::uint64_t ready;
  };
  std::uint8_t byte_at(std::uint64_t address) const {
    const std::size_t engine = (address >> 32) - 3;
    const std::size_t offset = address & 0xffffffff;
    const auto& words = streams.at(engine);
    if (offset / 64 >= words.size()) {
      // Behind the end only the unused half of a beat.
      EXPECT_LT(offset, (words.size() * 64 + static_cast<std::size_t>(beat_bytes_) - 1) / beat_bytes_ * beat_bytes_);
      return 0;
    }
    return std::to_integer<std::uint8_t>(words[offset / 64][offset % 64]);
  }
  int beat_bytes_;
  Delays delays_;
  std::deque<Burst> bursts_;
};

/// An engine: set-up of one instruction, at most two in execution, done in order.
struct EngineModel {
  std::vector<std::size_t> own;  ///< indices in the stream of what the engine executes
  std::size_t accepted = 0, started = 0, completed = 0;
  int setup = 0;
  std::deque<int> running;
};

class SequencerBench : public Bench {
 public:
  SequencerBench(StreamProgram program, const Delays& delays, unsigned seed)
      : memory(bench_overlay().axi_bytes, delays), program_(std::move(program)), delays_(delays), random_(seed) {
    for (std::size_t e = 0; e < kEngines; ++e) {
      memory.streams[e] = encoded(program_[e]);
      for (std::size_t i = 0; i < program_[e].size(); ++i)
        if (program_[e][i].instruction.opcode > isa::Opcode::fence) engines_[e].own.push_back(i);
    }
    dut->watchdog = 0;
  }

  void start() {
    for (std::size_t e = 0; e < kEngines; ++e) {
      set_field(dut->stream_address, 64 * static_cast<int>(e), 64, FetchMemory::address(e));
      set_field(dut->stream_words, 32 * static_cast<int>(e), 32, memory.streams[e].size());
    }
    dut->start = 1;
    dut->enable = 0;
    tick();
    dut->start = 0;
    dut->enable = 1;
  }

  void cycle() {
    dut->clk = 0;
    drive_engines();
    memory.drive(*dut, cycles, random_);
    settle();
    observe_engines();
    memory.observe(*dut, cycles, random_);
    tick();
  }
  /// Runs until the end or an error; false after `limit` cycles.
  bool run(std::uint64_t limit) {
    start();
    for (std::uint64_t i = 0; i < limit; ++i) {
      cycle();
      if (dut->all_ended != 0 || dut->error != kNone) return true;
    }
    return false;
  }

  std::size_t done_count(std::size_t engine) { return field(dut->done_count, 32 * static_cast<int>(engine), 32); }
  [[nodiscard]] const StreamProgram& program() const { return program_; }
  FetchMemory memory;
  std::size_t dead = kEngines;     ///< this engine stops working
  std::size_t failing = kEngines;  ///< this engine reports a SLVERR

 private:
  void drive_engines() {
    for (std::size_t e = 0; e < kEngines; ++e) {
      EngineModel& m = engines_[e];
      const int at = static_cast<int>(e);
      const bool in_setup = m.accepted > m.started;
      if (in_setup && m.setup > 0) --m.setup;
      set_field(dut->instr_ready, at, 1, !in_setup && random_() % 2 == 0);
      set_field(dut->start_ready, at, 1, in_setup && m.setup == 0 && m.running.size() < 2);
      bool done = false;
      if (!m.running.empty() && e != dead) {
        for (int& left : m.running) left = std::max(0, left - 1);
        done = m.running.front() == 0;
      }
      set_field(dut->done, at, 1, done);
      // activity_t: busy above three bits of stall
      set_field(dut->activity, 4 * at, 4, e == dead ? 8 + 6 : m.running.empty() ? 0 : 8);
      set_field(dut->engine_error, 2 * at, 2, e == failing && !m.running.empty() ? 2 : 0);
    }
  }

  void observe_engines() {
    for (std::size_t e = 0; e < kEngines; ++e) {
      EngineModel& m = engines_[e];
      const int at = static_cast<int>(e);
      const auto both = [&](const auto& valid, const auto& ready) { return field(valid & ready, at, 1) != 0; };
      const bool done = field(dut->done, at, 1) != 0;
      if (both(dut->start_valid, dut->start_ready)) check_start(e);
      if (done) {
        m.running.pop_front();
        ++m.completed;
      }
      if (both(dut->instr_valid, dut->instr_ready)) {
        check_instruction(e);
        ++m.accepted;
        m.setup = static_cast<int>(random_() % 8);
      }
    }
  }

  void check_instruction(std::size_t e) {
    EngineModel& m = engines_[e];
    ASSERT_LT(m.accepted, m.own.size());
    const isa::Word& expected = memory.streams[e][m.own[m.accepted]];
    for (int byte = 0; byte < 64; ++byte)
      ASSERT_EQ(field(dut->instr, 512 * static_cast<int>(e) + 8 * byte, 8), std::to_integer<unsigned>(expected[byte]))
          << isa::instruction_name(static_cast<isa::Engine>(e), m.own[m.accepted]) << " byte " << byte;
  }

  void check_start(std::size_t e) {
    EngineModel& m = engines_[e];
    ASSERT_LT(m.started, m.accepted);
    const std::size_t index = m.own[m.started];
    const Step& step = program_[e][index];
    for (const auto& [engine, needed] : step.after)
      EXPECT_GT(done_count(engine), needed) << isa::instruction_name(static_cast<isa::Engine>(e), index);
    // Fences before it, and what they wait for, are over; so is everything that it must not overlap.
    for (std::size_t i = index; i-- > 0 && program_[e][i].instruction.opcode == isa::Opcode::fence;) {
      EXPECT_EQ(done_count(e), index);
      for (const auto& [engine, needed] : program_[e][i].after) EXPECT_GT(done_count(engine), needed);
    }
    EXPECT_LE(m.running.size(), step.instruction[isa::Field::overlap] != 0 ? 1U : 0U);
    most_running = std::max(most_running, m.running.size() + 1);
    m.running.push_back(1 + static_cast<int>(random_() % static_cast<unsigned>(delays_.work)));
    ++m.started;
  }

  StreamProgram program_;
  Delays delays_;
  std::mt19937 random_;
  std::array<EngineModel, kEngines> engines_{};

 public:
  std::size_t most_running = 0;
};

TEST(Sequencer, RunsRandomProgramsInTheOrderOfTheirSemaphores) {
  std::mt19937 random(3);
  std::size_t most_running = 0;
  for (unsigned round = 0; round < 12; ++round) {
    const Delays delays{.memory = round % 2 == 0 ? 5 : 120, .gap = 0.1 * (round % 4), .work = round % 3 == 0 ? 3 : 40};
    SequencerBench bench(random_streams(400, random), delays, round);
    ASSERT_TRUE(bench.run(200000)) << "round " << round;
    ASSERT_EQ(bench.dut->error, kNone);
    for (std::size_t e = 0; e < kEngines; ++e) EXPECT_EQ(bench.done_count(e), bench.program()[e].size());
    most_running = std::max(most_running, bench.most_running);
    // The next run begins afresh.
    ASSERT_TRUE(bench.dut->all_ended != 0);
    bench.start();
    EXPECT_EQ(bench.dut->all_ended, 0);
  }
  EXPECT_EQ(most_running, 2U);
}

TEST(Sequencer, ReadsAhead) {
  // While conv does nothing, its queue fills.
  std::mt19937 random(5);
  StreamProgram program = random_streams(0, random);
  for (int i = 0; i < 100; ++i) program[2].insert(program[2].begin(), {own_instruction(2, random), {}});
  SequencerBench bench(program, {}, 1);
  bench.dead = 2;
  std::uint64_t highest = 0;
  bench.start();
  for (int i = 0; i < 3000; ++i) {
    bench.cycle();
    if (bench.dut->req_valid != 0 && bench.dut->req_address >> 32 == 5)
      highest = std::max(highest, (bench.dut->req_address & 0xffffffff) +
                                      bench.dut->req_beats * static_cast<std::uint64_t>(bench_overlay().axi_bytes));
  }
  EXPECT_GE(highest, 64U * (16 + 1));
}

TEST(Sequencer, ReportsEveryDamagedInstruction) {
  std::mt19937 random(7);
  for (unsigned round = 0; round < 40; ++round) {
    SequencerBench bench(random_streams(60, random), {.memory = 10, .gap = 0, .work = 5}, round);
    const std::size_t engine = random() % kEngines;
    auto& stream = bench.memory.streams[engine];
    const std::size_t index = random() % stream.size();
    const unsigned bit = random() % 512;
    stream[index][bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    ASSERT_TRUE(bench.run(50000));
    EXPECT_EQ(bench.dut->error, kCrc) << "round " << round;
    EXPECT_EQ(bench.dut->error_engine, engine);
    EXPECT_EQ(bench.done_count(engine), index);
  }
}

TEST(Sequencer, ReportsInstructionsOfOtherEngines) {
  std::mt19937 random(11);
  for (std::size_t engine = 0; engine < kEngines; ++engine) {
    StreamProgram program = random_streams(60, random);
    const std::size_t index = random() % program[engine].size();
    SequencerBench bench(program, {}, 1);
    bench.memory.streams[engine][index] = isa::encode(own_instruction((engine + 1) % kEngines, random)).value();
    ASSERT_TRUE(bench.run(50000));
    EXPECT_EQ(bench.dut->error, kOpcode);
    EXPECT_EQ(bench.dut->error_engine, engine);
    EXPECT_EQ(bench.done_count(engine), index);
  }
}

TEST(Sequencer, ReportsErrorsOfTheFetch) {
  std::mt19937 random(13);
  for (const auto& [response, error] : {std::pair{2, kAxiSlave}, std::pair{3, kAxiDecode}}) {
    SequencerBench bench(random_streams(60, random), {}, 1);
    const std::size_t engine = random() % kEngines, index = random() % bench.memory.streams[engine].size();
    const auto beat = static_cast<std::uint64_t>(bench_overlay().axi_bytes);
    bench.memory.faulty = FetchMemory::address(engine) + 64 * index / beat * beat;
    bench.memory.fault = response;
    ASSERT_TRUE(bench.run(50000));
    EXPECT_EQ(bench.dut->error, error);
    EXPECT_EQ(bench.dut->error_engine, engine);
  }
}

TEST(Sequencer, ReportsErrorsOfEngines) {
  std::mt19937 random(17);
  SequencerBench bench(random_streams(60, random), {}, 1);
  bench.failing = 4;
  ASSERT_TRUE(bench.run(50000));
  EXPECT_EQ(bench.dut->error, kAxiSlave);
  EXPECT_EQ(bench.dut->error_engine, 4);
}

TEST(Sequencer, TheWatchdogEndsWhatDoesNotProgress) {
  std::mt19937 random(19);
  for (std::size_t engine = 0; engine < kEngines; ++engine) {
    SequencerBench bench(random_streams(60, random), {.memory = 10, .gap = 0, .work = 5}, 1);
    bench.dead = engine;
    bench.dut->watchdog = 300;
    ASSERT_TRUE(bench.run(50000));
    EXPECT_EQ(bench.dut->error, kWatchdog);
    EXPECT_EQ(bench.dut->error_engine, engine) << "not those that wait for it";
  }
}

TEST(Sequencer, TheWatchdogFindsDeadlocks) {
  std::mt19937 random(23);
  StreamProgram program = random_streams(0, random);
  isa::Instruction a = own_instruction(2, random), b = own_instruction(3, random);
  a[isa::Field::wait0] = b[isa::Field::signal0] = 1;
  b[isa::Field::wait0] = a[isa::Field::signal0] = 2;
  program[2].insert(program[2].begin(), {a, {}});
  program[3].insert(program[3].begin(), {b, {}});
  SequencerBench bench(program, {}, 1);
  bench.dut->watchdog = 300;
  ASSERT_TRUE(bench.run(5000));
  EXPECT_EQ(bench.dut->error, kWatchdog);
  EXPECT_EQ(bench.dut->error_engine, 2);
}

TEST(Sequencer, OneSemaphoreTakesAndGivesTwoAtOnce) {
  std::mt19937 random(29);
  StreamProgram program = random_streams(0, random);
  isa::Instruction one = own_instruction(0, random), two = own_instruction(2, random);
  one[isa::Field::signal0] = 7;
  two[isa::Field::wait0] = two[isa::Field::wait1] = 7;
  isa::Instruction both = own_instruction(2, random), three = own_instruction(3, random);
  both[isa::Field::signal0] = both[isa::Field::signal1] = 63;
  three[isa::Field::wait0] = three[isa::Field::wait1] = 63;
  program[0] = {{one, {}}, {one, {}}, program[0].back()};
  program[2] = {{two, {{0, 1}}}, {both, {}}, program[2].back()};
  program[3] = {{three, {{2, 1}}}, program[3].back()};
  SequencerBench bench(program, {}, 1);
  ASSERT_TRUE(bench.run(5000));
  EXPECT_EQ(bench.dut->error, kNone);
}

TEST(Sequencer, ReportsTheOverflowOfASemaphore) {
  std::mt19937 random(31);
  isa::Instruction give{.opcode = isa::Opcode::fence};
  give[isa::Field::signal0] = 9;
  for (const std::size_t count : {std::size_t{255}, std::size_t{256}}) {
    StreamProgram program = random_streams(0, random);
    program[1].insert(program[1].begin(), count, {give, {}});
    SequencerBench bench(program, {}, 1);
    ASSERT_TRUE(bench.run(20000));
    for (int i = 0; i < 3; ++i) bench.cycle();
    EXPECT_EQ(bench.dut->error, count > 255 ? kSemaphore : kNone);
    EXPECT_EQ(bench.dut->error_engine, count > 255 ? 1 : 0);
  }
}

}  // namespace
}  // namespace heddle::rtl
