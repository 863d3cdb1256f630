// SPDX-License-Identifier: Apache-2.0
// All DMA engines at once: sharing ports, errors of the bus, and beginning afresh.
#include "tests/rtl/dma/boxes.h"

namespace heddle::rtl {
namespace {

using isa::Field;

isa::Instruction weights(const overlay::Overlay& o, std::int64_t words) {
  isa::Instruction i{.opcode = isa::Opcode::load_const};
  i[Field::bytes] = words * o.weight_word_bytes();
  i[Field::overlap] = 1;
  return i;
}

/// Loads into the lower half of feature memory, weights, and saves from its upper half.
void add_work(DmaBench& dma, std::uint32_t seed, int count) {
  BoxSource source(dma.o, seed);
  for (int i = 0; i < count; ++i) {
    isa::Instruction load = source.draw(isa::Opcode::load, 2, 0), save = source.draw(isa::Opcode::save, 3, 1);
    load[Field::overlap] = save[Field::overlap] = 0;
    dma.program[kLoadFeatures].push_back(load);
    dma.program[kLoadWeights].push_back(weights(dma.o, std::min<std::int64_t>(dma.o.weight_words, 64)));
    dma.program[kSave].push_back(save);
  }
}

struct Expected {
  std::vector<std::byte> features, outputs, weights;
};
Expected expected(DmaBench& dma) {
  Expected e{dma.features, {dma.segment(3).begin(), dma.segment(3).end()}, dma.constants[0]};
  const auto bytes = static_cast<std::size_t>(dma.o.N);
  for (const isa::Instruction& load : dma.program[kLoadFeatures])
    for_slots(load, dma.o, [&](std::size_t at, std::size_t ddr) {
      std::ranges::copy(dma.segment(2).subspan(ddr, bytes), e.features.begin() + static_cast<std::ptrdiff_t>(at));
    });
  for (const isa::Instruction& save : dma.program[kSave])
    for_slots(save, dma.o, [&](std::size_t at, std::size_t ddr) {
      std::ranges::copy(std::span(dma.features).subspan(at, bytes),
                        e.outputs.begin() + static_cast<std::ptrdiff_t>(ddr));
    });
  if (!dma.program[kLoadWeights].empty())
    std::ranges::copy(dma.segment(0).first(static_cast<std::size_t>(dma.program[kLoadWeights][0][Field::bytes])),
                      e.weights.begin());
  return e;
}
void expect_results(DmaBench& dma, const Expected& e) {
  EXPECT_EQ(dma.features, e.features);
  EXPECT_TRUE(std::ranges::equal(dma.segment(3), e.outputs));
  EXPECT_EQ(dma.constants[0], e.weights);
  EXPECT_EQ(dma.axi.violations(), std::vector<std::string>{});
}

/// Reset of the engines alone.
void abort_work(DmaBench& dma) {
  dma.bench.dut->rst_engine = 1;
  dma.cycle();
  dma.bench.dut->rst_engine = 0;
  for (auto& program : dma.program) program.clear();
  dma.taken = dma.started = dma.done = {};
  dma.bench.dut->instr_valid = 0;
  dma.bench.dut->start_valid = 0;
}
/// Until the ports are quiet. False: they never are.
bool drain(DmaBench& dma) {
  for (int i = 0; i < 5000 && dma.bench.dut->ports_busy != 0; ++i) dma.cycle();
  return dma.bench.dut->ports_busy == 0;
}

DmaOptions rough(std::uint32_t seed) {
  DmaOptions options;
  options.grant = 0.7;
  options.eager = 0.5;
  options.seed = seed;
  options.axi = {.min_latency = 5, .max_latency = 60, .stall = 0.2, .interleave = true, .seed = seed};
  return options;
}

TEST(DmaEngines, ShareThePorts) {
  DmaBench dma(rough(1));
  add_work(dma, 2, 12);
  const Expected e = expected(dma);
  ASSERT_TRUE(dma.run());
  expect_results(dma, e);
  EXPECT_EQ(dma.bench.dut->error, 0);
}

TEST(DmaEngines, ReportErrorsOfTheBusAndGoOn) {
  for (const AxiResponse fault : {AxiResponse::slave_error, AxiResponse::decode_error})
    for (std::size_t engine = 0; engine < kDmaEngines; ++engine) {
      DmaBench dma(rough(static_cast<std::uint32_t>(engine) + 7));
      add_work(dma, 3, 2);
      const std::size_t segment = engine == kLoadFeatures ? 2 : engine == kLoadWeights ? 0 : 3;
      const std::uint64_t low = DmaBench::kDdrBase + segment * (DmaBench::kDdrBytes / 4);
      int beats = 0;
      dma.axi.set_fault([&](std::uint64_t address, bool) {
        const bool hit = address >= low && address < low + DmaBench::kDdrBytes / 4 && ++beats == 3;
        return hit ? fault : AxiResponse::okay;
      });
      ASSERT_TRUE(dma.run()) << "an error must not hang";
      for (std::size_t e = 0; e < kDmaEngines; ++e)
        EXPECT_EQ(pin_bits(dma.bench.dut->error, 2 * static_cast<int>(e), 2),
                  e == engine ? static_cast<unsigned>(fault) : 0U);
      dma.axi.set_fault(nullptr);
      abort_work(dma);
      ASSERT_TRUE(drain(dma));
      EXPECT_EQ(dma.bench.dut->error, 0);
      add_work(dma, 4, 2);
      const Expected e = expected(dma);
      ASSERT_TRUE(dma.run());
      expect_results(dma, e);
    }
}

/// What DDR may hold after each number of saves.
std::vector<std::vector<std::byte>> states_of_outputs(DmaBench& dma) {
  std::vector<std::vector<std::byte>> states{{dma.segment(3).begin(), dma.segment(3).end()}};
  const auto bytes = static_cast<std::size_t>(dma.o.N);
  for (const isa::Instruction& save : dma.program[kSave]) {
    states.push_back(states.back());
    for_slots(save, dma.o, [&](std::size_t at, std::size_t ddr) {
      std::ranges::copy(std::span(dma.features).subspan(at, bytes),
                        states.back().begin() + static_cast<std::ptrdiff_t>(ddr));
    });
  }
  return states;
}

TEST(DmaEngines, BeginAfreshAtAnyTime) {
  std::mt19937 random(11);
  DmaBench dma(rough(21));
  for (int round = 0; round < 20; ++round) {
    add_work(dma, random(), 3);
    const auto states = states_of_outputs(dma);
    for (std::uint32_t i = random() % 600; i > 0 && !dma.finished(); --i) dma.cycle();
    abort_work(dma);
    ASSERT_TRUE(drain(dma)) << "round " << round;
    ASSERT_TRUE(dma.axi.idle());
    const std::span<const std::byte> outputs = dma.segment(3);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const bool known = std::ranges::any_of(states, [&](const auto& state) { return state[i] == outputs[i]; });
      if (!known) FAIL() << "round " << round << ": byte " << i << " is neither old nor new";
    }
    add_work(dma, random(), 2);
    const Expected e = expected(dma);
    ASSERT_TRUE(dma.run());
    expect_results(dma, e);
    abort_work(dma);
  }
}

/// Loads that begin while answers of the last ones are still on their way do not take them for their own.
TEST(DmaEngines, DropLateAnswers) {
  std::mt19937 random(12);
  DmaBench dma(rough(22));
  for (int round = 0; round < 30; ++round) {
    add_work(dma, random(), 2);
    dma.program[kSave].clear();
    for (std::uint32_t i = random() % 300; i > 0 && !dma.finished(); --i) dma.cycle();
    abort_work(dma);
    add_work(dma, random(), 2);
    dma.program[kSave].clear();
    const Expected e = expected(dma);
    ASSERT_TRUE(dma.run());
    expect_results(dma, e);
    abort_work(dma);
  }
}

/// A feature memory that is seldom free, then a DDR that is slow to take data: nothing may be lost for want of room.
TEST(DmaEngines, AskOnlyForWhatHasRoom) {
  for (const bool load : {true, false}) {
    DmaOptions options;
    options.grant = load ? 0.05 : 1;
    options.axi.max_latency = 4;
    options.axi.stall = load ? 0.0 : 0.9;
    DmaBench dma(options);
    isa::Instruction box{.opcode = load ? isa::Opcode::load : isa::Opcode::save};
    box[Field::ddr_base] = load ? 2 : 3;
    box[Field::blocks] = box[Field::rows] = 1;
    box[Field::columns] = std::min<std::int64_t>(dma.o.feature_slots(), 8191);
    (load ? dma.program[kLoadFeatures] : dma.program[kSave]).push_back(box);
    const Expected e = expected(dma);
    ASSERT_TRUE(dma.run());
    expect_results(dma, e);
  }
}

/// The instruction client of port 0 beside the engines: it gets its own beats in order, and the engines theirs.
TEST(DmaEngines, LeaveRoomForInstructions) {
  DmaBench dma(rough(5));
  add_work(dma, 6, 6);
  const Expected e = expected(dma);
  const auto bytes = static_cast<std::size_t>(dma.o.axi_bytes);
  const auto beats = static_cast<std::size_t>(std::min(16, 4096 / dma.o.axi_bytes));
  std::size_t asked = 0, arrived = 0;  // beats
  Vdut& dut = *dma.bench.dut;
  dma.before_edge = [&] {
    if (dut.fetch_beat_valid != 0) {
      ASSERT_LT(arrived, asked);
      ASSERT_TRUE(std::ranges::equal(pin_bytes(dut.fetch_beat_data).first(bytes),
                                     dma.segment(1).subspan(arrived * bytes, bytes)));
      ++arrived;
      EXPECT_EQ(dut.fetch_beat_last != 0, arrived == asked);
    }
    if (dut.fetch_req_valid != 0 && dut.fetch_req_ready != 0) asked += beats;
  };
  while (!dma.finished() && dma.bench.cycles < 500000) {
    dut.fetch_req_valid = asked == arrived && (asked + beats) * bytes <= DmaBench::kDdrBytes / 4;
    dut.fetch_req_address = DmaBench::kDdrBase + DmaBench::kDdrBytes / 4 + asked * bytes;
    dut.fetch_req_beats = static_cast<unsigned>(beats);
    dma.cycle();
  }
  EXPECT_GT(arrived, 4 * beats);
  ASSERT_TRUE(dma.finished());
  expect_results(dma, e);
}

}  // namespace
}  // namespace heddle::rtl
