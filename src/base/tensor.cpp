// SPDX-License-Identifier: Apache-2.0
#include "base/tensor.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace heddle {

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t d : shape) count *= d;
  return count;
}

std::int64_t checked_element_count(const Shape& shape, std::int64_t limit) {
  std::int64_t count = 1;
  bool zero = false;
  for (const std::int64_t d : shape) {
    if (d < 0) return -1;
    if (d == 0) {
      zero = true;
      continue;
    }
    if (d > limit / count) return -1;
    count *= d;
  }
  return zero ? 0 : count;
}

Tensor::Tensor(DataType type, Shape shape)
    : type_(type), shape_(std::move(shape)), count_(checked_element_count(shape_)) {
  assert(count_ >= 0);
  // At least one byte, so that an empty tensor still differs from "no tensor".
  const std::size_t bytes = std::max<std::size_t>(static_cast<std::size_t>(count_) * host_bytes(type_), 1);
  bytes_ = std::make_shared<std::byte[]>(bytes);
}

std::span<const std::byte> Tensor::bytes() const {
  return {bytes_.get(), static_cast<std::size_t>(count_) * host_bytes(type_)};
}

std::span<std::byte> Tensor::mutable_bytes() {
  return {bytes_.get(), static_cast<std::size_t>(count_) * host_bytes(type_)};
}

Tensor Tensor::reshaped(Shape shape) const {
  Tensor result = *this;
  result.shape_ = std::move(shape);
  assert(checked_element_count(result.shape_) == count_);
  return result;
}

Tensor Tensor::clone() const {
  Tensor result(type_, shape_);
  std::memcpy(result.bytes_.get(), bytes_.get(), bytes().size());
  return result;
}

}  // namespace heddle
