// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ir/network.h"
#include "ir/network_shape.h"

/// Small networks by hand, each with something that is hard to compile.
namespace heddle::test {

using ir::LayerKind;

/// Layers with random weights and plausible requantisers.
struct Maker {
  ir::Network n;
  std::mt19937 random{7};

  ir::MapId map(std::int32_t channels, std::int32_t height, std::int32_t width, DataType type = DataType::i8) {
    ir::FeatureMap map;
    map.name = "m" + std::to_string(n.maps.size());
    map.channels = channels;
    map.height = height;
    map.width = width;
    map.type = type;
    map.zero_point = type == DataType::i8 ? 5 : 0;
    n.maps.push_back(map);
    return static_cast<ir::MapId>(n.maps.size()) - 1;
  }
  ir::MapId input(std::int32_t channels, std::int32_t height, std::int32_t width) {
    n.inputs.push_back(map(channels, height, width));
    return n.inputs.back();
  }
  ir::MapId layer(LayerKind kind, std::vector<ir::MapId> inputs, ir::MapId output, ir::Window window = {}) {
    ir::Layer l;
    l.kind = kind;
    l.name = "layer" + std::to_string(n.layers.size());
    l.inputs = std::move(inputs);
    l.output = output;
    l.window = window;
    l.post.channels = {{.bias = 3, .mult = 40000, .shift = 17}};
    l.post.zero_point = 1;
    if (kind == LayerKind::add)
      l.post.add =
          kernels::AddParams{.mult_a = 16384, .mult_b = -9000, .zero_a = 5, .zero_b = 5, .zero_y = 5, .shift = 15};
    n.layers.push_back(std::move(l));
    return output;
  }
  /// A convolution of stride `stride` with padding that keeps the size (kernel odd).
  ir::MapId conv(ir::MapId in, std::int32_t channels, std::int32_t kernel, std::int32_t stride = 1,
                 std::int32_t groups = 1) {
    const ir::FeatureMap from = n.map(in);
    const std::int32_t pad = kernel / 2;
    const ir::Window w{.kernel_h = kernel,
                       .kernel_w = kernel,
                       .stride_h = stride,
                       .stride_w = stride,
                       .pad_top = pad,
                       .pad_left = pad,
                       .pad_bottom = pad,
                       .pad_right = pad};
    const ir::Extent e = ir::windowed(w, channels, from.height, from.width);
    layer(LayerKind::conv, {in}, map(channels, e.height, e.width), w);
    n.layers.back().groups = groups;
    weights(n.layers.back(), static_cast<std::size_t>(channels * (from.channels / groups) * kernel * kernel));
    return n.layers.back().output;
  }
  void weights(ir::Layer& l, std::size_t count) {
    l.weights.values.resize(count);
    for (auto& w : l.weights.values) w = static_cast<std::int16_t>(static_cast<int>(random() % 255) - 127);
    const auto per_output = count / static_cast<std::size_t>(n.map(l.output).channels);
    l.post.channels[0].shift = static_cast<std::uint8_t>(21 + std::bit_width(per_output) / 2);
  }
  ir::MapId concat(std::vector<ir::MapId> inputs) {
    std::int32_t channels = 0;
    for (const ir::MapId id : inputs) channels += n.map(id).channels;
    const ir::FeatureMap like = n.map(inputs[0]);
    return layer(LayerKind::concat, std::move(inputs), map(channels, like.height, like.width));
  }
  ir::Network done(std::vector<ir::MapId> outputs) {
    n.outputs = std::move(outputs);
    return n;
  }
};

/// A fully connected layer whose weights do not fit on chip, as a 7×7 convolution.
inline ir::Network fully_connected() {
  Maker m;
  const auto x = m.input(40, 7, 7);
  const ir::Window whole{.kernel_h = 7, .kernel_w = 7};
  m.layer(LayerKind::conv, {x}, m.map(50, 1, 1), whole);
  m.weights(m.n.layers.back(), 50 * 40 * 49);
  const auto y = m.conv(m.n.layers.back().output, 70, 1);
  return m.done({y});
}

/// One row of 900 pixels.
inline ir::Network wide_map() {
  Maker m;
  const auto x = m.input(3, 1, 900);
  m.layer(LayerKind::conv, {x}, m.map(5, 1, 450), {.kernel_w = 5, .stride_w = 2, .pad_left = 2, .pad_right = 2});
  m.weights(m.n.layers.back(), 5 * 3 * 5);
  return m.done({m.conv(m.n.layers.back().output, 6, 1)});
}

/// Each block sees all maps before it.
inline ir::Network densely_connected() {
  Maker m;
  ir::MapId x = m.conv(m.input(6, 9, 9), 12, 3);
  for (int i = 0; i < 4; ++i) x = m.concat({x, m.conv(m.conv(x, 10, 1), 5, 3)});
  return m.done({m.conv(x, 7, 1), x});
}

/// A skip connection across a transposed convolution.
inline ir::Network up_and_down() {
  Maker m;
  const auto a = m.conv(m.input(5, 12, 12), 9, 3), b = m.conv(a, 14, 3, 2);
  m.layer(LayerKind::conv_transpose, {m.conv(b, 14, 3)}, m.map(9, 12, 12),
          {.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2});
  m.weights(m.n.layers.back(), 9 * 14 * 4);
  return m.done({m.conv(m.concat({a, m.n.layers.back().output}), 4, 3)});
}

/// Three residual blocks.
inline ir::Network residual_chain() {
  Maker m;
  ir::MapId x = m.conv(m.input(9, 10, 10), 12, 3);
  for (int i = 0; i < 3; ++i) {
    const auto y = m.conv(m.conv(x, 6, 1), 12, 3);
    x = m.layer(LayerKind::add, {i == 1 ? x : y, i == 1 ? y : x}, m.map(12, 10, 10));
  }
  return m.done({x});
}

/// A grouped convolution, cut into unaligned slices that are joined in another order.
inline ir::Network groups_and_slices() {
  Maker m;
  const auto x = m.conv(m.input(8, 6, 6), 24, 3, 1, 4);
  std::vector<ir::MapId> parts;
  for (const std::int32_t begin : {0, 5, 13}) {
    parts.push_back(m.layer(LayerKind::slice, {x}, m.map(begin == 13 ? 11 : 5 + begin / 2, 6, 6)));
    m.n.layers.back().slice_begin = begin;
  }
  const auto joined = m.concat({parts[2], parts[0], parts[1]});
  return m.done({m.conv(joined, 22, 1, 1, 1), parts[1]});
}

/// An input and an output that is asked for twice.
inline ir::Network inputs_as_outputs() {
  Maker m;
  const auto x = m.input(5, 3, 4);
  const auto y = m.conv(x, 3, 1);
  return m.done({y, x, y});
}

/// More activation tables than small overlays have places.
inline ir::Network many_tables() {
  Maker m;
  ir::MapId x = m.input(4, 5, 5);
  for (std::int16_t i = 0; i < 5; ++i) {
    x = m.conv(x, 4, 1);
    auto table = std::make_shared<kernels::Table>();
    for (std::size_t e = 0; e < 257; ++e)
      table->entry[e] = static_cast<std::int16_t>((static_cast<int>(e) * (i % 3 + 1)) % 200 - 100);
    m.n.layers.back().post.table = table;
  }
  return m.done({x});
}

/// All of them, by name.
inline std::vector<std::pair<const char*, ir::Network>> hand_networks() {
  return {{"fully_connected", fully_connected()},     {"wide_map", wide_map()},
          {"densely_connected", densely_connected()}, {"up_and_down", up_and_down()},
          {"residual_chain", residual_chain()},       {"groups_and_slices", groups_and_slices()},
          {"inputs_as_outputs", inputs_as_outputs()}, {"many_tables", many_tables()}};
}

}  // namespace heddle::test
