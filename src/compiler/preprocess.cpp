// SPDX-License-Identifier: Apache-2.0
#include "compiler/preprocess.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>

namespace heddle::compiler {
namespace {

using Words = std::vector<std::string>;
const Words kResize{"nearest", "bilinear", "bicubic"};
const Words kFit{"stretch", "crop", "pad"};
const Words kChannels{"rgb", "bgr", "gray"};
const Words kLayout{"nchw", "nhwc"};
const Words kKeys{"size", "resize", "fit", "channels", "layout", "mean", "scale"};

void check_word(Diagnostics& found, const std::string& field, const std::string& value, const Words& legal) {
  if (std::find(legal.begin(), legal.end(), value) != legal.end()) return;
  const std::string near = nearest(value, legal);
  found.push_back({.code = "preprocessing.value",
                   .message = fmt::format("'{}' is not one of {}", value, fmt::join(legal, ", ")),
                   .field = field,
                   .hint = near.empty() ? "" : fmt::format("did you mean '{}'?", near)});
}

/// One number for all channels, or one per channel.
Status read_triple(const toml::table& table, const char* key, std::array<float, 3>& out, const std::string& path) {
  const toml::node_view<const toml::node> node = table[key];
  if (!node) return {};
  if (const auto one = node.value<double>()) {
    out.fill(static_cast<float>(*one));
    return {};
  }
  const toml::array* list = node.as_array();
  if (list == nullptr || list->size() != 3)
    return fail(
        {.code = "preprocessing.value", .message = "must be a number or three numbers", .file = path, .field = key});
  for (std::size_t i = 0; i < 3; ++i) {
    const auto value = list->get(i)->value<double>();
    if (!value)
      return fail({.code = "preprocessing.value", .message = "must hold numbers", .file = path, .field = key});
    out[i] = static_cast<float>(*value);
  }
  return {};
}

image::Filter filter_of(const std::string& word) {
  if (word == "nearest") return image::Filter::nearest;
  return word == "bicubic" ? image::Filter::bicubic : image::Filter::bilinear;
}

/// The picture at exactly height × width.
image::Image fit_picture(const image::Image& picture, const isa::Preprocessing& p, std::int32_t height,
                         std::int32_t width) {
  const image::Filter filter = filter_of(p.resize);
  if (p.fit == "stretch") return image::resize(picture, height, width, filter);
  const double by_height = static_cast<double>(height) / picture.height;
  const double by_width = static_cast<double>(width) / picture.width;
  const double factor = p.fit == "crop" ? std::max(by_height, by_width) : std::min(by_height, by_width);
  const auto scaled = [&](std::int32_t side) {
    return std::max(1, static_cast<std::int32_t>(std::lround(side * factor)));
  };
  const image::Image resized = image::resize(picture, scaled(picture.height), scaled(picture.width), filter);
  if (p.fit == "crop")
    return image::crop(resized, (resized.height - height) / 2, (resized.width - width) / 2, height, width);
  image::Image result(height, width);
  std::fill(result.rgb.begin(), result.rgb.end(), std::uint8_t{128});
  const std::int32_t top = (height - resized.height) / 2, left = (width - resized.width) / 2;
  for (std::int32_t y = 0; y < resized.height; ++y)
    std::copy_n(resized.pixel(y, 0), static_cast<std::size_t>(resized.width) * 3, result.pixel(top + y, left));
  return result;
}

/// Value of network channel c (of 1 or 3) of a pixel, 0 … 255.
float channel_value(const std::uint8_t* rgb, const isa::Preprocessing& p, std::int64_t c, std::int64_t channels) {
  // Luma weights of ITU-R BT.601.
  if (channels == 1)
    return 0.299F * static_cast<float>(rgb[0]) + 0.587F * static_cast<float>(rgb[1]) +
           0.114F * static_cast<float>(rgb[2]);
  return static_cast<float>(rgb[p.channels == "bgr" ? 2 - c : c]);
}

}  // namespace

Status check(const isa::Preprocessing& p) {
  Diagnostics found;
  check_word(found, "resize", p.resize, kResize);
  check_word(found, "fit", p.fit, kFit);
  check_word(found, "channels", p.channels, kChannels);
  check_word(found, "layout", p.layout, kLayout);
  if (!found.empty()) return fail(std::move(found));
  return {};
}

Result<isa::Preprocessing> read_preprocessing(const std::string& path) {
  toml::table file;
  try {
    file = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return fail({.code = "preprocessing.syntax",
                 .message = fmt::format("line {}: {}", error.source().begin.line, error.description()),
                 .file = path});
  }
  const toml::table* found = file["preprocessing"].as_table();
  if (found == nullptr) return isa::Preprocessing{};
  const toml::table& table = *found;
  isa::Preprocessing p;
  for (const auto& [key, value] : table)
    if (std::find(kKeys.begin(), kKeys.end(), key.str()) == kKeys.end())
      return fail({.code = "preprocessing.key",
                   .message = "unknown key",
                   .file = path,
                   .field = std::string(key.str()),
                   .hint = fmt::format("known keys: {}", fmt::join(kKeys, ", "))});
  if (const toml::array* size = table["size"].as_array(); size != nullptr && size->size() == 2) {
    p.height = size->get(0)->value_or(0);
    p.width = size->get(1)->value_or(0);
  }
  p.resize = table["resize"].value_or(p.resize);
  p.fit = table["fit"].value_or(p.fit);
  p.channels = table["channels"].value_or(p.channels);
  p.layout = table["layout"].value_or(p.layout);
  if (Status s = read_triple(table, "mean", p.mean, path); !s) return fail(std::move(s.error()));
  if (Status s = read_triple(table, "scale", p.scale, path); !s) return fail(std::move(s.error()));
  if (Status s = check(p); !s) {
    for (Diagnostic& d : s.error()) d.file = path;
    return fail(std::move(s.error()));
  }
  return p;
}

Result<Tensor> to_tensor(const image::Image& picture, const isa::Preprocessing& p, const Shape& shape, DataType type) {
  const bool last = p.layout == "nhwc";
  const bool legal = shape.size() == 4 && shape[0] == 1 && (type == DataType::f32 || type == DataType::u8);
  const std::int64_t channels = legal ? shape[last ? 3 : 1] : 0;
  if (!legal || (channels != 1 && channels != 3))
    return fail(
        {.code = "input.picture",
         .message = fmt::format("a picture cannot become an input of shape {} ({})", fmt::join(shape, "x"), p.layout),
         .hint = "give an .npz or .npy file, or set the layout in the TOML file beside the model"});
  const auto height = static_cast<std::int32_t>(shape[last ? 1 : 2]);
  const auto width = static_cast<std::int32_t>(shape[last ? 2 : 3]);
  const image::Image fitted = fit_picture(picture, p, height, width);
  Tensor tensor(type, shape);
  const std::int64_t plane = std::int64_t{height} * width;
  for (std::int64_t i = 0; i < plane; ++i)
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto k = static_cast<std::size_t>(c);
      const float value = (channel_value(fitted.rgb.data() + i * 3, p, c, channels) - p.mean[k]) * p.scale[k];
      const auto at = static_cast<std::size_t>(last ? i * channels + c : c * plane + i);
      if (type == DataType::f32)
        tensor.mutable_data<float>()[at] = value;
      else
        tensor.mutable_data<std::uint8_t>()[at] = static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
    }
  return tensor;
}

}  // namespace heddle::compiler
