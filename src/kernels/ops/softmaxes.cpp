// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/parallel.h"

namespace heddle::kernels::ops {
namespace {

std::optional<std::size_t> normal_axis(Check& check, const Shape& x) {
  const std::int64_t axis = get_int(check.attributes(), "axis", -1);
  // A scalar is a row of one element.
  if (x.empty() && (axis == -1 || axis == 0)) return 0;
  const auto normal = check.axis("axis", axis, static_cast<std::int64_t>(x.size()));
  if (!normal) return std::nullopt;
  return static_cast<std::size_t>(*normal);
}

Inferred infer_softmax(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "input", kReal)) normal_axis(check, check.shape(0));
  return check.done({{.type = check.in(0).type, .shape = check.shape(0)}});
}

/// One row of `n` elements, `step` apart.
template <class T>
struct Row {
  const T* x;
  T* y;
  std::int64_t n, step;

  [[nodiscard]] std::int64_t largest() const {
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < n; ++i)
      if (x[i * step] > x[best * step]) best = i;
    return best;
  }
};

struct Softmax {
  template <class T>
  void operator()(const Row<T>& r) const {
    const T top = r.x[r.largest() * r.step];
    double sum = 0;
    for (std::int64_t i = 0; i < r.n; ++i) {
      r.y[i * r.step] = std::exp(r.x[i * r.step] - top);
      sum += static_cast<double>(r.y[i * r.step]);
    }
    const T factor = static_cast<T>(1.0 / sum);
    for (std::int64_t i = 0; i < r.n; ++i) r.y[i * r.step] *= factor;
  }
};

struct LogSoftmax {
  template <class T>
  void operator()(const Row<T>& r) const {
    const T top = r.x[r.largest() * r.step];
    double sum = 0;
    for (std::int64_t i = 0; i < r.n; ++i) sum += std::exp(static_cast<double>(r.x[i * r.step] - top));
    const T shift = static_cast<T>(std::log(sum));
    for (std::int64_t i = 0; i < r.n; ++i) r.y[i * r.step] = r.x[i * r.step] - top - shift;
  }
};

struct Hardmax {
  template <class T>
  void operator()(const Row<T>& r) const {
    const std::int64_t best = r.largest();
    for (std::int64_t i = 0; i < r.n; ++i) r.y[i * r.step] = i == best ? T(1) : T(0);
  }
};

template <class F>
Computed run_rows(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto axis = normal_axis(check, inputs[0].shape());
  if (!axis) return check.failed();
  const DataType type = real_type(inputs[0].type());
  const Tensor x = cast(inputs[0], type);
  Tensor y(type, x.shape());
  if (x.size() == 0) return one(cast(y, inputs[0].type()));
  const std::int64_t n = x.rank() == 0 ? 1 : x.dim(*axis);
  std::int64_t step = 1;
  for (std::size_t i = *axis + 1; i < x.rank(); ++i) step *= x.dim(i);
  with_real(type, [&]<class T>() {
    const T* from = x.data<T>().data();
    T* to = y.mutable_data<T>().data();
    parallel_for(x.size() / n, grain_for(n * 8), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int64_t first = row / step * n * step + row % step;
        F{}(Row<T>{from + first, to + first, n, step});
      }
    });
  });
  return one(cast(y, inputs[0].type()));
}

constexpr std::array kSoftmaxes{
    OperatorDefinition{"Hardmax", 1, 1, kAxis, infer_softmax, run_rows<Hardmax>},
    OperatorDefinition{"LogSoftmax", 1, 1, kAxis, infer_softmax, run_rows<LogSoftmax>},
    OperatorDefinition{"Softmax", 1, 1, kAxis, infer_softmax, run_rows<Softmax>},
};

}  // namespace

Definitions softmaxes() {
  return kSoftmaxes;
}

}  // namespace heddle::kernels::ops
