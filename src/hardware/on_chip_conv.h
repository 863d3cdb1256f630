// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "base/data_type.h"
#include "isa/instruction.h"
#include "overlay/overlay.h"

namespace heddle::hardware {

/// A convolution whose source, weights and destination lie on chip: what measures how busy CONV's array is.
struct OnChipConv {
  std::int64_t size = 1;  ///< rows and columns of the destination
  std::int64_t in_channels = 0, out_channels = 0, kernel = 1, stride = 1;
  isa::Dataflow dataflow = isa::Dataflow::weight_stationary;
  DataType source = DataType::i8, weights = DataType::i8, destination = DataType::i8;
  bool operand = false;  ///< a residual add
};

/// As one instruction: the source in the lower half of feature memory, the destination in the upper one, the operand in
/// its upper half; pitches such that groups of P pixels meet no bank twice. Whether all that fits is the caller's to
/// see.
[[nodiscard]] isa::Instruction instruction(const OnChipConv& layer, const overlay::Overlay& overlay);

}  // namespace heddle::hardware
