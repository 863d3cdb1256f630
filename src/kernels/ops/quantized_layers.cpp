// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/convert.h"
#include "kernels/gemm.h"
#include "kernels/ops/conv_shape.h"
#include "kernels/ops/matrix_shape.h"
#include "kernels/ops/ops.h"
#include "kernels/quantize.h"
#include "kernels/saturate.h"
#include "kernels/strided.h"

/// Convolutions and matrix products on integers: the exact sum in 32 bits, and for the QLinear forms a requantisation
/// in single precision.
namespace heddle::kernels::ops {
namespace {

constexpr TypeSet kAccumulator = types({DataType::i32});

/// A zero point or scale: one value, or one per entry of a dimension.
void check_per_channel(Check& check, std::size_t index, std::string_view name, std::int64_t channels) {
  if (!check.has(index) || count_of(check.shape(index)) == 1 || count_of(check.shape(index)) == kUnknown) return;
  if (count_of(check.shape(index)) != channels && channels != kUnknown)
    check.error("op.shape", name,
                text("has the shape ", check.shape(index), "; one value or ", channels, " are expected"));
}

void check_scalar(Check& check, std::size_t index, std::string_view name) {
  check_per_channel(check, index, name, 1);
}

void check_scale(Check& check, std::size_t index, std::string_view name) {
  if (!check.type(index, name, kReal) || check.in(index).value == nullptr) return;
  if (const Status status = check_scale_values(*check.in(index).value, name); !status)
    check.error(status.error()[0].code, name, status.error()[0].message, status.error()[0].hint);
}

/// Elements minus their zero point, as floats (exact: at most 9 bits). Element i has zero point number index(i).
template <class Index>
Tensor centred(const Tensor& x, const Tensor& zero_point, const Index& index) {
  const auto zeros = zero_points(zero_point, 1);
  Tensor y = cast(x, DataType::f32);
  const auto to = y.mutable_data<float>();
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] -= static_cast<float>(zeros[zeros.size() == 1 ? 0 : index(i) % zeros.size()]);
  return y;
}

Tensor convolve_centred(const ConvGeometry& g, const Tensor& x, const Tensor& x_zero, const Tensor& w,
                        const Tensor& w_zero) {
  const auto patch =
      static_cast<std::size_t>(std::max<std::int64_t>(w.size() / std::max<std::int64_t>(g.features, 1), 1));
  const Tensor left = centred(x, x_zero, [](std::size_t) { return std::size_t{0}; });
  const Tensor right = centred(w, w_zero, [patch](std::size_t i) { return i / patch; });
  Tensor y(DataType::i32, with_spatial(g.batch, g.features, g.window.out));
  convolve_integers(g, left.data<float>(), right.data<float>(), y.mutable_data<std::int32_t>());
  return y;
}

Inferred infer_conv_integer(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "x", kByte);
  check.type(1, "w", kByte);
  check.same_type(2, "x_zero_point", 0);
  check.same_type(3, "w_zero_point", 1);
  if (!check.ok()) return check.failed();
  const auto g = conv_geometry(check, check.shape(0), check.shape(1));
  if (!g) return check.failed();
  check_scalar(check, 2, "x_zero_point");
  check_per_channel(check, 3, "w_zero_point", g->features);
  return check.done({{.type = DataType::i32, .shape = with_spatial(g->batch, g->features, g->window.out)}});
}

Computed run_conv_integer(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto g = conv_geometry(check, inputs[0].shape(), inputs[1].shape());
  if (!g) return check.failed();
  return one(convolve_centred(*g, inputs[0], input(inputs, 2), inputs[1], input(inputs, 3)));
}

/// Inputs of QLinearConv by name.
enum QConv : std::size_t { kX, kXScale, kXZero, kW, kWScale, kWZero, kYScale, kYZero, kBias };

