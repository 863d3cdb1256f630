// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "image/image.h"

namespace heddle::image {
namespace {

void blend(std::uint8_t* pixel, Color color, float opacity) {
  const std::uint8_t channels[3] = {color.r, color.g, color.b};
  for (int c = 0; c < 3; ++c) {
    const auto old = static_cast<float>(pixel[c]);
    pixel[c] = static_cast<std::uint8_t>(std::lround(old + (static_cast<float>(channels[c]) - old) * opacity));
  }
}

}  // namespace

void draw_line(Image& image, float x0, float y0, float x1, float y1, float thickness, Color color) {
  const float radius = thickness / 2;
  const auto from = [&](float a, float b) {
    return std::max(0, static_cast<std::int32_t>(std::min(a, b) - radius - 1));
  };
  const auto to = [&](float a, float b, std::int32_t size) {
    return std::min(size - 1, static_cast<std::int32_t>(std::max(a, b) + radius + 1));
  };
  const float dx = x1 - x0, dy = y1 - y0, length2 = std::max(dx * dx + dy * dy, 1e-6F);
  for (std::int32_t y = from(y0, y1); y <= to(y0, y1, image.height); ++y)
    for (std::int32_t x = from(x0, x1); x <= to(x0, x1, image.width); ++x) {
      const float px = static_cast<float>(x) - x0, py = static_cast<float>(y) - y0;
      const float t = std::clamp((px * dx + py * dy) / length2, 0.0F, 1.0F);
      const float distance = std::hypot(px - t * dx, py - t * dy);
      const float opacity = std::clamp(radius + 0.5F - distance, 0.0F, 1.0F);
      if (opacity > 0) blend(image.pixel(y, x), color, opacity);
    }
}

void draw_disc(Image& image, float x, float y, float radius, Color color) {
  draw_line(image, x, y, x, y, 2 * radius, color);
}

}  // namespace heddle::image
