// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "kernels/ops/binary.h"
#include "kernels/ops/ops.h"

namespace heddle::kernels::ops {

Shape broadcast_shape(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1, db = i < b.size() ? b[b.size() - 1 - i] : 1;
    result[result.size() - 1 - i] = da == 1 ? db : da;
  }
  return result;
}

namespace {

/// Integers wrap, which only unsigned arithmetic does without undefined behaviour.
template <class T, class F>
T wrapping(T a, T b, const F& f) {
  if constexpr (std::is_floating_point_v<T>)
    return f(a, b);
  else
    return static_cast<T>(f(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
}

struct Add {
  template <class T>
  T operator()(T a, T b) const {
    return wrapping(a, b, [](auto p, auto q) { return p + q; });
  }
};

struct Sub {
  template <class T>
  T operator()(T a, T b) const {
    return wrapping(a, b, [](auto p, auto q) { return p - q; });
  }
};

struct Mul {
  template <class T>
  T operator()(T a, T b) const {
    return wrapping(a, b, [](auto p, auto q) { return p * q; });
  }
};

/// Integers truncate towards zero; divisors of 0 are refused before.
struct Div {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_same_v<T, std::int64_t>)
      return b == -1 ? wrapping(T(0), a, [](auto p, auto q) { return p - q; }) : a / b;
    else
      return a / b;
  }
};

/// NaN wins, as in numpy.
struct Max {
  template <class T>
  T operator()(T a, T b) const {
    return a > b || a != a ? a : b;
  }
};

struct Min {
  template <class T>
  T operator()(T a, T b) const {
    return a < b || a != a ? a : b;
  }
};

/// The remainder with the sign of the divisor (Python's %) or, with fmod, of the dividend.
struct Mod {
  bool fmod;
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      const T r = std::fmod(a, b);
      return !fmod && r != T(0) && (r < T(0)) != (b < T(0)) ? r + b : r;
    } else if constexpr (std::is_signed_v<T>) {
      if (b == -1) return 0;
      const T r = a % b;
      return !fmod && r != 0 && (r < 0) != (b < 0) ? r + b : r;
    } else {
      return a % b;
    }
  }
};

/// By squaring, wrapping; negative exponents give the truncated reciprocal.
std::int64_t integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 != 0 ? -1 : 1) : 0;
  std::uint64_t result = 1, square = static_cast<std::uint64_t>(base);
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result *= square;
    square *= square;
  }
  return static_cast<std::int64_t>(result);
}

struct Power {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>)
      return std::pow(a, b);
    else
      return static_cast<T>(integer_power(static_cast<std::int64_t>(a), static_cast<std::int64_t>(b)));
  }
};

Inferred infer_binary(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "A", kNumber) && check.type(1, "B", kNumber)) check.same_type(1, "B", 0);
  if (!check.ok()) return check.failed();
  return check.done({{.type = check.in(0).type, .shape = check.broadcast(check.shape(0), check.shape(1), "B")}});
}

Inferred infer_pow(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "X", kNumber);
  check.type(1, "Y", kNumber);
  if (!check.ok()) return check.failed();
  return check.done({{.type = check.in(0).type, .shape = check.broadcast(check.shape(0), check.shape(1), "Y")}});
}