Inferred infer_qlinear_conv(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(kX, "x", kByte);
  check.type(kW, "w", kByte);
  check.type(kYZero, "y_zero_point", kByte);
  if (check.type(kXZero, "x_zero_point", kByte)) check.same_type(kXZero, "x_zero_point", kX);
  if (check.type(kWZero, "w_zero_point", kByte)) check.same_type(kWZero, "w_zero_point", kW);
  check_scale(check, kXScale, "x_scale");
  check_scale(check, kWScale, "w_scale");
  check_scale(check, kYScale, "y_scale");
  check.optional_type(kBias, "B", kAccumulator);
  if (!check.ok()) return check.failed();
  const auto g = conv_geometry(check, check.shape(kX), check.shape(kW));
  if (!g) return check.failed();
  for (const std::size_t i : {kXScale, kXZero, kYScale, kYZero}) check_scalar(check, i, "scale or zero point");
  check_per_channel(check, kWScale, "w_scale", g->features);
  check_per_channel(check, kWZero, "w_zero_point", g->features);
  check.vector_of(kBias, "B", g->features);
  return check.done({{.type = check.in(kYZero).type, .shape = with_spatial(g->batch, g->features, g->window.out)}});
}

/// saturate(round(sum · x_scale · w_scale[channel] / y_scale) + zero point), in single precision.
template <class Channel>
Tensor requantized(const Tensor& sums, float x_scale, const std::vector<float>& w_scales, float y_scale,
                   const Tensor& y_zero, const Channel& channel) {
  const auto from = sums.data<std::int32_t>();
  const auto [lo, hi] = limits_of(y_zero.type());
  const auto zero = static_cast<double>(ints_of(y_zero)[0]);
  std::vector<float> factor;
  for (const float w : w_scales) factor.push_back(x_scale * w / y_scale);
  Tensor y(DataType::f64, sums.shape());
  const auto to = y.mutable_data<double>();
  for (std::size_t i = 0; i < from.size(); ++i) {
    const float f = factor[factor.size() == 1 ? 0 : channel(i) % factor.size()];
    to[i] = std::clamp(static_cast<double>(std::nearbyint(static_cast<float>(from[i]) * f)) + zero, lo, hi);
  }
  return cast(y, y_zero.type());
}

Computed run_qlinear_conv(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_qlinear_conv, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  Check check(attributes, {}, 1);
  const auto g = conv_geometry(check, inputs[kX].shape(), inputs[kW].shape());
  if (!g) return check.failed();
  Tensor sums = convolve_centred(*g, inputs[kX], inputs[kXZero], inputs[kW], inputs[kWZero]);
  const auto plane = static_cast<std::size_t>(std::max<std::int64_t>(g->out_size(), 1));
  const auto features = static_cast<std::size_t>(g->features);
  if (has(inputs, kBias)) {
    const auto bias = inputs[kBias].data<std::int32_t>();
    const auto to = sums.mutable_data<std::int32_t>();
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(to[i]) +
                                        static_cast<std::uint32_t>(bias[i / plane % features]));
  }
  return one(requantized(sums, floats_of(inputs[kXScale])[0], floats_of(inputs[kWScale]), floats_of(inputs[kYScale])[0],
                         inputs[kYZero], [=](std::size_t i) { return i / plane % features; }));
}

/// Zero points of A are per row, those of B per column, where they are not scalars.
Tensor multiply_centred(const MatMulShape& s, const Tensor& a, const Tensor& a_zero, const Tensor& b,
                        const Tensor& b_zero) {
  const auto k = static_cast<std::size_t>(std::max<std::int64_t>(s.k, 1));
  const auto n = static_cast<std::size_t>(std::max<std::int64_t>(s.n, 1));
  const Tensor left = centred(a, a_zero, [k](std::size_t i) { return i / k; });
  // A zero point per batch entry and column has as many values as B has columns altogether.
  const std::size_t per_batch = k * n;
  const Tensor right = centred(b, b_zero, [=](std::size_t i) { return i / per_batch * n + i % n; });
  const Shape sa = broadcast_strides(s.a_batch, s.batch), sb = broadcast_strides(s.b_batch, s.batch);
  Tensor y(DataType::i32, s.result);
  const StridedLoop loop(s.batch, {sa, sb});
  for (std::int64_t i = 0; i < element_count(s.batch); ++i) {
    const auto at = loop.offsets(i / loop.length());
    const std::int64_t inner = i % loop.length();
    multiply_integers(s.m, s.n, s.k, left.data<float>().data() + (at[0] + inner * loop.step(0)) * s.m * s.k,
                      right.data<float>().data() + (at[1] + inner * loop.step(1)) * s.k * s.n, s.n,
                      y.mutable_data<std::int32_t>().data() + i * s.m * s.n, s.n);
  }
  return y;
}

