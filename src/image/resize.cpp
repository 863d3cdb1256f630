// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>

#include "image/image.h"

namespace heddle::image {
namespace {

/// Four source indices and weights of one output coordinate (unused taps have weight 0).
struct Taps {
  std::array<std::int32_t, 4> index{};
  std::array<float, 4> weight{};
};

/// Cubic convolution kernel (Keys 1981) with a = −0.75.
float cubic(float t) {
  constexpr float a = -0.75F;
  t = std::abs(t);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
  return 0;
}

std::vector<Taps> make_taps(std::int32_t from, std::int32_t to, Filter filter) {
  std::vector<Taps> taps(static_cast<std::size_t>(to));
  const float ratio = static_cast<float>(from) / static_cast<float>(to);
  for (std::int32_t o = 0; o < to; ++o) {
    Taps& t = taps[static_cast<std::size_t>(o)];
    const float position = (static_cast<float>(o) + 0.5F) * ratio - 0.5F;
    const auto base = static_cast<std::int32_t>(std::floor(position));
    const float fraction = position - static_cast<float>(base);
    for (std::int32_t k = 0; k < 4; ++k) {
      const auto i = static_cast<std::size_t>(k);
      t.index[i] = std::clamp(base - 1 + k, 0, from - 1);
      const float distance = static_cast<float>(k - 1) - fraction;
      switch (filter) {
        case Filter::nearest:
          t.weight[i] = (k == 1) == (fraction < 0.5F) && (k == 1 || k == 2) ? 1.0F : 0.0F;
          break;
        case Filter::bilinear:
          t.weight[i] = std::max(0.0F, 1.0F - std::abs(distance));
          break;
        case Filter::bicubic:
          t.weight[i] = cubic(distance);
          break;
      }
    }
  }
  return taps;
}

}  // namespace

Image resize(const Image& image, std::int32_t height, std::int32_t width, Filter filter) {
  if (height == image.height && width == image.width) return image;
  const std::vector<Taps> rows = make_taps(image.height, height, filter);
  const std::vector<Taps> columns = make_taps(image.width, width, filter);
  // Horizontally first: one float row per source row.
  const std::size_t row_size = static_cast<std::size_t>(width) * 3;
  std::vector<float> stretched(static_cast<std::size_t>(image.height) * row_size);
  for (std::int32_t y = 0; y < image.height; ++y) {
    float* out = stretched.data() + static_cast<std::size_t>(y) * row_size;
    for (const Taps& t : columns)
      for (std::size_t c = 0; c < 3; ++c) {
        float sum = 0;
        for (std::size_t k = 0; k < 4; ++k) sum += t.weight[k] * static_cast<float>(image.pixel(y, t.index[k])[c]);
        *out++ = sum;
      }
  }
  Image result(height, width);
  for (std::int32_t y = 0; y < height; ++y) {
    const Taps& t = rows[static_cast<std::size_t>(y)];
    std::uint8_t* out = result.pixel(y, 0);
    for (std::size_t i = 0; i < row_size; ++i) {
      float sum = 0;
      for (std::size_t k = 0; k < 4; ++k)
        sum += t.weight[k] * stretched[static_cast<std::size_t>(t.index[k]) * row_size + i];
      out[i] = static_cast<std::uint8_t>(std::clamp(std::lround(sum), 0L, 255L));
    }
  }
  return result;
}

}  // namespace heddle::image