Inferred infer_variadic(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  Shape shape;
  for (std::size_t i = 0; i < std::max<std::size_t>(inputs.size(), 1); ++i) {
    if (!check.type(i, text("data_", i), kNumber) || !check.same_type(i, text("data_", i), 0)) continue;
    shape = check.broadcast(shape, check.shape(i), text("data_", i));
  }
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

template <class F>
Computed run_binary(const Attributes&, Tensors inputs, std::size_t) {
  return one(combine(inputs[0], inputs[1], broadcast_shape(inputs[0].shape(), inputs[1].shape()), F{}));
}

/// Division and remainder of integers by 0 have no value.
Status refuse_zero_divisor(const Tensor& divisor) {
  if (contains(kReal, divisor.type())) return {};
  const std::vector<std::int64_t> values = ints_of(divisor);
  const auto zero = std::find(values.begin(), values.end(), 0);
  if (zero == values.end()) return {};
  return bad_value("B", text("integer division by zero: element ", zero - values.begin(), " of the divisor is 0"));
}

Computed run_div(const Attributes& attributes, Tensors inputs, std::size_t outputs) {
  if (auto status = refuse_zero_divisor(inputs[1]); !status) return fail(std::move(status.error()));
  return run_binary<Div>(attributes, inputs, outputs);
}

Computed run_mod(const Attributes& attributes, Tensors inputs, std::size_t) {
  if (auto status = refuse_zero_divisor(inputs[1]); !status) return fail(std::move(status.error()));
  const Mod mod{get_int(attributes, "fmod", 0) != 0};
  return one(combine(inputs[0], inputs[1], broadcast_shape(inputs[0].shape(), inputs[1].shape()), mod));
}

Computed run_pow(const Attributes&, Tensors inputs, std::size_t) {
  // An integer base with a real exponent is computed in reals and truncated, as numpy does.
  const Tensor &x = inputs[0], &y = inputs[1];
  const bool real = contains(kReal, x.type()) || contains(kReal, y.type());
  const bool wide = x.type() != DataType::f32 || y.type() != DataType::f32;
  const DataType type = real ? (wide ? DataType::f64 : DataType::f32) : DataType::i64;
  const Shape shape = broadcast_shape(x.shape(), y.shape());
  return one(cast(combine(cast(x, type), cast(y, type), shape, Power{}), x.type()));
}

template <class F>
Computed run_variadic(const Attributes&, Tensors inputs, std::size_t) {
  Tensor result = inputs[0];
  for (const Tensor& next : inputs.subspan(1))
    result = combine(result, next, broadcast_shape(result.shape(), next.shape()), F{});
  return one(result);
}

Computed run_mean(const Attributes&, Tensors inputs, std::size_t) {
  Tensor sum = cast(inputs[0], real_type(inputs[0].type()));
  for (const Tensor& next : inputs.subspan(1))
    sum = combine(sum, cast(next, sum.type()), broadcast_shape(sum.shape(), next.shape()), Add{});
  const Tensor count = cast(Tensor::from<float>({}, std::vector<float>{static_cast<float>(inputs.size())}), sum.type());
  return one(cast(combine(sum, count, sum.shape(), Div{}), inputs[0].type()));
}

constexpr std::array<std::string_view, 1> kFmod{"fmod"};

constexpr std::array kArithmetic{
    OperatorDefinition{"Add", 2, 2, kNoAttributes, infer_binary, run_binary<Add>},
    OperatorDefinition{"Div", 2, 2, kNoAttributes, infer_binary, run_div},
    OperatorDefinition{"Max", 1, -1, kNoAttributes, infer_variadic, run_variadic<Max>},
    OperatorDefinition{"Mean", 1, -1, kNoAttributes, infer_variadic, run_mean},
    OperatorDefinition{"Min", 1, -1, kNoAttributes, infer_variadic, run_variadic<Min>},
    OperatorDefinition{"Mod", 2, 2, kFmod, infer_binary, run_mod},
    OperatorDefinition{"Mul", 2, 2, kNoAttributes, infer_binary, run_binary<Mul>},
    OperatorDefinition{"Pow", 2, 2, kNoAttributes, infer_pow, run_pow},
    OperatorDefinition{"Sub", 2, 2, kNoAttributes, infer_binary, run_binary<Sub>},
    OperatorDefinition{"Sum", 1, -1, kNoAttributes, infer_variadic, run_variadic<Add>},
};

}  // namespace

Definitions arithmetic() {
  return kArithmetic;
}

}  // namespace heddle::kernels::ops
