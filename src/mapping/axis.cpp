// SPDX-License-Identifier: Apache-2.0
#include "mapping/axis.h"

#include <algorithm>

#include "kernels/integer/arithmetic.h"

namespace heddle::mapping {
namespace {

Range window_range(const Axis& axis, Range outputs) {
  const std::int64_t low = std::int64_t{outputs.begin} * axis.stride + axis.first;
  const std::int64_t high = std::int64_t{outputs.end - 1} * axis.stride + axis.last;
  const std::int64_t begin = std::clamp<std::int64_t>(low, 0, axis.in - 1);
  const std::int64_t end = std::clamp<std::int64_t>(high + 1, begin + 1, axis.in);
  return {static_cast<std::int32_t>(begin), static_cast<std::int32_t>(end)};
}

template <class Visit>
void for_tiles(const Axis& axis, std::int32_t tile, const Visit& visit) {
  for (std::int32_t o = 0; o < axis.out; o += tile) visit(source_range(axis, {o, std::min(o + tile, axis.out)}));
}

}  // namespace

Range source_range(const Axis& axis, Range outputs) {
  switch (axis.kind) {
    case Axis::Kind::window:
      return window_range(axis, outputs);
    case Axis::Kind::resize:
      return {kernels::resize_tap(axis.start, axis.step, outputs.begin, axis.in).first,
              kernels::resize_tap(axis.start, axis.step, outputs.end - 1, axis.in).second + 1};
    case Axis::Kind::whole:
      return {0, axis.in};
  }
  return {};
}

std::int32_t largest_source(const Axis& axis, std::int32_t tile) {
  std::int32_t largest = 0;
  for_tiles(axis, tile, [&](Range source) { largest = std::max(largest, source.size()); });
  return largest;
}

std::int64_t total_source(const Axis& axis, std::int32_t tile) {
  std::int64_t total = 0;
  for_tiles(axis, tile, [&](Range source) { total += source.size(); });
  return total;
}

}  // namespace heddle::mapping
