// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "kernels/check.h"

namespace heddle::kernels {

/// Geometry of a sliding window (convolution, pool) over any number of spatial dimensions; one entry a dimension.
struct Window {
  Shape kernel, stride, dilation, pad_begin, pad_end;
  Shape in, out;  ///< spatial sizes; kUnknown where not bound
};

/// Taps of a window position that lie inside the input: first, first+1, …, end−1.
struct TapRange {
  std::int64_t first, end;
};

/// Reads strides, dilations, pads and auto_pad, and computes the output's sizes. `kernel` is the resolved kernel shape.
/// Reports and returns nothing for values out of range, wrong lengths, and kernels larger than the padded input.
[[nodiscard]] std::optional<Window> resolve_window(Check& check, const Shape& in, const Shape& kernel,
                                                   bool ceil_mode = false);
/// As above, for ConvTranspose: `in` is the smaller side, `out` the larger; reads output_padding and output_shape too.
[[nodiscard]] std::optional<Window> resolve_transposed_window(Check& check, const Shape& in, const Shape& kernel);

/// The spatial dimensions of an N×C×D1×… shape.
[[nodiscard]] Shape spatial(const Shape& shape);
/// N×C×out.
[[nodiscard]] Shape with_spatial(std::int64_t batch, std::int64_t channels, const Shape& out);

/// Valid taps along one dimension for output index `o`.
[[nodiscard]] TapRange valid_taps(const Window& window, std::size_t dimension, std::int64_t o);
/// Output indices along one dimension whose tap `tap` lies inside the input.
[[nodiscard]] TapRange valid_outputs(const Window& window, std::size_t dimension, std::int64_t tap);

}  // namespace heddle::kernels
