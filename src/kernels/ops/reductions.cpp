// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/parallel.h"
#include "kernels/strided.h"

namespace heddle::kernels::ops {
namespace {

bool keeps_dims(const Attributes& attributes) {
  return get_int(attributes, "keepdims", 1) != 0;
}

/// The axes to reduce, sorted; nothing if they are wrong. `stated` are the values of the axes input.
std::optional<std::vector<std::int64_t>> reduced_axes(Check& check, std::vector<std::int64_t> stated,
                                                      std::int64_t rank) {
  if (stated.empty() && get_int(check.attributes(), "noop_with_empty_axes", 0) == 0)
    for (std::int64_t i = 0; i < rank; ++i) stated.push_back(i);
  auto axes = check.axes("axes", stated, rank);
  if (axes) std::sort(axes->begin(), axes->end());
  return axes;
}

Shape reduced_shape(const Shape& x, const std::vector<std::int64_t>& axes, bool keep) {
  Shape result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool reduced = std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(i));
    if (!reduced)
      result.push_back(x[i]);
    else if (keep)
      result.push_back(1);
  }
  return result;
}

template <TypeSet Allowed>
Inferred infer_reduction(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "data", Allowed);
  check.optional_type(1, "axes", kInt64);
  if (!check.ok() || (check.has(1) && !check.rank_is(1, "axes", 1))) return check.failed();
  const Shape& x = check.shape(0);
  const auto stated = check.has(1) ? check.ints(1) : std::vector<std::int64_t>{};
  if (!stated) {  // known only when it runs: the rank is, at least
    const std::int64_t count = check.shape(1)[0];
    if (keeps_dims(attributes)) return check.done({{.type = check.in(0).type, .shape = Shape(x.size(), kUnknown)}});
    if (count != kUnknown && count > 0 && count <= check.rank(0))
      return check.done(
          {{.type = check.in(0).type, .shape = Shape(x.size() - static_cast<std::size_t>(count), kUnknown)}});
    check.unsupported("op.parameter.dynamic", "axes", "the axes are not constant, so that the rank is unknown");
    return check.failed();
  }
  const auto axes = reduced_axes(check, *stated, check.rank(0));
  if (!axes) return check.failed();
  return check.done({{.type = check.in(0).type, .shape = reduced_shape(x, *axes, keeps_dims(attributes))}});
}

/// A reduction: start value, one step, and what follows when all elements are in. A is the accumulator for T.
template <class T>
using Accumulator = std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>;

template <class T>
struct Sum {
  using A = Accumulator<T>;
  A total = 0;
  void add(T x) { total += static_cast<A>(x); }
  T result(std::size_t) const { return static_cast<T>(total); }
};

template <class T>
struct Mean : Sum<T> {
  T result(std::size_t n) const {
    if constexpr (std::is_floating_point_v<T>)
      return static_cast<T>(this->total / static_cast<double>(n));
    else
      return n == 0 ? T(0) : static_cast<T>(static_cast<T>(this->total) / static_cast<T>(n));
  }
};

template <class T>
struct Product {
  Accumulator<T> total = 1;
  void add(T x) { total *= static_cast<Accumulator<T>>(x); }
  T result(std::size_t) const { return static_cast<T>(total); }
};

template <class T>
struct SumSquare : Sum<T> {
  using typename Sum<T>::A;
  void add(T x) { this->total += static_cast<A>(x) * static_cast<A>(x); }
};

template <class T>
struct L1 : Sum<T> {
  using typename Sum<T>::A;
  void add(T x) { this->total += x < T(0) ? -static_cast<A>(x) : static_cast<A>(x); }
};

template <class T>
struct L2 : SumSquare<T> {
  T result(std::size_t) const { return convert<T>(std::sqrt(static_cast<double>(this->total))); }
};

template <class T>
struct LogSum : Sum<T> {
  T result(std::size_t) const { return convert<T>(std::log(static_cast<double>(this->total))); }
};

template <class T>
struct Extreme {
  bool any = false;
  T best{};
};

template <class T>
struct Maximum : Extreme<T> {
  void add(T x) {
    if (!this->any || x > this->best || x != x) this->best = x;
    this->any = true;
  }
  /// Nothing to reduce: minus infinity, or the lowest integer.
  T result(std::size_t) const {
    using Limits = std::numeric_limits<T>;
    return this->any ? this->best : Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  }
};

