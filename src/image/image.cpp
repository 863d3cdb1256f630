// SPDX-License-Identifier: Apache-2.0
#include "image/image.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "image/codec.h"

namespace heddle::image {
namespace {

std::string ending(const std::string& path) {
  std::string text = std::filesystem::path(path).extension().string();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool starts_with(std::span<const std::uint8_t> bytes, std::initializer_list<int> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

}  // namespace

bool is_image_path(const std::string& path) {
  const std::string e = ending(path);
  return e == ".png" || e == ".jpg" || e == ".jpeg" || e == ".bmp";
}

Result<Image> decode(std::span<const std::uint8_t> bytes, const std::string& name) {
  if (starts_with(bytes, {0xff, 0xd8, 0xff})) return decode_jpeg(bytes, name);
  if (starts_with(bytes, {0x89, 'P', 'N', 'G'})) return decode_png(bytes, name);
  if (starts_with(bytes, {'B', 'M'})) return decode_bmp(bytes, name);
  return fail({.code = "image.format",
               .message = "this is neither JPEG, PNG nor BMP",
               .file = name,
               .hint = "convert the picture to PNG"});
}

Result<Image> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    return fail({.code = "file.open", .message = "cannot open the picture", .file = path});
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  return decode(bytes, path);
}

Status write(const Image& image, const std::string& path) {
  const std::string e = ending(path);
  std::vector<std::uint8_t> bytes;
  if (e == ".png") {
    bytes = encode_png(image);
  } else if (e == ".jpg" || e == ".jpeg") {
    bytes = encode_jpeg(image, 92);
  } else {
    return fail({.code = "image.format", .message = "pictures are written as .png or .jpg", .file = path});
  }
  const std::string temporary = path + ".part";
  std::ofstream file(temporary, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::error_code error;
  if (file && !bytes.empty()) std::filesystem::rename(temporary, path, error);
  if (!file || bytes.empty() || error) {
    std::filesystem::remove(temporary, error);
    return fail({.code = "file.write", .message = "cannot write the picture", .file = path});
  }
  return {};
}

Image crop(const Image& image, std::int32_t top, std::int32_t left, std::int32_t height, std::int32_t width) {
  Image result(height, width);
  for (std::int32_t y = 0; y < height; ++y)
    std::copy_n(image.pixel(top + y, left), static_cast<std::size_t>(width) * 3, result.pixel(y, 0));
  return result;
}

}  // namespace heddle::image
