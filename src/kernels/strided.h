// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "base/tensor.h"

namespace heddle::kernels {

/// Row-major strides, in elements.
[[nodiscard]] Shape strides_of(const Shape& shape);
/// Strides of an operand of shape `from` read as the broadcast shape `to` (0 where it repeats).
[[nodiscard]] Shape broadcast_strides(const Shape& from, const Shape& to);

/// Walks a dense output in runs along its innermost dimension while up to three operands follow with strides of
/// their own. Adjacent dimensions that all operands walk evenly are merged first, so that runs are long.
class StridedLoop {
 public:
  static constexpr std::size_t kOperands = 3;
  StridedLoop(const Shape& shape, std::vector<Shape> strides);

  [[nodiscard]] std::int64_t runs() const { return runs_; }
  [[nodiscard]] std::int64_t length() const { return dims_.back(); }
  [[nodiscard]] std::int64_t step(std::size_t operand) const { return strides_[operand].back(); }
  /// Where a run starts in each operand; in the output it starts at run · length().
  [[nodiscard]] std::array<std::int64_t, kOperands> offsets(std::int64_t run) const;

 private:
  Shape dims_;
  std::vector<Shape> strides_;
  std::int64_t runs_ = 1;
};

/// A dense copy of the elements x[offset + Σ index·stride] (strides may be 0 or negative).
[[nodiscard]] Tensor strided_copy(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset = 0);
/// x with its axes in another order: axis i of the result is axis order[i] of x.
[[nodiscard]] Tensor transposed(const Tensor& x, const std::vector<std::int64_t>& order);
/// x repeated to a shape that it broadcasts to.
[[nodiscard]] Tensor expanded(const Tensor& x, const Shape& shape);
/// Element (i, j, …) of the result is x(index[0][i], index[1][j], …), or `fill` (one element of x's type) where any of
/// them is −1.
[[nodiscard]] Tensor selected(const Tensor& x, const std::vector<std::vector<std::int64_t>>& index, const Tensor& fill);

}  // namespace heddle::kernels
