// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "isa/instruction.h"
#include "overlay/overlay.h"

/// Random legal stencil instructions with everything that they need, and what they leave in feature memory.
namespace heddle::rtl {

/// Contents of the memories that STENCIL reads.
struct StencilMemories {
  std::vector<std::byte> features, params, coefficients, tables;
};

/// Random contents. Parameters are those of descriptors and channel words; `draw_instruction` overwrites what it uses.
StencilMemories random_memories(const overlay::Overlay& overlay, std::mt19937_64& random);

/// What the next instruction may touch: sources lie in the lower, outputs in the upper half of feature memory.
struct StencilDraw {
  const overlay::Overlay& overlay;
  StencilMemories& memories;
  std::mt19937_64& random;
  std::int64_t slot = 0;         ///< next free slot for outputs
  std::int64_t param = 0;        ///< next free parameter word
  std::int64_t coefficient = 0;  ///< next free coefficient word

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  }
};

/// A legal instruction of this operation whose output no other instruction of the draw touches; its parameters and
/// coefficients are written into the memories. No value when there is no room any more.
std::optional<isa::Instruction> draw_instruction(StencilDraw& draw, isa::StencilOp op);

/// A chain of global averages over sources of different sizes: the first begins the sums, the last one drains them.
std::vector<isa::Instruction> draw_chain(StencilDraw& draw, int length);

/// Moves the output onto the source: legal for add, multiply and an unpadded identity of stride 1 between equal
/// formats.
void put_in_place(isa::Instruction& instruction);

/// Runs the instructions one after the other on `memories.features` (src/sim/reference_stencil.cpp).
void run_reference(const overlay::Overlay& overlay, StencilMemories& memories,
                   std::span<const isa::Instruction> instructions);

}  // namespace heddle::rtl
