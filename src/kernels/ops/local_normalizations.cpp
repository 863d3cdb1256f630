// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/parallel.h"

/// Normalisations without learned parameters.
namespace heddle::kernels::ops {
namespace {

Inferred infer_lrn(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "X", kReal)) check.rank_at_least(0, "X", 2);
  check.int_in("size", 0, 1, std::int64_t{1} << 31);
  return check.done({{.type = check.in(0).type, .shape = check.shape(0)}});
}

/// One position of one image: x / (bias + alpha/size · Σ x²)^beta, the sum over `size` neighbouring channels.
template <class T>
void respond(std::span<const T> x, std::span<T> y, std::int64_t channels, std::int64_t step,
             const Attributes& attributes) {
  const std::int64_t size = get_int(attributes, "size", 1);
  const double alpha = static_cast<double>(get_float(attributes, "alpha", 1e-4F)) / static_cast<double>(size);
  const auto beta = static_cast<double>(get_float(attributes, "beta", 0.75F));
  const auto bias = static_cast<double>(get_float(attributes, "bias", 1.0F));
  const std::int64_t before = (size - 1) / 2, behind = size - 1 - before;
  for (std::int64_t c = 0; c < channels; ++c) {
    double squares = 0;
    for (std::int64_t i = std::max<std::int64_t>(c - before, 0); i <= std::min(c + behind, channels - 1); ++i) {
      const auto v = static_cast<double>(x[static_cast<std::size_t>(i * step)]);
      squares += v * v;
    }
    const auto at = static_cast<std::size_t>(c * step);
    y[at] = static_cast<T>(static_cast<double>(x[at]) / std::pow(bias + alpha * squares, beta));
  }
}

Computed run_lrn(const Attributes& attributes, Tensors inputs, std::size_t) {
  const DataType type = real_type(inputs[0].type());
  const Tensor x = cast(inputs[0], type);
  Tensor y(type, x.shape());
  if (x.size() == 0) return one(cast(y, inputs[0].type()));
  const std::int64_t channels = x.dim(1), step = x.size() / (x.dim(0) * channels);
  with_real(type, [&]<class T>() {
    const auto from = x.data<T>();
    const auto to = y.mutable_data<T>();
    parallel_for(x.dim(0) * step, grain_for(channels * 32), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto first = static_cast<std::size_t>(i / step * channels * step + i % step);
        respond<T>(from.subspan(first), to.subspan(first), channels, step, attributes);
      }
    });
  });
  return one(cast(y, inputs[0].type()));
}

/// Which elements share their statistics: those that differ only along `axes`.
std::vector<std::size_t> groups_of(const Shape& shape, const std::vector<std::int64_t>& axes) {
  std::vector<std::size_t> group(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < group.size(); ++i) {
    std::size_t rest = i, stride = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      const auto size = static_cast<std::size_t>(shape[axis]);
      if (std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)) == axes.end()) {
        group[i] += rest % size * stride;
        stride *= size;
      }
      rest /= size;
    }
  }
  return group;
}

std::optional<std::vector<std::int64_t>> normal_axes(Check& check, const Shape& x) {
  const Shape axes = get_ints(check.attributes(), "axes", {0, 2, 3});
  return check.axes("axes", axes, static_cast<std::int64_t>(x.size()));
}

Inferred infer_mean_variance(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (!check.type(0, "X", kReal) || !normal_axes(check, check.shape(0))) return check.failed();
  return check.done({{.type = check.in(0).type, .shape = check.shape(0)}});
}

Computed run_mean_variance(const Attributes& attributes, Tensors inputs, std::size_t) {
  constexpr double kEpsilon = 1e-9;  // the operator's function body adds it to the deviation
  Check check(attributes, {}, 1);
  const auto axes = normal_axes(check, inputs[0].shape());
  if (!axes) return check.failed();
  const Tensor x = cast(inputs[0], DataType::f64);
  Tensor y(DataType::f64, x.shape());
  const auto group = groups_of(x.shape(), *axes);
  const auto from = x.data<double>();
  const auto to = y.mutable_data<double>();
  std::vector<double> count(from.size()), sum(from.size()), squares(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    count[group[i]] += 1;
    sum[group[i]] += from[i];
    squares[group[i]] += from[i] * from[i];
  }
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t g = group[i];
    const double mean = sum[g] / count[g], variance = std::max(squares[g] / count[g] - mean * mean, 0.0);
    to[i] = (from[i] - mean) / (std::sqrt(variance) + kEpsilon);
  }
  return one(cast(y, inputs[0].type()));
}

Inferred infer_lp_norm(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "input", kReal)) check.axis("axis", get_int(attributes, "axis", -1), check.rank(0));
  check.int_in("p", 2, 1, 2);
  return check.done({{.type = check.in(0).type, .shape = check.shape(0)}});
}

Computed run_lp_norm(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto axis = check.axis("axis", get_int(attributes, "axis", -1), static_cast<std::int64_t>(inputs[0].rank()));
  if (!axis) return check.failed();
  const bool absolute = get_int(attributes, "p", 2) == 1;
  const Tensor x = cast(inputs[0], DataType::f64);
  Tensor y(DataType::f64, x.shape());
  const auto group = groups_of(x.shape(), {*axis});
  const auto from = x.data<double>();
  const auto to = y.mutable_data<double>();
  std::vector<double> norm(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) norm[group[i]] += absolute ? std::abs(from[i]) : from[i] * from[i];
  for (std::size_t i = 0; i < from.size(); ++i) {
    const double length = absolute ? norm[group[i]] : std::sqrt(norm[group[i]]);
    to[i] = length == 0 ? 0 : from[i] / length;
  }
  return one(cast(y, inputs[0].type()));
}

constexpr std::array<std::string_view, 4> kLrn{"alpha", "beta", "bias", "size"};
constexpr std::array<std::string_view, 1> kAxes{"axes"};
constexpr std::array<std::string_view, 2> kLpNorm{"axis", "p"};

constexpr std::array kLocalNormalizations{
    OperatorDefinition{"LRN", 1, 1, kLrn, infer_lrn, run_lrn},
    OperatorDefinition{"LpNormalization", 1, 1, kLpNorm, infer_lp_norm, run_lp_norm},
    OperatorDefinition{"MeanVarianceNormalization", 1, 1, kAxes, infer_mean_variance, run_mean_variance},
};

}  // namespace

Definitions local_normalizations() {
  return kLocalNormalizations;
}

}  // namespace heddle::kernels::ops
