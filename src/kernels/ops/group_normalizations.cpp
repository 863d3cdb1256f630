// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/parallel.h"
#include "kernels/strided.h"

/// Normalisations whose statistics come from a group of elements of one input.
namespace heddle::kernels::ops {
namespace {

std::int64_t product(const Shape& shape, std::size_t from) {
  std::int64_t n = 1;
  for (std::size_t i = from; i < shape.size(); ++i) n *= shape[i];
  return n;
}

struct Row {
  double mean, inverse;  ///< 1/√(variance + ε)
};

/// Statistics of each of `rows` dense rows; without centring the mean is 0 (root mean square).
template <class T>
std::vector<Row> measure_rows(std::span<const T> x, std::int64_t rows, double epsilon, bool centre) {
  std::vector<Row> result(static_cast<std::size_t>(rows));
  const std::size_t size = rows == 0 ? 0 : x.size() / static_cast<std::size_t>(rows);
  parallel_for(rows, grain_for(static_cast<std::int64_t>(size)), [&](std::int64_t begin, std::int64_t end) {
    for (auto r = static_cast<std::size_t>(begin); r < static_cast<std::size_t>(end); ++r) {
      const auto row = x.subspan(r * size, size);
      double sum = 0, squares = 0;
      if (centre)
        for (const T v : row) sum += static_cast<double>(v);
      const double mean = sum / static_cast<double>(size);
      for (const T v : row) squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
      result[r] = {mean, 1.0 / std::sqrt(squares / static_cast<double>(size) + epsilon)};
    }
  });
  return result;
}

/// y = (x − mean) · inverse for every row.
template <class T>
void standardize(std::span<const T> x, const std::vector<Row>& rows, std::span<T> y) {
  if (rows.empty()) return;
  const std::size_t size = x.size() / rows.size();
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t i = r * size; i < (r + 1) * size; ++i)
      y[i] = static_cast<T>((static_cast<double>(x[i]) - rows[r].mean) * rows[r].inverse);
}

/// y[n][c][…] = y · scale[c] + bias[c].
template <class T>
void scale_channels(std::span<T> y, std::int64_t channels, const Tensor& scale, const Tensor& bias, std::int64_t size) {
  const auto s = scale.data<T>(), b = bias.data<T>();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t c = i / static_cast<std::size_t>(size) % static_cast<std::size_t>(channels);
    y[i] = y[i] * s[c] + b[c];
  }
}

Inferred infer_channel_norm(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "input", kReal)) check.rank_at_least(0, "input", 2);
  check.type(1, "scale", kReal);
  check.type(2, "B", kReal);
  if (!check.ok()) return check.failed();
  check.vector_of(1, "scale", check.shape(0)[1]);
  check.vector_of(2, "B", check.shape(0)[1]);
  return check.done({{.type = check.in(0).type, .shape = check.shape(0)}});
}

Inferred infer_group_norm(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  auto result = infer_channel_norm(attributes, inputs, outputs);
  if (!result) return result;
  Check check(attributes, inputs, outputs);
  const std::int64_t channels = check.shape(0)[1];
  const auto groups = check.int_in("num_groups", 0, 1, std::max<std::int64_t>(channels, 1));
  if (groups && channels != kUnknown && channels % *groups != 0)
    check.error("op.channels", "num_groups", text(channels, " channels do not divide into ", *groups, " groups"));
  if (!check.ok()) return check.failed();
  return result;
}

Computed normalize_groups(const Attributes& attributes, Tensors inputs, std::int64_t groups) {
  const DataType type = real_type(inputs[0].type());
  const Tensor x = cast(inputs[0], type), scale = cast(inputs[1], type), bias = cast(inputs[2], type);
  Tensor y(type, x.shape());
  if (y.size() == 0) return one(cast(y, inputs[0].type()));
  const auto epsilon = static_cast<double>(get_float(attributes, "epsilon", 1e-5F));
  with_real(type, [&]<class T>() {
    standardize<T>(x.data<T>(), measure_rows<T>(x.data<T>(), x.dim(0) * groups, epsilon, true), y.mutable_data<T>());
    scale_channels<T>(y.mutable_data<T>(), x.dim(1), scale, bias, product(x.shape(), 2));
  });
  return one(cast(y, inputs[0].type()));
}

Computed run_instance_norm(const Attributes& attributes, Tensors inputs, std::size_t) {
  return normalize_groups(attributes, inputs, inputs[0].dim(1));
}

Computed run_group_norm(const Attributes& attributes, Tensors inputs, std::size_t) {
  return normalize_groups(attributes, inputs, get_int(attributes, "num_groups", 1));
}

