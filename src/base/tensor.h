// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/data_type.h"

namespace heddle {

/// Dimensions, outermost first. In a `Tensor` all are >= 0; the IR uses -1 for "not bound yet".
using Shape = std::vector<std::int64_t>;

/// Product of the dimensions (1 for a scalar). Precondition: it fits 63 bits (`checked_element_count` tests that).
[[nodiscard]] std::int64_t element_count(const Shape& shape);
/// Product of the dimensions, or -1 if a dimension is negative or the product exceeds `limit`.
[[nodiscard]] std::int64_t checked_element_count(const Shape& shape, std::int64_t limit = std::int64_t{1} << 40);

/// The C++ type that holds one element of a DataType in host memory, and back.
template <class T>
struct DataTypeOf;
template <>
struct DataTypeOf<float> {
  static constexpr DataType value = DataType::f32;
};
template <>
struct DataTypeOf<double> {
  static constexpr DataType value = DataType::f64;
};
template <>
struct DataTypeOf<std::int8_t> {
  static constexpr DataType value = DataType::i8;
};
template <>
struct DataTypeOf<std::uint8_t> {
  static constexpr DataType value = DataType::u8;
};
template <>
struct DataTypeOf<std::int16_t> {
  static constexpr DataType value = DataType::i16;
};
template <>
struct DataTypeOf<std::uint16_t> {
  static constexpr DataType value = DataType::u16;
};
template <>
struct DataTypeOf<std::int32_t> {
  static constexpr DataType value = DataType::i32;
};
template <>
struct DataTypeOf<std::uint32_t> {
  static constexpr DataType value = DataType::u32;
};
template <>
struct DataTypeOf<std::int64_t> {
  static constexpr DataType value = DataType::i64;
};
template <>
struct DataTypeOf<std::uint64_t> {
  static constexpr DataType value = DataType::u64;
};
template <>
struct DataTypeOf<bool> {
  static constexpr DataType value = DataType::boolean;
};

/// A dense row-major host tensor: type, shape, and shared bytes.
///
/// Copies are shallow: they share the bytes. A tensor that came from somewhere else is read through `data<T>()`;
/// only its creator writes through `mutable_data<T>()`. i1, i2, i4 and u4 take one byte an element (value-extended).
class Tensor {
 public:
  Tensor() = default;
  /// Zero-filled tensor. Precondition: checked_element_count(shape) >= 0.
  Tensor(DataType type, Shape shape);

  template <class T>
  static Tensor from(Shape shape, std::span<const T> values) {
    Tensor tensor(DataTypeOf<T>::value, std::move(shape));
    assert(static_cast<std::int64_t>(values.size()) == tensor.size());
    std::copy(values.begin(), values.end(), tensor.mutable_data<T>().begin());
    return tensor;
  }
  template <class T>
  static Tensor from(Shape shape, const std::vector<T>& values) {
    return from<T>(std::move(shape), std::span<const T>(values));
  }

  [[nodiscard]] DataType type() const { return type_; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] std::int64_t dim(std::size_t axis) const { return shape_.at(axis); }
  [[nodiscard]] std::size_t rank() const { return shape_.size(); }
  [[nodiscard]] std::int64_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return bytes_ == nullptr; }

  /// Elements as T. T must be the type's host type, or (for i1, i2, i4) std::int8_t, (u2, u4) std::uint8_t,
  /// (f16, bf16) std::uint16_t, (boolean) bool or std::uint8_t.
  template <class T>
  [[nodiscard]] std::span<const T> data() const {
    assert(sizeof(T) == host_bytes(type_));
    return {reinterpret_cast<const T*>(bytes_.get()), static_cast<std::size_t>(count_)};
  }
  template <class T>
  [[nodiscard]] std::span<T> mutable_data() {
    assert(sizeof(T) == host_bytes(type_));
    return {reinterpret_cast<T*>(bytes_.get()), static_cast<std::size_t>(count_)};
  }
  [[nodiscard]] std::span<const std::byte> bytes() const;
  [[nodiscard]] std::span<std::byte> mutable_bytes();

  /// The same bytes under another shape. Precondition: equal element counts.
  [[nodiscard]] Tensor reshaped(Shape shape) const;
  /// A deep copy.
  [[nodiscard]] Tensor clone() const;

 private:
  DataType type_ = DataType::f32;
  Shape shape_;
  std::int64_t count_ = 0;
  std::shared_ptr<std::byte[]> bytes_;
};

}  // namespace heddle
