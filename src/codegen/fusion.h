// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "ir/network.h"

namespace heddle::codegen {

/// A layer, or a convolution with the addition behind it (docs/arithmetic.md: the same bits fused and unfused).
struct Job {
  std::int32_t layer = 0;
  std::int32_t addition = -1;     ///< layer index of the fused addition, or −1
  bool operand_is_first = false;  ///< the addition has the convolution as its second input
};

/// The layers in execution order. A convolution whose only reader is an addition of the same type runs at the
/// addition's place, because the other operand must exist by then. Maps in `keep` are never fused away.
[[nodiscard]] std::vector<Job> fuse(const ir::Network& network, std::span<const ir::MapId> keep, bool enabled);

/// The map that a job writes.
[[nodiscard]] ir::MapId output_of(const ir::Network& network, const Job& job);
/// All maps that a job reads; of a fused addition the residual comes last.
[[nodiscard]] std::vector<ir::MapId> inputs_of(const ir::Network& network, const Job& job);
/// Parameters of the residual addition with the convolution as operand a.
[[nodiscard]] std::optional<kernels::AddParams> addition_of(const ir::Network& network, const Job& job);

}  // namespace heddle::codegen
