// SPDX-License-Identifier: Apache-2.0
#include "sim/post.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "isa/program.h"

namespace heddle::sim {
namespace {

constexpr std::int64_t kWord = isa::kParamWordBytes;

tl::unexpected<Diagnostics> bad(const char* code, std::string field, std::string message) {
  Diagnostic d;
  d.code = code;
  d.field = std::move(field);
  d.message = std::move(message);
  return fail(std::move(d));
}

kernels::ChannelRequant channel_word(const std::byte* word) {
  kernels::ChannelRequant q;
  std::uint64_t bias = 0;
  std::memcpy(&bias, word, 6);
  q.bias = wrap_48(static_cast<std::int64_t>(bias));
  std::memcpy(&q.mult, word + 6, 2);
  q.shift = static_cast<std::uint8_t>(word[8]);
  return q;
}

bool legal_shift(std::uint8_t shift) {
  return shift >= 1 && shift <= 47;
}

Status check_limits(const Post& post) {
  const auto wrong = [](int shift) { return "shift " + std::to_string(shift) + " is not in 1 to 47"; };
  for (const auto& q : post.channels)
    if (!legal_shift(q.shift)) return bad("machine.post.shift", "param_address", wrong(q.shift));
  if (!legal_shift(post.add.shift)) return bad("machine.post.shift", "param_address", "add " + wrong(post.add.shift));
  if (post.lo > post.hi || post.add.lo > post.add.hi)
    return bad("machine.post.clamp", "param_address", "the lower limit is above the upper limit of the output type");
  return {};
}

}  // namespace

Result<Post> parse_post(std::span<const std::byte> params, std::span<const std::byte> tables, std::int64_t address,
                        std::int64_t channels, DataType type) {
  const auto memory = static_cast<std::int64_t>(params.size());
  isa::PostDescriptor d;
  if ((address + 2) * kWord > memory)
    return bad("machine.post.range", "param_address", "the post descriptor lies beyond parameter memory");
  std::memcpy(&d, params.data() + address * kWord, sizeof d);
  const std::int64_t words = (d.flags & 1) != 0 ? 1 : channels;
  if ((address + 2 + words) * kWord > memory)
    return bad("machine.post.range", "param_address", "the channel parameters lie beyond parameter memory");

  Post post;
  const std::int16_t low = type == DataType::i16 ? INT16_MIN : INT8_MIN;
  const std::int16_t high = type == DataType::i16 ? INT16_MAX : INT8_MAX;
  post.zero = d.zero_point;
  post.lo = std::max(d.lo, low);
  post.hi = std::min(d.hi, high);
  post.add = {d.add_mult_a,
              d.add_mult_b,
              d.add_zero_a,
              d.add_zero_b,
              d.add_zero_y,
              std::max(d.add_lo, low),
              std::min(d.add_hi, high),
              d.add_shift};
  post.channels.reserve(static_cast<std::size_t>(words));
  for (std::int64_t c = 0; c < words; ++c)
    post.channels.push_back(channel_word(params.data() + (address + 2 + c) * kWord));
  if (d.table != 0) {
    const std::size_t begin = (d.table - std::size_t{1}) * isa::kTableBytes;
    if (begin + isa::kTableBytes > tables.size())
      return bad("machine.post.table", "param_address", "table " + std::to_string(d.table - 1) + " does not exist");
    std::memcpy(post.table.emplace().entry.data(), tables.data() + begin, isa::kTableBytes);
  }
  if (Status status = check_limits(post); !status) return fail(std::move(status.error()));
  return post;
}

std::int32_t apply_post(const Post& post, DataType type, std::int64_t channel, std::int64_t acc,
                        std::optional<std::int32_t> operand) {
  kernels::ChannelRequant q = post.channel(channel);
  const std::int64_t biased = wrap_48(acc + q.bias);
  q.bias = 0;
  std::int32_t y = kernels::requantize(biased, q, post.zero, post.lo, post.hi);
  if (post.table) {
    y = type == DataType::i16 ? kernels::look_up_16(*post.table, y) : kernels::look_up_8(*post.table, y);
    y = type == DataType::i16 ? static_cast<std::int16_t>(y) : static_cast<std::int8_t>(y);
  }
  return operand ? kernels::residual_add(y, *operand, post.add) : y;
}

}  // namespace heddle::sim