Inferred infer_layer_norm(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "X", kReal)) check.rank_at_least(0, "X", 1);
  check.type(1, "Scale", kReal);
  check.optional_type(2, "B", kReal);
  if (!check.ok()) return check.failed();
  const auto axis = check.axis("axis", get_int(attributes, "axis", -1), check.rank(0));
  if (!axis) return check.failed();
  const Shape& x = check.shape(0);
  const Shape tail(x.begin() + *axis, x.end());
  for (const std::size_t i : {1U, 2U})
    if (check.has(i) && check.broadcast(check.shape(i), x, i == 1 ? "Scale" : "B") != x && is_known(x) && check.ok())
      check.error("op.shape", i == 1 ? "Scale" : "B",
                  text("the shape ", check.shape(i), " does not broadcast to ", tail));
  Shape statistics = x;
  std::fill(statistics.begin() + *axis, statistics.end(), 1);
  return check.done({{.type = check.in(0).type, .shape = x},
                     {.type = DataType::f32, .shape = statistics},
                     {.type = DataType::f32, .shape = statistics}});
}

/// y · scale + bias with numpy broadcasting over the trailing axes.
template <class T>
void scale_tail(Tensor& y, const Tensor& scale, const Tensor& bias) {
  const Tensor s = expanded(scale, y.shape());
  const Tensor b = bias.empty() ? Tensor(y.type(), y.shape()) : expanded(bias, y.shape());
  const auto to = y.mutable_data<T>();
  const auto factor = s.data<T>(), shift = b.data<T>();
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = to[i] * factor[i] + shift[i];
}

Computed normalize_tail(const Attributes& attributes, Tensors inputs, std::size_t outputs, bool centre) {
  const DataType type = real_type(inputs[0].type());
  const Tensor x = cast(inputs[0], type);
  const std::int64_t axis = get_int(attributes, "axis", -1);
  const auto first = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(x.rank()) : axis);
  const std::int64_t size = product(x.shape(), first), rows = size == 0 ? 0 : x.size() / size;
  const auto epsilon = static_cast<double>(get_float(attributes, "epsilon", 1e-5F));
  Tensor y(type, x.shape());
  std::vector<Row> statistics;
  with_real(type, [&]<class T>() {
    statistics = measure_rows<T>(x.data<T>(), rows, epsilon, centre);
    standardize<T>(x.data<T>(), statistics, y.mutable_data<T>());
    scale_tail<T>(y, cast(inputs[1], type), has(inputs, 2) ? cast(inputs[2], type) : Tensor());
  });
  std::vector<Tensor> result{cast(y, inputs[0].type())};
  Shape shape = x.shape();
  std::fill(shape.begin() + static_cast<std::ptrdiff_t>(first), shape.end(), 1);
  for (std::size_t i = 1; i < outputs; ++i) {
    std::vector<float> values;
    for (const Row& row : statistics) values.push_back(static_cast<float>(i == 1 ? row.mean : row.inverse));
    result.push_back(Tensor::from<float>(shape, values));
  }
  return result;
}

Computed run_layer_norm(const Attributes& attributes, Tensors inputs, std::size_t outputs) {
  return normalize_tail(attributes, inputs, outputs, true);
}

Inferred infer_rms_norm(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  auto result = infer_layer_norm(attributes, inputs, 1);
  if (!result) return result;
  Check check(attributes, inputs, outputs);
  return check.done(std::move(*result));
}

Computed run_rms_norm(const Attributes& attributes, Tensors inputs, std::size_t outputs) {
  return normalize_tail(attributes, inputs, outputs, false);
}

constexpr std::array<std::string_view, 1> kInstance{"epsilon"};
constexpr std::array<std::string_view, 3> kGroup{"epsilon", "num_groups", "stash_type"};
constexpr std::array<std::string_view, 3> kLayer{"axis", "epsilon", "stash_type"};

constexpr std::array kGroupNormalizations{
    OperatorDefinition{"GroupNormalization", 3, 3, kGroup, infer_group_norm, run_group_norm},
    OperatorDefinition{"InstanceNormalization", 3, 3, kInstance, infer_channel_norm, run_instance_norm},
    OperatorDefinition{"LayerNormalization", 2, 3, kLayer, infer_layer_norm, run_layer_norm},
    OperatorDefinition{"RMSNormalization", 2, 2, kLayer, infer_rms_norm, run_rms_norm},
};

}  // namespace

Definitions group_normalizations() {
  return kGroupNormalizations;
}

}  // namespace heddle::kernels::ops
