// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "codegen/lanewise.h"
#include "codegen/lowering.h"
#include "ir/network_shape.h"

namespace heddle::codegen {
namespace {

mapping::Axis window_axis(std::int32_t in, std::int32_t out, std::int32_t kernel, std::int32_t stride,
                          std::int32_t dilation, std::int32_t pad) {
  return {.in = in, .out = out, .stride = stride, .first = -pad, .last = (kernel - 1) * dilation - pad};
}

/// Geometry of a windowed layer; op, parts and parameters are filled in by the caller.
StencilStep windowed_step(const Lowering& state, const ir::Layer& layer, isa::StencilOp op) {
  const ir::Window& w = layer.window;
  const ir::FeatureMap &in = state.network.map(layer.inputs[0]), &out = state.network.map(layer.output);
  StencilStep step;
  step.op = op;
  step.y = window_axis(in.height, out.height, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top);
  step.x = window_axis(in.width, out.width, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left);
  step.kernel_h = w.kernel_h;
  step.kernel_w = w.kernel_w;
  step.dilation_h = w.dilation_h;
  step.dilation_w = w.dilation_w;
  step.pad_value = in.zero_point;
  return step;
}

/// Adds one step for each contiguous piece of the input.
void add_pieces(Lowering& state, const Job& job, const std::string& what, const StencilStep& like) {
  for (const LanewisePiece& piece : lanewise_pieces(state, job)) {
    StencilStep step = like;
    step.input = piece.input;
    step.operand = piece.operand;
    step.output = piece.output;
    step.channels = piece.channels;
    state.add_step(job, what, std::move(step));
  }
}

bool needs(Lowering& state, const ir::Layer& layer, const std::string& unit) {
  if (state.overlay.has_unit(unit)) return true;
  state.refuse(layer, "kind", "the overlay '" + state.overlay.name + "' has no unit '" + unit + "'",
               "choose an overlay with this unit, or let the host run the layer");
  return false;
}

/// Does the coefficient memory hold the smallest chunk of a depthwise step? i16 to i8 takes blocks in pairs.
bool coefficients_fit(const Lowering& state, const ir::Layer& layer, std::int32_t taps) {
  const ir::FeatureMap &in = state.network.map(layer.inputs[0]), &out = state.network.map(layer.output);
  const std::int32_t blocks = std::max(1, state.lanes(out.type) / state.lanes(in.type));
  return blocks * taps <= state.overlay.coefficient_words;
}

/// Outputs [begin, end) with the same number of valid taps along one dimension.
struct TapClass {
  std::int32_t begin, end, taps;
};

std::vector<TapClass> tap_classes(std::int32_t in, std::int32_t out, std::int32_t kernel, std::int32_t stride,
                                  std::int32_t dilation, std::int32_t pad) {
  std::vector<TapClass> classes;
  for (std::int32_t o = 0; o < out; ++o) {
    std::int32_t taps = 0;
    for (std::int32_t k = 0; k < kernel; ++k) {
      const std::int32_t at = o * stride - pad + k * dilation;
      taps += at >= 0 && at < in ? 1 : 0;
    }
    if (!classes.empty() && classes.back().taps == taps)
      classes.back().end = o + 1;
    else
      classes.push_back({o, o + 1, taps});
  }
  return classes;
}

mapping::Axis cut(mapping::Axis axis, const TapClass& part) {
  axis.first += part.begin * axis.stride;
  axis.last += part.begin * axis.stride;
  axis.out = part.end - part.begin;
  return axis;
}

/// A divisor per number of valid taps: one step for each border class. Padding reads 0 and so adds nothing.
void lower_average_by_count(Lowering& state, const Job& job, StencilStep step) {
  const ir::Layer& layer = state.layer(job);
  const ir::Window& w = layer.window;
  if (!state.overlay.has_unit("average")) {
    if (!coefficients_fit(state, layer, w.kernel_h * w.kernel_w)) {
      needs(state, layer, "average");
      return;
    }
    step.op = isa::StencilOp::depthwise;  // with coefficients of 1
  }
  const mapping::Axis y = step.y, x = step.x;
  const auto rows = tap_classes(y.in, y.out, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top);
  const auto columns = tap_classes(x.in, x.out, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left);
  step.pad_value = 0;
  for (const TapClass& row : rows)
    for (const TapClass& column : columns) {
      const std::int32_t count = row.taps * column.taps;
      const auto found = std::ranges::find(layer.post.by_count, count, [](const auto& entry) { return entry.first; });
      step.post.channels = {found->second};  // ir::verify has seen that every count is there
      step.y = cut(y, row);
      step.x = cut(x, column);
      step.out_row = row.begin;
      step.out_column = column.begin;
      add_pieces(state, job, "average_pool", step);
    }
}

/// An average without an average unit: depthwise with coefficients of 1, or, if they do not fit, a convolution with
/// weights of 1.
void lower_average_without_unit(Lowering& state, const Job& job, StencilStep step) {
  const ir::Layer& layer = state.layer(job);
  if (step.kernel_h > ir::limits::kKernel || step.kernel_w > ir::limits::kKernel) {
    needs(state, layer, "average");
    return;
  }
  if (!coefficients_fit(state, layer, step.kernel_h * step.kernel_w)) return lower_sum_as_conv(state, job, step);
  step.op = isa::StencilOp::depthwise;
  add_pieces(state, job, std::string(ir::name(layer.kind)), step);
}

/// A window whose instruction needs nothing but the requantiser.
void lower_windowed(Lowering& state, const Job& job, isa::StencilOp op) {
  const ir::Layer& layer = state.layer(job);
  StencilStep step = windowed_step(state, layer, op);
  step.post = post_params(layer.post, std::nullopt);
  add_pieces(state, job, std::string(ir::name(layer.kind)), step);
}

mapping::Axis resize_axis(const ir::ResizeAxis& axis, std::int32_t in, std::int32_t out) {
  return {.kind = mapping::Axis::Kind::resize, .in = in, .out = out, .start = axis.start, .step = axis.step};
}

mapping::Axis same_axis(std::int32_t size) {
  return {.in = size, .out = size};
}

}  // namespace

void lower_depthwise(Lowering& state, const Job& job) {
  const ir::Layer& layer = state.layer(job);
  const ir::Window& w = layer.window;
  if (!coefficients_fit(state, layer, w.kernel_h * w.kernel_w)) return lower_depthwise_as_conv(state, job);
  StencilStep step = windowed_step(state, layer, isa::StencilOp::depthwise);
  step.coefficients.layer = &layer;
  step.post = post_params(layer.post, std::nullopt);
  add_pieces(state, job, "depthwise", step);
}

void lower_max_pool(Lowering& state, const Job& job) {
  lower_windowed(state, job, isa::StencilOp::maximum);
}

void lower_average_pool(Lowering& state, const Job& job) {
  const ir::Layer& layer = state.layer(job);
  StencilStep step = windowed_step(state, layer, isa::StencilOp::average);
  step.post = post_params(layer.post, std::nullopt);
  if (!layer.post.by_count.empty()) return lower_average_by_count(state, job, std::move(step));
  if (!state.overlay.has_unit("average")) return lower_average_without_unit(state, job, std::move(step));
  add_pieces(state, job, "average_pool", step);
}

void lower_global_average(Lowering& state, const Job& job) {
  const ir::Layer& layer = state.layer(job);
  const ir::FeatureMap& in = state.network.map(layer.inputs[0]);
  StencilStep step;
  step.op = isa::StencilOp::global_average;
  step.post = post_params(layer.post, std::nullopt);
  if (!state.overlay.has_unit("average")) {
    step.kernel_h = in.height;
    step.kernel_w = in.width;
    step.y = window_axis(in.height, 1, in.height, 1, 1, 0);
    step.x = window_axis(in.width, 1, in.width, 1, 1, 0);
    return lower_average_without_unit(state, job, std::move(step));
  }
  step.y = {.kind = mapping::Axis::Kind::whole, .in = in.height};
  step.x = {.kind = mapping::Axis::Kind::whole, .in = in.width};
  add_pieces(state, job, "global_average", step);
}

void lower_resize(Lowering& state, const Job& job) {
  const ir::Layer& layer = state.layer(job);
  if (!needs(state, layer, "upsample")) return;
  const ir::FeatureMap &in = state.network.map(layer.inputs[0]), &out = state.network.map(layer.output);
  StencilStep step;
  const bool nearest = layer.kind == ir::LayerKind::resize_nearest;
  step.op = nearest ? isa::StencilOp::nearest : isa::StencilOp::bilinear;
  step.y = resize_axis(layer.resize_y, in.height, out.height);
  step.x = resize_axis(layer.resize_x, in.width, out.width);
  step.post = post_params(layer.post, std::nullopt);
  add_pieces(state, job, std::string(ir::name(layer.kind)), step);
}

void lower_pairwise(Lowering& state, const Job& job) {
  const ir::Layer& layer = state.layer(job);
  const bool adds = layer.kind == ir::LayerKind::add;
  if (!adds && !needs(state, layer, "multiply")) return;
  const ir::FeatureMap &a = state.network.map(layer.inputs[0]), &b = state.network.map(layer.inputs[1]);
  StencilStep step;
  step.op = adds ? isa::StencilOp::add : isa::StencilOp::multiply;
  step.y = same_axis(a.height);
  step.x = same_axis(a.width);
  step.broadcast = b.height == 1 && b.width == 1;
  step.post = post_params(layer.post, layer.post.add);
  if (!adds) {
    step.post.descriptor.add_zero_a = static_cast<std::int16_t>(a.zero_point);
    step.post.descriptor.add_zero_b = static_cast<std::int16_t>(b.zero_point);
  }
  add_pieces(state, job, std::string(ir::name(layer.kind)), step);
}

void lower_requantize(Lowering& state, const Job& job) {
  lower_windowed(state, job, isa::StencilOp::identity);
}

void lower_fill(Lowering& state, const Job& job) {
  const ir::Layer& layer = state.layer(job);
  const ir::FeatureMap& out = state.network.map(layer.output);
  StencilStep step;
  step.op = isa::StencilOp::fill;
  step.y = same_axis(out.height);
  step.x = same_axis(out.width);
  step.output = state.define_output(layer.output);
  step.input = step.output;
  step.channels = state.channels(layer.output);
  step.pad_value = layer.fill_value;
  step.post = identity_post(out.type);
  state.add_step(job, "fill", std::move(step));
}

}  // namespace heddle::codegen
