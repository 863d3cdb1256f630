// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/data_type.h"
#include "base/diagnostic.h"
#include "kernels/integer/arithmetic.h"

/// The integer network: what one overlay region computes, with every parameter an exact integer.
///
/// It is made from a quantised `Graph` by `quant::lower`, executed as it stands by `reference::run_network` (the
/// integer reference), and compiled by `mapping` and `codegen`. Nothing in it depends on an overlay: no lanes, no
/// tiles, no channel maps. A network can also be written by hand (shapes only) for exploration.
namespace heddle::ir {

using MapId = std::int32_t;  ///< index into Network::maps

/// A feature map: one image, `channels` × `height` × `width` (a vector is channels × 1 × 1).
struct FeatureMap {
  std::string name;
  std::int32_t channels = 0, height = 1, width = 1;
  DataType type = DataType::i8;  ///< i8 or i16 (f32 and bf16 later)
  float scale = 1.0F;            ///< real = scale · (integer − zero_point)
  std::int32_t zero_point = 0;   ///< 0 for i16
};

enum class LayerKind : std::uint8_t {
  conv,            ///< convolution, also grouped (groups < channels) and fully connected (1×1)
  conv_transpose,  ///< transposed convolution (weights as [out][in][kh][kw], already flipped to "scatter" order of
                   ///< ONNX). acc sums over all taps; where no element meets a tap, the input's zero point does, so
                   ///< that a bias with −z_x·Σw serves every pixel
  depthwise,       ///< groups == input channels; output channels = multiplier · input channels
  max_pool,
  average_pool,    ///< sum over the window, then the requantiser; see `pad_counts`
  global_average,  ///< sum over the whole map, then the requantiser; output 1×1
  resize_nearest,
  resize_bilinear,
  add,         ///< two maps of equal shape, or the second channels×1×1 (broadcast over pixels)
  multiply,    ///< (a − z_a)·(b − z_b), then the requantiser; broadcast as for add
  requantize,  ///< the identity through the requantiser: type conversion, scale change, table; `window` may pad
               ///< (with the input's zero point) or stride (kernel 1×1)
  concat,      ///< inputs of equal type, scale and zero point, joined along channels; no arithmetic
  slice,       ///< channels [slice_begin, slice_begin + output channels) of the input; no arithmetic
  fill,        ///< no input: a constant map, every element `fill_value` (needed by Pad with another value)
};

/// Kernel window; for 1-D operators the height part is 1. Pads may be negative (crop) only for `requantize`.
struct Window {
  std::int32_t kernel_h = 1, kernel_w = 1;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t dilation_h = 1, dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};

/// Integer weights, [out_channels][in_channels / groups][kernel_h][kernel_w], symmetric, in −(2^(bits−1)−1) … +.
struct Weights {
  std::vector<std::int16_t> values;
  DataType type = DataType::i8;  ///< stored width: i16, i8 (later i4, i2, i1)
};

/// What happens to an accumulator: requantise, clamp, table, and (fused) residual add. See docs/arithmetic.md.
struct Post {
  /// One entry for all channels, or one per output channel.
  std::vector<kernels::ChannelRequant> channels;
  std::int32_t zero_point = 0;  ///< added after the shift (z_y of the first stage)
  std::int32_t lo = -128, hi = 127;
  std::shared_ptr<const kernels::Table> table;  ///< unary activation after the clamp, or null
  std::optional<kernels::AddParams> add;        ///< `add` layers, and residual adds fused behind conv (inputs[1])
  /// average_pool without padding counted: requantiser by number of valid taps (all others use `channels`).
  std::vector<std::pair<std::int32_t, kernels::ChannelRequant>> by_count;
};

/// Source coordinate of output index o: position = start + o·step, in 1/65536 of an input pixel, clamped to the map.
struct ResizeAxis {
  std::int64_t start = 0, step = 65536;
};

struct Layer {
  LayerKind kind = LayerKind::conv;
  std::string name;
  std::vector<std::string> origins;  ///< model nodes behind this layer
  std::vector<MapId> inputs;         ///< [x], [x, residual], [a, b], or all concat inputs
  MapId output = -1;
  Window window;
  std::int32_t groups = 1;
  Weights weights;
  Post post;
  ResizeAxis resize_y, resize_x;
  std::int32_t slice_begin = 0;
  std::int32_t output_pad_h = 0, output_pad_w = 0;  ///< conv_transpose
  std::int32_t fill_value = 0;
};

/// Layers in topological order; every map has at most one producer, inputs have none.
struct Network {
  std::string name;
  std::vector<FeatureMap> maps;
  std::vector<Layer> layers;
  std::vector<MapId> inputs, outputs;

  [[nodiscard]] const FeatureMap& map(MapId id) const { return maps.at(static_cast<std::size_t>(id)); }
};

/// Multiply-accumulates of a layer (conv, conv_transpose and depthwise; others 0), for one image.
[[nodiscard]] std::int64_t macs(const Network& network, const Layer& layer);
/// Shapes fit the windows, types are legal, parameters lie in the ranges of docs/arithmetic.md.
[[nodiscard]] Status verify(const Network& network);
[[nodiscard]] std::string print(const Network& network);
[[nodiscard]] std::string_view name(LayerKind kind);

}  // namespace heddle::ir
