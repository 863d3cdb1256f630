// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "quant/lowering/site.h"

namespace heddle::quant {

/// The window of a Conv or pool over a placed map: 1-D operators get a height of 1, auto_pad is resolved, and the pads
/// at the ends are exactly what the last output position needs (ceil_mode may reach beyond the declared ones).
struct SpatialWindow {
  ir::Window window;
  std::int32_t declared_bottom = 0, declared_right = 0;  ///< before that adjustment
};

/// `kernel` has one entry per spatial dimension. Precondition: window_refusal gave nothing.
[[nodiscard]] SpatialWindow spatial_window(const Site& site, const std::vector<std::int64_t>& kernel);
/// Is a kernel, stride, dilation or pad beyond what the instructions express?
[[nodiscard]] Refusal window_refusal(const Site& site, const std::vector<std::int64_t>& kernel);

/// Attributes strides, dilations or pads with their defaults, one entry per spatial dimension (pads: two).
[[nodiscard]] std::vector<std::int64_t> spatial_ints(const Site& site, std::string_view name, std::size_t count,
                                                     std::int64_t fallback);

}  // namespace heddle::quant
