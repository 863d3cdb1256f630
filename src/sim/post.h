// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/data_type.h"
#include "base/diagnostic.h"
#include "kernels/integer/arithmetic.h"

namespace heddle::sim {

/// Everything that POST does to an accumulator of one instruction, decoded from parameter memory.
struct Post {
  std::int32_t zero = 0, lo = -128, hi = 127;
  std::vector<kernels::ChannelRequant> channels;  ///< one per channel, or a single one that serves all
  std::optional<kernels::Table> table;
  kernels::AddParams add;

  [[nodiscard]] const kernels::ChannelRequant& channel(std::int64_t c) const {
    return channels.size() == 1 ? channels.front() : channels[static_cast<std::size_t>(c)];
  }
};

/// Decodes the descriptor at `address` (in parameter words) and the words of `channels` channels behind it. Clamps are
/// narrowed to the range of `type`. Errors: parameters or table beyond their memory, a shift outside 1 … 47, crossed
/// limits; these would make the arithmetic undefined.
[[nodiscard]] Result<Post> parse_post(std::span<const std::byte> params, std::span<const std::byte> tables,
                                      std::int64_t address, std::int64_t channels, DataType type);

/// Reduces to the 48 bits of the machine's accumulator.
[[nodiscard]] constexpr std::int64_t wrap_48(std::int64_t value) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << 16) >> 16;
}

/// Requantise, clamp, table, and with an operand the residual add: the element that is stored for `acc`.
[[nodiscard]] std::int32_t apply_post(const Post& post, DataType type, std::int64_t channel, std::int64_t acc,
                                      std::optional<std::int32_t> operand);

}  // namespace heddle::sim
