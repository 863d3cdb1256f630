// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "isa/instruction.h"

/// What the mapper decided, layer by layer, as plain structs that can be printed and compared.
namespace heddle::mapping {

/// Where a map lies for its whole life.
enum class Placement : std::uint8_t { chip, ddr };

/// Which loop is outside: the other one's data is read again from DDR if it does not stay on chip.
enum class LoopOrder : std::uint8_t {
  pixels_outer,    ///< for tile { load input; for chunk of output channels { load weights; compute } }
  channels_outer,  ///< for chunk { load weights; for tile { load input; compute } }
};

/// Sizes of one tile. The last tile along each dimension is exactly what is left.
struct Tile {
  std::int32_t rows = 1, columns = 1;                ///< output positions
  std::int32_t out_blocks = 1;                       ///< output channel blocks of a chunk (stencil: input blocks)
  std::int32_t in_blocks = 1;                        ///< input channel blocks of one accumulation step
  std::int32_t kernel_rows = 1, kernel_columns = 1;  ///< taps of one accumulation step
  friend bool operator==(const Tile&, const Tile&) = default;
};

/// Cycles by cause. The total assumes that what overlaps does overlap.
struct Estimate {
  double array = 0, drain = 0, memory = 0, overhead = 0;
  double total = 0;
  std::int64_t ddr_bytes = 0;
  std::int64_t instructions = 0;
};

enum class TensorRole : std::uint8_t { input, operand, output };

/// Feature memory that holds one tile of a tensor that lies in DDR. With two copies, the transfer of the next tile
/// overlaps the computation of this one.
struct TileBuffer {
  TensorRole role = TensorRole::input;
  std::int32_t part = 0;  ///< which input or operand, for tensors in several parts
  std::int32_t blocks = 1, rows = 1, columns = 1;
  std::int32_t copies = 1;
  friend bool operator==(const TileBuffer&, const TileBuffer&) = default;
};

/// The answer for one step of the program.
struct Choice {
  Tile tile;
  LoopOrder order = LoopOrder::channels_outer;
  isa::Dataflow dataflow = isa::Dataflow::weight_stationary;
  bool stream_input = false;  ///< input tiles hold `in_blocks` blocks only and are re-read for every chunk
  std::vector<TileBuffer> buffers;
  Estimate estimate;
};

/// One step of the program with its choice, for reports and tests.
struct StepPlan {
  std::int32_t layer = 0;  ///< index into the network's layers
  std::string what;        ///< "conv", "depthwise", "repack", "save", …
  Placement input = Placement::chip, output = Placement::chip;
  Choice choice;
};

struct Plan {
  std::vector<StepPlan> steps;
  std::int64_t feature_slots_used = 0;  ///< highest slot in use
  std::int64_t scratch_bytes = 0;
};

[[nodiscard]] std::string_view name(Placement placement);
[[nodiscard]] std::string_view name(LoopOrder order);
/// "direct, weight_stationary, tile 14x56x32x64, chip to ddr": one line for a report.
[[nodiscard]] std::string describe(const StepPlan& step);
/// One line a step.
[[nodiscard]] std::string print(const Plan& plan);

}  // namespace heddle::mapping
