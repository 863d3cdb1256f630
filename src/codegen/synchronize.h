// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <vector>

#include "base/diagnostic.h"
#include "codegen/listing.h"

namespace heddle::codegen {

/// One engine's instructions with their semaphores, without `end`, and the layer of each.
struct Stream {
  std::vector<isa::Instruction> instructions;
  std::vector<std::int32_t> layers;
};
using Streams = std::array<Stream, isa::kEngines>;

/// Splits a serial program into one stream an engine and orders them by semaphores, so that every result is that of
/// the serial program whatever the engines' speeds are.
///
/// Any two accesses of different engines to overlapping boxes, one of them a write, are ordered, unless that follows
/// from other orders (vector clocks). Every ordered pair of engines has one counting semaphore; its k-th signal belongs
/// to its k-th wait. No counter passes 255 even if the waiting engine stands still. `overlap` is set wherever an
/// instruction does not depend on its predecessor. Errors: internal ones only.
[[nodiscard]] Result<Streams> synchronize(const Listing& listing);

}  // namespace heddle::codegen
