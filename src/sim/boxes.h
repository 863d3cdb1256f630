// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>

#include "isa/instruction.h"
#include "overlay/overlay.h"

namespace heddle::sim {

/// The instructions load and save: boxes of slots between DDR (from the base register's first byte) and feature memory.
/// Preconditions: the box lies inside both.
void load(const isa::Instruction& instruction, const overlay::Overlay& overlay, std::span<const std::byte> ddr,
          std::span<std::byte> features);
void save(const isa::Instruction& instruction, const overlay::Overlay& overlay, std::span<const std::byte> features,
          std::span<std::byte> ddr);

}  // namespace heddle::sim
