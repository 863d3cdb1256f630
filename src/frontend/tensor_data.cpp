// SPDX-License-Identifier: Apache-2.0
#include "frontend/tensor_data.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

#include "frontend/text.h"

namespace heddle::frontend {
namespace {

using wire::TensorMessage;
using wire::View;

tl::unexpected<Diagnostics> refuse(const TensorMessage& message, std::string code, std::string text,
                                   std::string field = {}, ErrorClass error_class = ErrorClass::bad_input) {
  return fail({.error_class = error_class,
               .code = "onnx.tensor." + std::move(code),
               .message = "tensor '" + printable(message.name) + "' " + std::move(text),
               .field = std::move(field)});
}

bool is_packed(DataType type) {
  return bits(type) < 8;
}

std::size_t stored_bytes(DataType type, std::size_t count) {
  return is_packed(type) ? (count * static_cast<std::size_t>(bits(type)) + 7) / 8 : count * host_bytes(type);
}

/// Spreads 4- and 2-bit elements, first element in the low bits, to one byte each.
void unpack(DataType type, std::span<const std::byte> packed, std::span<std::int8_t> out) {
  const auto width = static_cast<unsigned>(bits(type));
  const unsigned per_byte = 8 / width;
  const bool is_signed = type == DataType::i4 || type == DataType::i2;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned>(packed[i / per_byte]);
    const unsigned code = (byte >> (width * (i % per_byte))) & ((1U << width) - 1);
    const int sign = is_signed && (code >> (width - 1)) != 0 ? 1 << width : 0;
    out[i] = static_cast<std::int8_t>(static_cast<int>(code) - sign);
  }
}

Tensor from_bytes(DataType type, const Shape& shape, std::span<const std::byte> bytes) {
  Tensor tensor(type, shape);
  if (bytes.empty()) return tensor;
  if (is_packed(type))
    unpack(type, bytes, tensor.mutable_data<std::int8_t>());
  else
    std::memcpy(tensor.mutable_bytes().data(), bytes.data(), bytes.size());
  return tensor;
}

Result<Tensor> wrong_count(const TensorMessage& message, std::size_t stored, std::size_t expected, View unit,
                           std::string field) {
  return refuse(message, "count",
                "stores " + std::to_string(stored) + " " + std::string(unit) + "; its dimensions " +
                    shape_text(message.dims) + " need " + std::to_string(expected),
                std::move(field));
}

Result<Tensor> read_raw(const TensorMessage& message, DataType type, std::size_t count) {
  const std::size_t expected = stored_bytes(type, count);
  if (message.raw->size() != expected) return wrong_count(message, message.raw->size(), expected, "bytes", "raw_data");
  return from_bytes(type, message.dims, std::as_bytes(std::span(message.raw->data(), message.raw->size())));
}

/// Typed fields hold every element widened to the field's type; narrows them back, refusing what does not fit.
template <class T, class Wide>
Result<Tensor> narrow(const TensorMessage& message, DataType type, const std::vector<Wide>& values, std::string field) {
  const auto expected = static_cast<std::size_t>(element_count(message.dims));
  if (values.size() != expected) return wrong_count(message, values.size(), expected, "elements", std::move(field));
  Tensor tensor(type, message.dims);
  const std::span<T> out = tensor.mutable_data<T>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    out[i] = static_cast<T>(values[i]);
    if (std::cmp_not_equal(out[i], values[i]))
      return refuse(message, "range", "has element " + std::to_string(values[i]) + ", which its type cannot hold",
                    std::move(field));
  }
  return tensor;
}

template <class T>
Result<Tensor> adopt(const TensorMessage& message, const std::vector<T>& values, std::string field) {
  const auto expected = static_cast<std::size_t>(element_count(message.dims));
  if (values.size() != expected) return wrong_count(message, values.size(), expected, "elements", std::move(field));
  return Tensor::from<T>(message.dims, values);
}

/// int32_data of packed types holds one byte of packed elements an entry.
Result<Tensor> read_packed_int32(const TensorMessage& message, DataType type, std::size_t count) {
  const std::size_t expected = stored_bytes(type, count);
  const std::vector<std::int32_t> entries = wire::typed_int32(message.message, expected);
  if (entries.size() != expected) return wrong_count(message, entries.size(), expected, "bytes", "int32_data");
  std::vector<std::byte> bytes(entries.size());
  std::transform(entries.begin(), entries.end(), bytes.begin(),
                 [](std::int32_t entry) { return static_cast<std::byte>(entry); });
  return from_bytes(type, message.dims, bytes);
}

