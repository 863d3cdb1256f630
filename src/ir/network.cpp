// SPDX-License-Identifier: Apache-2.0
#include "ir/network.h"

#include <algorithm>

#include "ir/network_shape.h"

namespace heddle::ir {
namespace {

std::int32_t windowed_axis(std::int64_t size, std::int64_t pads, std::int64_t kernel, std::int64_t dilation,
                           std::int64_t stride) {
  const std::int64_t room = size + pads - ((kernel - 1) * dilation + 1);
  return room < 0 || stride < 1 ? 0 : static_cast<std::int32_t>(room / stride + 1);
}

/// How many of the `kernel` taps of output position `o` fall inside [0, size).
std::int32_t taps_inside(std::int32_t o, std::int32_t stride, std::int32_t pad, std::int32_t dilation,
                         std::int32_t kernel, std::int32_t size) {
  std::int32_t count = 0;
  for (std::int32_t k = 0; k < kernel; ++k) {
    const std::int32_t at = o * stride - pad + k * dilation;
    count += at >= 0 && at < size ? 1 : 0;
  }
  return count;
}

}  // namespace

std::string_view name(LayerKind kind) {
  switch (kind) {
    case LayerKind::conv:
      return "conv";
    case LayerKind::conv_transpose:
      return "conv_transpose";
    case LayerKind::depthwise:
      return "depthwise";
    case LayerKind::max_pool:
      return "max_pool";
    case LayerKind::average_pool:
      return "average_pool";
    case LayerKind::global_average:
      return "global_average";
    case LayerKind::resize_nearest:
      return "resize_nearest";
    case LayerKind::resize_bilinear:
      return "resize_bilinear";
    case LayerKind::add:
      return "add";
    case LayerKind::multiply:
      return "multiply";
    case LayerKind::requantize:
      return "requantize";
    case LayerKind::concat:
      return "concat";
    case LayerKind::slice:
      return "slice";
    case LayerKind::fill:
      return "fill";
  }
  return "?";
}

std::int64_t macs(const Network& network, const Layer& layer) {
  const bool transposed_layer = layer.kind == LayerKind::conv_transpose;
  if (layer.kind != LayerKind::conv && layer.kind != LayerKind::depthwise && !transposed_layer) return 0;
  const FeatureMap& in = network.map(layer.inputs.at(0));
  const FeatureMap& out = network.map(layer.output);
  // Every weight meets every output pixel; of a transposed convolution, every input pixel.
  const FeatureMap& pixels = transposed_layer ? in : out;
  const std::int64_t per_output = layer.kind == LayerKind::depthwise ? 1 : in.channels / std::max(1, layer.groups);
  return std::int64_t{out.channels} * per_output * layer.window.kernel_h * layer.window.kernel_w * pixels.height *
         pixels.width;
}

Extent windowed(const Window& w, std::int32_t channels, std::int32_t height, std::int32_t width) {
  return {channels, windowed_axis(height, std::int64_t{w.pad_top} + w.pad_bottom, w.kernel_h, w.dilation_h, w.stride_h),
          windowed_axis(width, std::int64_t{w.pad_left} + w.pad_right, w.kernel_w, w.dilation_w, w.stride_w)};
}

Extent transposed(const Layer& layer, std::int32_t channels, std::int32_t height, std::int32_t width) {
  const Window& w = layer.window;
  const auto axis = [](std::int64_t size, std::int64_t stride, std::int64_t dilation, std::int64_t kernel,
                       std::int64_t pads, std::int64_t output_pad) {
    return static_cast<std::int32_t>((size - 1) * stride + (kernel - 1) * dilation + 1 - pads + output_pad);
  };
  return {
      channels,
      axis(height, w.stride_h, w.dilation_h, w.kernel_h, std::int64_t{w.pad_top} + w.pad_bottom, layer.output_pad_h),
      axis(width, w.stride_w, w.dilation_w, w.kernel_w, std::int64_t{w.pad_left} + w.pad_right, layer.output_pad_w)};
}

std::int32_t valid_taps(const Window& w, const FeatureMap& input, std::int32_t y, std::int32_t x) {
  return taps_inside(y, w.stride_h, w.pad_top, w.dilation_h, w.kernel_h, input.height) *
         taps_inside(x, w.stride_w, w.pad_left, w.dilation_w, w.kernel_w, input.width);
}

IntegerRange integer_range(DataType type) {
  return type == DataType::i16 ? IntegerRange{-32768, 32767} : IntegerRange{-128, 127};
}

bool is_wide(const Network& network, const Layer& layer) {
  return layer.weights.type == DataType::i16 || network.map(layer.inputs.at(0)).type == DataType::i16;
}

}  // namespace heddle::ir
