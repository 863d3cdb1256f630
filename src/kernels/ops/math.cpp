// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <type_traits>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/ops/unary.h"

namespace heddle::kernels::ops {

Inferred infer_same_real(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "X", kReal);
  return check.done({{.type = check.in(0).type, .shape = check.shape(0)}});
}

Inferred infer_same_number(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "X", kNumber);
  return check.done({{.type = check.in(0).type, .shape = check.shape(0)}});
}

namespace {

/// A function of <cmath> on float or double.
template <auto Single, auto Double>
struct Function : NoParameters {
  using NoParameters::NoParameters;
  float operator()(float x) const { return Single(x); }
  double operator()(double x) const { return Double(x); }
};

using Real = float (*)(float);
using Wide = double (*)(double);
template <class F>
constexpr RunFunction run_real = run_unary<F>;

struct Relu : NoParameters {
  using NoParameters::NoParameters;
  template <class T>
  T operator()(T x) const {
    return x < T(0) ? T(0) : x;  // keeps NaN
  }
};

struct Abs : NoParameters {
  using NoParameters::NoParameters;
  template <class T>
  T operator()(T x) const {
    if constexpr (std::is_floating_point_v<T>) return std::abs(x);
    // Through the unsigned type: the most negative value wraps to itself.
    else if constexpr (std::is_signed_v<T>)
      return x < 0 ? static_cast<T>(-static_cast<std::uint64_t>(x)) : x;
    else
      return x;
  }
};

struct Neg : NoParameters {
  using NoParameters::NoParameters;
  template <class T>
  T operator()(T x) const {
    if constexpr (std::is_floating_point_v<T>)
      return -x;
    else
      return static_cast<T>(-static_cast<std::uint64_t>(x));
  }
};

struct Sign : NoParameters {
  using NoParameters::NoParameters;
  template <class T>
  T operator()(T x) const {
    return x > T(0) ? T(1) : x < T(0) ? T(-1) : x;  // keeps NaN
  }
};

struct Reciprocal : NoParameters {
  using NoParameters::NoParameters;
  template <class T>
  T operator()(T x) const {
    return T(1) / x;
  }
};

template <Real Single, Wide Double>
constexpr OperatorDefinition real(std::string_view name) {
  return {name, 1, 1, kNoAttributes, infer_same_real, run_unary<Function<Single, Double>>};
}

constexpr std::array kMath{
    OperatorDefinition{"Abs", 1, 1, kNoAttributes, infer_same_number, run_unary_exact<Abs>},
    OperatorDefinition{"Neg", 1, 1, kNoAttributes, infer_same_number, run_unary_exact<Neg>},
    OperatorDefinition{"Reciprocal", 1, 1, kNoAttributes, infer_same_real, run_unary<Reciprocal>},
    OperatorDefinition{"Relu", 1, 1, kNoAttributes, infer_same_number, run_unary_exact<Relu>},
    OperatorDefinition{"Sign", 1, 1, kNoAttributes, infer_same_number, run_unary_exact<Sign>},
    real<std::acos, std::acos>("Acos"),
    real<std::acosh, std::acosh>("Acosh"),
    real<std::asin, std::asin>("Asin"),
    real<std::asinh, std::asinh>("Asinh"),
    real<std::atan, std::atan>("Atan"),
    real<std::atanh, std::atanh>("Atanh"),
    real<std::ceil, std::ceil>("Ceil"),
    real<std::cos, std::cos>("Cos"),
    real<std::cosh, std::cosh>("Cosh"),
    real<std::erf, std::erf>("Erf"),
    real<std::exp, std::exp>("Exp"),
    real<std::floor, std::floor>("Floor"),
    real<std::log, std::log>("Log"),
    real<std::nearbyint, std::nearbyint>("Round"),  // to nearest even in the default rounding mode
    real<std::sin, std::sin>("Sin"),
    real<std::sinh, std::sinh>("Sinh"),
    real<std::sqrt, std::sqrt>("Sqrt"),
    real<std::tan, std::tan>("Tan"),
    real<std::tanh, std::tanh>("Tanh"),
};

}  // namespace

Definitions math() {
  return kMath;
}

}  // namespace heddle::kernels::ops
