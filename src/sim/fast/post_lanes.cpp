// SPDX-License-Identifier: Apache-2.0
#include "sim/fast/post_lanes.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "sim/layout.h"

namespace heddle::sim::fast {
namespace {

constexpr std::int64_t kSmallBias = std::int64_t{1} << 35;

LaneParams lane_params(const Post& post, std::int64_t channels, std::int64_t period, std::int64_t block) {
  LaneParams params{};
  params.low = post.lo - post.zero;
  params.high = post.hi - post.zero;
  params.zero = post.zero;
  params.narrow = true;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const auto& q = post.channel(std::min(block * period + static_cast<std::int64_t>(lane) % period, channels - 1));
    params.factor[lane] = std::ldexp(q.mult, -q.shift);
    params.bias[lane] = static_cast<double>(q.bias);
    params.mult[lane] = q.mult;
    // |acc + bias| < 2^32, times mult < 2^48, shifted by 18 < 2^30.
    if (q.shift < 18 || q.shift > 32 || std::abs(q.bias) > INT32_MAX) {
      params.narrow = false;
      continue;
    }
    params.addend[even_odd_position(lane)] = q.bias * q.mult + (std::int64_t{1} << (q.shift - 1));
    params.shift[even_odd_position(lane)] = q.shift;
  }
  return params;
}

void apply_table(const PostLanes& lanes, std::int64_t count, std::int16_t* values) {
  if (!lanes.post->table) return;
  if (lanes.type == DataType::i16) {
    for (std::int64_t k = 0; k < count; ++k)
      values[k] = static_cast<std::int16_t>(kernels::look_up_16(*lanes.post->table, values[k]));
  } else {
    for (std::int64_t k = 0; k < count; ++k) values[k] = lanes.table_8[static_cast<std::size_t>(values[k] + 128)];
  }
}

/// The definition, for sums that binary64 would round.
template <class Acc>
void finish_exactly(const PostLanes& lanes, std::int64_t b, const Acc* acc, std::int64_t rows, std::int16_t* out) {
  const auto last = static_cast<std::int64_t>(lanes.post->channels.size()) - 1;
  for (std::int64_t k = 0; k < rows * kLanes; ++k) {
    const std::int64_t channel = std::min(b * lanes.period + k % kLanes % lanes.period, last);
    out[k] = static_cast<std::int16_t>(apply_post(*lanes.post, lanes.type, channel, acc[k], std::nullopt));
  }
}

}  // namespace

PostLanes make_post_lanes(std::shared_ptr<const Post> post, DataType type, std::int64_t channels, std::int64_t period) {
  PostLanes lanes;
  lanes.type = type;
  lanes.period = period;
  const std::int64_t blocks = post->channels.size() == 1 ? 1 : ceil_div(channels, period);
  if (!post->channels.empty())
    for (std::int64_t b = 0; b < blocks; ++b) lanes.blocks.push_back(lane_params(*post, channels, period, b));
  lanes.exact_32 = std::ranges::all_of(post->channels, [](const auto& q) { return std::abs(q.bias) <= kSmallBias; });
  if (post->table && type != DataType::i16)
    for (int y = -128; y < 128; ++y)
      lanes.table_8.push_back(static_cast<std::int8_t>(kernels::look_up_8(*post->table, y)));
  lanes.post = std::move(post);
  return lanes;
}

void finish(const Kernels& kernels, const PostLanes& lanes, std::int64_t b, const std::int32_t* acc, std::int64_t rows,
            std::int16_t* out) {
  if (!lanes.exact_32) return finish_exactly(lanes, b, acc, rows, out);
  kernels.post(lanes.block(b), acc, rows, out);
  apply_table(lanes, rows * kLanes, out);
}

void finish(const Kernels& kernels, const PostLanes& lanes, std::int64_t b, const std::int64_t* acc, std::int64_t rows,
            std::int16_t* out) {
  if (!kernels.post_wide(lanes.block(b), acc, rows, out)) return finish_exactly(lanes, b, acc, rows, out);
  apply_table(lanes, rows * kLanes, out);
}

void finish(const Kernels& kernels, const PostLanes& lanes, std::int64_t b, const std::int32_t* low,
            const std::int32_t* high, std::int64_t rows, std::int16_t* out) {
  if (!kernels.post_split(lanes.block(b), low, high, rows, out)) {
    std::vector<std::int64_t> sums(static_cast<std::size_t>(rows * kLanes));
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] = std::int64_t{high[k]} * 256 + low[k];
    return finish_exactly(lanes, b, sums.data(), rows, out);
  }
  apply_table(lanes, rows * kLanes, out);
}

}  // namespace heddle::sim::fast