Inferred infer_matmul_integer(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "A", kByte);
  check.type(1, "B", kByte);
  check.same_type(2, "a_zero_point", 0);
  check.same_type(3, "b_zero_point", 1);
  if (!check.ok()) return check.failed();
  const auto s = matmul_shape(check, check.shape(0), check.shape(1));
  if (!s) return check.failed();
  check_per_channel(check, 2, "a_zero_point", s->m);
  check_per_channel(check, 3, "b_zero_point", s->n);
  return check.done({{.type = DataType::i32, .shape = s->result}});
}

Computed run_matmul_integer(const Attributes& attributes, Tensors inputs, std::size_t) {
  Check check(attributes, {}, 1);
  const auto s = matmul_shape(check, inputs[0].shape(), inputs[1].shape());
  if (!s) return check.failed();
  return one(multiply_centred(*s, inputs[0], input(inputs, 2), inputs[1], input(inputs, 3)));
}

/// Inputs of QLinearMatMul by name.
enum QMatMul : std::size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kOutScale, kOutZero };

Inferred infer_qlinear_matmul(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(kA, "a", kByte);
  check.type(kB, "b", kByte);
  check.type(kOutZero, "y_zero_point", kByte);
  if (check.type(kAZero, "a_zero_point", kByte)) check.same_type(kAZero, "a_zero_point", kA);
  if (check.type(kBZero, "b_zero_point", kByte)) check.same_type(kBZero, "b_zero_point", kB);
  check_scale(check, kAScale, "a_scale");
  check_scale(check, kBScale, "b_scale");
  check_scale(check, kOutScale, "y_scale");
  if (!check.ok()) return check.failed();
  const auto s = matmul_shape(check, check.shape(kA), check.shape(kB));
  if (!s) return check.failed();
  for (const std::size_t i : {kAScale, kOutScale, kOutZero}) check_scalar(check, i, "scale or zero point");
  check_per_channel(check, kAZero, "a_zero_point", s->m);
  check_per_channel(check, kBScale, "b_scale", s->n);
  check_per_channel(check, kBZero, "b_zero_point", s->n);
  return check.done({{.type = check.in(kOutZero).type, .shape = s->result}});
}

Computed run_qlinear_matmul(const Attributes& attributes, Tensors inputs, std::size_t) {
  const auto infos = infer_run(infer_qlinear_matmul, attributes, inputs, 1);
  if (!infos) return fail(infos.error());
  Check check(attributes, {}, 1);
  const auto s = matmul_shape(check, inputs[kA].shape(), inputs[kB].shape());
  if (!s) return check.failed();
  const Tensor sums = multiply_centred(*s, inputs[kA], inputs[kAZero], inputs[kB], inputs[kBZero]);
  const auto n = static_cast<std::size_t>(std::max<std::int64_t>(s->n, 1));
  return one(requantized(sums, floats_of(inputs[kAScale])[0], floats_of(inputs[kBScale]),
                         floats_of(inputs[kOutScale])[0], inputs[kOutZero], [n](std::size_t i) { return i % n; }));
}

constexpr std::array<std::string_view, 6> kConv{"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"};

constexpr std::array kQuantizedLayers{
    OperatorDefinition{"ConvInteger", 2, 4, kConv, infer_conv_integer, run_conv_integer},
    OperatorDefinition{"MatMulInteger", 2, 4, kNoAttributes, infer_matmul_integer, run_matmul_integer},
    OperatorDefinition{"QLinearConv", 8, 9, kConv, infer_qlinear_conv, run_qlinear_conv},
    OperatorDefinition{"QLinearMatMul", 8, 8, kNoAttributes, infer_qlinear_matmul, run_qlinear_matmul},
};

}  // namespace

Definitions quantized_layers() {
  return kQuantizedLayers;
}

}  // namespace heddle::kernels::ops
