// SPDX-License-Identifier: Apache-2.0
// Format: numpy.lib.format, versions 1.0 to 3.0.
#include "numpy/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace heddle::numpy {
namespace {

struct Descriptor {
  std::string_view text;
  DataType type;
};
constexpr std::array kDescriptors{
    Descriptor{"<f4", DataType::f32}, Descriptor{"<f8", DataType::f64}, Descriptor{"<f2", DataType::f16},
    Descriptor{"|i1", DataType::i8},  Descriptor{"|u1", DataType::u8},  Descriptor{"<i2", DataType::i16},
    Descriptor{"<u2", DataType::u16}, Descriptor{"<i4", DataType::i32}, Descriptor{"<u4", DataType::u32},
    Descriptor{"<i8", DataType::i64}, Descriptor{"<u8", DataType::u64}, Descriptor{"|b1", DataType::boolean}};

/// The type under which a tensor is stored: NumPy has no integers below a byte and no bfloat16.
DataType stored_type(DataType type) {
  switch (type) {
    case DataType::i1:
    case DataType::i2:
    case DataType::i4:
      return DataType::i8;
    case DataType::u2:
    case DataType::u4:
      return DataType::u8;
    case DataType::bf16:
      return DataType::f32;
    default:
      return type;
  }
}

/// Elements as they are stored; bfloat16 is the upper half of a float.
std::vector<std::byte> stored_bytes(const Tensor& tensor) {
  if (tensor.type() != DataType::bf16) return {tensor.bytes().begin(), tensor.bytes().end()};
  std::vector<std::byte> bytes;
  for (const std::uint16_t half : tensor.data<std::uint16_t>()) {
    const auto whole = std::bit_cast<std::array<std::byte, 4>>(std::uint32_t{half} << 16);
    bytes.insert(bytes.end(), whole.begin(), whole.end());
  }
  return bytes;
}

/// The text between `'key':` and the next of `ends` in the header's Python dictionary.
std::optional<std::string_view> entry(std::string_view header, std::string_view key, std::string_view ends) {
  const std::size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = header.substr(at + key.size() + 3);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest.substr(0, rest.find_first_of(ends, 1));
}

std::optional<Shape> parse_shape(std::string_view text) {
  Shape shape;
  if (text.empty() || text.front() != '(') return std::nullopt;
  const char* at = text.data() + 1;
  const char* end = text.data() + text.size();
  while (at != end) {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    std::int64_t dimension = 0;
    const auto [next, error] = std::from_chars(at, end, dimension);
    if (error != std::errc{} || dimension < 0) return std::nullopt;
    shape.push_back(dimension);
    at = next;
  }
  return shape;
}

/// Where the header text lies: offset and length; nothing if the magic or the lengths are wrong.
std::optional<std::pair<std::size_t, std::size_t>> locate_header(std::span<const std::byte> bytes) {
  constexpr std::string_view magic = "\x93NUMPY";
  if (bytes.size() < 12 || std::memcmp(bytes.data(), magic.data(), magic.size()) != 0) return std::nullopt;
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(bytes[i]); };
  const bool first_version = byte(6) == 1;
  const std::size_t start = first_version ? 10 : 12;
  std::size_t length = byte(8) | byte(9) << 8;
  if (!first_version) length |= byte(10) << 16 | byte(11) << 24;
  if (length > bytes.size() - start) return std::nullopt;
  return std::pair{start, length};
}

}  // namespace

Result<Tensor> decode_npy(std::span<const std::byte> bytes, const std::string& name) {
  const auto refuse = [&](const std::string& why) {
    return fail({.code = "npy.format", .message = "cannot read this array: " + why, .file = name});
  };
  const auto place = locate_header(bytes);
  if (!place) return refuse("it does not begin with a NumPy header");
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + place->first, place->second);
  const auto descriptor = entry(header, "descr", ",}");
  const auto order = entry(header, "fortran_order", ",}");
  const auto shape_text = entry(header, "shape", ")");
  if (!descriptor || !order || !shape_text) return refuse("its header lacks descr, fortran_order or shape");
  const auto known = std::find_if(kDescriptors.begin(), kDescriptors.end(),
                                  [&](const Descriptor& d) { return *descriptor == fmt::format("'{}'", d.text); });
  if (known == kDescriptors.end()) return refuse(fmt::format("its type {} is not supported", *descriptor));
  const auto shape = parse_shape(*shape_text);
  if (!shape || checked_element_count(*shape) < 0) return refuse("its shape is not legal");
  if (order->starts_with("True") && shape->size() > 1)
    return refuse("it is in Fortran order; save it with numpy.ascontiguousarray");
  const std::span<const std::byte> data = bytes.subspan(place->first + place->second);
  const auto wanted = static_cast<std::size_t>(checked_element_count(*shape)) * host_bytes(known->type);
  if (data.size() < wanted) return refuse(fmt::format("it should hold {} bytes and holds {}", wanted, data.size()));
  Tensor tensor(known->type, *shape);
  std::copy_n(data.begin(), wanted, tensor.mutable_bytes().begin());
  return tensor;
}

Result<Tensor> read_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    return fail({.code = "file.open", .message = "cannot open the array", .file = path});
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return decode_npy(std::as_bytes(std::span(text)), path);
}

std::vector<std::byte> encode_npy(const Tensor& tensor) {
  const auto known = std::find_if(kDescriptors.begin(), kDescriptors.end(),
                                  [&](const Descriptor& d) { return d.type == stored_type(tensor.type()); });
  assert(known != kDescriptors.end());
  std::string shape;
  for (const std::int64_t d : tensor.shape()) shape += fmt::format("{}, ", d);
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", known->text, shape);
  // The data begins at a multiple of 64 and the header ends with a newline.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string text = "\x93NUMPY";
  text += '\1';
  text += '\0';
  text += static_cast<char>(header.size() & 0xff);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  const auto start = std::as_bytes(std::span(text));
  std::vector<std::byte> bytes(start.begin(), start.end());
  const std::vector<std::byte> data = stored_bytes(tensor);
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

Status write_npy(const Tensor& tensor, const std::string& path) {
  const std::vector<std::byte> bytes = encode_npy(tensor);
  const std::string temporary = path + ".part";
  std::ofstream file(temporary, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(temporary, path, error);
  if (!file || error) return fail({.code = "file.write", .message = "cannot write the array", .file = path});
  return {};
}

}  // namespace heddle::numpy
