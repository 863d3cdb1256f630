// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/ops/unary.h"

namespace heddle::kernels::ops {
namespace {

struct LeakyRelu {
  double alpha;
  explicit LeakyRelu(const Attributes& a) : alpha(get_float(a, "alpha", 0.01F)) {}
  template <class T>
  T operator()(T x) const {
    return x < T(0) ? static_cast<T>(alpha) * x : x;
  }
};

template <class T>
T sigmoid(T x) {
  return T(1) / (T(1) + std::exp(-x));
}

/// log(1 + e^x) without overflow.
template <class T>
T softplus(T x) {
  return std::max(x, T(0)) + std::log1p(std::exp(-std::abs(x)));
}

struct Sigmoid : NoParameters {
  using NoParameters::NoParameters;
  template <class T>
  T operator()(T x) const {
    return sigmoid(x);
  }
};

struct HardSigmoid {
  double alpha, beta;
  explicit HardSigmoid(const Attributes& a) : alpha(get_float(a, "alpha", 0.2F)), beta(get_float(a, "beta", 0.5F)) {}
  template <class T>
  T operator()(T x) const {
    return std::clamp(static_cast<T>(alpha) * x + static_cast<T>(beta), T(0), T(1));
  }
};

struct HardSwish : NoParameters {
  using NoParameters::NoParameters;
  template <class T>
  T operator()(T x) const {
    return x * std::clamp(x / T(6) + T(0.5), T(0), T(1));
  }
};

struct Elu {
  double alpha;
  explicit Elu(const Attributes& a) : alpha(get_float(a, "alpha", 1.0F)) {}
  template <class T>
  T operator()(T x) const {
    return x < T(0) ? static_cast<T>(alpha) * std::expm1(x) : x;
  }
};

struct Selu {
  double alpha, gamma;
  explicit Selu(const Attributes& a)
      : alpha(get_float(a, "alpha", 1.67326319217681884765625F)),
        gamma(get_float(a, "gamma", 1.05070102214813232421875F)) {}
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(gamma) * (x <= T(0) ? static_cast<T>(alpha) * std::expm1(x) : x);
  }
};

struct Celu {
  double alpha;
  explicit Celu(const Attributes& a) : alpha(get_float(a, "alpha", 1.0F)) {}
  template <class T>
  T operator()(T x) const {
    return x < T(0) ? static_cast<T>(alpha) * std::expm1(x / static_cast<T>(alpha)) : x;
  }
};

struct Softplus : NoParameters {
  using NoParameters::NoParameters;
  template <class T>
  T operator()(T x) const {
    return softplus(x);
  }
};

struct Softsign : NoParameters {
  using NoParameters::NoParameters;
  template <class T>
  T operator()(T x) const {
    return x / (T(1) + std::abs(x));
  }
};

struct Mish : NoParameters {
  using NoParameters::NoParameters;
  template <class T>
  T operator()(T x) const {
    return x * std::tanh(softplus(x));
  }
};

struct Gelu {
  bool tanh;
  explicit Gelu(const Attributes& a) : tanh(get_string(a, "approximate", "none") == "tanh") {}
  template <class T>
  T operator()(T x) const {
    if (tanh) return T(0.5) * x * (T(1) + std::tanh(T(0.7978845608028654) * (x + T(0.044715) * x * x * x)));
    return T(0.5) * x * (T(1) + std::erf(x * T(0.7071067811865476)));
  }
};

struct Swish {
  double alpha;
  explicit Swish(const Attributes& a) : alpha(get_float(a, "alpha", 1.0F)) {}
  template <class T>
  T operator()(T x) const {
    return x * sigmoid(static_cast<T>(alpha) * x);
  }
};

struct ThresholdedRelu {
  double alpha;
  explicit ThresholdedRelu(const Attributes& a) : alpha(get_float(a, "alpha", 1.0F)) {}
  template <class T>
  T operator()(T x) const {
    return x > static_cast<T>(alpha) ? x : T(0);
  }
};

struct Shrink {
  double bias, lambda;
  explicit Shrink(const Attributes& a) : bias(get_float(a, "bias", 0.0F)), lambda(get_float(a, "lambd", 0.5F)) {}
  template <class T>
  T operator()(T x) const {
    const auto limit = static_cast<T>(lambda), shift = static_cast<T>(bias);
    return x < -limit ? x + shift : x > limit ? x - shift : T(0);
  }
};

Inferred infer_gelu(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  constexpr std::array<std::string_view, 2> kForms{"none", "tanh"};
  check.choice("approximate", "none", kForms);
  if (!check.ok()) return check.failed();
  return infer_same_real(attributes, inputs, outputs);
}

Inferred infer_celu(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (get_float(attributes, "alpha", 1.0F) == 0.0F)
    check.error("op.attribute", "alpha", "the value is 0; x is divided by it");
  if (!check.ok()) return check.failed();
  return infer_same_real(attributes, inputs, outputs);
}

constexpr std::array<std::string_view, 1> kAlpha{"alpha"};
constexpr std::array<std::string_view, 2> kAlphaBeta{"alpha", "beta"};
constexpr std::array<std::string_view, 2> kAlphaGamma{"alpha", "gamma"};
constexpr std::array<std::string_view, 1> kApproximate{"approximate"};
constexpr std::array<std::string_view, 2> kShrink{"bias", "lambd"};

constexpr std::array kActivations{
    OperatorDefinition{"Celu", 1, 1, kAlpha, infer_celu, run_unary<Celu>},
    OperatorDefinition{"Elu", 1, 1, kAlpha, infer_same_real, run_unary<Elu>},
    OperatorDefinition{"Gelu", 1, 1, kApproximate, infer_gelu, run_unary<Gelu>},
    OperatorDefinition{"HardSigmoid", 1, 1, kAlphaBeta, infer_same_real, run_unary<HardSigmoid>},
    OperatorDefinition{"HardSwish", 1, 1, kNoAttributes, infer_same_real, run_unary<HardSwish>},
    OperatorDefinition{"LeakyRelu", 1, 1, kAlpha, infer_same_real, run_unary<LeakyRelu>},
    OperatorDefinition{"Mish", 1, 1, kNoAttributes, infer_same_real, run_unary<Mish>},
    OperatorDefinition{"Selu", 1, 1, kAlphaGamma, infer_same_real, run_unary<Selu>},
    OperatorDefinition{"Shrink", 1, 1, kShrink, infer_same_number, run_unary<Shrink>},
    OperatorDefinition{"Sigmoid", 1, 1, kNoAttributes, infer_same_real, run_unary<Sigmoid>},
    OperatorDefinition{"Softplus", 1, 1, kNoAttributes, infer_same_real, run_unary<Softplus>},
    OperatorDefinition{"Softsign", 1, 1, kNoAttributes, infer_same_real, run_unary<Softsign>},
    OperatorDefinition{"Swish", 1, 1, kAlpha, infer_same_real, run_unary<Swish>},
    OperatorDefinition{"ThresholdedRelu", 1, 1, kAlpha, infer_same_real, run_unary<ThresholdedRelu>},
};

}  // namespace

Definitions activations() {
  return kActivations;
}

}  // namespace heddle::kernels::ops
