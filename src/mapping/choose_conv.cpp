// SPDX-License-Identifier: Apache-2.0
// Exhaustive choice over tile sizes, loop orders and copies by the closed-form costs of src/cost.
#include <algorithm>
#include <limits>

#include "cost/cost.h"
#include "mapping/problem.h"

namespace heddle::mapping {
namespace {

using cost::ceil_div;

class ConvChooser {
 public:
  ConvChooser(const overlay::Overlay& overlay, const ConvProblem& problem, Budget budget)
      : overlay_(overlay), problem_(problem), budget_(budget) {}

  std::optional<Choice> run();

 private:
  [[nodiscard]] std::int64_t chunk_channels(const Tile& t) const {
    return std::min<std::int64_t>(t.out_blocks, problem_.output.blocks) * problem_.out_lanes;
  }
  [[nodiscard]] std::int64_t piece_words(const Tile& t) const;
  [[nodiscard]] std::int64_t chunk_words(const Tile& t) const;
  [[nodiscard]] std::int64_t reduction_blocks(const Tile& t, std::int32_t part) const;
  [[nodiscard]] bool single_piece(const Tile& t) const;
  [[nodiscard]] bool accumulators_suffice(const Tile& t) const;
  [[nodiscard]] bool params_fit(const Tile& t, std::int64_t share) const;
  bool shrink_piece(Tile& tile, std::int64_t words) const;

  void try_chunk(std::int32_t out_blocks);
  void try_pixels(Tile tile, bool stream_input);
  void try_rows(Tile tile, bool stream_input);
  void consider(const Tile& tile, bool stream_input);
  void add_buffers(Choice& choice, std::int32_t copies) const;
  [[nodiscard]] Estimate estimate(const Choice& choice) const;
  [[nodiscard]] double compute_cycles(const Tile& t) const;
  [[nodiscard]] std::int64_t traffic(const Choice& choice) const;
  [[nodiscard]] bool any_in_ddr() const;
  [[nodiscard]] std::int64_t tiles(const Tile& t) const {
    return ceil_div(problem_.y.out, t.rows) * ceil_div(problem_.x.out, t.columns);
  }
  [[nodiscard]] std::int64_t chunks(const Tile& t) const { return ceil_div(problem_.output.blocks, t.out_blocks); }

