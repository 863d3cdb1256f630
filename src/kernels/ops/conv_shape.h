// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "kernels/convolution.h"

namespace heddle::kernels::ops {

/// Geometry of a convolution from its operands' shapes and the node's attributes; reports what does not fit. Shared by
/// Conv, ConvInteger and QLinearConv.
[[nodiscard]] std::optional<ConvGeometry> conv_geometry(Check& check, const Shape& x, const Shape& w);
/// The input has the channels that the weights expect, and all channels divide into the groups.
bool check_groups(Check& check, std::int64_t channels, std::int64_t expected, std::int64_t features,
                  std::int64_t group);

}  // namespace heddle::kernels::ops
