// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/strided.h"

/// Operators that order or accumulate the elements along one axis.
namespace heddle::kernels::ops {
namespace {

/// A tensor seen as outer × size × inner around one axis.
struct AxisView {
  std::int64_t outer = 1, size = 1, inner = 1;
  AxisView(const Shape& shape, std::size_t axis) : size(shape[axis]) {
    for (std::size_t i = 0; i < axis; ++i) outer *= shape[i];
    for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  }
  [[nodiscard]] std::size_t at(std::int64_t o, std::int64_t a, std::int64_t i) const {
    return static_cast<std::size_t>((o * size + a) * inner + i);
  }
};

std::size_t normal_axis(std::int64_t axis, const Tensor& x) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(x.rank()) : axis);
}

Inferred infer_arg(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (!check.type(0, "data", kNumber)) return check.failed();
  const auto axis = check.axis("axis", get_int(attributes, "axis", 0), check.rank(0));
  if (!axis) return check.failed();
  Shape shape = check.shape(0);
  if (shape[static_cast<std::size_t>(*axis)] == 0)
    check.error("op.shape", "data", text("axis ", *axis, " of ", shape, " is empty"));
  if (get_int(attributes, "keepdims", 1) != 0)
    shape[static_cast<std::size_t>(*axis)] = 1;
  else
    shape.erase(shape.begin() + *axis);
  return check.done({{.type = DataType::i64, .shape = shape}});
}

template <class T, class Better>
void find_best(const Tensor& x, const AxisView& view, bool last, const Better& better, std::span<std::int64_t> y) {
  const auto from = x.data<T>();
  for (std::int64_t o = 0; o < view.outer; ++o)
    for (std::int64_t i = 0; i < view.inner; ++i) {
      std::int64_t best = 0;
      for (std::int64_t a = 1; a < view.size; ++a) {
        const T v = from[view.at(o, a, i)], w = from[view.at(o, best, i)];
        if (better(v, w) || (last && v == w)) best = a;
      }
      y[static_cast<std::size_t>(o * view.inner + i)] = best;
    }
}

template <bool Largest>
Computed run_arg(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_arg, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  const Tensor x = cast(inputs[0], compute_type(inputs[0].type()));
  const AxisView view(x.shape(), normal_axis(get_int(attributes, "axis", 0), x));
  const bool last = get_int(attributes, "select_last_index", 0) != 0;
  Tensor y(DataType::i64, infos->front().shape);
  with_compute(x.type(), [&]<class T>() {
    find_best<T>(x, view, last, [](T a, T b) { return Largest ? a > b : a < b; }, y.mutable_data<std::int64_t>());
  });
  return one(y);
}

Inferred infer_top_k(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "X", kNumber)) check.rank_at_least(0, "X", 1);
  check.type(1, "K", kInt64);
  if (!check.ok()) return check.failed();
  const auto axis = check.axis("axis", get_int(attributes, "axis", -1), check.rank(0));
  if (!axis) return check.failed();
  Shape shape = check.shape(0);
  std::int64_t& size = shape[static_cast<std::size_t>(*axis)];
  const auto k = check.ints(1);
  if (k && (k->size() != 1 || (*k)[0] < 0 || (size != kUnknown && (*k)[0] > size)))
    check.error("op.parameter", "K", text("cannot take ", k->empty() ? 0 : (*k)[0], " of ", size, " elements"));
  size = k && !k->empty() ? (*k)[0] : kUnknown;
  if (!check.ok()) return check.failed();
  return check.done({{.type = check.in(0).type, .shape = shape}, {.type = DataType::i64, .shape = shape}});
}

