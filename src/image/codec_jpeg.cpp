// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
// jpeglib.h needs FILE before it.
#include <jpeglib.h>

#include <csetjmp>

#include "image/codec.h"

namespace heddle::image {
namespace {

/// libjpeg reports errors through this handler; longjmp is its documented way out of a fatal one.
struct ErrorHandler {
  jpeg_error_mgr base;
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
};

void on_error(j_common_ptr info) {
  auto* handler = reinterpret_cast<ErrorHandler*>(info->err);
  (*info->err->format_message)(info, handler->message);
  std::longjmp(handler->escape, 1);
}
void on_warning(j_common_ptr, int) {}

/// Everything with a destructor lives outside the function that may be left by longjmp.
bool decode_into(std::span<const std::uint8_t> bytes, Image& image, ErrorHandler& handler) {
  jpeg_decompress_struct info{};
  info.err = jpeg_std_error(&handler.base);
  handler.base.error_exit = on_error;
  handler.base.emit_message = on_warning;
  if (setjmp(handler.escape) != 0) {
    jpeg_destroy_decompress(&info);
    return false;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes.data(), bytes.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  if (info.image_height > kMaxSide || info.image_width > kMaxSide) {
    std::snprintf(handler.message, sizeof handler.message, "larger than %d pixels in one direction", kMaxSide);
    jpeg_destroy_decompress(&info);
    return false;
  }
  jpeg_start_decompress(&info);
  image = Image(static_cast<std::int32_t>(info.output_height), static_cast<std::int32_t>(info.output_width));
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = image.pixel(static_cast<std::int32_t>(info.output_scanline), 0);
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return true;
}

bool encode_into(const Image& image, int quality, unsigned char** buffer, unsigned long* size, ErrorHandler& handler) {
  jpeg_compress_struct info{};
  info.err = jpeg_std_error(&handler.base);
  handler.base.error_exit = on_error;
  if (setjmp(handler.escape) != 0) {
    jpeg_destroy_compress(&info);
    return false;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, buffer, size);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    // libjpeg's interface takes rows as mutable but only reads them.
    JSAMPROW row = const_cast<JSAMPROW>(image.pixel(static_cast<std::int32_t>(info.next_scanline), 0));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return true;
}

}  // namespace

Result<Image> decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name) {
  Image image;
  ErrorHandler handler{};
  if (!decode_into(bytes, image, handler))
    return fail(
        {.code = "image.jpeg", .message = std::string("cannot read this JPEG: ") + handler.message, .file = name});
  return image;
}

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  ErrorHandler handler{};
  std::vector<std::uint8_t> bytes;
  if (encode_into(image, quality, &buffer, &size, handler)) bytes.assign(buffer, buffer + size);
  std::free(buffer);  // NOLINT: allocated by libjpeg with malloc
  return bytes;
}

}  // namespace heddle::image
