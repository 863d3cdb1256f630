// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "base/diagnostic.h"
#include "isa/instruction.h"

namespace heddle::sim {

/// The instructions of a segment, decoded, by engine.
using Streams = std::array<std::vector<isa::Instruction>, isa::kEngines>;

/// One instruction of a stream.
struct StreamPosition {
  isa::Engine engine = isa::Engine::load_features;
  std::size_t index = 0;
  friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

/// A serial order of all instructions that the semaphores allow. Because conflicting accesses are ordered by
/// semaphores (the verifier proves it), every such order gives the same bytes; this one runs consumers as early as
/// possible, so that tiles are still in the processor's caches. Errors: deadlock (with the instruction that waits),
/// a stream without end, a semaphore that is not back at 0.
[[nodiscard]] Result<std::vector<StreamPosition>> serial_order(const Streams& streams);

}  // namespace heddle::sim
