// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cost/cost.h"
#include "mapping/problem.h"

namespace heddle::mapping {
namespace {

using cost::ceil_div;

/// Sums that global average can carry over instructions, in channels (docs/isa_semantics.md).
constexpr std::int32_t kCarriedChannels = 4096;

class StencilChooser {
 public:
  StencilChooser(const overlay::Overlay& overlay, const StencilProblem& problem, Budget budget)
      : overlay_(overlay), problem_(problem), budget_(budget) {}

  std::optional<Choice> run();

 private:
  [[nodiscard]] std::int32_t out_blocks(std::int32_t in_blocks) const {
    return static_cast<std::int32_t>(ceil_div(std::int64_t{in_blocks} * problem_.in_lanes, problem_.out_lanes));
  }
  [[nodiscard]] bool constants_fit(std::int32_t blocks) const;
  [[nodiscard]] bool any_in_ddr() const {
    return problem_.input_in_ddr || problem_.operand_in_ddr || problem_.output_in_ddr;
  }
  [[nodiscard]] std::int64_t tiles(const Tile& t) const;
  void consider(const Tile& tile);
  void add_buffers(Choice& choice, std::int32_t copies) const;
  [[nodiscard]] Estimate estimate(const Choice& choice) const;

  const overlay::Overlay& overlay_;
  const StencilProblem& problem_;
  Budget budget_;
  std::optional<Choice> best_;
};

bool StencilChooser::constants_fit(std::int32_t blocks) const {
  const std::int64_t channels = problem_.channel_params ? std::int64_t{blocks} * problem_.in_lanes : 1;
  const bool sums_fit = !problem_.reduces_map || std::int64_t{blocks} * problem_.in_lanes <= kCarriedChannels;
  return sums_fit && 2 + channels <= overlay_.stencil_param_words &&
         std::int64_t{blocks} * problem_.coefficient_taps <= overlay_.coefficient_words;
}

/// Global average has one output; its tiles are tiles of the input.
std::int64_t StencilChooser::tiles(const Tile& t) const {
  const std::int32_t height = problem_.reduces_map ? problem_.y.in : problem_.y.out;
  const std::int32_t width = problem_.reduces_map ? problem_.x.in : problem_.x.out;
  return ceil_div(height, t.rows) * ceil_div(width, t.columns);
}

std::optional<Choice> StencilChooser::run() {
  const std::int32_t height = problem_.reduces_map ? problem_.y.in : problem_.y.out;
  const std::int32_t width = problem_.reduces_map ? problem_.x.in : problem_.x.out;
  // i16 to i8 packs two blocks into one, so that chunks must start on even blocks.
  const std::int32_t unit = std::max(1, problem_.out_lanes / problem_.in_lanes);
  for (std::int32_t chunk : tile_sizes(static_cast<std::int32_t>(ceil_div(problem_.blocks, unit)))) {
    chunk = std::min(chunk * unit, problem_.blocks);
    if (!constants_fit(chunk)) continue;
    if (!any_in_ddr()) {
      consider({.rows = height, .columns = width, .out_blocks = chunk, .in_blocks = chunk});
      return best_;
    }
    for (const std::int32_t columns : tile_sizes(width))
      for (const std::int32_t rows : tile_sizes(height))
        consider({.rows = rows, .columns = columns, .out_blocks = chunk, .in_blocks = chunk});
  }
  return best_;
}

void StencilChooser::consider(const Tile& tile) {
  for (const std::int32_t copies : {2, 1}) {
    Choice choice{.tile = tile, .buffers = {}, .estimate = {}};
    add_buffers(choice, copies);
    if (!fits(overlay_, choice.buffers, budget_)) continue;
    choice.estimate = estimate(choice);
    if (!best_ || choice.estimate.total < best_->estimate.total) best_ = choice;
  }
}

void StencilChooser::add_buffers(Choice& choice, std::int32_t copies) const {
  const Tile& t = choice.tile;
  const std::int64_t repeats = tiles(t) * ceil_div(problem_.blocks, t.in_blocks);
  const std::int32_t used = repeats > 1 ? copies : 1;
  const std::int32_t in_rows = problem_.reduces_map ? t.rows : largest_source(problem_.y, t.rows);
  const std::int32_t in_columns = problem_.reduces_map ? t.columns : largest_source(problem_.x, t.columns);
  if (problem_.input_in_ddr) choice.buffers.push_back({TensorRole::input, 0, t.in_blocks, in_rows, in_columns, used});
  if (problem_.operand_in_ddr) {
    const bool pixel = problem_.operand == StencilOperand::pixel;
    choice.buffers.push_back({TensorRole::operand, 0, t.in_blocks, pixel ? 1 : t.rows, pixel ? 1 : t.columns, used});
  }
  if (problem_.output_in_ddr) {
    const std::int32_t rows = problem_.reduces_map ? 1 : t.rows, columns = problem_.reduces_map ? 1 : t.columns;
    choice.buffers.push_back({TensorRole::output, 0, out_blocks(t.in_blocks), rows, columns, used});
  }
}

Estimate StencilChooser::estimate(const Choice& choice) const {
  const Tile& t = choice.tile;
  Estimate e;
  const std::int64_t out_pixels = std::int64_t{problem_.y.out} * problem_.x.out;
  const std::int64_t in_pixels = problem_.reduces_map
                                     ? std::int64_t{problem_.y.in} * problem_.x.in
                                     : total_source(problem_.y, t.rows) * total_source(problem_.x, t.columns);
  const std::int64_t out_slots = out_pixels * out_blocks(problem_.blocks);
  const std::int64_t in_slots = problem_.input == StencilInput::none ? 0 : in_pixels * problem_.blocks;
  e.array = cost::stencil_cycles(overlay_, out_slots, in_slots);
  e.drain = cost::drain_cycles(overlay_, out_pixels * problem_.blocks * problem_.in_lanes);
  e.instructions = tiles(t) * ceil_div(problem_.blocks, t.in_blocks);
  std::int64_t moved = 0;
  if (problem_.input_in_ddr) moved += in_slots;
  if (problem_.operand_in_ddr)
    moved += problem_.blocks * (problem_.operand == StencilOperand::pixel ? e.instructions : out_pixels);
  if (problem_.output_in_ddr) moved += out_slots;
  e.ddr_bytes = moved * overlay_.N + std::int64_t{problem_.blocks} * problem_.coefficient_taps * 2 * overlay_.N;
  e.memory = cost::ddr_cycles(overlay_, e.ddr_bytes);
  e.overhead = cost::kInstructionCycles * static_cast<double>(e.instructions);
  const double compute = std::max(e.array, e.drain);
  const bool doubled = std::ranges::all_of(choice.buffers, [](const TileBuffer& b) { return b.copies > 1; });
  e.total = e.overhead + (doubled ? std::max(compute, e.memory) : compute + e.memory);
  return e;
}

}  // namespace

std::optional<Choice> choose(const overlay::Overlay& overlay, const StencilProblem& problem, Budget budget) {
  return StencilChooser(overlay, problem, budget).run();
}

}  // namespace heddle::mapping
