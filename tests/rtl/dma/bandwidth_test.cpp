// SPDX-License-Identifier: Apache-2.0
// How much of the bandwidth the engines reach: a DDR of 60 cycles latency that moves a beat a cycle on every port.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "tests/rtl/dma/boxes.h"

namespace heddle::rtl {
namespace {

using isa::Field;

struct Shape {
  const char* name;
  std::int64_t blocks, rows, columns, row_gap, plane_gap;  ///< gaps in DDR, slots
};

isa::Instruction box(const overlay::Overlay& o, isa::Opcode opcode, const Shape& shape, int half) {
  const bool load = opcode == isa::Opcode::load;
  const std::int64_t plane = (shape.rows * shape.columns + o.P - 1) / o.P;
  isa::Instruction i{.opcode = opcode};
  i[Field::overlap] = 1;
  i[Field::ddr_base] = load ? 2 : 3;
  i[Field::ddr_offset] = half * static_cast<std::int64_t>(DmaBench::kDdrBytes) / 8;
  i[Field::ddr_row] = shape.columns + shape.row_gap;
  i[Field::ddr_plane] = shape.rows * i[Field::ddr_row] + shape.plane_gap;
  i[Field::blocks] = shape.blocks;
  i[Field::rows] = shape.rows;
  i[Field::columns] = shape.columns;
  i[load ? Field::dst_word : Field::src_word] = half * o.feature_words() / 2;
  i[load ? Field::dst_pitch : Field::src_pitch] = shape.columns;
  i[load ? Field::dst_plane : Field::src_plane] = plane;
  return i;
}

/// Cycles from the first start to the last done.
std::uint64_t run_cycles(DmaBench& dma) {
  std::uint64_t begin = 0;
  while (!dma.finished() && dma.bench.cycles < 1'000'000) {
    if (begin == 0 && dma.started != decltype(dma.started){}) begin = dma.bench.cycles;
    dma.cycle();
  }
  EXPECT_TRUE(dma.finished());
  return dma.bench.cycles - begin;
}

DmaOptions fixed_latency() {
  DmaOptions options;
  options.axi.min_latency = options.axi.max_latency = 60;
  return options;
}

/// The most that the overlay can move: a beat a cycle on every port, and a slot a cycle in every bank.
double most_bytes(const overlay::Overlay& o, bool features) {
  const double ports = static_cast<double>(o.axi_ports) * o.axi_bytes;
  return features ? std::min(ports, static_cast<double>(o.P) * o.N) : ports;
}

void report(const char* what, const char* shape, const DmaBench& dma, double bytes, std::uint64_t cycles, double most,
            double wanted) {
  const double share = bytes / (static_cast<double>(cycles) * most);
  fmt::print("{:9} {:34} {:9.0f} bytes {:7} cycles {:6.1f} bytes/cycle {:5.1f} %\n", what, shape, bytes, cycles,
             bytes / static_cast<double>(cycles), 100 * share);
  EXPECT_GE(share, wanted) << what << ", " << shape;
  EXPECT_EQ(dma.axi.violations(), std::vector<std::string>{});
}

const std::vector<Shape> kShapes{{"56x56 contiguous", 4, 56, 56, 0, 0},      {"56 of 112 columns", 4, 56, 56, 56, 0},
                                 {"28 of 56 columns", 4, 28, 28, 28, 0},     {"14 of 28 columns", 16, 14, 14, 14, 0},
                                 {"7x7 planes contiguous", 128, 7, 7, 0, 0}, {"7x7 planes with gaps", 128, 7, 7, 0, 15},
                                 {"7 of 14 columns", 128, 7, 7, 7, 0}};
constexpr double kWanted = 0.85;

void measure(isa::Opcode opcode, const Shape& shape) {
  DmaBench dma(fixed_latency());
  Shape fitting = shape;
  const std::int64_t plane = (shape.rows * shape.columns + dma.o.P - 1) / dma.o.P;
  fitting.blocks = std::min(shape.blocks, dma.o.feature_words() / 2 / plane);
  if (fitting.blocks == 0) return;
  constexpr int kInstructions = 4;
  const std::size_t engine = opcode == isa::Opcode::load ? kLoadFeatures : kSave;
  for (int i = 0; i < kInstructions; ++i) dma.program[engine].push_back(box(dma.o, opcode, fitting, i % 2));
  const std::uint64_t cycles = run_cycles(dma);
  // A row that fills a part of its beats only moves less than its ports could.
  const bool part_beats = shape.row_gap != 0 && shape.columns * dma.o.N < 4 * dma.o.axi_bytes;
  report(opcode == isa::Opcode::load ? "load" : "save", shape.name, dma,
         static_cast<double>(kInstructions * fitting.blocks * shape.rows * shape.columns * dma.o.N), cycles,
         most_bytes(dma.o, true), part_beats ? 0.7 : kWanted);
}

TEST(Bandwidth, OfLoad) {
  for (const Shape& shape : kShapes) measure(isa::Opcode::load, shape);
}

TEST(Bandwidth, OfSave) {
  for (const Shape& shape : kShapes) measure(isa::Opcode::save, shape);
}

TEST(Bandwidth, OfWeights) {
  DmaBench dma(fixed_latency());
  const std::int64_t bytes = dma.o.weight_words / 2 * dma.o.weight_word_bytes();
  for (int i = 0; i < 4; ++i) {
    isa::Instruction load{.opcode = isa::Opcode::load_const};
    load[Field::overlap] = 1;
    load[Field::bytes] = bytes;
    load[Field::address] = i % 2 * dma.o.weight_words / 2;
    dma.program[kLoadWeights].push_back(load);
  }
  const std::uint64_t cycles = run_cycles(dma);
  report("weights", "", dma, 4.0 * static_cast<double>(bytes), cycles, most_bytes(dma.o, false), kWanted);
}

/// From the start to the done of the smallest box: what an engine adds to the latency of the DDR.
TEST(Latency, OfOneSlot) {
  for (const isa::Opcode opcode : {isa::Opcode::load, isa::Opcode::save}) {
    const DmaOptions options = fixed_latency();
    DmaBench dma(options);
    dma.program[opcode == isa::Opcode::load ? kLoadFeatures : kSave].push_back(
        box(dma.o, opcode, {"", 1, 1, 1, 0, 0}, 0));
    const auto cycles = static_cast<int>(run_cycles(dma));
    fmt::print("{}: {} cycles\n", opcode == isa::Opcode::load ? "load" : "save", cycles);
    EXPECT_LE(cycles, options.axi.max_latency + 25);
  }
}

/// What the overlay's file says of its DDR, with latencies that vary: all engines together take that.
TEST(Bandwidth, OfAllEnginesTogether) {
  DmaOptions options = fixed_latency();
  options.axi.max_latency = 120;
  const overlay::Overlay o = bench_overlay();
  const double most = o.ddr_gb_per_s * 1e3 / o.clock_mhz * o.ddr_efficiency;
  options.axi.bytes_per_cycle = most;
  DmaBench dma(options);
  const Shape shape{"load, weights and save", 4, 28, 28, 28, 0};
  for (int i = 0; i < 12; ++i) {
    dma.program[kLoadFeatures].push_back(box(o, isa::Opcode::load, shape, 0));
    dma.program[kSave].push_back(box(o, isa::Opcode::save, shape, 1));
    isa::Instruction load{.opcode = isa::Opcode::load_const};
    load[Field::overlap] = 1;
    load[Field::bytes] = o.weight_words / 8 * o.weight_word_bytes();
    dma.program[kLoadWeights].push_back(load);
  }
  const std::uint64_t begin = dma.bench.cycles;
  // Until the first of them has no more work.
  while (std::ranges::none_of(std::views::iota(std::size_t{0}, kDmaEngines),
                              [&](std::size_t e) { return dma.done[e] == dma.program[e].size(); }))
    dma.cycle();
  double beats = 0;
  for (int port = 0; port < o.axi_ports; ++port)
    beats += static_cast<double>(dma.axi.read_beats(port) + dma.axi.write_beats(port));
  report("together", shape.name, dma, beats * o.axi_bytes, dma.bench.cycles - begin, most, kWanted);
}

}  // namespace
}  // namespace heddle::rtl
