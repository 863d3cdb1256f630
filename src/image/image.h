// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/diagnostic.h"

/// Pictures: reading, writing, resizing, drawing.
namespace heddle::image {

/// 8-bit RGB, row-major, three bytes a pixel.
struct Image {
  std::int32_t height = 0, width = 0;
  std::vector<std::uint8_t> rgb;

  Image() = default;
  /// A black picture.
  Image(std::int32_t h, std::int32_t w) : height(h), width(w), rgb(static_cast<std::size_t>(h) * w * 3) {}
  [[nodiscard]] std::uint8_t* pixel(std::int32_t y, std::int32_t x) {
    return rgb.data() + (static_cast<std::size_t>(y) * width + x) * 3;
  }
  [[nodiscard]] const std::uint8_t* pixel(std::int32_t y, std::int32_t x) const {
    return rgb.data() + (static_cast<std::size_t>(y) * width + x) * 3;
  }
};

/// Pictures larger than this in either direction are refused, before any memory is taken.
inline constexpr std::int32_t kMaxSide = 16384;

/// Reads JPEG, PNG or uncompressed BMP (told by content, not by name); gray and alpha become RGB.
[[nodiscard]] Result<Image> read(const std::string& path);
[[nodiscard]] Result<Image> decode(std::span<const std::uint8_t> bytes, const std::string& name);
/// Writes PNG or JPEG by the path's ending; through a temporary file, so that no half picture remains.
[[nodiscard]] Status write(const Image& image, const std::string& path);
[[nodiscard]] std::vector<std::uint8_t> encode_png(const Image& image);
/// True for the endings that `read` understands.
[[nodiscard]] bool is_image_path(const std::string& path);

enum class Filter : std::uint8_t { nearest, bilinear, bicubic };
/// Resizes with half-pixel centres; bicubic is Catmull-Rom-like with a = −0.75, without antialiasing.
[[nodiscard]] Image resize(const Image& image, std::int32_t height, std::int32_t width, Filter filter);
[[nodiscard]] Image crop(const Image& image, std::int32_t top, std::int32_t left, std::int32_t height,
                         std::int32_t width);

struct Color {
  std::uint8_t r, g, b;
};
/// Antialiased line of `thickness` pixels with round ends; coordinates are pixel centres and may lie outside.
void draw_line(Image& image, float x0, float y0, float x1, float y1, float thickness, Color color);
void draw_disc(Image& image, float x, float y, float radius, Color color);

}  // namespace heddle::image
