// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mapping/axis.h"
#include "mapping/plan.h"
#include "overlay/overlay.h"

/// The question that a chooser answers for one step: sizes, what lies in DDR, and how much memory tiles may take.
/// Geometry only; no network, no channel maps, no addresses.
namespace heddle::mapping {

/// Feature memory that is free while the step runs.
struct Budget {
  std::int64_t slots = 0;    ///< all of it
  std::int64_t largest = 0;  ///< its largest contiguous piece
};

/// A tensor in contiguous channel blocks.
struct PartProblem {
  std::int32_t blocks = 1;
  bool in_ddr = false;
};

struct ConvProblem {
  Axis y, x;                            ///< positions of one phase; a plain convolution has one phase
  std::int32_t step_h = 1, step_w = 1;  ///< output pixels per position: phases of a transposed convolution interleave
  std::int32_t phases = 1;              ///< step_h·step_w, or 1
  std::int32_t kernel_h = 1, kernel_w = 1;  ///< taps of the largest phase
  std::vector<PartProblem> inputs;          ///< summed over
  PartProblem output;
  std::vector<PartProblem> operands;         ///< residual, in the output's blocks; empty: none
  std::int32_t in_lanes = 1, out_lanes = 1;  ///< channels of a block
  bool wide = false;
  std::int32_t weight_bytes = 1;  ///< of one stored weight
  /// Groups: a chunk of output channels reads only the blocks of its own groups.
  std::int32_t groups = 1, in_per_group = 0, out_per_group = 0;
};

enum class StencilInput : std::uint8_t { none, map };
enum class StencilOperand : std::uint8_t { none, map, pixel };

struct StencilProblem {
  Axis y, x;
  std::int32_t blocks = 1;  ///< of the input; the output has ⌈blocks·in_lanes / out_lanes⌉
  std::int32_t in_lanes = 1, out_lanes = 1;
  StencilInput input = StencilInput::map;
  StencilOperand operand = StencilOperand::none;
  bool input_in_ddr = false, operand_in_ddr = false, output_in_ddr = false;
  bool reduces_map = false;           ///< global average: sums are carried over tiles of the input
  std::int32_t coefficient_taps = 0;  ///< words of coefficients a block (depthwise)
  bool channel_params = false;        ///< a parameter word per channel instead of one for all
};

/// The cheapest legal choice, or nothing if no tile fits the budget.
[[nodiscard]] std::optional<Choice> choose(const overlay::Overlay& overlay, const ConvProblem& problem, Budget budget);
[[nodiscard]] std::optional<Choice> choose(const overlay::Overlay& overlay, const StencilProblem& problem,
                                           Budget budget);

/// Slots that a tile buffer takes: whole words per block, so that all blocks start in the same bank.
[[nodiscard]] std::int64_t slots(const overlay::Overlay& overlay, const TileBuffer& buffer);
/// Do all copies of these buffers fit into the free memory?
[[nodiscard]] bool fits(const overlay::Overlay& overlay, std::span<const TileBuffer> buffers, Budget budget);
/// Row pitch of a tile: W' ≥ columns with W' ≡ `groups_width` modulo P where that costs little, so that groups of P
/// pixels that cross a row end find P different banks.
[[nodiscard]] std::int32_t row_pitch(const overlay::Overlay& overlay, std::int32_t columns, std::int32_t groups_width);

/// Distinct tile sizes ⌈size/k⌉ for growing k, largest first: tile ends waste at most one tile's remainder.
[[nodiscard]] std::vector<std::int32_t> tile_sizes(std::int32_t size);

}  // namespace heddle::mapping
