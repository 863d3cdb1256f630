// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "base/diagnostic.h"
#include "ir/network.h"

namespace heddle::ir {

/// Limits that every overlay shares, because they are widths of instruction fields.
namespace limits {
inline constexpr std::int32_t kKernel = 63, kDilation = 63;
inline constexpr std::int32_t kStride = 15;
inline constexpr std::int32_t kExtent = 8191;  ///< channels, rows, columns of a map
inline constexpr std::int32_t kPad = 2047;
inline constexpr std::int64_t kResizeStep = (std::int64_t{1} << 24) - 1;
inline constexpr std::int64_t kResizeStart = std::int64_t{1} << 27;
}  // namespace limits

/// Channels, rows and columns of a map.
struct Extent {
  std::int32_t channels = 0, height = 0, width = 0;
  friend bool operator==(const Extent&, const Extent&) = default;
};
[[nodiscard]] inline Extent extent(const FeatureMap& map) {
  return {map.channels, map.height, map.width};
}
[[nodiscard]] inline std::int64_t element_count(const FeatureMap& map) {
  return std::int64_t{map.channels} * map.height * map.width;
}

/// Rows and columns that a window yields of an input of `height` × `width`; 0 or negative if it does not fit.
[[nodiscard]] Extent windowed(const Window& window, std::int32_t channels, std::int32_t height, std::int32_t width);
/// Size of a transposed convolution's output.
[[nodiscard]] Extent transposed(const Layer& layer, std::int32_t channels, std::int32_t height, std::int32_t width);

/// Valid taps (inside the map) of output position (y, x), as average pooling without counted padding needs it.
[[nodiscard]] std::int32_t valid_taps(const Window& window, const FeatureMap& input, std::int32_t y, std::int32_t x);

/// Smallest and largest integer of a map's type (i8 or i16).
struct IntegerRange {
  std::int32_t lo = -128, hi = 127;
};
[[nodiscard]] IntegerRange integer_range(DataType type);

/// Does a multiplication of this layer have an operand of more than 8 bits?
[[nodiscard]] bool is_wide(const Network& network, const Layer& layer);

}  // namespace heddle::ir
