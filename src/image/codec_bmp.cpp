// SPDX-License-Identifier: Apache-2.0
#include "image/codec.h"

namespace heddle::image {
namespace {

std::uint32_t little(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value |= std::uint32_t{bytes[at + i]} << (8 * i);
  return value;
}

struct Header {
  std::uint32_t pixels = 0;   ///< offset of the pixel rows
  std::uint32_t palette = 0;  ///< offset of the palette
  std::uint32_t bits = 0, compression = 0;
  std::int32_t width = 0, height = 0;
  bool top_down = false;
};

Header read_header(std::span<const std::uint8_t> bytes) {
  Header header;
  header.pixels = little(bytes, 10, 4);
  header.palette = 14 + little(bytes, 14, 4);
  header.width = static_cast<std::int32_t>(little(bytes, 18, 4));
  const auto height = static_cast<std::int32_t>(little(bytes, 22, 4));
  header.top_down = height < 0 && height > -kMaxSide - 1;
  header.height = header.top_down ? -height : height;
  header.bits = little(bytes, 28, 2);
  header.compression = little(bytes, 30, 4);
  return header;
}

}  // namespace

Result<Image> decode_bmp(std::span<const std::uint8_t> bytes, const std::string& name) {
  const auto refuse = [&](const std::string& why) {
    return fail({.code = "image.bmp", .message = "cannot read this BMP: " + why, .file = name});
  };
  if (bytes.size() < 54) return refuse("the file ends inside its header");
  const Header header = read_header(bytes);
  if (header.width < 1 || header.height < 1 || header.width > kMaxSide || header.height > kMaxSide)
    return refuse("its size is " + std::to_string(header.width) + " x " + std::to_string(header.height));
  if ((header.bits != 8 && header.bits != 24 && header.bits != 32) ||
      (header.compression != 0 && header.compression != 3))
    return refuse("only uncompressed 8, 24 and 32 bit pictures are supported, this one has " +
                  std::to_string(header.bits) + " bits");
  const std::size_t step = header.bits / 8;
  const std::size_t row_bytes = (static_cast<std::size_t>(header.width) * step + 3) / 4 * 4;
  if (std::size_t{header.pixels} + row_bytes * static_cast<std::size_t>(header.height) > bytes.size())
    return refuse("the file ends before its last row");
  if (header.bits == 8 && std::size_t{header.palette} + 1024 > bytes.size()) return refuse("it has no palette");
  Image image(header.height, header.width);
  for (std::int32_t y = 0; y < header.height; ++y) {
    const std::int32_t stored = header.top_down ? y : header.height - 1 - y;
    const std::uint8_t* row = bytes.data() + header.pixels + row_bytes * static_cast<std::size_t>(stored);
    for (std::int32_t x = 0; x < header.width; ++x) {
      const std::uint8_t* bgr = row + step * static_cast<std::size_t>(x);
      if (header.bits == 8) bgr = bytes.data() + header.palette + std::size_t{*bgr} * 4;
      for (int c = 0; c < 3; ++c) image.pixel(y, x)[c] = bgr[2 - c];
    }
  }
  return image;
}

}  // namespace heddle::image
