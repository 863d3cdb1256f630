// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "ir/graph.h"

namespace heddle::quant {

/// Gives values without quantisation their neighbour's where that changes nothing: results of operators that only move
/// data take their operand's, operands of activations and of moves take the result's, and what is added to a quantised
/// value gets 16 bits over exactly the range that can matter.
void propagate_quantization(ir::Graph& graph);

/// Does the operator only move elements (or pick or blend them), so that its result has the range of its operand?
[[nodiscard]] bool moves_data(const std::string& op);

}  // namespace heddle::quant
