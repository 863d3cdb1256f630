// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "isa/instruction.h"
#include "overlay/overlay.h"
#include "sim/post.h"

/// Every instruction in straight loops from docs/isa_semantics.md. Slow; the fast paths are tested against it.
///
/// Preconditions of all: the fields are legal and every slot that is touched lies inside `features`. Reads happen
/// before writes, so that a destination may overlap a source.
namespace heddle::sim::reference {

/// What an instruction leaves behind for the next one of its engine.
struct Carry {
  std::vector<std::int64_t> conv;  ///< [out channel][pixel], from `last` = 0
  std::vector<std::int64_t> sums;  ///< [channel], global_average with `last` = 0
};

/// `weights` begins at the instruction's weight_address; `post` may be null when `last` is 0.
void conv(const isa::Instruction& instruction, const overlay::Overlay& overlay, std::span<const std::byte> weights,
          const Post* post, std::span<std::byte> features, Carry& carry);

/// `coefficients` begins at the instruction's coefficient_address (read by depthwise only).
void stencil(const isa::Instruction& instruction, const overlay::Overlay& overlay,
             std::span<const std::byte> coefficients, const Post* post, std::span<std::byte> features, Carry& carry);

}  // namespace heddle::sim::reference
