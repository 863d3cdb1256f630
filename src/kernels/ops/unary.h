// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/parallel.h"

namespace heddle::kernels::ops {

/// Base of function objects that have no attributes; all are built from the node's attributes.
struct NoParameters {
  explicit NoParameters(const Attributes&) {}
};

[[nodiscard]] Inferred infer_same_number(const Attributes& attributes, Infos inputs, std::size_t outputs);

/// y = f(x) for every element, in T.
template <class T, class F>
Tensor map_elements(const Tensor& x, DataType type, const F& f) {
  Tensor y(type, x.shape());
  const T* from = x.data<T>().data();
  T* to = y.mutable_data<T>().data();
  parallel_for(x.size(), grain_for(8), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = f(from[i]);
  });
  return y;
}

/// The run function of an elementwise operator on reals (integers, where it allows them, are computed as f64: exact up
/// to 53 bits).
template <class F>
Computed run_unary(const Attributes& attributes, Tensors inputs, std::size_t) {
  const Tensor& x = inputs[0];
  const DataType type = contains(kReal, x.type()) ? compute_type(x.type()) : DataType::f64;
  const Tensor wide = cast(x, type);
  const F f(attributes);
  return one(cast(with_real(type, [&]<class T>() { return map_elements<T>(wide, type, f); }), x.type()));
}

/// As run_unary, but integers are computed as integers.
template <class F>
Computed run_unary_exact(const Attributes& attributes, Tensors inputs, std::size_t) {
  const Tensor& x = inputs[0];
  const DataType type = compute_type(x.type());
  const Tensor wide = cast(x, type);
  const F f(attributes);
  return one(cast(with_compute(type, [&]<class T>() { return map_elements<T>(wide, type, f); }), x.type()));
}

}  // namespace heddle::kernels::ops
