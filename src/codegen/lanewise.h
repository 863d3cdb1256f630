// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "codegen/lowering.h"

namespace heddle::codegen {

/// Blocks of a lane-wise layer that one instruction can take: contiguous in the input, in the second operand and in
/// the output.
struct LanewisePiece {
  Part input;
  std::optional<Part> operand;
  Part output;
  ChannelMap channels;  ///< output channel of every lane of the input's blocks
};

/// Cuts a lane-wise layer at the borders of its operands' parts, once for every pass of a channel multiplier. Repacks
/// an operand whose channel map differs from the first one's, and an input whose parts cannot be converted to blocks of
/// the output's type one by one. Defines the layer's output.
[[nodiscard]] std::vector<LanewisePiece> lanewise_pieces(Lowering& state, const Job& job);

}  // namespace heddle::codegen
