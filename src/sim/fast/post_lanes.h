// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/fast/kernels.h"
#include "sim/post.h"

namespace heddle::sim::fast {

/// POST for rows of kLanes accumulators.
///
/// The requantiser is computed in binary64: |acc + bias| ≤ 2^36 times a 16-bit mult has at most 52 bits, the scaling
/// by 2^−shift is exact, and so is the 1/2 that is added before floor(), because shift ≤ 47. Larger sums take the
/// integer definition.
struct PostLanes {
  std::shared_ptr<const Post> post;
  DataType type = DataType::i8;
  std::int64_t period = kLanes;       ///< channels of a row; they repeat when fewer than kLanes
  std::vector<LaneParams> blocks;     ///< one per `period` channels, or one that serves all
  bool exact_32 = false;              ///< every bias is small enough for 32-bit accumulators
  std::vector<std::int16_t> table_8;  ///< 256 entries, index y + 128
  [[nodiscard]] const LaneParams& block(std::int64_t b) const {
    return blocks.size() == 1 ? blocks.front() : blocks[static_cast<std::size_t>(b)];
  }
};

/// Row lane l of block b stands for channel b·period + l mod period.
[[nodiscard]] PostLanes make_post_lanes(std::shared_ptr<const Post> post, DataType type, std::int64_t channels,
                                        std::int64_t period);

/// Requantise, clamp and table for `rows` rows of block `b`; exactly as apply_post without an operand.
void finish(const Kernels& kernels, const PostLanes& lanes, std::int64_t b, const std::int32_t* acc, std::int64_t rows,
            std::int16_t* out);
void finish(const Kernels& kernels, const PostLanes& lanes, std::int64_t b, const std::int64_t* acc, std::int64_t rows,
            std::int16_t* out);

/// Accumulators high·256 + low.
void finish(const Kernels& kernels, const PostLanes& lanes, std::int64_t b, const std::int32_t* low,
            const std::int32_t* high, std::int64_t rows, std::int16_t* out);

}  // namespace heddle::sim::fast
