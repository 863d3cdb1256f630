// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cost/cost.h"
#include "mapping/problem.h"

namespace heddle::mapping {

std::int64_t slots(const overlay::Overlay& overlay, const TileBuffer& buffer) {
  const std::int64_t plane_words = cost::ceil_div(std::int64_t{buffer.rows} * buffer.columns, overlay.P);
  return buffer.blocks * plane_words * overlay.P;
}

bool fits(const overlay::Overlay& overlay, std::span<const TileBuffer> buffers, Budget budget) {
  std::int64_t total = 0;
  for (const TileBuffer& buffer : buffers) {
    const std::int64_t size = slots(overlay, buffer);
    if (size > budget.largest) return false;
    total += size * buffer.copies;
  }
  return total <= budget.slots;
}

std::int32_t row_pitch(const overlay::Overlay& overlay, std::int32_t columns, std::int32_t groups_width) {
  const std::int32_t extra = ((groups_width - columns) % overlay.P + overlay.P) % overlay.P;
  const bool cheap = extra * 8 <= columns;
  return cheap ? columns + extra : columns;
}

std::vector<std::int32_t> tile_sizes(std::int32_t size) {
  std::vector<std::int32_t> sizes;
  // Powers of two and one step between them: fine enough to fit a memory, few enough to try all.
  for (std::int64_t k = 1; k <= 2 * std::int64_t{size}; k *= 2)
    for (const std::int64_t parts : {k, k + k / 2}) {
      const auto tile = static_cast<std::int32_t>(cost::ceil_div(size, parts));
      if (sizes.empty() || tile < sizes.back()) sizes.push_back(tile);
    }
  return sizes;
}

}  // namespace heddle::mapping
