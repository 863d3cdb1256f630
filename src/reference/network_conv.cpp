// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "ir/network_shape.h"
#include "reference/network_layers.h"

namespace heddle::reference {
namespace {

/// Output pixels whose input columns are gathered at a time: small enough for the cache with deep kernels.
constexpr std::int32_t kTile = 128;

/// A plain convolution, which every kind of layer here is brought to. Weights as in ir::Weights.
struct Convolution {
  const IntegerMap& source;
  std::span<const std::int16_t> weights;
  ir::Window window;
  std::int32_t groups, out_channels, out_height, out_width;
  std::int16_t outside;  ///< element that padding supplies

  [[nodiscard]] std::int32_t in_per_group() const { return source.channels / groups; }
  [[nodiscard]] std::int32_t out_per_group() const { return out_channels / groups; }
  [[nodiscard]] std::int32_t depth() const { return in_per_group() * window.kernel_h * window.kernel_w; }
};

/// The input element under tap (ky, kx) for `count` output pixels from `first` on, row-major.
void gather(const Convolution& c, std::span<const std::int16_t> plane, std::int32_t ky, std::int32_t kx,
            std::int32_t first, std::int32_t count, std::int16_t* to) {
  const ir::Window& w = c.window;
  std::int32_t y = first / c.out_width, x = first % c.out_width;
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t sy = y * w.stride_h - w.pad_top + ky * w.dilation_h;
    const std::int32_t sx = x * w.stride_w - w.pad_left + kx * w.dilation_w;
    const bool inside = sy >= 0 && sy < c.source.height && sx >= 0 && sx < c.source.width;
    to[i] = inside ? plane[static_cast<std::size_t>(sy * c.source.width + sx)] : c.outside;
    if (++x == c.out_width) {
      x = 0;
      ++y;
    }
  }
}

/// [depth][count]: all taps of all channels of a group (im2col).
std::vector<std::int16_t> columns(const Convolution& c, std::int32_t group, std::int32_t first, std::int32_t count) {
  std::vector<std::int16_t> result(static_cast<std::size_t>(c.depth()) * static_cast<std::size_t>(count));
  const std::int32_t taps = c.window.kernel_h * c.window.kernel_w;
  for_channels(c.in_per_group(), [&](std::int32_t i) {
    const auto plane = c.source.plane(group * c.in_per_group() + i);
    for (std::int32_t tap = 0; tap < taps; ++tap)
      gather(c, plane, tap / c.window.kernel_w, tap % c.window.kernel_w, first, count,
             result.data() + static_cast<std::ptrdiff_t>(i * taps + tap) * count);
  });
  return result;
}

/// acc[p] = Σ_k weights[k] · columns[k][p]. Acc is 32 bits for 8×8 (ir::verify has proven the range), otherwise 64.
template <class Acc>
void accumulate(std::span<const std::int16_t> weights, const std::int16_t* column, std::int32_t count, Acc* acc) {
  std::fill_n(acc, count, Acc{0});
  for (const std::int16_t w : weights) {
    if (w != 0)
      for (std::int32_t p = 0; p < count; ++p) acc[p] += static_cast<Acc>(std::int32_t{w} * column[p]);
    column += count;
  }
}

/// Calls drain(channel, first pixel, accumulators) for every output channel and tile of pixels.
template <class Acc, class Drain>
void run(const Convolution& c, const Drain& drain) {
  const std::int32_t pixels = c.out_height * c.out_width;
  const auto depth = static_cast<std::size_t>(c.depth());
  for_channels(c.groups, [&](std::int32_t group) {
    for (std::int32_t first = 0; first < pixels; first += kTile) {
      const std::int32_t count = std::min(kTile, pixels - first);
      const std::vector<std::int16_t> column = columns(c, group, first, count);
      for_channels(c.out_per_group(), [&](std::int32_t o) {
        const std::int32_t channel = group * c.out_per_group() + o;
        std::array<Acc, kTile> acc;
        accumulate(c.weights.subspan(static_cast<std::size_t>(channel) * depth, depth), column.data(), count,
                   acc.data());
        drain(channel, first, std::span<const Acc>(acc.data(), static_cast<std::size_t>(count)));
      });
    }
  });
}

/// Output of a layer whose accumulators `c` gives.
IntegerMap execute(const LayerCall& call, const Convolution& c) {
  IntegerMap out = call.new_output();
  const ir::Post& post = call.layer.post;
  const DataType type = call.output().type;
  const std::size_t plane = static_cast<std::size_t>(out.height) * static_cast<std::size_t>(out.width);
  const auto drain = [&](std::int32_t channel, std::int32_t first, auto acc) {
    const kernels::ChannelRequant& q = requant_of(post, channel);
    std::size_t at = static_cast<std::size_t>(channel) * plane + static_cast<std::size_t>(first);
    for (const auto a : acc) {
      std::int32_t y = finish(post, q, type, a);
      if (post.add) y = kernels::residual_add(y, call.in[1]->values[at], *post.add);
      out.values[at++] = static_cast<std::int16_t>(y);
    }
  };
  if (ir::is_wide(call.network, call.layer))
    run<std::int64_t>(c, drain);
  else
    run<std::int32_t>(c, drain);
  return out;
}

/// The input with stride−1 elements of real 0 between its own, so that a transposed convolution is a plain one.
IntegerMap spread(const IntegerMap& source, const ir::Window& w, std::int16_t zero) {
  IntegerMap wide =
      make_map(source.channels, (source.height - 1) * w.stride_h + 1, (source.width - 1) * w.stride_w + 1);
  std::ranges::fill(wide.values, zero);
  for (std::int32_t c = 0; c < source.channels; ++c)
    for (std::int32_t y = 0; y < source.height; ++y)
      for (std::int32_t x = 0; x < source.width; ++x) {
        const auto row = static_cast<std::size_t>(c * wide.height + y * w.stride_h);
        wide.values[row * static_cast<std::size_t>(wide.width) + static_cast<std::size_t>(x * w.stride_w)] =
            source.plane(c)[static_cast<std::size_t>(y * source.width + x)];
      }
  return wide;
}

/// Every kernel turned by 180 degrees: scatter order becomes gather order.
std::vector<std::int16_t> turned(std::span<const std::int16_t> weights, std::int32_t taps) {
  std::vector<std::int16_t> result(weights.begin(), weights.end());
  for (auto at = result.begin(); at != result.end(); at += taps) std::reverse(at, at + taps);
  return result;
}

IntegerMap convolve_transposed(const LayerCall& call) {
  const ir::Layer& layer = call.layer;
  const ir::Window& w = layer.window;
  const auto zero = static_cast<std::int16_t>(call.map().zero_point);
  const IntegerMap wide = spread(*call.in[0], w, zero);
  const auto weights = turned(layer.weights.values, w.kernel_h * w.kernel_w);
  ir::Window plain = w;
  plain.stride_h = plain.stride_w = 1;
  plain.pad_top = w.dilation_h * (w.kernel_h - 1) - w.pad_top;
  plain.pad_left = w.dilation_w * (w.kernel_w - 1) - w.pad_left;
  const ir::FeatureMap& out = call.output();
  return execute(call, {wide, weights, plain, layer.groups, out.channels, out.height, out.width, zero});
}

}  // namespace

IntegerMap convolve(const LayerCall& call) {
  if (call.layer.kind == ir::LayerKind::conv_transpose) return convolve_transposed(call);
  const ir::FeatureMap& out = call.output();
  return execute(call, {*call.in[0], call.layer.weights.values, call.layer.window, call.layer.groups, out.channels,
                        out.height, out.width, static_cast<std::int16_t>(call.map().zero_point)});
}

IntegerMap depthwise(const LayerCall& call) {
  const ir::FeatureMap& out = call.output();
  return execute(call, {*call.in[0], call.layer.weights.values, call.layer.window, call.map().channels, out.channels,
                        out.height, out.width, static_cast<std::int16_t>(call.map().zero_point)});
}

}  // namespace heddle::reference
