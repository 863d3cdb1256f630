// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/diagnostic.h"
#include "isa/program.h"
#include "overlay/overlay.h"
#include "sim/fast/context.h"
#include "sim/post.h"
#include "sim/schedule.h"

namespace heddle::sim {

/// How instructions are executed: by the fast kernels, or by the readable loops of sim/reference.h.
enum class Execution : std::uint8_t { fast, reference };

/// One instruction in serial order with the constants that it reads.
struct Step {
  StreamPosition position;
  isa::Instruction instruction;
  std::shared_ptr<const std::vector<std::byte>> weights;  ///< conv by reference: from weight_address on
  std::vector<std::byte> coefficients;                    ///< depthwise: from coefficient_address on
  std::shared_ptr<const Post> post;                       ///< conv, stencil with `last`
  fast::FastStep fast;                                    ///< empty for execution by reference
};

/// A segment made ready for the functional machine: decoded, put in a serial order, its constants unpacked. Immutable,
/// shared by all runs.
struct PreparedSegment {
  overlay::Overlay overlay;
  Execution execution = Execution::fast;
  std::vector<Step> steps;  ///< without end and fence
  /// Bytes that the steps touch behind each base register; a run needs at least these.
  std::array<std::int64_t, isa::kBaseRegisters> extent{};
};

/// Errors: whatever the machine could not execute safely (addresses beyond a memory, deadlock, illegal parameters).
/// isa::verify finds more; this is the machine's own last line of defence.
[[nodiscard]] Result<PreparedSegment> prepare(const Streams& streams, std::span<const std::byte> constants,
                                              const overlay::Overlay& overlay, Execution execution = Execution::fast);

}  // namespace heddle::sim
