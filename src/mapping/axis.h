// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace heddle::mapping {

/// Half-open range of rows, columns or channel blocks.
struct Range {
  std::int32_t begin = 0, end = 0;

  [[nodiscard]] constexpr std::int32_t size() const { return end - begin; }
  [[nodiscard]] constexpr bool overlaps(Range other) const { return begin < other.end && other.begin < end; }
  [[nodiscard]] constexpr bool contains(Range other) const { return begin <= other.begin && other.end <= end; }
  friend constexpr bool operator==(Range, Range) = default;
};

/// How one dimension of a layer's output hangs on the same dimension of its input. The one definition of halos.
struct Axis {
  enum class Kind : std::uint8_t {
    window,  ///< output o reads input o·stride + first … o·stride + last (outside the input: padding)
    resize,  ///< output o reads the neighbours of start + o·step (kernels::resize_tap)
    whole,   ///< every output reads the whole input
  };
  Kind kind = Kind::window;
  std::int32_t in = 1, out = 1;
  std::int32_t stride = 1, first = 0, last = 0;
  std::int64_t start = 0, step = 0;  ///< resize, in 1/65536 of an input pixel
};

/// Input positions inside the map that these outputs read; never empty (position 0 or the last one stands in for a
/// window that lies wholly in the padding). Precondition: `outputs` is not empty.
[[nodiscard]] Range source_range(const Axis& axis, Range outputs);
/// The largest source_range of any tile [k·tile, (k+1)·tile).
[[nodiscard]] std::int32_t largest_source(const Axis& axis, std::int32_t tile);
/// Sum of the source ranges over all tiles: what is read from DDR, halos counted as often as they are read.
[[nodiscard]] std::int64_t total_source(const Axis& axis, std::int32_t tile);

}  // namespace heddle::mapping
