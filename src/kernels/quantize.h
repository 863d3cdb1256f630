// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "kernels/check.h"

namespace heddle::kernels {

/// Which scale belongs to which element: one for all, one per index of an axis, or one per block along an axis.
class ScaleMap {
 public:
  ScaleMap() = default;
  /// `axis` must be in range when the scale is no scalar; block_size 0 means one scale per index.
  ScaleMap(const Shape& shape, const Shape& scale, std::int64_t axis, std::int64_t block_size);
  [[nodiscard]] std::size_t operator()(std::int64_t element) const {
    if (single_) return 0;
    const std::int64_t inside = element % inner_, row = element / inner_, at = row % size_;
    if (!blocked_) return static_cast<std::size_t>(at);
    return static_cast<std::size_t>((row / size_ * blocks_ + at / block_) * inner_ + inside);
  }
  /// So many elements in a row share a scale, from every multiple of it on.
  [[nodiscard]] std::int64_t run_length(std::int64_t elements) const {
    return single_ ? elements : blocked_ ? 1 : inner_;
  }

 private:
  bool single_ = true, blocked_ = false;
  std::int64_t inner_ = 1, size_ = 1, blocks_ = 1, block_ = 1;
};

/// The scale (operand `scale`) and zero point of QuantizeLinear and its reverse fit operand 0. Reports scales that are
/// not positive, if they are known.
void check_scales(Check& check, std::size_t scale, std::string_view scale_name, std::size_t zero_point,
                  std::string_view zero_name);
/// Every scale is a positive finite number.
[[nodiscard]] Status check_scale_values(const Tensor& scale, std::string_view name);

/// Zero points as integers; as many zeros as there are scales if they were left out.
[[nodiscard]] std::vector<std::int64_t> zero_points(const Tensor& zero_point, std::int64_t scales);
[[nodiscard]] std::vector<float> floats_of(const Tensor& tensor);

/// saturate(round(x / scale) + zero point) in `type`.
[[nodiscard]] Tensor quantize(const Tensor& x, const Tensor& scale, const Tensor& zero_point, const ScaleMap& map,
                              DataType type);
/// (x − zero point) · scale as f32.
[[nodiscard]] Tensor dequantize(const Tensor& x, const Tensor& scale, const Tensor& zero_point, const ScaleMap& map);

}  // namespace heddle::kernels
