// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/parallel.h"
#include "kernels/strided.h"

namespace heddle::kernels::ops {

/// y = f(a, b) with numpy broadcasting; T is the operands' element type, Y the result's.
template <class T, class Y, class F>
Tensor map_pairs(const Tensor& a, const Tensor& b, const Shape& shape, DataType type, const F& f) {
  Tensor y(type, shape);
  if (y.size() == 0) return y;
  const StridedLoop loop(shape, {broadcast_strides(a.shape(), shape), broadcast_strides(b.shape(), shape)});
  const T *left = a.data<T>().data(), *right = b.data<T>().data();
  Y* to = y.mutable_data<Y>().data();
  const std::int64_t n = loop.length(), sa = loop.step(0), sb = loop.step(1);
  const auto row = [&](const T* p, const T* q, Y* r, std::int64_t begin, std::int64_t end) {
    // The three common cases by themselves, so that they vectorise.
    if (sa == 1 && sb == 1)
      for (std::int64_t i = begin; i < end; ++i) r[i] = f(p[i], q[i]);
    else if (sa == 1 && sb == 0)
      for (std::int64_t i = begin; i < end; ++i) r[i] = f(p[i], q[0]);
    else
      for (std::int64_t i = begin; i < end; ++i) r[i] = f(p[i * sa], q[i * sb]);
  };
  if (loop.runs() == 1) {
    parallel_for(n, grain_for(2), [&](std::int64_t begin, std::int64_t end) { row(left, right, to, begin, end); });
    return y;
  }
  parallel_for(loop.runs(), grain_for(n + 8), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t run = begin; run < end; ++run) {
      const auto at = loop.offsets(run);
      row(left + at[0], right + at[1], to + run * n, 0, n);
    }
  });
  return y;
}

/// The run function of an operator with two operands and a result of one type.
template <class F>
Tensor combine(const Tensor& a, const Tensor& b, const Shape& shape, const F& f) {
  const DataType type = compute_type(a.type());
  const Tensor left = cast(a, type), right = cast(b, type);
  return cast(with_compute(type, [&]<class T>() { return map_pairs<T, T>(left, right, shape, type, f); }), a.type());
}

/// The shape of two tensors that are known to broadcast.
[[nodiscard]] Shape broadcast_shape(const Shape& a, const Shape& b);

}  // namespace heddle::kernels::ops
