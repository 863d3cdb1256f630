// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kernels/check.h"

/// What ONNX's Resize asks for, axis by axis.
namespace heddle::kernels {

enum class ResizeMode : std::uint8_t { nearest, linear, cubic };
enum class NearestMode : std::uint8_t { round_prefer_floor, round_prefer_ceil, floor, ceil };
enum class CoordinateMode : std::uint8_t {
  half_pixel,
  half_pixel_symmetric,
  pytorch_half_pixel,
  align_corners,
  asymmetric,
  tf_crop_and_resize
};

struct ResizeAxis {
  std::int64_t in = 1, out = 1;
  double scale = 1;                   ///< as stated, or out/in
  double roi_start = 0, roi_end = 1;  ///< tf_crop_and_resize only
  [[nodiscard]] bool identity() const { return scale == 1.0 && in == out && roi_start == 0.0 && roi_end == 1.0; }
};

struct ResizePlan {
  ResizeMode mode = ResizeMode::nearest;
  NearestMode nearest = NearestMode::round_prefer_floor;
  CoordinateMode coordinates = CoordinateMode::half_pixel;
  bool exclude_outside = false, antialias = false;
  float cubic_a = -0.75F, extrapolation = 0.0F;
  std::vector<ResizeAxis> axes;  ///< all axes of the input
};

/// Reads a Resize node with inputs X, roi, scales, sizes. Nothing if a finding was recorded, or if scales and sizes are
/// not known yet (then check.ok()).
[[nodiscard]] std::optional<ResizePlan> resolve_resize(Check& check);

/// Position in the input that output index `o` reads, in elements.
[[nodiscard]] double resize_position(const ResizePlan& plan, const ResizeAxis& axis, std::int64_t o);
/// The input element that nearest mode reads.
[[nodiscard]] std::int64_t nearest_index(const ResizePlan& plan, const ResizeAxis& axis, std::int64_t o);

/// Weighted input elements behind one output element of linear and cubic; indices are inside the input.
struct ResizeTaps {
  std::vector<std::int64_t> index;
  std::vector<double> weight;
};
[[nodiscard]] ResizeTaps resize_taps(const ResizePlan& plan, const ResizeAxis& axis, std::int64_t o);
/// tf_crop_and_resize reads outside the input here.
[[nodiscard]] bool is_extrapolated(const ResizePlan& plan, const ResizeAxis& axis, std::int64_t o);

}  // namespace heddle::kernels
