// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "pose/decode.h"

namespace heddle::pose {

/// One plane of floats with bounds-free access.
struct Plane {
  std::int32_t height = 0, width = 0;
  std::vector<float> values;
  [[nodiscard]] float at(std::int32_t y, std::int32_t x) const {
    return values[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
  }
};

/// A local maximum: whole pixel for sampling the fields, refined position for the answer.
struct Peak {
  std::int32_t x = 0, y = 0;
  float refined_x = 0, refined_y = 0;
  float score = 0;  ///< heat before smoothing
};

/// `plane` with every value repeated `factor` times in both directions.
[[nodiscard]] Plane enlarge(std::span<const float> plane, std::int32_t height, std::int32_t width, std::int32_t factor);
/// Separable Gaussian of 25 taps that reaches three sigma to each side; zero outside.
[[nodiscard]] Plane smooth(const Plane& plane);
/// Maxima of the 3×3 neighbourhood of `smoothed` above the threshold, in row order; scores are read from `raw`.
[[nodiscard]] std::vector<Peak> find_peaks(const Plane& raw, const Plane& smoothed, const DecodeOptions& options);

}  // namespace heddle::pose
