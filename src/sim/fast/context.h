// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/own_threads.h"
#include "isa/instruction.h"
#include "overlay/overlay.h"
#include "sim/fast/kernels.h"
#include "sim/fast/packed_weights.h"
#include "sim/fast/post_lanes.h"
#include "sim/reference.h"

/// Fast execution of conv and stencil, bit-identical to sim/reference.h.
namespace heddle::sim::fast {

/// Where an output pixel of conv reads and writes; offsets in bytes of its slot of block 0.
struct PixelAddress {
  const std::byte* source;
  std::int64_t target, operand;
};

/// Memory that the instructions of one machine use again and again, and what they leave for the next one.
struct Scratch {
  std::vector<std::int16_t> source;        ///< the padded source of the instruction, widened
  std::vector<std::int32_t> offsets;       ///< of the taps, in bytes
  std::vector<std::byte> features;         ///< copy for instructions that overwrite what they still read
  std::vector<std::int64_t> accumulators;  ///< of conv: [panel][pixel][kLanes]

  /// Lines of one task.
  struct Thread {
    std::vector<std::int16_t> source, split, operand, out;
    std::vector<std::int32_t> acc, blend;
    std::vector<std::int64_t> wide;
    std::vector<TapPair> pairs, high_pairs;
    std::vector<PixelAddress> pixels;  ///< of a tile of conv
  };
  tbb::enumerable_thread_specific<Thread> threads;
};

/// What the fast paths need of an instruction beyond its fields; made once, when a segment is prepared.
struct FastStep {
  std::shared_ptr<const PackedWeights> weights;  ///< conv
  std::vector<std::int16_t> coefficients;        ///< depthwise: [block][tap][N]
  PostLanes post;
  bool copy_first = false;  ///< the destination overlaps a source in a way that order of execution would show
};

/// One instruction on one machine.
struct Context {
  const isa::Instruction& i;
  const overlay::Overlay& overlay;
  const FastStep& step;
  const Kernels& kernels;
  std::span<const std::byte> source;  ///< feature memory to read
  std::span<std::byte> target;        ///< feature memory to write; the same bytes unless copy_first
  Scratch& scratch;
  reference::Carry& carry;                  ///< its `sums` are those of global_average; conv keeps its own
  std::span<const std::byte> coefficients;  ///< depthwise: from coefficient_address on
};

void conv(const Context& context);
void stencil(const Context& context);

/// Does the destination of a conv or stencil overlap what it reads, other than slot by slot in place?
[[nodiscard]] bool needs_copy(const isa::Instruction& instruction, const overlay::Overlay& overlay);

/// Makes room for `count` elements without ever giving room back: instructions of all sizes take turns.
template <class T>
T* grow(std::vector<T>& scratch, std::int64_t count) {
  if (scratch.size() < static_cast<std::size_t>(count)) scratch.resize(static_cast<std::size_t>(count));
  return scratch.data();
}

/// f(0) … f(count − 1) on the threads of the calling arena.
template <class F>
void parallel(std::int64_t count, const F& f) {
  if (count <= 1 || tbb::this_task_arena::max_concurrency() == 1) {
    for (std::int64_t k = 0; k < count; ++k) f(k);
    return;
  }
  if constexpr (kOwnThreads) return on_own_threads(count, f);
  tbb::parallel_for(
      tbb::blocked_range<std::int64_t>(0, count, 1),
      [&](const tbb::blocked_range<std::int64_t>& range) {
        for (std::int64_t k = range.begin(); k < range.end(); ++k) f(k);
      },
      tbb::simple_partitioner{});
}

}  // namespace heddle::sim::fast
