// SPDX-License-Identifier: Apache-2.0
#include <png.h>

#include "image/codec.h"

namespace heddle::image {

Result<Image> decode_png(std::span<const std::uint8_t> bytes, const std::string& name) {
  png_image info{};
  info.version = PNG_IMAGE_VERSION;
  const auto refuse = [&](const std::string& why) {
    png_image_free(&info);
    return fail({.code = "image.png", .message = "cannot read this PNG: " + why, .file = name});
  };
  if (png_image_begin_read_from_memory(&info, bytes.data(), bytes.size()) == 0) return refuse(info.message);
  if (info.height > kMaxSide || info.width > kMaxSide)
    return refuse("larger than " + std::to_string(kMaxSide) + " pixels in one direction");
  info.format = PNG_FORMAT_RGB;
  Image image(static_cast<std::int32_t>(info.height), static_cast<std::int32_t>(info.width));
  const png_color black{0, 0, 0};  // what shows through transparent pixels
  if (png_image_finish_read(&info, &black, image.rgb.data(), 0, nullptr) == 0) return refuse(info.message);
  return image;
}

std::vector<std::uint8_t> encode_png(const Image& image) {
  png_image info{};
  info.version = PNG_IMAGE_VERSION;
  info.height = static_cast<png_uint_32>(image.height);
  info.width = static_cast<png_uint_32>(image.width);
  info.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  if (png_image_write_to_memory(&info, nullptr, &size, 0, image.rgb.data(), 0, nullptr) == 0) return {};
  std::vector<std::uint8_t> bytes(size);
  if (png_image_write_to_memory(&info, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr) == 0) return {};
  bytes.resize(size);
  return bytes;
}

}  // namespace heddle::image