  const overlay::Overlay& overlay_;
  const ConvProblem& problem_;
  Budget budget_;
  std::optional<Choice> best_;
};

/// Words of weight memory for one accumulation step of one chunk.
std::int64_t ConvChooser::piece_words(const Tile& t) const {
  const std::int64_t sets = ceil_div(chunk_channels(t), overlay_.M) * t.kernel_rows * t.kernel_columns *
                            ceil_div(std::int64_t{t.in_blocks} * problem_.in_lanes, overlay_.N);
  return sets * overlay_.weight_cycles * problem_.weight_bytes;
}

/// Input blocks of a part that a chunk reads: all of them, or with groups those of its own groups.
std::int64_t ConvChooser::reduction_blocks(const Tile& t, std::int32_t part) const {
  const std::int64_t all = problem_.inputs[static_cast<std::size_t>(part)].blocks;
  if (problem_.groups == 1) return all;
  const std::int64_t groups = ceil_div(chunk_channels(t), std::max(1, problem_.out_per_group)) + 1;
  return std::min(all, ceil_div(groups * problem_.in_per_group, problem_.in_lanes) + 1);
}

std::int64_t ConvChooser::chunk_words(const Tile& t) const {
  Tile whole = t;
  whole.kernel_rows = problem_.kernel_h;
  whole.kernel_columns = problem_.kernel_w;
  std::int64_t words = 0;
  for (std::size_t part = 0; part < problem_.inputs.size(); ++part) {
    whole.in_blocks = static_cast<std::int32_t>(reduction_blocks(t, static_cast<std::int32_t>(part)));
    words += piece_words(whole);
  }
  return words * problem_.phases;
}

/// With one accumulation step per result, the accumulators never have to survive an instruction. The blocks that a
/// chunk of a grouped convolution reads depend on channel maps that are unknown here: taken as several.
bool ConvChooser::single_piece(const Tile& t) const {
  return problem_.inputs.size() == 1 && problem_.groups == 1 && t.in_blocks >= problem_.inputs[0].blocks &&
         t.kernel_rows >= problem_.kernel_h && t.kernel_columns >= problem_.kernel_w;
}

bool ConvChooser::accumulators_suffice(const Tile& t) const {
  const std::int64_t groups = ceil_div(std::int64_t{t.rows} * t.columns, overlay_.P);
  return single_piece(t) || groups * ceil_div(chunk_channels(t), overlay_.M) <= overlay_.acc_depth;
}

bool ConvChooser::params_fit(const Tile& t, std::int64_t share) const {
  return (2 + chunk_channels(t)) * share <= overlay_.param_words;
}

/// Cuts the reduction until one step's weights take at most `words`: channels first, then kernel rows, then columns.
bool ConvChooser::shrink_piece(Tile& tile, std::int64_t words) const {
  const auto blocks_per_set = std::max(1, overlay_.N / problem_.in_lanes);
  while (piece_words(tile) > words) {
    if (tile.in_blocks > blocks_per_set)
      tile.in_blocks =
          static_cast<std::int32_t>(ceil_div(ceil_div(tile.in_blocks, 2), blocks_per_set)) * blocks_per_set;
    else if (tile.kernel_rows > 1)
      tile.kernel_rows = (tile.kernel_rows + 1) / 2;
    else if (tile.kernel_columns > 1)
      tile.kernel_columns = (tile.kernel_columns + 1) / 2;
    else
      return false;
  }
  return true;
}

bool ConvChooser::any_in_ddr() const {
  const auto in_ddr = [](const PartProblem& part) { return part.in_ddr; };
  return problem_.output.in_ddr || std::ranges::any_of(problem_.inputs, in_ddr) ||
         std::ranges::any_of(problem_.operands, in_ddr);
}

std::optional<Choice> ConvChooser::run() {
  // Chunks are whole groups of M channels, so that no lane of the array idles in the middle of a layer.
  const auto unit = std::max(1, overlay_.M / problem_.out_lanes);
  const auto units = static_cast<std::int32_t>(ceil_div(problem_.output.blocks, unit));
  for (const std::int32_t chunk : tile_sizes(units)) try_chunk(chunk * unit);
  if (!best_ && unit > 1)
    for (const std::int32_t chunk : tile_sizes(unit)) try_chunk(chunk);
  return best_;
}

void ConvChooser::try_chunk(std::int32_t out_blocks) {
  Tile tile;
  tile.out_blocks = std::min(out_blocks, problem_.output.blocks);
  if (!params_fit(tile, 1)) return;
  for (const PartProblem& part : problem_.inputs) tile.in_blocks = std::max(tile.in_blocks, part.blocks);
  tile.kernel_rows = problem_.kernel_h;
  tile.kernel_columns = problem_.kernel_w;
  const Tile whole = tile;
  // A third lets the next step's weights arrive while this one's and the last one's are in use.
  for (const std::int64_t share : {3, 2, 1}) {
    tile = whole;
    if (!shrink_piece(tile, overlay_.weight_words / share)) continue;
    try_pixels(tile, false);
    if (best_) return;
  }
  // Not even one pixel of all input channels fits: tiles of fewer channels, re-read for every chunk.
  if (!any_in_ddr() || piece_words(tile) > overlay_.weight_words) return;
  for (; tile.in_blocks >= 1; tile.in_blocks /= 2) try_pixels(tile, true);
}

void ConvChooser::try_pixels(Tile tile, bool stream_input) {
  if (!any_in_ddr() && single_piece(tile)) {
    tile.rows = problem_.y.out;
    tile.columns = problem_.x.out;
    return consider(tile, stream_input);
  }
  const auto columns = tile_sizes(problem_.x.out);
  for (const std::int32_t width : columns) {
    tile.columns = width;
    const std::size_t before = best_ ? 1 : 0;
    try_rows(tile, stream_input);
    // Narrow tiles only add halos, unless whole rows do not fit.
    if (best_ && before == 0) return;
  }
}

void ConvChooser::try_rows(Tile tile, bool stream_input) {
  for (const std::int32_t rows : tile_sizes(problem_.y.out)) {
    tile.rows = rows;
    if (accumulators_suffice(tile)) consider(tile, stream_input);
  }
}

void ConvChooser::consider(const Tile& tile, bool stream_input) {
  for (const std::int32_t copies : {2, 1}) {
    for (const LoopOrder order : {LoopOrder::channels_outer, LoopOrder::pixels_outer}) {
      Choice choice{.tile = tile, .order = order, .stream_input = stream_input, .buffers = {}, .estimate = {}};
      add_buffers(choice, copies);
      if (!fits(overlay_, choice.buffers, budget_)) continue;
      choice.estimate = estimate(choice);
      if (!best_ || choice.estimate.total < best_->estimate.total) best_ = choice;
    }
    if (best_ && best_->tile == tile) return;
  }
}

void ConvChooser::add_buffers(Choice& choice, std::int32_t copies) const {
  const Tile& t = choice.tile;
  const bool repeated = tiles(t) > 1 || choice.stream_input;
  const std::int32_t in_copies = repeated ? copies : 1;
  const std::int32_t out_copies = repeated || chunks(t) > 1 ? copies : 1;
  for (std::size_t part = 0; part < problem_.inputs.size(); ++part) {
    if (!problem_.inputs[part].in_ddr) continue;
    const std::int32_t blocks = problem_.inputs[part].blocks;
    const std::int32_t columns = largest_source(problem_.x, t.columns);
    choice.buffers.push_back({TensorRole::input, static_cast<std::int32_t>(part),
                              choice.stream_input ? std::min(blocks, t.in_blocks) : blocks,
                              largest_source(problem_.y, t.rows), row_pitch(overlay_, columns, t.columns), in_copies});
  }
  const TileBuffer result{TensorRole::output,          0,         t.out_blocks, t.rows * problem_.step_h,
                          t.columns * problem_.step_w, out_copies};
  for (std::size_t part = 0; part < problem_.operands.size(); ++part) {
    if (!problem_.operands[part].in_ddr) continue;
    TileBuffer operand = result;
    operand.role = TensorRole::operand;
    operand.part = static_cast<std::int32_t>(part);
    choice.buffers.push_back(operand);
  }
  if (problem_.output.in_ddr) choice.buffers.push_back(result);
}

/// Cycles of the array over all tiles and chunks, their ends counted exactly.
double ConvChooser::compute_cycles(const Tile& t) const {
  const auto ends = [](std::int64_t size, std::int64_t tile) {
    return std::array<std::pair<std::int64_t, std::int64_t>, 2>{
        {{size / tile, tile}, {size % tile ? 1 : 0, size % tile}}};
  };
  double cycles = 0;
  for (const auto& [row_tiles, rows] : ends(problem_.y.out, t.rows))
    for (const auto& [column_tiles, columns] : ends(problem_.x.out, t.columns))
      for (const auto& [chunk_count, blocks] : ends(problem_.output.blocks, t.out_blocks)) {
        if (row_tiles * column_tiles * chunk_count == 0) continue;
        cost::ConvWork work{.pixels = rows * columns,
                            .out_channels = blocks * problem_.out_lanes,
                            .in_channels = 0,
                            .taps = std::int64_t{problem_.kernel_h} * problem_.kernel_w,
                            .wide = problem_.wide};
        for (std::size_t part = 0; part < problem_.inputs.size(); ++part)
          work.in_channels += reduction_blocks(t, static_cast<std::int32_t>(part)) * problem_.in_lanes;
        cycles += static_cast<double>(row_tiles * column_tiles * chunk_count * problem_.phases) *
                  cost::array_cycles(overlay_, work);
      }
  return cycles;
}

/// DDR bytes: weights and input as often as the loop order reads them, the rest once.
std::int64_t ConvChooser::traffic(const Choice& choice) const {
  const Tile& t = choice.tile;
  const bool channels_outer = choice.order == LoopOrder::channels_outer;
  const std::int64_t chunk = chunk_words(t);
  const bool weights_stay = chunk * (channels_outer ? 1 : chunks(t)) + piece_words(t) <= overlay_.weight_words;
  const std::int64_t weight_reads = weights_stay ? 1 : tiles(t);
  const std::int64_t weight_bytes = chunk * chunks(t) * overlay_.weight_word_bytes() * weight_reads;

  const bool input_stays = !choice.stream_input && (!channels_outer || tiles(t) <= 1);
  const std::int64_t input_reads = input_stays ? 1 : chunks(t);
  const std::int64_t input_slots = total_source(problem_.y, t.rows) * total_source(problem_.x, t.columns);
  std::int64_t moved = 0;
  for (const PartProblem& part : problem_.inputs)
    if (part.in_ddr) moved += part.blocks * input_slots * input_reads;
  const std::int64_t output_slots = std::int64_t{problem_.y.out} * problem_.step_h * problem_.x.out * problem_.step_w;
  for (const PartProblem& part : problem_.operands)
    if (part.in_ddr) moved += part.blocks * output_slots;
  if (problem_.output.in_ddr) moved += problem_.output.blocks * output_slots;
  return weight_bytes + moved * overlay_.N;
}

Estimate ConvChooser::estimate(const Choice& choice) const {
  const Tile& t = choice.tile;
  Estimate e;
  std::int64_t pieces = 0;
  for (std::size_t part = 0; part < problem_.inputs.size(); ++part)
    pieces += ceil_div(reduction_blocks(t, static_cast<std::int32_t>(part)), t.in_blocks);
  pieces *= ceil_div(problem_.kernel_h, t.kernel_rows) * ceil_div(problem_.kernel_w, t.kernel_columns);
  e.instructions = tiles(t) * chunks(t) * pieces * problem_.phases;
  e.array = compute_cycles(t);
  e.drain = cost::drain_cycles(overlay_, std::int64_t{problem_.y.out} * problem_.x.out * problem_.phases *
                                             problem_.output.blocks * problem_.out_lanes);
  e.ddr_bytes = traffic(choice);
  e.memory = cost::ddr_cycles(overlay_, e.ddr_bytes);
  e.overhead = cost::kInstructionCycles * static_cast<double>(e.instructions);
  const double compute = std::max(e.array, e.drain);
  const bool doubled = std::ranges::all_of(choice.buffers, [&](const TileBuffer& b) {
    return b.copies > 1 || (tiles(t) == 1 && b.role != TensorRole::output);
  });
  e.total = e.overhead + (doubled ? std::max(compute, e.memory) : compute + e.memory);
  return e;
}

/// Weights are held whenever a set serves more pixel groups than it takes cycles to load.
isa::Dataflow dataflow(const overlay::Overlay& overlay, const Tile& tile) {
  const std::int64_t groups = ceil_div(std::int64_t{tile.rows} * tile.columns, overlay.P);
  return groups > 1 ? isa::Dataflow::weight_stationary : isa::Dataflow::output_stationary;
}

}  // namespace

std::optional<Choice> choose(const overlay::Overlay& overlay, const ConvProblem& problem, Budget budget) {
  std::optional<Choice> choice = ConvChooser(overlay, problem, budget).run();
  if (choice) choice->dataflow = dataflow(overlay, choice->tile);
  return choice;
}

}  // namespace heddle::mapping
