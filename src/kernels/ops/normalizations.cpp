// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/parallel.h"

/// Batch normalisation in both meanings.
namespace heddle::kernels::ops {
namespace {

bool is_training(const Attributes& attributes) {
  return get_int(attributes, "training_mode", 0) != 0;
}

/// X of one dimension has one channel.
std::int64_t channels_of(const Shape& x) {
  return x.size() < 2 ? 1 : x[1];
}

Inferred infer_batch_normalization(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  constexpr std::array<std::string_view, 5> kNames{"X", "scale", "B", "input_mean", "input_var"};
  for (std::size_t i = 0; i < kNames.size(); ++i) check.type(i, kNames[i], kReal);
  if (!check.ok() || !check.rank_at_least(0, "X", 1)) return check.failed();
  for (std::size_t i = 1; i < kNames.size(); ++i) check.vector_of(i, kNames[i], channels_of(check.shape(0)));
  const bool training = is_training(attributes);
  if (!training && outputs > 1)
    check.error("op.outputs", "training_mode", text("the node names ", outputs, " outputs; inference gives 1"));
  const Shape channels{channels_of(check.shape(0))};
  std::vector<TensorInfo> result{{.type = check.in(0).type, .shape = check.shape(0)}};
  if (training)
    for (const std::size_t i : {3U, 4U}) result.push_back({.type = check.in(i).type, .shape = channels});
  return check.done(std::move(result));
}

struct Moments {
  std::vector<double> mean, variance;
};

/// Planes of X: n × channels × size.
struct Planes {
  std::int64_t batch, channels, size;
  explicit Planes(const Shape& x) : batch(x[0]), channels(channels_of(x)), size(1) {
    for (std::size_t i = 2; i < x.size(); ++i) size *= x[i];
  }
};

/// Mean and population variance of every channel over batch and space.
template <class T>
Moments measure(const Planes& p, std::span<const T> x) {
  Moments m{std::vector<double>(static_cast<std::size_t>(p.channels)),
            std::vector<double>(static_cast<std::size_t>(p.channels))};
  const auto count = static_cast<double>(p.batch * p.size);
  const auto plane = [&](std::int64_t n, std::int64_t c) {
    return x.subspan(static_cast<std::size_t>((n * p.channels + c) * p.size), static_cast<std::size_t>(p.size));
  };
  parallel_for(p.channels, grain_for(p.batch * p.size), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c) {
      double sum = 0, squares = 0;
      for (std::int64_t n = 0; n < p.batch; ++n)
        for (const T v : plane(n, c)) sum += static_cast<double>(v);
      const double mean = sum / count;
      for (std::int64_t n = 0; n < p.batch; ++n)
        for (const T v : plane(n, c)) squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
      m.mean[static_cast<std::size_t>(c)] = mean;
      m.variance[static_cast<std::size_t>(c)] = squares / count;
    }
  });
  return m;
}

std::vector<double> reals_of(const Tensor& tensor) {
  const Tensor wide = cast(tensor, DataType::f64);
  const auto values = wide.data<double>();
  return {values.begin(), values.end()};
}

template <class T>
void normalize(const Planes& p, const Moments& m, std::span<const double> scale, std::span<const double> bias,
               double epsilon, std::span<const T> x, std::span<T> y) {
  parallel_for(p.batch * p.channels, grain_for(p.size), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) {
      const auto c = static_cast<std::size_t>(plane % p.channels);
      const double factor = scale[c] / std::sqrt(m.variance[c] + epsilon);
      const auto f = static_cast<T>(factor), b = static_cast<T>(bias[c] - m.mean[c] * factor);
      const auto first = static_cast<std::size_t>(plane * p.size), size = static_cast<std::size_t>(p.size);
      for (std::size_t i = first; i < first + size; ++i) y[i] = x[i] * f + b;
    }
  });
}

/// momentum · old + (1 − momentum) · new.
Tensor blend(const Tensor& old, const std::vector<double>& current, double momentum) {
  std::vector<double> result = reals_of(old);
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = result[i] * momentum + current[i] * (1 - momentum);
  return cast(Tensor::from<double>(old.shape(), result), old.type());
}

Computed run_batch_normalization(const Attributes& attributes, Tensors inputs, std::size_t outputs) {
  const Planes planes(inputs[0].shape());
  const DataType type = real_type(inputs[0].type());
  const Tensor x = cast(inputs[0], type);
  Tensor y(type, x.shape());
  const auto epsilon = static_cast<double>(get_float(attributes, "epsilon", 1e-5F));
  Moments moments{reals_of(inputs[3]), reals_of(inputs[4])};
  with_real(type, [&]<class T>() {
    if (is_training(attributes)) moments = measure<T>(planes, x.data<T>());
    normalize<T>(planes, moments, reals_of(inputs[1]), reals_of(inputs[2]), epsilon, x.data<T>(), y.mutable_data<T>());
  });
  std::vector<Tensor> result{cast(y, inputs[0].type())};
  const auto momentum = static_cast<double>(get_float(attributes, "momentum", 0.9F));
  if (outputs > 1) result.push_back(blend(inputs[3], moments.mean, momentum));
  if (outputs > 2) result.push_back(blend(inputs[4], moments.variance, momentum));
  return result;
}

constexpr std::array<std::string_view, 3> kBatchNormalization{"epsilon", "momentum", "training_mode"};

constexpr std::array kNormalizations{
    OperatorDefinition{"BatchNormalization", 5, 5, kBatchNormalization, infer_batch_normalization,
                       run_batch_normalization},
};

}  // namespace

Definitions normalizations() {
  return kNormalizations;
}

}  // namespace heddle::kernels::ops
