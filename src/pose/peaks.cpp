// SPDX-License-Identifier: Apache-2.0
#include "pose/peaks.h"

#include <algorithm>
#include <cmath>

namespace heddle::pose {
namespace {

constexpr std::int32_t kTaps = 25;

/// Integrals of the normal density over 25 equal cells that together span a little more than ±3 sigma.
std::array<float, kTaps> gaussian_taps() {
  constexpr double sigmas = 3.0, cell = (2 * sigmas + 1) / kTaps;
  const auto integral_to = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  const double left = -sigmas - cell / 2, step = -2 * left / kTaps;
  std::array<float, kTaps> taps{};
  double sum = 0;
  for (std::int32_t i = 0; i < kTaps; ++i) sum += integral_to(left + step * (i + 1)) - integral_to(left + step * i);
  for (std::int32_t i = 0; i < kTaps; ++i)
    taps[static_cast<std::size_t>(i)] =
        static_cast<float>((integral_to(left + step * (i + 1)) - integral_to(left + step * i)) / sum);
  return taps;
}

/// Offset of the vertex of the parabola through three equidistant samples, within half a pixel.
float vertex(float before, float at, float after) {
  const float curvature = before - 2 * at + after;
  if (curvature > -1e-12F) return 0;
  return std::clamp(0.5F * (before - after) / curvature, -0.5F, 0.5F);
}

}  // namespace

Plane enlarge(std::span<const float> plane, std::int32_t height, std::int32_t width, std::int32_t factor) {
  Plane result{height * factor, width * factor, {}};
  result.values.reserve(static_cast<std::size_t>(result.height) * static_cast<std::size_t>(result.width));
  for (std::int32_t y = 0; y < result.height; ++y)
    for (std::int32_t x = 0; x < result.width; ++x)
      result.values.push_back(plane[static_cast<std::size_t>(y / factor * width + x / factor)]);
  return result;
}

Plane smooth(const Plane& plane) {
  static const std::array<float, kTaps> taps = gaussian_taps();
  constexpr std::int32_t reach = kTaps / 2;
  Plane rows{plane.height, plane.width, std::vector<float>(plane.values.size(), 0.0F)};
  Plane result = rows;
  for (std::int32_t y = 0; y < plane.height; ++y) {
    const float* in = plane.values.data() + static_cast<std::ptrdiff_t>(y) * plane.width;
    float* out = rows.values.data() + static_cast<std::ptrdiff_t>(y) * plane.width;
    for (std::int32_t k = 0; k < kTaps; ++k) {
      const std::int32_t shift = k - reach;
      for (std::int32_t x = std::max(0, -shift); x < std::min(plane.width, plane.width - shift); ++x)
        out[x] += taps[static_cast<std::size_t>(k)] * in[x + shift];
    }
  }
  for (std::int32_t y = 0; y < plane.height; ++y) {
    float* out = result.values.data() + static_cast<std::ptrdiff_t>(y) * plane.width;
    for (std::int32_t k = 0; k < kTaps; ++k) {
      const std::int32_t source = y + k - reach;
      if (source < 0 || source >= plane.height) continue;
      const float* in = rows.values.data() + static_cast<std::ptrdiff_t>(source) * plane.width;
      for (std::int32_t x = 0; x < plane.width; ++x) out[x] += taps[static_cast<std::size_t>(k)] * in[x];
    }
  }
  return result;
}

std::vector<Peak> find_peaks(const Plane& raw, const Plane& smoothed, const DecodeOptions& options) {
  std::vector<Peak> peaks;
  const auto value = [&](std::int32_t y, std::int32_t x) {
    return y < 0 || x < 0 || y >= smoothed.height || x >= smoothed.width ? 0.0F : smoothed.at(y, x);
  };
  // Enlarged maps have plateaus; of equal neighbours only the first in row order is a peak.
  const auto is_peak = [&](std::int32_t y, std::int32_t x, float v) {
    for (std::int32_t dy = -1; dy <= 1; ++dy)
      for (std::int32_t dx = -1; dx <= 1; ++dx) {
        const bool earlier = dy < 0 || (dy == 0 && dx < 0);
        if ((dy != 0 || dx != 0) && (earlier ? value(y + dy, x + dx) >= v : value(y + dy, x + dx) > v)) return false;
      }
    return true;
  };
  for (std::int32_t y = 0; y < smoothed.height; ++y)
    for (std::int32_t x = 0; x < smoothed.width; ++x) {
      const float v = smoothed.at(y, x);
      if (!(v > options.peak_threshold) || !is_peak(y, x, v)) continue;
      Peak peak{x, y, static_cast<float>(x), static_cast<float>(y), raw.at(y, x)};
      if (options.subpixel) {
        peak.refined_x += vertex(value(y, x - 1), v, value(y, x + 1));
        peak.refined_y += vertex(value(y - 1, x), v, value(y + 1, x));
      }
      peaks.push_back(peak);
    }
  return peaks;
}

}  // namespace heddle::pose