template <class T>
void top_k(const Tensor& x, const AxisView& view, std::int64_t k, bool largest, Tensor& values, Tensor& indices) {
  const auto from = x.data<T>();
  const auto to = values.mutable_data<T>();
  const auto where = indices.mutable_data<std::int64_t>();
  std::vector<std::int64_t> order(static_cast<std::size_t>(view.size));
  for (std::int64_t o = 0; o < view.outer; ++o)
    for (std::int64_t i = 0; i < view.inner; ++i) {
      std::iota(order.begin(), order.end(), std::int64_t{0});
      std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](std::int64_t a, std::int64_t b) {
        const T v = from[view.at(o, a, i)], w = from[view.at(o, b, i)];
        return v == w ? a < b : largest ? v > w : v < w;
      });
      for (std::int64_t r = 0; r < k; ++r) {
        const auto at = static_cast<std::size_t>((o * k + r) * view.inner + i);
        where[at] = order[static_cast<std::size_t>(r)];
        to[at] = from[view.at(o, where[at], i)];
      }
    }
}

Computed run_top_k(const Attributes& attributes, Tensors inputs, std::size_t outputs) {
  const auto infos = infer_run(infer_top_k, attributes, inputs, 2);
  if (!infos) return fail(infos.error());
  const Tensor x = cast(inputs[0], compute_type(inputs[0].type()));
  const std::size_t axis = normal_axis(get_int(attributes, "axis", -1), x);
  Tensor values(x.type(), infos->front().shape), indices(DataType::i64, infos->front().shape);
  const bool largest = get_int(attributes, "largest", 1) != 0;
  with_compute(x.type(),
               [&]<class T>() { top_k<T>(x, AxisView(x.shape(), axis), values.dim(axis), largest, values, indices); });
  std::vector<Tensor> result{cast(values, inputs[0].type())};
  if (outputs > 1) result.push_back(indices);
  return result;
}

Inferred infer_cum_sum(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "x", kNumber);
  check.type(1, "axis", kIndex);
  if (!check.ok()) return check.failed();
  if (const auto axis = check.ints(1)) {
    if (axis->size() != 1)
      check.error("op.shape", "axis", text("has ", axis->size(), " elements instead of 1"));
    else
      check.axis("axis", (*axis)[0], check.rank(0));
  }
  return check.done({{.type = check.in(0).type, .shape = check.shape(0)}});
}

Computed run_cum_sum(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_cum_sum, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  // Integers wrap: as unsigned ones.
  const bool real = contains(kReal, inputs[0].type());
  const Tensor x = cast(inputs[0], real ? compute_type(inputs[0].type()) : DataType::u64);
  const AxisView view(x.shape(), normal_axis(ints_of(inputs[1])[0], x));
  const bool reverse = get_int(attributes, "reverse", 0) != 0, exclusive = get_int(attributes, "exclusive", 0) != 0;
  Tensor y(x.type(), x.shape());
  with_compute(x.type(), [&]<class T>() {
    const auto from = x.data<T>();
    const auto to = y.mutable_data<T>();
    for (std::int64_t o = 0; o < view.outer; ++o)
      for (std::int64_t i = 0; i < view.inner; ++i) {
        T sum{};
        for (std::int64_t step = 0; step < view.size; ++step) {
          const std::size_t at = view.at(o, reverse ? view.size - 1 - step : step, i);
          if (exclusive) to[at] = sum;
          sum += from[at];
          if (!exclusive) to[at] = sum;
        }
      }
  });
  return one(cast(y, inputs[0].type()));
}

constexpr std::array<std::string_view, 3> kArg{"axis", "keepdims", "select_last_index"};
constexpr std::array<std::string_view, 3> kTopK{"axis", "largest", "sorted"};
constexpr std::array<std::string_view, 2> kCumSum{"exclusive", "reverse"};

constexpr std::array kSelections{
    OperatorDefinition{"ArgMax", 1, 1, kArg, infer_arg, run_arg<true>},
    OperatorDefinition{"ArgMin", 1, 1, kArg, infer_arg, run_arg<false>},
    OperatorDefinition{"CumSum", 2, 2, kCumSum, infer_cum_sum, run_cum_sum},
    OperatorDefinition{"TopK", 2, 2, kTopK, infer_top_k, run_top_k},
};

}  // namespace

Definitions selections() {
  return kSelections;
}

}  // namespace heddle::kernels::ops
