// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/ops/binary.h"
#include "kernels/ops/ops.h"
#include "kernels/ops/unary.h"

namespace heddle::kernels::ops {
namespace {

using Flag = std::uint8_t;  // how a bool is stored

struct Equal {
  template <class T>
  Flag operator()(T a, T b) const {
    return static_cast<Flag>(a == b);
  }
};

struct Greater {
  template <class T>
  Flag operator()(T a, T b) const {
    return static_cast<Flag>(a > b);
  }
};

struct GreaterOrEqual {
  template <class T>
  Flag operator()(T a, T b) const {
    return static_cast<Flag>(a >= b);
  }
};

struct Less {
  template <class T>
  Flag operator()(T a, T b) const {
    return static_cast<Flag>(a < b);
  }
};

struct LessOrEqual {
  template <class T>
  Flag operator()(T a, T b) const {
    return static_cast<Flag>(a <= b);
  }
};

struct And {
  Flag operator()(Flag a, Flag b) const { return static_cast<Flag>(a & b); }
};
struct Or {
  Flag operator()(Flag a, Flag b) const { return static_cast<Flag>(a | b); }
};
struct Xor {
  Flag operator()(Flag a, Flag b) const { return static_cast<Flag>(a ^ b); }
};

template <TypeSet Allowed>
Inferred infer_comparison(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "A", Allowed) && check.type(1, "B", Allowed)) check.same_type(1, "B", 0);
  if (!check.ok()) return check.failed();
  return check.done({{.type = DataType::boolean, .shape = check.broadcast(check.shape(0), check.shape(1), "B")}});
}

template <class F>
Computed run_comparison(const Attributes&, Tensors inputs, std::size_t) {
  const DataType type = compute_type(inputs[0].type());
  const Tensor a = cast(inputs[0], type), b = cast(inputs[1], type);
  const Shape shape = broadcast_shape(a.shape(), b.shape());
  return one(with_compute(type, [&]<class T>() { return map_pairs<T, Flag>(a, b, shape, DataType::boolean, F{}); }));
}

template <class F>
Computed run_logic(const Attributes&, Tensors inputs, std::size_t) {
  const Shape shape = broadcast_shape(inputs[0].shape(), inputs[1].shape());
  return one(map_pairs<Flag, Flag>(inputs[0], inputs[1], shape, DataType::boolean, F{}));
}

Inferred infer_not(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "X", kBool);
  return check.done({{.type = DataType::boolean, .shape = check.shape(0)}});
}

Computed run_not(const Attributes&, Tensors inputs, std::size_t) {
  return one(map_elements<Flag>(inputs[0], DataType::boolean, [](Flag x) { return static_cast<Flag>(x == 0); }));
}

Inferred infer_classify(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "X", kReal);
  return check.done({{.type = DataType::boolean, .shape = check.shape(0)}});
}

/// A predicate on reals.
template <class F>
Tensor classify(const Tensor& x, const F& f) {
  Tensor y(DataType::boolean, x.shape());
  const Tensor wide = cast(x, DataType::f64);
  const auto from = wide.data<double>();
  const auto to = y.mutable_data<Flag>();
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<Flag>(f(from[i]));
  return y;
}

Computed run_is_nan(const Attributes&, Tensors inputs, std::size_t) {
  return one(classify(inputs[0], [](double v) { return std::isnan(v); }));
}

Computed run_is_inf(const Attributes& attributes, Tensors inputs, std::size_t) {
  const bool negative = get_int(attributes, "detect_negative", 1) != 0;
  const bool positive = get_int(attributes, "detect_positive", 1) != 0;
  return one(classify(inputs[0], [=](double v) { return std::isinf(v) && (v < 0 ? negative : positive); }));
}

Inferred infer_where(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "condition", kBool);
  if (check.type(1, "X", kAny) && check.type(2, "Y", kAny)) check.same_type(2, "Y", 1);
  if (!check.ok()) return check.failed();
  Shape shape = check.broadcast(check.shape(1), check.shape(2), "Y");
  if (check.ok()) shape = check.broadcast(check.shape(0), shape, "condition");
  return check.done({{.type = check.in(1).type, .shape = shape}});
}

Computed run_where(const Attributes&, Tensors inputs, std::size_t) {
  const Tensor &x = inputs[1], &y = inputs[2];
  const Shape shape = broadcast_shape(inputs[0].shape(), broadcast_shape(x.shape(), y.shape()));
  const Tensor condition = expanded(inputs[0], shape), yes = expanded(x, shape), no = expanded(y, shape);
  Tensor result = no.clone();
  const std::size_t size = host_bytes(x.type());
  const auto flags = condition.data<Flag>();
  const auto from = yes.bytes();
  const auto to = result.mutable_bytes();
  for (std::size_t i = 0; i < flags.size(); ++i)
    if (flags[i] != 0) std::copy_n(from.data() + i * size, size, to.data() + i * size);
  return one(result);
}

constexpr std::array<std::string_view, 2> kIsInf{"detect_negative", "detect_positive"};

constexpr std::array kComparisons{
    OperatorDefinition{"And", 2, 2, kNoAttributes, infer_comparison<kBool>, run_logic<And>},
    OperatorDefinition{"Equal", 2, 2, kNoAttributes, infer_comparison<kNumber | kBool>, run_comparison<Equal>},
    OperatorDefinition{"Greater", 2, 2, kNoAttributes, infer_comparison<kNumber>, run_comparison<Greater>},
    OperatorDefinition{"GreaterOrEqual", 2, 2, kNoAttributes, infer_comparison<kNumber>,
                       run_comparison<GreaterOrEqual>},
    OperatorDefinition{"IsInf", 1, 1, kIsInf, infer_classify, run_is_inf},
    OperatorDefinition{"IsNaN", 1, 1, kNoAttributes, infer_classify, run_is_nan},
    OperatorDefinition{"Less", 2, 2, kNoAttributes, infer_comparison<kNumber>, run_comparison<Less>},
    OperatorDefinition{"LessOrEqual", 2, 2, kNoAttributes, infer_comparison<kNumber>, run_comparison<LessOrEqual>},
    OperatorDefinition{"Not", 1, 1, kNoAttributes, infer_not, run_not},
    OperatorDefinition{"Or", 2, 2, kNoAttributes, infer_comparison<kBool>, run_logic<Or>},
    OperatorDefinition{"Where", 3, 3, kNoAttributes, infer_where, run_where},
    OperatorDefinition{"Xor", 2, 2, kNoAttributes, infer_comparison<kBool>, run_logic<Xor>},
};

}  // namespace

Definitions comparisons() {
  return kComparisons;
}

}  // namespace heddle::kernels::ops
