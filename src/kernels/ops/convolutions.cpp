// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "kernels/convert.h"
#include "kernels/convolution.h"
#include "kernels/ops/conv_shape.h"
#include "kernels/ops/ops.h"

namespace heddle::kernels::ops {

std::optional<ConvGeometry> conv_geometry(Check& check, const Shape& x, const Shape& w) {
  if (x.size() < 3 || w.size() != x.size()) {
    check.error("op.rank", "W", text("input ", x, " and weights ", w, " must have equal ranks of at least 3"));
    return std::nullopt;
  }
  const auto group = check.int_in("group", 1, 1, std::int64_t{1} << 31);
  Shape kernel = spatial(w);
  const Shape stated = get_ints(check.attributes(), "kernel_shape", kernel);
  if (stated != kernel && is_known(kernel)) {
    check.error("op.attribute", "kernel_shape", text("the value ", stated, " differs from the weights' shape ", w));
    return std::nullopt;
  }
  const auto window = resolve_window(check, spatial(x), stated);
  if (!group || !window) return std::nullopt;
  if (!check_groups(check, x[1], w[1] == kUnknown ? kUnknown : w[1] * *group, w[0], *group)) return std::nullopt;
  return ConvGeometry{.batch = x[0], .channels = x[1], .features = w[0], .group = *group, .window = *window};
}

bool check_groups(Check& check, std::int64_t channels, std::int64_t expected, std::int64_t features,
                  std::int64_t group) {
  if (channels != kUnknown && expected != kUnknown && channels != expected) {
    check.error(
        "op.channels", "W",
        text("the weights are made for ", expected, " input channels in ", group, " groups; the input has ", channels));
    return false;
  }
  if ((channels != kUnknown && channels % group != 0) || (features != kUnknown && features % group != 0)) {
    check.error("op.channels", "group",
                text(channels, " input and ", features, " output channels do not divide into ", group, " groups"));
    return false;
  }
  return true;
}

namespace {

Inferred infer_conv(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "X", kReal);
  if (check.type(1, "W", kReal)) check.same_type(1, "W", 0);
  check.same_type(2, "B", 0);
  if (!check.ok()) return check.failed();
  const auto geometry = conv_geometry(check, check.shape(0), check.shape(1));
  if (!geometry) return check.failed();
  check.vector_of(2, "B", geometry->features);
  return check.done(
      {{.type = check.in(0).type, .shape = with_spatial(geometry->batch, geometry->features, geometry->window.out)}});
}

template <class T>
std::span<const T> values_or_none(const Tensor& tensor) {
  return tensor.empty() ? std::span<const T>{} : tensor.data<T>();
}

Computed run_conv(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto geometry = conv_geometry(check, inputs[0].shape(), inputs[1].shape());
  if (!geometry) return check.failed();
  const DataType type = real_type(inputs[0].type());
  const Tensor x = cast(inputs[0], type), w = cast(inputs[1], type);
  const Tensor bias = has(inputs, 2) ? cast(inputs[2], type) : Tensor();
  Tensor y(type, with_spatial(geometry->batch, geometry->features, geometry->window.out));
  if (type == DataType::f64)
    naive_convolve<double, double>(*geometry, x.data<double>(), w.data<double>(), values_or_none<double>(bias),
                                   y.mutable_data<double>());
  else
    convolve(*geometry, x.data<float>(), w.data<float>(), values_or_none<float>(bias), y.mutable_data<float>());
  return one(cast(y, inputs[0].type()));
}

std::optional<ConvGeometry> transposed_geometry(Check& check, const Shape& x, const Shape& w) {
  if (x.size() < 3 || w.size() != x.size()) {
    check.error("op.rank", "W", text("input ", x, " and weights ", w, " must have equal ranks of at least 3"));
    return std::nullopt;
  }
  const auto group = check.int_in("group", 1, 1, std::int64_t{1} << 31);
  const Shape kernel = get_ints(check.attributes(), "kernel_shape", spatial(w));
  if (kernel != spatial(w) && is_known(w)) {
    check.error("op.attribute", "kernel_shape", text("the value ", kernel, " differs from the weights' shape ", w));
    return std::nullopt;
  }
  const auto window = resolve_transposed_window(check, spatial(x), kernel);
  if (!group || !window) return std::nullopt;
  const std::int64_t features = w[1] == kUnknown ? kUnknown : w[1] * *group;
  if (!check_groups(check, x[1], w[0], features, *group)) return std::nullopt;
  return ConvGeometry{.batch = x[0], .channels = x[1], .features = features, .group = *group, .window = *window};
}

Inferred infer_conv_transpose(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "X", kReal);
  if (check.type(1, "W", kReal)) check.same_type(1, "W", 0);
  check.same_type(2, "B", 0);
  if (!check.ok()) return check.failed();
  const auto geometry = transposed_geometry(check, check.shape(0), check.shape(1));
  if (!geometry) return check.failed();
  check.vector_of(2, "B", geometry->features);
  return check.done(
      {{.type = check.in(0).type, .shape = with_spatial(geometry->batch, geometry->features, geometry->window.out)}});
}

Computed run_conv_transpose(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto geometry = transposed_geometry(check, inputs[0].shape(), inputs[1].shape());
  if (!geometry) return check.failed();
  const Tensor x = cast(inputs[0], DataType::f32), w = cast(inputs[1], DataType::f32);
  const Tensor bias = has(inputs, 2) ? cast(inputs[2], DataType::f32) : Tensor();
  Tensor y(DataType::f32, with_spatial(geometry->batch, geometry->features, geometry->window.out));
  convolve_transposed(*geometry, x.data<float>(), w.data<float>(), values_or_none<float>(bias),
                      y.mutable_data<float>());
  return one(cast(y, inputs[0].type()));
}

constexpr std::array<std::string_view, 6> kConv{"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"};
constexpr std::array<std::string_view, 8> kConvTranspose{"auto_pad",       "dilations",    "group", "kernel_shape",
                                                         "output_padding", "output_shape", "pads",  "strides"};

constexpr std::array kConvolutions{
    OperatorDefinition{"Conv", 2, 3, kConv, infer_conv, run_conv},
    OperatorDefinition{"ConvTranspose", 2, 3, kConvTranspose, infer_conv_transpose, run_conv_transpose},
};

}  // namespace

Definitions convolutions() {
  return kConvolutions;
}

}  // namespace heddle::kernels::ops
