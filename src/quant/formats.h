// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <vector>

#include "quant/calibrate.h"
#include "quant/lowering/requant.h"
#include "quant/plan.h"

/// Scales: of activations from their ranges, of weights from the weights themselves.
namespace heddle::quant {

/// int8 over a range that contains 0: zero is exact, and low and high are the ends.
[[nodiscard]] Format narrow_format(const Range& range);
/// int16, symmetric, with a quarter of headroom: inputs beyond the calibration data should not clip where 16 bits have
/// resolution to spare.
[[nodiscard]] Format wide_format(const Range& range);

/// Both formats of every group, from the ranges of its members together.
struct GroupFormats {
  std::vector<Format> narrow, wide;
  [[nodiscard]] const Format& of(int group, bool is_wide) const {
    return (is_wide ? wide : narrow)[static_cast<std::size_t>(group)];
  }
};
[[nodiscard]] GroupFormats group_formats(const Plan& plan, const Calibration& calibration, RangeMethod method);

/// Raises scales of results that are finer than the requantiser can make them from their accumulators (results that are
/// practically 0).
void bound_ratios(const ir::Graph& graph, const Plan& plan, GroupFormats& formats);

/// Symmetric scale per index of `axis`: the largest magnitude, or (8 bits) the clipping of least squared error.
[[nodiscard]] std::vector<float> weight_scales(const Tensor& weights, int axis, bool wide);
/// The weights rounded to those scales.
[[nodiscard]] Tensor fake_quantize_weights(const Tensor& weights, int axis, std::span<const float> scales, bool wide);

}  // namespace heddle::quant
