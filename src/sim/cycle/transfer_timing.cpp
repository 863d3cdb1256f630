// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "isa/program.h"
#include "sim/cycle/banks.h"
#include "sim/cycle/timing.h"
#include "sim/layout.h"

// LOAD, LOAD_CONST and SAVE (rtl/dma): beats of DDR, as fast as ports, banks and queues let them through.
namespace heddle::sim::cycle {
namespace {

using isa::Field;
using isa::Space;

constexpr double kAddressLead = 4;  ///< from the start to the first address
constexpr double kLoadTail = 6;     ///< from the last beat to `done`
constexpr double kConstTail = 2;    ///< the same of load_const
constexpr double kSaveLead = 10;    ///< from the start to the first beat written
constexpr double kSaveTail = 2;     ///< from the last response to `done`
/// From an address to the end of what it brought, beside DDR's latency.
constexpr double kPieceOverhead = 12;

/// Cycles that a transfer gains because DDR has rested before: it may be ahead of its bandwidth by a beat of each port.
double credit(const Timing& t, const Parameters& p) {
  const double ddr = p.ddr_beats();
  return t.top_rate > ddr ? std::min(static_cast<double>(p.ports) + ddr, t.work) / ddr : 0;
}

/// How a box lies in DDR: runs without gaps (box_walker).
struct Runs {
  std::int64_t count = 1, slots = 1;
  double beats = 0, pieces = 0;
  [[nodiscard]] double piece_beats() const { return beats / pieces; }
};

Runs runs_of(const isa::Instruction& i, const Parameters& p) {
  const std::int64_t blocks = i[Field::blocks], rows = i[Field::rows], columns = i[Field::columns];
  const bool rows_join = rows == 1 || i[Field::ddr_row] == columns;
  const bool planes_join = blocks == 1 || i[Field::ddr_plane] == rows * columns;
  Runs runs{.count = blocks * rows, .slots = columns};
  if (rows_join) runs = {.count = blocks, .slots = rows * columns};
  if (rows_join && planes_join) runs = {.count = 1, .slots = blocks * rows * columns};
  const std::int64_t bytes = runs.slots * p.channels_in, piece = p.piece_bytes();
  std::int64_t beats = 0;
  if (p.channels_in % p.beat_bytes == 0 && i[Field::ddr_offset] % p.beat_bytes == 0) {
    beats = runs.count * (bytes / p.beat_bytes);
  } else {
    // A piece begins anywhere inside a beat.
    const std::int64_t inner = rows_join ? 1 : rows;
    for (std::int64_t b = 0; b < runs.count / inner; ++b)
      for (std::int64_t y = 0; y < inner; ++y) {
        const std::int64_t at =
            (i[Field::ddr_offset] + (b * i[Field::ddr_plane] + y * i[Field::ddr_row]) * p.channels_in) % p.beat_bytes;
        const std::int64_t shared = at == 0 ? 0 : (bytes - 1) / piece;  // beats that two pieces fetch
        beats += ceil_div(at + bytes, p.beat_bytes) + shared;
      }
  }
  runs.beats = static_cast<double>(beats);
  runs.pieces = static_cast<double>(runs.count * ceil_div(bytes, piece));
  return runs;
}

/// Beats a cycle that pass through feature memory: a port takes a group a cycle, lanes of all ports meet in P banks as
/// if by chance, and rows shorter than a beat take a step each.
double lane_rate(const isa::Instruction& i, const Runs& runs, const Parameters& p) {
  const auto ports = static_cast<double>(p.ports), banks = static_cast<double>(p.banks);
  const double lanes = std::max(1.0, static_cast<double>(p.beat_bytes) / static_cast<double>(p.channels_in));
  const double beats = std::max(1.0, static_cast<double>(p.channels_in) / static_cast<double>(p.beat_bytes));
  const double served = banks * (1 - std::pow(1 - 1 / banks, ports * lanes / beats));  // lanes a cycle
  double rate = (p.ports == 1 ? std::min(lanes, banks) : served) / lanes * beats;  // a port's lanes lie side by side
  const auto columns = static_cast<double>(i[Field::columns]);
  if (columns < lanes && runs.slots > i[Field::columns]) rate = std::min(rate, ports * columns / lanes);
  return std::min(rate, ports);
}

double box_setup(const isa::Instruction& i, std::int64_t pitch, const Parameters& p) {
  const int first = std::max({digits(pitch), digits(i[Field::columns]), digits(i[Field::rows])});
  const int second = std::max(digits(i[Field::rows]), digits(i[Field::blocks]));
  const int doublings = digits(p.piece_bytes() / p.channels_in - 1) + 1;
  return 1 + first + 1 + 1 + second + 1 + 2 * doublings + 2;
}

isa::SlotBox box_of(const SlotView& view, const isa::Instruction& i) {
  return {view.origin, i[Field::blocks], view.plane, i[Field::rows], view.pitch, i[Field::columns], 1};
}

/// Fields that LOAD and SAVE share. `window`: pieces of a port on their way.
Timing box_timing(const isa::Instruction& i, std::int64_t pitch, double window, const Parameters& p) {
  const Runs runs = runs_of(i, p);
  const auto ports = static_cast<double>(p.ports);
  Timing t;
  t.setup = box_setup(i, pitch, p);
  t.work = runs.beats;
  // A port needs its pieces on their way to cover the latency.
  const double covered = window * runs.piece_beats() / (p.memory.latency + kPieceOverhead);
  t.top_rate = std::min({ports, lane_rate(i, runs, p), ports * covered, runs.piece_beats()});
  t.runs = static_cast<double>(runs.count);
  t.piece_beats = static_cast<double>(p.piece_bytes() / p.beat_bytes);
  t.run_pieces = static_cast<double>(ceil_div(runs.slots * p.channels_in, p.piece_bytes()) - 1);
  t.rest_beats = std::max(0.0, runs.beats / t.runs - t.run_pieces * t.piece_beats);
  t.front_cycles = runs.pieces * (runs.slots * p.channels_in > p.piece_bytes() ? 2 : 1) + 2;
  return t;
}

}  // namespace

Timing load_timing(const isa::Instruction& i, const Parameters& p) {
  Timing t = box_timing(i, i[Field::dst_pitch], static_cast<double>(kPieces), p);
  const auto piece_beats = static_cast<double>(p.piece_bytes() / p.beat_bytes);
  t.lead = kAddressLead + p.memory.latency;
  t.tail = kLoadTail - credit(t, p);
  t.front = static_cast<double>(p.ports) * (static_cast<double>(kRoomBeats) + piece_beats);
  t.reads_ddr = true;
  t.write = {regions_of(box_of(destination_view(i, p.banks), i), p), 1.0};
  return t;
}

Timing save_timing(const isa::Instruction& i, const Parameters& p) {
  Timing t = box_timing(i, i[Field::src_pitch], static_cast<double>(kWriteBursts), p);
  const auto piece_beats = static_cast<double>(p.piece_bytes() / p.beat_bytes);
  t.lead = kSaveLead;
  t.tail = p.memory.latency + kSaveTail - credit(t, p);
  t.front = static_cast<double>(p.ports) * 5 * piece_beats;
  t.writes_ddr = true;
  t.read = {regions_of(box_of(source_view(i, p.banks), i), p), 1.0};
  return t;
}

Timing load_const_timing(const isa::Instruction& i, const Parameters& p) {
  const auto space = static_cast<Space>(i[Field::space]);
  const bool in_beats = p.weight_word_bytes % p.beat_bytes == 0;
  const bool geared = space != Space::weights || !in_beats;
  const auto beat = static_cast<double>(p.beat_bytes), ports = static_cast<double>(p.ports);
  double word = 2;
  if (space == Space::weights) word = static_cast<double>(p.weight_word_bytes);
  if (space == Space::conv_params || space == Space::stencil_params) word = static_cast<double>(isa::kParamWordBytes);
  if (space == Space::coefficients) word = 2 * static_cast<double>(p.channels_in);
  Timing t;
  t.setup = 1;
  t.lead = kAddressLead + p.memory.latency;
  t.work = static_cast<double>(ceil_div(i[Field::bytes], p.beat_bytes));
  t.top_rate = geared ? std::min(1.0, word / beat) : std::min(ports, static_cast<double>(p.weight_word_bytes) / beat);
  t.tail = kConstTail + (geared ? 2 : 0) - credit(t, p);
  t.front = (geared ? 1 : ports) * static_cast<double>(kRoomBeats + p.piece_bytes() / p.beat_bytes);
  t.one_port = geared;
  t.runs = 1;
  t.piece_beats = static_cast<double>(p.piece_bytes() / p.beat_bytes);
  t.run_pieces = static_cast<double>(ceil_div(i[Field::bytes], p.piece_bytes()) - 1);
  t.rest_beats = t.work - t.run_pieces * t.piece_beats;
  t.front_cycles = t.run_pieces + 3;
  t.reads_ddr = true;
  return t;
}

Timing timing_of(const isa::Instruction& i, const Parameters& p) {
  switch (i.opcode) {
    case isa::Opcode::load:
      return load_timing(i, p);
    case isa::Opcode::load_const:
      return load_const_timing(i, p);
    case isa::Opcode::conv:
      return conv_timing(i, p);
    case isa::Opcode::stencil:
      return stencil_timing(i, p);
    case isa::Opcode::save:
      return save_timing(i, p);
    case isa::Opcode::end:
    case isa::Opcode::fence:
      return {};
  }
  return {};
}

}  // namespace heddle::sim::cycle