template <class T>
struct Minimum : Extreme<T> {
  void add(T x) {
    if (!this->any || x < this->best || x != x) this->best = x;
    this->any = true;
  }
  T result(std::size_t) const {
    using Limits = std::numeric_limits<T>;
    return this->any ? this->best : Limits::has_infinity ? Limits::infinity() : Limits::max();
  }
};

/// log Σ eˣ, relative to the largest element so far.
template <class T>
struct LogSumExp {
  double top = -std::numeric_limits<double>::infinity(), total = 0;
  void add(T x) {
    const auto v = static_cast<double>(x);
    if (v <= top) {
      total += v == top ? 1.0 : std::exp(v - top);
    } else {
      total = (total == 0 ? 0 : total * std::exp(top - v)) + 1;
      top = v;
    }
  }
  T result(std::size_t) const { return convert<T>(total == 0 ? top : top + std::log(total)); }
};

/// x with the reduced axes last, so that every result comes from one dense row.
Tensor rows_of(const Tensor& x, const std::vector<std::int64_t>& axes) {
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(x.rank()); ++i)
    if (!std::binary_search(axes.begin(), axes.end(), i)) order.push_back(i);
  order.insert(order.end(), axes.begin(), axes.end());
  return std::is_sorted(order.begin(), order.end()) ? x : transposed(x, order);
}

template <class T, template <class> class Reducer>
Tensor reduce_rows(const Tensor& x, const Shape& shape, std::int64_t row) {
  Tensor y(x.type(), shape);
  const auto from = x.data<T>();
  const auto to = y.mutable_data<T>();
  const auto n = static_cast<std::size_t>(row);
  parallel_for(y.size(), grain_for(row), [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      Reducer<T> reducer;
      for (const T v : from.subspan(i * n, n)) reducer.add(v);
      to[i] = reducer.result(n);
    }
  });
  return y;
}

/// A narrow integer's smallest value, when nothing is reduced, is that of its own type.
Tensor narrowed(const Tensor& y, DataType type) {
  if (contains(kReal, type) || bits(type) == 64) return cast(y, type);
  const bool is_signed = contains(kSigned, type);
  const int magnitude_bits = type == DataType::boolean ? 1 : bits(type) - (is_signed ? 1 : 0);
  const std::int64_t hi = (std::int64_t{1} << magnitude_bits) - 1, lo = is_signed ? -hi - 1 : 0;
  Tensor limited = y.clone();
  for (std::int64_t& v : limited.mutable_data<std::int64_t>())
    if (v == std::numeric_limits<std::int64_t>::max() || v == std::numeric_limits<std::int64_t>::lowest())
      v = std::clamp(v, lo, hi);
  return cast(limited, type);
}

template <template <class> class Reducer>
Computed run_reduction(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto stated = has(inputs, 1) ? ints_of(inputs[1]) : std::vector<std::int64_t>{};
  const auto axes = reduced_axes(check, stated, static_cast<std::int64_t>(inputs[0].rank()));
  if (!axes) return check.failed();
  const DataType type = compute_type(inputs[0].type());
  const Tensor x = rows_of(cast(inputs[0], type), *axes);
  const Shape shape = reduced_shape(inputs[0].shape(), *axes, keeps_dims(attributes));
  std::int64_t row = 1;
  for (const std::int64_t axis : *axes) row *= inputs[0].dim(static_cast<std::size_t>(axis));
  const Tensor y = with_compute(type, [&]<class T>() { return reduce_rows<T, Reducer>(x, shape, row); });
  return one(narrowed(y, inputs[0].type()));
}

constexpr std::array<std::string_view, 2> kReduce{"keepdims", "noop_with_empty_axes"};

template <template <class> class Reducer, TypeSet Allowed = kNumber>
constexpr OperatorDefinition reduction(std::string_view name) {
  return {name, 1, 2, kReduce, infer_reduction<Allowed>, run_reduction<Reducer>};
}

constexpr std::array kReductions{
    reduction<L1>("ReduceL1"),
    reduction<L2>("ReduceL2"),
    reduction<LogSum>("ReduceLogSum"),
    reduction<LogSumExp>("ReduceLogSumExp"),
    reduction<Maximum, kNumber | kBool>("ReduceMax"),
    reduction<Mean>("ReduceMean"),
    reduction<Minimum, kNumber | kBool>("ReduceMin"),
    reduction<Product>("ReduceProd"),
    reduction<Sum>("ReduceSum"),
    reduction<SumSquare>("ReduceSumSquare"),
};

}  // namespace

Definitions reductions() {
  return kReductions;
}

}  // namespace heddle::kernels::ops
