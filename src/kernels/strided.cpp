// SPDX-License-Identifier: Apache-2.0
#include "kernels/strided.h"

#include <algorithm>
#include <cstring>

#include "kernels/parallel.h"

namespace heddle::kernels {
namespace {

template <class T>
void copy_runs(const StridedLoop& loop, const T* from, T* to) {
  const std::int64_t length = loop.length(), step = loop.step(0);
  parallel_for(loop.runs(), grain_for(length + 8), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t run = begin; run < end; ++run) {
      const T* source = from + loop.offsets(run)[0];
      T* target = to + run * length;
      if (step == 1)
        std::copy_n(source, length, target);
      else
        for (std::int64_t i = 0; i < length; ++i) target[i] = source[i * step];
    }
  });
}

/// Calls f with a null pointer to an unsigned integer of the element's size.
template <class F>
void with_bits(DataType type, F&& f) {
  switch (host_bytes(type)) {
    case 1:
      return f.template operator()<std::uint8_t>();
    case 2:
      return f.template operator()<std::uint16_t>();
    case 4:
      return f.template operator()<std::uint32_t>();
    default:
      return f.template operator()<std::uint64_t>();
  }
}

template <class T>
void select_rows(const Tensor& x, const std::vector<std::vector<std::int64_t>>& index, T fill, Tensor& y) {
  const std::size_t last = index.size() - 1;
  const auto& columns = index[last];
  const auto width = static_cast<std::int64_t>(columns.size());
  const Shape strides = strides_of(x.shape());
  const auto from = x.data<T>();
  const auto to = y.mutable_data<T>();
  if (width == 0) return;
  parallel_for(y.size() / width, grain_for(width + 8), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::int64_t rest = row, offset = 0;
      bool inside = true;
      for (std::size_t axis = last; axis-- > 0;) {
        const auto size = static_cast<std::int64_t>(index[axis].size());
        const std::int64_t i = index[axis][static_cast<std::size_t>(rest % size)];
        rest /= size;
        inside = inside && i >= 0;
        offset += i * strides[axis];
      }
      T* target = to.data() + row * width;
      for (std::int64_t c = 0; c < width; ++c) {
        const std::int64_t i = columns[static_cast<std::size_t>(c)];
        target[c] = inside && i >= 0 ? from[static_cast<std::size_t>(offset + i)] : fill;
      }
    }
  });
}

}  // namespace

Shape strides_of(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<std::int64_t>(shape[i], 1);
  return strides;
}

Shape broadcast_strides(const Shape& from, const Shape& to) {
  const Shape own = strides_of(from);
  Shape result(to.size(), 0);
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 1) result[to.size() - from.size() + i] = own[i];
  return result;
}

StridedLoop::StridedLoop(const Shape& shape, std::vector<Shape> strides) : strides_(strides.size()) {
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1) continue;
    bool merges = !dims_.empty();
    for (std::size_t o = 0; o < strides.size() && merges; ++o)
      merges = strides_[o].back() == strides[o][axis] * shape[axis];
    if (merges) {
      dims_.back() *= shape[axis];
      for (std::size_t o = 0; o < strides.size(); ++o) strides_[o].back() = strides[o][axis];
      continue;
    }
    dims_.push_back(shape[axis]);
    for (std::size_t o = 0; o < strides.size(); ++o) strides_[o].push_back(strides[o][axis]);
  }
  if (dims_.empty()) {
    dims_.push_back(1);
    for (Shape& s : strides_) s.push_back(1);
  }
  for (std::size_t i = 0; i + 1 < dims_.size(); ++i) runs_ *= dims_[i];
}

std::array<std::int64_t, StridedLoop::kOperands> StridedLoop::offsets(std::int64_t run) const {
  std::array<std::int64_t, kOperands> result{};
  for (std::size_t axis = dims_.size() - 1; axis-- > 0;) {
    const std::int64_t i = run % dims_[axis];
    run /= dims_[axis];
    for (std::size_t o = 0; o < strides_.size(); ++o) result[o] += i * strides_[o][axis];
  }
  return result;
}

Tensor strided_copy(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset) {
  Tensor y(x.type(), shape);
  if (y.size() == 0) return y;
  const StridedLoop loop(shape, {strides});
  with_bits(x.type(), [&]<class T>() { copy_runs<T>(loop, x.data<T>().data() + offset, y.mutable_data<T>().data()); });
  return y;
}

Tensor transposed(const Tensor& x, const std::vector<std::int64_t>& order) {
  const Shape own = strides_of(x.shape());
  Shape shape, strides;
  for (const std::int64_t axis : order) {
    shape.push_back(x.dim(static_cast<std::size_t>(axis)));
    strides.push_back(own[static_cast<std::size_t>(axis)]);
  }
  return strided_copy(x, shape, strides);
}

Tensor expanded(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  return strided_copy(x, shape, broadcast_strides(x.shape(), shape));
}

Tensor selected(const Tensor& x, const std::vector<std::vector<std::int64_t>>& index, const Tensor& fill) {
  if (index.empty()) return x;
  Shape shape;
  for (const auto& axis : index) shape.push_back(static_cast<std::int64_t>(axis.size()));
  Tensor y(x.type(), shape);
  if (y.size() == 0) return y;
  with_bits(x.type(), [&]<class T>() { select_rows<T>(x, index, fill.data<T>()[0], y); });
  return y;
}

}  // namespace heddle::kernels
