// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "codegen/lowering.h"

namespace heddle::codegen {
namespace {

std::vector<std::int32_t> all_taps(std::int32_t kernel) {
  std::vector<std::int32_t> taps(static_cast<std::size_t>(kernel));
  std::iota(taps.begin(), taps.end(), 0);
  return taps;
}

/// Axis that covers the windows of all phases along one dimension.
struct AxisUnion {
  mapping::Axis axis;
  bool any = false;

  void add(std::size_t taps, std::int32_t dilation, std::int32_t pad, std::int32_t positions) {
    const std::int32_t first = -pad, last = first + (static_cast<std::int32_t>(taps) - 1) * dilation;
    axis.first = any ? std::min(axis.first, first) : first;
    axis.last = any ? std::max(axis.last, last) : last;
    axis.out = any ? std::max(axis.out, positions) : positions;
    any = true;
  }
};

void set_axes(ConvStep& step, const ir::FeatureMap& in) {
  AxisUnion y, x;
  for (const ConvPhase& phase : step.phases) {
    y.add(phase.rows.size(), phase.dilation_h, phase.pad_top, phase.height);
    x.add(phase.columns.size(), phase.dilation_w, phase.pad_left, phase.width);
  }
  step.y = y.axis;
  step.x = x.axis;
  step.y.in = in.height;
  step.x.in = in.width;
  step.y.stride = step.stride_h;
  step.x.stride = step.stride_w;
}

ConvPhase plain_phase(const ir::Window& w, const ir::FeatureMap& out, PostParams post) {
  return {.rows = all_taps(w.kernel_h),
          .columns = all_taps(w.kernel_w),
          .dilation_h = w.dilation_h,
          .dilation_w = w.dilation_w,
          .pad_top = w.pad_top,
          .pad_left = w.pad_left,
          .height = out.height,
          .width = out.width,
          .post = std::move(post)};
}

/// Everything of a convolution step but its phases and axes.
ConvStep base_step(Lowering& state, const Job& job, std::int32_t groups) {
  const ir::Layer& layer = state.layer(job);
  const ir::MapId input = layer.inputs[0], output = output_of(state.network, job);
  ConvStep step;
  step.inputs = state.layout(input).parts;
  step.in_channels = state.layout(input).channels;
  step.output = state.define_output(output);
  step.out_channels = state.channels(output);
  step.pad_value = state.network.map(input).zero_point;
  step.weights = {.layer = &layer,
                  .type = layer.weights.type,
                  .groups = groups,
                  .in_per_group = state.network.map(input).channels / groups,
                  .out_per_group = state.network.map(output).channels / groups};
  return step;
}

void lower_plain(Lowering& state, const Job& job, std::int32_t groups) {
  const ir::Layer& layer = state.layer(job);
  ConvStep step = base_step(state, job, groups);
  const auto inputs = inputs_of(state.network, job);
  if (inputs.size() > 1) step.operands = state.layout(inputs.back()).parts;
  step.stride_h = layer.window.stride_h;
  step.stride_w = layer.window.stride_w;
  PostParams post = post_params(layer.post, addition_of(state.network, job));
  step.phases.push_back(plain_phase(layer.window, state.network.map(layer.output), std::move(post)));
  set_axes(step, state.network.map(layer.inputs[0]));
  state.add_step(job, "conv", std::move(step));
}

/// One dimension of one phase of a transposed convolution.
struct PhaseAxis {
  std::vector<std::int32_t> taps;
  std::int32_t dilation = 1, pad = 0, positions = 0;
};

/// Output position stride·t + phase takes tap k from input position t + (phase + pad − k·dilation) / stride, for the k
/// that make this whole. Rising k means falling positions, so the taps are turned round.
PhaseAxis phase_axis(std::int32_t phase, std::int32_t kernel, std::int32_t stride, std::int32_t dilation,
                     std::int32_t pad, std::int32_t out) {
  PhaseAxis axis;
  axis.positions = phase < out ? (out - phase + stride - 1) / stride : 0;
  for (std::int32_t k = kernel - 1; k >= 0; --k)
    if ((phase + pad - k * dilation) % stride == 0) axis.taps.push_back(k);
  if (axis.taps.empty()) {
    axis.taps = {-1};  // no tap reaches these outputs: one tap of weight 0
    return axis;
  }
  axis.pad = -((phase + pad - axis.taps.front() * dilation) / stride);
  if (axis.taps.size() > 1) axis.dilation = (axis.taps[0] - axis.taps[1]) * dilation / stride;
  return axis;
}

/// Σ of the weights of an output channel over its input channels, per tap.
std::vector<std::int64_t> tap_sums(const ir::Layer& layer, std::int32_t in_per_group, std::int32_t channel) {
  const auto taps = static_cast<std::size_t>(layer.window.kernel_h * layer.window.kernel_w);
  std::vector<std::int64_t> sums(taps);
  const std::size_t first = static_cast<std::size_t>(channel) * static_cast<std::size_t>(in_per_group) * taps;
  for (std::size_t i = 0; i < static_cast<std::size_t>(in_per_group) * taps; ++i)
    sums[i % taps] += layer.weights.values[first + i];
  return sums;
}

/// The layer's bias holds −z·Σw over all taps; a phase leaves taps out, each of which stands for a real 0, so z·w of
/// them is added back.
PostParams phase_post(const ir::Layer& layer, const ConvStep& step, const PhaseAxis& y, const PhaseAxis& x,
                      std::int32_t out_channels) {
  PostParams post = post_params(layer.post, std::nullopt);
  if (step.pad_value == 0) return post;
  if (post.channels.size() == 1) post.channels.resize(static_cast<std::size_t>(out_channels), post.channels.front());
  std::vector<bool> used(static_cast<std::size_t>(layer.window.kernel_h * layer.window.kernel_w));
  for (const std::int32_t ky : y.taps)
    for (const std::int32_t kx : x.taps)
      if (ky >= 0 && kx >= 0) used[static_cast<std::size_t>(ky * layer.window.kernel_w + kx)] = true;
  for (std::int32_t c = 0; c < out_channels; ++c) {
    const auto sums = tap_sums(layer, step.weights.in_per_group, c);
    for (std::size_t tap = 0; tap < used.size(); ++tap)
      if (!used[tap]) post.channels[static_cast<std::size_t>(c)].bias += step.pad_value * sums[tap];
  }
  return post;
}

}  // namespace

void lower_conv(Lowering& state, const Job& job) {
  lower_plain(state, job, state.layer(job).groups);
}

void lower_depthwise_as_conv(Lowering& state, const Job& job) {
  lower_plain(state, job, state.network.map(state.layer(job).inputs[0]).channels);
}

void lower_sum_as_conv(Lowering& state, const Job& job, const StencilStep& sum) {
  const ir::Layer& layer = state.layer(job);
  ConvStep step = base_step(state, job, 1);
  step.weights.layer = nullptr;
  step.weights.type = DataType::i8;
  step.stride_h = sum.y.stride;
  step.stride_w = sum.x.stride;
  step.phases.push_back({.rows = all_taps(sum.kernel_h),
                         .columns = all_taps(sum.kernel_w),
                         .pad_top = -sum.y.first,
                         .pad_left = -sum.x.first,
                         .height = sum.y.out,
                         .width = sum.x.out,
                         .post = sum.post});
  set_axes(step, state.network.map(layer.inputs[0]));
  state.add_step(job, "conv", std::move(step));
}

void lower_conv_transpose(Lowering& state, const Job& job) {
  const ir::Layer& layer = state.layer(job);
  const ir::Window& w = layer.window;
  const ir::FeatureMap& out = state.network.map(layer.output);
  ConvStep step = base_step(state, job, layer.groups);
  step.step_h = w.stride_h;
  step.step_w = w.stride_w;
  for (std::int32_t ry = 0; ry < w.stride_h; ++ry) {
    const PhaseAxis y = phase_axis(ry, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, out.height);
    for (std::int32_t rx = 0; rx < w.stride_w; ++rx) {
      const PhaseAxis x = phase_axis(rx, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, out.width);
      if (y.positions == 0 || x.positions == 0) continue;
      step.phases.push_back({.rows = y.taps,
                             .columns = x.taps,
                             .dilation_h = y.dilation,
                             .dilation_w = x.dilation,
                             .pad_top = y.pad,
                             .pad_left = x.pad,
                             .first_row = ry,
                             .first_column = rx,
                             .height = y.positions,
                             .width = x.positions,
                             .post = phase_post(layer, step, y, x, out.channels)});
    }
  }
  set_axes(step, state.network.map(layer.inputs[0]));
  state.add_step(job, "conv_transpose", std::move(step));
}

Layout repack(Lowering& state, const Job& job, const Layout& from, const ir::FeatureMap& like, const ChannelMap& to) {
  const BufferId buffer = state.add_buffer(like.name + ".repacked", to.blocks(), like.height, like.width, like.type);
  ConvStep step;
  step.inputs = from.parts;
  step.in_channels = from.channels;
  step.output = {buffer, 0, to.blocks()};
  step.out_channels = to;
  step.weights = {.type = DataType::i8, .in_per_group = like.channels, .out_per_group = like.channels};
  step.phases.push_back(plain_phase({}, like, identity_post(like.type)));
  set_axes(step, like);
  state.add_step(job, "repack", std::move(step));
  return {.parts = {{buffer, 0, to.blocks()}}, .channels = to};
}

}  // namespace heddle::codegen