Result<Tensor> read_typed(const TensorMessage& message, DataType type, std::size_t count) {
  const View bytes = message.message;
  switch (type) {
    case DataType::f32:
      return adopt(message, wire::typed_floats(bytes, count), "float_data");
    case DataType::f64:
      return adopt(message, wire::typed_doubles(bytes, count), "double_data");
    case DataType::i64:
      return adopt(message, wire::typed_int64(bytes, count), "int64_data");
    case DataType::u64:
      return adopt(message, wire::typed_uint64(bytes, count), "uint64_data");
    case DataType::u32:
      return narrow<std::uint32_t>(message, type, wire::typed_uint64(bytes, count), "uint64_data");
    case DataType::i32:
      return adopt(message, wire::typed_int32(bytes, count), "int32_data");
    case DataType::i16:
      return narrow<std::int16_t>(message, type, wire::typed_int32(bytes, count), "int32_data");
    case DataType::i8:
      return narrow<std::int8_t>(message, type, wire::typed_int32(bytes, count), "int32_data");
    case DataType::u16:
    case DataType::f16:
    case DataType::bf16:
      return narrow<std::uint16_t>(message, type, wire::typed_int32(bytes, count), "int32_data");
    case DataType::u8:
    case DataType::boolean:
      return narrow<std::uint8_t>(message, type, wire::typed_int32(bytes, count), "int32_data");
    case DataType::i4:
    case DataType::u4:
    case DataType::i2:
    case DataType::u2:
      return read_packed_int32(message, type, count);
    case DataType::i1:
      break;
  }
  return refuse(message, "type", "has an element type without typed data", "data_type");
}

Result<std::int64_t> parse_number(const TensorMessage& message, View key, View text) {
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0)
    return refuse(message, "external", "has external '" + std::string(key) + "' of '" + printable(text) + "'",
                  "external_data");
  return value;
}

Diagnostics with_tensor(Diagnostics findings, const TensorMessage& message) {
  for (Diagnostic& finding : findings) finding.message = "tensor '" + printable(message.name) + "': " + finding.message;
  return findings;
}

Result<Tensor> read_external(const TensorMessage& message, DataType type, std::size_t count, ExternalData& external) {
  View location;
  std::int64_t offset = 0, length = -1;
  for (const wire::ExternalEntry& entry : message.external_entries) {
    if (entry.key == "location") location = entry.value;
    if (entry.key != "offset" && entry.key != "length") continue;
    const Result<std::int64_t> number = parse_number(message, entry.key, entry.value);
    if (!number) return fail(number.error());
    (entry.key == "offset" ? offset : length) = *number;
  }
  const std::size_t expected = stored_bytes(type, count);
  if (length < 0) {  // the rest of the file
    const Result<std::int64_t> size = external.size(location);
    if (!size) return fail(with_tensor(size.error(), message));
    length = std::max<std::int64_t>(*size - offset, 0);
  }
  if (std::cmp_not_equal(length, expected))
    return wrong_count(message, static_cast<std::size_t>(length), expected, "bytes", "external_data");
  const bool packed = is_packed(type);
  Result<Tensor> tensor =
      external.read(location, offset, packed ? DataType::u8 : type, packed ? Shape{length} : message.dims);
  if (!tensor) return fail(with_tensor(tensor.error(), message));
  return packed ? from_bytes(type, message.dims, tensor->bytes()) : *tensor;
}

/// True if any of the 16-bit floats with this exponent mask is a NaN.
bool any_nan16(std::span<const std::uint16_t> values, std::uint16_t infinity) {
  return std::any_of(values.begin(), values.end(), [infinity](std::uint16_t v) { return (v & 0x7FFFU) > infinity; });
}

template <class T>
bool any_nan(std::span<const T> values) {
  // Counting instead of stopping lets the compiler use vectors; weights without NaN are the rule.
  std::size_t count = 0;
  for (const T v : values) count += v != v ? 1 : 0;
  return count > 0;
}

bool has_nan(const Tensor& tensor) {
  if (tensor.type() == DataType::f32) return any_nan(tensor.data<float>());
  if (tensor.type() == DataType::f64) return any_nan(tensor.data<double>());
  if (tensor.type() == DataType::f16) return any_nan16(tensor.data<std::uint16_t>(), 0x7C00);
  if (tensor.type() == DataType::bf16) return any_nan16(tensor.data<std::uint16_t>(), 0x7F80);
  return false;
}

}  // namespace

Result<Tensor> read_tensor(const TensorMessage& message, ExternalData& external) {
  const std::optional<DataType> type = wire::element_type(message.data_type);
  if (!type)
    return refuse(message, "type", "has element type " + std::to_string(message.data_type) + ", which is not supported",
                  "data_type", ErrorClass::unsupported);
  if (message.segmented) return refuse(message, "segment", "is stored in segments", "segment", ErrorClass::unsupported);
  const std::int64_t elements = checked_element_count(message.dims, std::int64_t{1} << 34);
  if (elements < 0)
    return refuse(message, "dims", "has dimensions " + shape_text(message.dims) + "; at most 2^34 elements are read",
                  "dims");
  const auto count = static_cast<std::size_t>(elements);
  try {
    Result<Tensor> tensor = message.external ? read_external(message, *type, count, external)
                            : message.raw    ? read_raw(message, *type, count)
                                             : read_typed(message, *type, count);
    if (tensor && has_nan(*tensor)) return refuse(message, "nan", "contains NaN");
    if (tensor && *type == DataType::boolean)
      for (std::uint8_t& b : tensor->mutable_data<std::uint8_t>()) b = b != 0 ? 1 : 0;
    return tensor;
  } catch (const wire::Malformed& malformed) {
    return refuse(message, "data", std::string("cannot be read: ") + malformed.reason);
  }
}

}  // namespace heddle::frontend
