// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "image/image.h"

/// The file formats behind `read` and `write`. `name` is for diagnostics.
namespace heddle::image {

[[nodiscard]] Result<Image> decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name);
[[nodiscard]] Result<Image> decode_png(std::span<const std::uint8_t> bytes, const std::string& name);
/// Uncompressed 8-bit palette, 24-bit and 32-bit BMP.
[[nodiscard]] Result<Image> decode_bmp(std::span<const std::uint8_t> bytes, const std::string& name);
/// Empty on failure.
[[nodiscard]] std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality);

}  // namespace heddle::image
