// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "sim/fast/context.h"
#include "sim/fast/lines.h"

/// The groups of stencil operations. Lines are [column][lane] in int16; a line's lanes repeat every `lane_count`
/// elements, so that a vector of kLanes elements holds several pixels when a slot has fewer channels.
namespace heddle::sim::fast {

/// Output rows of one task: what they share of their source lines is prepared once.
inline constexpr std::int64_t kBandRows = 8;

/// One stencil instruction while it runs, with what all operations share.
struct Stencil {
  explicit Stencil(const Context& context);

  const Context& c;
  isa::StencilOp op;
  DataType type;
  std::int64_t lane_count, blocks, out_height, out_width;
  std::int64_t elements;         ///< of an output line
  std::int64_t padded_elements;  ///< rounded up to whole vectors
  Writer writer;

  /// POST and store of an output line: accumulators, or elements that are final.
  void emit(std::int64_t block, std::int64_t y, const std::int32_t* acc, Scratch::Thread& own) const;
  void emit(std::int64_t block, std::int64_t y, const std::int64_t* acc, Scratch::Thread& own) const;
  /// Accumulators high·256 + low.
  void emit(std::int64_t block, std::int64_t y, const std::int32_t* low, const std::int32_t* high,
            Scratch::Thread& own) const;
  void write(std::int64_t block, std::int64_t y, const std::int16_t* out) const;
};

void window_stencil(const Stencil& s);     ///< depthwise, maximum, average, identity
void pointwise_stencil(const Stencil& s);  ///< add, multiply, fill
void resize_stencil(const Stencil& s);     ///< nearest, bilinear
void global_stencil(const Stencil& s);     ///< global_average

}  // namespace heddle::sim::fast
