// SPDX-License-Identifier: Apache-2.0
// Single instructions on the whole Verilated overlay. The values do not matter: nothing depends on them in time.
#include <fmt/format.h>

#include <ctime>
#include <vector>

#include "cli/bench_cosim.h"
#include "hardware/on_chip_conv.h"
#include "isa/codec.h"

namespace heddle::cli {
namespace {

using isa::Field;

struct Layer {
  const char* name;
  hardware::OnChipConv conv;
  double goal;           ///< share of the cycles in which it is in execution
  bool of_post = false;  ///< the rate that counts is POST's
};

constexpr Layer kLayers[] = {{"3x3-64-64-56", {56, 64, 64, 3, 1}, 0.97},
                             {"1x1-64-64-56", {56, 64, 64, 1, 1}, 0.92},
                             {"1x1-256-64-28", {28, 256, 64, 1, 1}, 0.92},
                             {"3x3-64-64-28-stride-2", {28, 64, 64, 3, 2}, 0.92},
                             {"1x1-128-128-14-stride-2", {14, 128, 128, 1, 2}, 0.92},
                             {"3x3-128-128-7", {7, 128, 128, 3, 1}, 0.90},
                             {"3x3-128-128-13", {13, 128, 128, 3, 1}, 0.90},
                             {"1x1-32-64-56", {56, 32, 64, 1, 1}, 0.95, true},
                             {"1x1-16-96-56", {56, 16, 96, 1, 1}, 0.95, true}};

/// Streams of one engine's instructions; the others only end.
using Streams = std::array<std::vector<isa::Word>, isa::kEngines>;

Result<Streams> streams_of(isa::Engine engine, const std::vector<isa::Instruction>& instructions) {
  Streams streams;
  for (const isa::Instruction& instruction : instructions) {
    const Result<isa::Word> word = isa::encode(instruction);
    if (!word) return fail(word.error());
    streams[static_cast<std::size_t>(engine)].push_back(*word);
  }
  for (auto& stream : streams) stream.push_back(isa::encode({}).value());
  return streams;
}

Result<cosim::RunReport> run(cosim::Machine& machine, const Streams& streams,
                             std::span<const std::byte> constants = {}) {
  cosim::Job job{.streams = {}, .constants = constants, .bases = {}};
  for (std::size_t e = 0; e < isa::kEngines; ++e) job.streams[e] = streams[e];
  Result<cosim::RunReport> report = machine.run(job);
  if (report && !report->status.done)
    return fail({.code = "bench.run", .message = "a layer ended with " + std::string(name(report->status.cause))});
  return report;
}

cosim::Machine make_machine(const BenchModel& model) {
  cosim::MachineOptions options;
  options.ddr = cosim::ddr_options(model.overlay);
  return {model.library, options};
}

double in_execution(const cosim::RunReport& report) {
  double cycles = static_cast<double>(report.counters.at("conv.busy"));
  for (const auto& [name, value] : report.counters)
    if (name.starts_with("conv.stall.")) cycles += static_cast<double>(value);
  return cycles;
}

Status add_array_row(const BenchModel& model, const Layer& layer, std::vector<BenchRow>& rows) {
  const overlay::Overlay& o = model.overlay;
  const isa::Instruction one = instruction(layer.conv, o);
  const std::int64_t weights = layer.conv.kernel * layer.conv.kernel * one[Field::in_blocks] *
                               ((layer.conv.out_channels + o.M - 1) / o.M) * o.weight_cycles,
                     source = one[Field::src_plane] * one[Field::in_blocks],
                     destination = one[Field::dst_plane] * one[Field::out_blocks];
  if (weights > o.weight_words || source > o.feature_words() / 2 || destination > o.feature_words() / 2 ||
      layer.conv.in_channels % o.N != 0)
    return {};  // not on chip with this overlay
  // Short layers follow each other: what they leave of the array at their ends the next one takes.
  std::vector<isa::Instruction> program(layer.conv.kernel == 1 ? 4 : 1, one);
  for (std::size_t i = 1; i < program.size(); ++i) program[i][Field::overlap] = 1;
  const Result<Streams> streams = streams_of(isa::Engine::conv, program);
  if (!streams) return fail(streams.error());
  cosim::Machine machine = make_machine(model);
  const Result<cosim::RunReport> report = run(machine, *streams);
  if (!report) return fail(report.error());
  const double busy = static_cast<double>(report->counters.at("conv.busy"));
  const double chunks = static_cast<double>(static_cast<std::int64_t>(program.size()) * layer.conv.size *
                                            layer.conv.size * one[Field::out_blocks]) *
                        o.N / o.post_lanes;
  const double least = layer.of_post ? std::max(busy, chunks) : busy;
  rows.push_back({fmt::format("{}-{}", layer.of_post ? "array-or-post" : "array", layer.name) + "-" + o.name,
                  "share",
                  {},
                  layer.goal,
                  true,
                  least / in_execution(*report),
                  "rtl"});
  return {};
}

/// Weights alone: nothing else is to be done, so DDR sets the pace.
Status add_ddr_row(const BenchModel& model, std::vector<BenchRow>& rows) {
  const overlay::Overlay& o = model.overlay;
  const std::int64_t bytes = o.weight_words * o.weight_word_bytes() / 4096 * 4096;
  isa::Instruction load;
  load.opcode = isa::Opcode::load_const;
  load[Field::ddr_base] = isa::kConstants;
  load[Field::space] = static_cast<std::int64_t>(isa::Space::weights);
  load[Field::bytes] = bytes / 4;
  std::vector<isa::Instruction> program(4, load);
  for (std::size_t i = 1; i < program.size(); ++i) {
    program[i][Field::overlap] = 1;
    program[i][Field::ddr_offset] = static_cast<std::int64_t>(i) * (bytes / 4);
  }
  const Result<Streams> streams = streams_of(isa::Engine::load_weights, program);
  if (!streams) return fail(streams.error());
  const std::vector<std::byte> constants(static_cast<std::size_t>(bytes));
  cosim::Machine machine = make_machine(model);
  const Result<cosim::RunReport> report = run(machine, *streams, constants);
  if (!report) return fail(report.error());
  const double rate =
      static_cast<double>(report->counters.at("ddr.read_bytes")) / static_cast<double>(report->counters.at("cycles"));
  rows.push_back(
      {"ddr-weights-" + o.name, "share", {}, 0.85, true, rate / cosim::ddr_options(o).bytes_per_cycle, "rtl"});
  return {};
}

}  // namespace

Status add_layer_rows(const BenchModel& model, std::vector<BenchRow>& rows) {
  for (const Layer& layer : kLayers)
    if (const Status added = add_array_row(model, layer, rows); !added) return added;
  return add_ddr_row(model, rows);
}

Status add_rtl_speed_rows(const BenchModel& model, std::vector<BenchRow>& rows) {
  const Result<Streams> streams = streams_of(isa::Engine::conv, {instruction(kLayers[0].conv, model.overlay)});
  if (!streams) return fail(streams.error());
  cosim::Machine machine = make_machine(model);
  const std::clock_t start = std::clock();
  const Result<cosim::RunReport> report = run(machine, *streams);
  if (!report) return fail(report.error());
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const std::int64_t macs = std::int64_t{model.overlay.P} * model.overlay.M * model.overlay.N;
  const bool counts = macs >= 1792 && macs <= 2048;
  rows.push_back({fmt::format("rtl-speed-{}-{}-macs", model.overlay.name, macs),
                  "cycles/s",
                  {},
                  counts ? std::optional(1e5) : std::nullopt,
                  true,
                  static_cast<double>(machine.cycles()) / seconds,
                  "CPU time"});
  return {};
}

}  // namespace heddle::cli
