// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ir/network.h"
#include "ir/network_shape.h"
#include "reference/network.h"

/// Random legal networks for differential tests: layers of every kind, residuals, concats, slices, mixed widths.
namespace heddle::test {

struct RandomNetworkOptions {
  int layers = 8;
  std::int32_t max_channels = 24;  ///< of the inputs and of convolution outputs
  std::int32_t max_extent = 14;    ///< rows and columns of the inputs
  std::int64_t max_elements = 60000;
  bool allow_i16 = true;
  bool allow_tables = true;
  bool all_outputs = false;  ///< every map that nothing reads becomes an output in any case; this adds all others
  /// Kinds to draw from (repeat one to make it likelier).
  std::vector<ir::LayerKind> kinds{ir::LayerKind::conv,
                                   ir::LayerKind::conv,
                                   ir::LayerKind::conv,
                                   ir::LayerKind::conv,
                                   ir::LayerKind::conv_transpose,
                                   ir::LayerKind::depthwise,
                                   ir::LayerKind::depthwise,
                                   ir::LayerKind::max_pool,
                                   ir::LayerKind::average_pool,
                                   ir::LayerKind::global_average,
                                   ir::LayerKind::resize_nearest,
                                   ir::LayerKind::resize_bilinear,
                                   ir::LayerKind::add,
                                   ir::LayerKind::multiply,
                                   ir::LayerKind::requantize,
                                   ir::LayerKind::concat,
                                   ir::LayerKind::slice,
                                   ir::LayerKind::fill};
};

class RandomNetwork {
 public:
  RandomNetwork(std::uint32_t seed, RandomNetworkOptions options) : random_(seed), options_(std::move(options)) {}

  ir::Network make() {
    network_.name = "random";
    const int inputs = chance(4) ? 2 : 1;
    for (int i = 0; i < inputs; ++i) {
      const auto id =
          new_map({below(options_.max_channels) + 1, below(options_.max_extent) + 1, below(options_.max_extent) + 1},
                  random_type());
      network_.inputs.push_back(id);
    }
    for (int tries = 0; static_cast<int>(network_.layers.size()) < options_.layers && tries < options_.layers * 20;
         ++tries)
      try_layer(options_.kinds[static_cast<std::size_t>(below(static_cast<std::int32_t>(options_.kinds.size())))]);
    choose_outputs();
    return std::move(network_);
  }

 private:
  using Kind = ir::LayerKind;

  std::int32_t between(std::int32_t lo, std::int32_t hi) {
    return std::uniform_int_distribution<std::int32_t>(lo, hi)(random_);
  }
  std::int32_t below(std::int32_t n) { return between(0, n - 1); }
  bool chance(int one_in) { return below(one_in) == 0; }
  DataType random_type() { return options_.allow_i16 && chance(3) ? DataType::i16 : DataType::i8; }

  ir::MapId new_map(ir::Extent e, DataType type) {
    ir::FeatureMap map;
    map.name = "m" + std::to_string(network_.maps.size());
    map.channels = e.channels;
    map.height = e.height;
    map.width = e.width;
    map.type = type;
    map.scale = 0.05F;
    map.zero_point = type == DataType::i8 ? between(-20, 20) : 0;
    network_.maps.push_back(map);
    return static_cast<ir::MapId>(network_.maps.size()) - 1;
  }
  const ir::FeatureMap& map(ir::MapId id) const { return network_.map(id); }
  /// Later maps are likelier, so that networks get deep.
  ir::MapId any_map() {
    const auto count = static_cast<std::int32_t>(network_.maps.size());
    return std::max(below(count), below(count));
  }

  ir::Window random_window(std::int32_t kernel, bool pads, bool dilate) {
    ir::Window w;
    w.kernel_h = between(1, kernel);
    w.kernel_w = chance(3) ? between(1, kernel) : w.kernel_h;
    w.stride_h = between(1, chance(4) ? 3 : 2);
    w.stride_w = chance(4) ? between(1, 3) : w.stride_h;
    if (dilate && chance(4)) w.dilation_h = w.dilation_w = between(1, 3);
    if (!pads) return w;
    const auto pad = [&](std::int32_t k, std::int32_t d) { return between(0, (k - 1) * d); };
    w.pad_top = pad(w.kernel_h, w.dilation_h);
    w.pad_bottom = pad(w.kernel_h, w.dilation_h);
    w.pad_left = pad(w.kernel_w, w.dilation_w);
    w.pad_right = pad(w.kernel_w, w.dilation_w);
    return w;
  }

  /// Requantiser that spreads accumulators of standard deviation about `spread` over the output type.
  kernels::ChannelRequant random_requant(double spread, DataType type, std::int64_t bias) {
    const double wanted = type == DataType::i16 ? 9000.0 : 50.0;
    const double ratio = std::min(20000.0, wanted / std::max(1.0, spread) * std::exp2(between(-1, 1)) *
                                               std::uniform_real_distribution<double>(0.7, 1.4)(random_));
    const int exponent = static_cast<int>(std::floor(std::log2(ratio)));
    const int shift = std::clamp(15 - exponent, 1, 47);
    const auto mult = std::clamp(std::lround(ratio * std::exp2(shift)), 1L, 65535L);
    return {bias, static_cast<std::uint16_t>(mult), static_cast<std::uint8_t>(shift)};
  }

  void random_clamp(std::int16_t& lo, std::int16_t& hi, DataType type, std::int32_t zero) {
    const ir::IntegerRange range = ir::integer_range(type);
    lo = static_cast<std::int16_t>(chance(2) ? zero : range.lo);
    hi = static_cast<std::int16_t>(chance(4) ? std::min(range.hi, zero + (range.hi - zero) / 2 + 1) : range.hi);
  }

  std::shared_ptr<const kernels::Table> random_table(DataType type) {
    auto table = std::make_shared<kernels::Table>();
    const ir::IntegerRange range = ir::integer_range(type);
    for (auto& entry : table->entry) entry = static_cast<std::int16_t>(between(range.lo, range.hi));
    return table;
  }

  ir::Post random_post(const ir::Layer& layer, double spread, bool per_channel) {
    const ir::FeatureMap& out = map(layer.output);
    ir::Post post;
    post.zero_point = out.zero_point;
    const std::int32_t count = per_channel ? out.channels : 1;
    for (std::int32_t c = 0; c < count; ++c) {
      const auto reach = static_cast<std::int32_t>(std::clamp(spread, 1.0, 1e8));
      post.channels.push_back(random_requant(spread, out.type, between(-reach, reach)));
    }
    std::int16_t lo = 0, hi = 0;
    random_clamp(lo, hi, out.type, out.zero_point);
    post.lo = lo;
    post.hi = hi;
    if (chance(5) && options_.allow_tables) post.table = random_table(out.type);
    return post;
  }

  /// Typical magnitude of an element, relative to its zero point.
  double typical(ir::MapId id) const { return map(id).type == DataType::i16 ? 9000.0 : 50.0; }

  kernels::AddParams random_add(ir::MapId a, ir::MapId b, ir::MapId out) {
    kernels::AddParams p;
    const double factor = typical(out) / typical(a);
    const int shift = std::clamp(14 - static_cast<int>(std::floor(std::log2(factor))), 1, 47);
    const double unit = std::exp2(shift) * factor;
    const auto random_mult = [&] {
      return static_cast<std::int16_t>(
          std::clamp(unit * std::uniform_real_distribution<double>(0.3, 0.99)(random_), 1.0, 32767.0) *
          (chance(4) ? -1 : 1));
    };
    p.mult_a = random_mult();
    p.mult_b = random_mult();
    p.zero_a = static_cast<std::int16_t>(map(a).zero_point);
    p.zero_b = static_cast<std::int16_t>(map(b).zero_point);
    p.zero_y = static_cast<std::int16_t>(map(out).zero_point);
    p.shift = static_cast<std::uint8_t>(shift);
    random_clamp(p.lo, p.hi, map(out).type, map(out).zero_point);
    return p;
  }

  bool fits(ir::Extent e) const {
    return e.channels >= 1 && e.height >= 1 && e.width >= 1 &&
           std::int64_t{e.channels} * e.height * e.width <= options_.max_elements;
  }
  /// Gives the layer its output map; false if the size is not usable.
  bool place(ir::Layer& layer, ir::Extent e, DataType type) {
    if (!fits(e)) return false;
    layer.output = new_map(e, type);
    layer.name = std::string(ir::name(layer.kind)) + "_" + std::to_string(network_.layers.size());
    return true;
  }

  void fill_weights(ir::Layer& layer, std::int64_t per_output) {
    layer.weights.type = random_type();
    const int top = layer.weights.type == DataType::i16 ? 32767 : 127;
    layer.weights.values.resize(static_cast<std::size_t>(per_output * map(layer.output).channels));
    for (auto& w : layer.weights.values) w = static_cast<std::int16_t>(chance(12) ? 0 : between(-top, top));
    const double spread = std::sqrt(static_cast<double>(per_output)) * top * 0.58 * typical(layer.inputs[0]);
    layer.post = random_post(layer, spread, !chance(5));
    layer.post.table = chance(6) && options_.allow_tables ? random_table(map(layer.output).type) : nullptr;
  }

  bool make_conv(ir::Layer& layer) {
    const ir::FeatureMap in = map(layer.inputs[0]);
    layer.window = random_window(chance(3) ? 5 : 3, true, true);
    std::int32_t out = between(1, options_.max_channels);
    if (chance(4) && in.channels % 2 == 0) {
      layer.groups = 2;
      out += out % 2;
    }
    if (layer.kind == Kind::conv_transpose) return make_transposed(layer, out);
    if (!place(layer, ir::windowed(layer.window, out, in.height, in.width), random_type())) return false;
    const ir::Window& w = layer.window;
    fill_weights(layer, std::int64_t{in.channels} / layer.groups * w.kernel_h * w.kernel_w);
    if (chance(3)) add_residual(layer);
    return true;
  }

  void add_residual(ir::Layer& layer) {
    for (ir::MapId id = layer.output - 1; id >= 0; --id)
      if (ir::extent(map(id)) == ir::extent(map(layer.output)) && map(id).type == map(layer.output).type) {
        layer.inputs.push_back(id);
        layer.post.add = random_add(id, id, layer.output);
        layer.post.add->zero_a = static_cast<std::int16_t>(layer.post.zero_point);
        return;
      }
  }

  bool make_transposed(ir::Layer& layer, std::int32_t out) {
    const ir::FeatureMap in = map(layer.inputs[0]);
    layer.output_pad_h = below(layer.window.stride_h);
    layer.output_pad_w = below(layer.window.stride_w);
    if (!place(layer, ir::transposed(layer, out, in.height, in.width), random_type())) return false;
    const ir::Window& w = layer.window;
    fill_weights(layer, std::int64_t{in.channels} / layer.groups * w.kernel_h * w.kernel_w);
    return true;
  }

  bool make_depthwise(ir::Layer& layer) {
    const ir::FeatureMap in = map(layer.inputs[0]);
    layer.window = random_window(chance(3) ? 5 : 3, true, true);
    const std::int32_t out = in.channels * (chance(4) ? 2 : 1);
    if (!place(layer, ir::windowed(layer.window, out, in.height, in.width), random_type())) return false;
    fill_weights(layer, std::int64_t{layer.window.kernel_h} * layer.window.kernel_w);
    return true;
  }

  bool make_pool(ir::Layer& layer) {
    const ir::FeatureMap in = map(layer.inputs[0]);
    const bool average = layer.kind == Kind::average_pool;
    layer.window = random_window(4, true, !average);
    // A window never lies wholly in the padding.
    ir::Window& w = layer.window;
    w.pad_top = std::min(w.pad_top, (w.kernel_h - 1) / 2);
    w.pad_bottom = std::min(w.pad_bottom, (w.kernel_h - 1) / 2);
    w.pad_left = std::min(w.pad_left, (w.kernel_w - 1) / 2);
    w.pad_right = std::min(w.pad_right, (w.kernel_w - 1) / 2);
    if (!place(layer, ir::windowed(w, in.channels, in.height, in.width), random_type())) return false;
    const double taps = average ? w.kernel_h * w.kernel_w : 1;
    layer.post = random_post(layer, typical(layer.inputs[0]) * std::sqrt(taps), false);
    if (average && chance(2)) split_by_count(layer);
    return true;
  }

  void split_by_count(ir::Layer& layer) {
    std::set<std::int32_t> counts;
    const ir::FeatureMap& out = map(layer.output);
    for (std::int32_t y = 0; y < out.height; ++y)
      for (std::int32_t x = 0; x < out.width; ++x)
        counts.insert(ir::valid_taps(layer.window, map(layer.inputs[0]), y, x));
    layer.post.channels.clear();
    for (const std::int32_t count : counts)
      layer.post.by_count.emplace_back(count,
                                       random_requant(typical(layer.inputs[0]) * count, out.type, between(-9, 9)));
  }

  bool make_lanewise(ir::Layer& layer) {
    const ir::FeatureMap in = map(layer.inputs[0]);
    double spread = typical(layer.inputs[0]);
    ir::Extent size = ir::extent(in);
    if (layer.kind == Kind::global_average) {
      size.height = size.width = 1;
      spread *= std::sqrt(in.height * in.width);
    } else if (layer.kind == Kind::requantize) {
      random_border(layer);
      size = ir::windowed(layer.window, in.channels, in.height, in.width);
    } else {
      random_axis(layer.resize_y, in.height, size.height);
      random_axis(layer.resize_x, in.width, size.width);
      if (layer.kind == Kind::resize_bilinear) spread *= 65536;
    }
    if (!place(layer, size, random_type())) return false;
    layer.post = random_post(layer, spread, chance(4));
    return true;
  }

  void random_border(ir::Layer& layer) {
    ir::Window& w = layer.window;
    if (chance(2)) return;
    w.pad_top = between(-1, 2);
    w.pad_left = between(-1, 2);
    w.pad_bottom = between(-1, 2);
    w.pad_right = between(-1, 2);
    w.stride_h = between(1, 2);
    w.stride_w = between(1, 3);
  }

  void random_axis(ir::ResizeAxis& axis, std::int32_t size, std::int32_t& out) {
    out = std::max(1, chance(2) ? size * 2 : between(1, size * 2));
    axis.step = std::max<std::int64_t>(1, (std::int64_t{size} << 16) / out);
    axis.start = chance(2) ? 0 : axis.step / 2 - 32768;
  }

  bool make_pairwise(ir::Layer& layer) {
    const ir::MapId a = layer.inputs[0];
    std::vector<ir::MapId> partners;
    for (ir::MapId id = 0; id < static_cast<ir::MapId>(network_.maps.size()); ++id) {
      const ir::Extent e = ir::extent(map(id));
      const bool broadcast = e == ir::Extent{map(a).channels, 1, 1};
      if (map(id).type == map(a).type && (broadcast || e == ir::extent(map(a)))) partners.push_back(id);
    }
    layer.inputs.push_back(partners[static_cast<std::size_t>(below(static_cast<std::int32_t>(partners.size())))]);
    if (!place(layer, ir::extent(map(a)), layer.kind == Kind::add ? map(a).type : random_type())) return false;
    if (layer.kind == Kind::add)
      layer.post.add = random_add(a, layer.inputs[1], layer.output);
    else
      layer.post = random_post(layer, typical(a) * typical(a), false);
    return true;
  }

  bool make_concat(ir::Layer& layer) {
    const ir::FeatureMap first = map(layer.inputs[0]);
    std::vector<ir::MapId> partners;
    for (ir::MapId id = 0; id < static_cast<ir::MapId>(network_.maps.size()); ++id)
      if (map(id).type == first.type && map(id).zero_point == first.zero_point && map(id).height == first.height &&
          map(id).width == first.width)
        partners.push_back(id);
    // Maps of other zero points join through a conversion, as in real networks.
    for (ir::MapId id = 0; id < static_cast<ir::MapId>(network_.maps.size()) && partners.size() < 2; ++id)
      if (map(id).height == first.height && map(id).width == first.width) partners.push_back(converted(id, first));
    ir::Extent size = ir::extent(first);
    const int more = between(1, 3);
    for (int i = 0; i < more; ++i) {
      layer.inputs.push_back(partners[static_cast<std::size_t>(below(static_cast<std::int32_t>(partners.size())))]);
      size.channels += map(layer.inputs.back()).channels;
    }
    std::shuffle(layer.inputs.begin(), layer.inputs.end(), random_);
    if (!place(layer, size, first.type)) return false;
    network_.maps.back().zero_point = first.zero_point;
    return true;
  }

  ir::MapId converted(ir::MapId id, const ir::FeatureMap& like) {
    ir::Layer layer;
    layer.kind = Kind::requantize;
    layer.inputs = {id};
    place(layer, ir::extent(map(id)), like.type);
    network_.maps.back().zero_point = like.zero_point;
    layer.post = random_post(layer, typical(id), false);
    network_.layers.push_back(layer);
    return layer.output;
  }

  bool make_slice(ir::Layer& layer) {
    const ir::FeatureMap in = map(layer.inputs[0]);
    const std::int32_t channels = between(1, in.channels);
    layer.slice_begin = between(0, in.channels - channels);
    if (!place(layer, {channels, in.height, in.width}, in.type)) return false;
    network_.maps.back().zero_point = in.zero_point;
    return true;
  }

  bool make_fill(ir::Layer& layer) {
    const ir::FeatureMap like = map(layer.inputs[0]);
    layer.inputs.clear();
    if (!place(layer, ir::extent(like), like.type)) return false;
    layer.fill_value = between(-100, 100);
    return true;
  }

  bool make_kind(ir::Layer& layer) {
    switch (layer.kind) {
      case Kind::conv:
      case Kind::conv_transpose:
        return make_conv(layer);
      case Kind::depthwise:
        return make_depthwise(layer);
      case Kind::max_pool:
      case Kind::average_pool:
        return make_pool(layer);
      case Kind::global_average:
      case Kind::resize_nearest:
      case Kind::resize_bilinear:
      case Kind::requantize:
        return make_lanewise(layer);
      case Kind::add:
      case Kind::multiply:
        return make_pairwise(layer);
      case Kind::concat:
        return make_concat(layer);
      case Kind::slice:
        return make_slice(layer);
      case Kind::fill:
        return make_fill(layer);
    }
    return false;
  }

  void try_layer(Kind kind) {
    ir::Layer layer;
    layer.kind = kind;
    layer.inputs = {any_map()};
    if (make_kind(layer)) network_.layers.push_back(std::move(layer));
  }

  void choose_outputs() {
    std::set<ir::MapId> read(network_.inputs.begin(), network_.inputs.end());
    for (const ir::Layer& layer : network_.layers) read.insert(layer.inputs.begin(), layer.inputs.end());
    for (const ir::Layer& layer : network_.layers)
      if (!read.contains(layer.output) || options_.all_outputs) network_.outputs.push_back(layer.output);
  }

  std::mt19937 random_;
  RandomNetworkOptions options_;
  ir::Network network_;
};

/// A network that passes ir::verify; the same seed and options give the same network.
inline ir::Network random_network(std::uint32_t seed, const RandomNetworkOptions& options = {}) {
  return RandomNetwork(seed, options).make();
}

/// Random contents for the network's inputs, over the whole range of their types.
inline std::vector<reference::IntegerMap> random_inputs(const ir::Network& network, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<reference::IntegerMap> inputs;
  for (const ir::MapId id : network.inputs) {
    const ir::FeatureMap& map = network.map(id);
    reference::IntegerMap values = reference::make_map(map.channels, map.height, map.width);
    const ir::IntegerRange range = ir::integer_range(map.type);
    std::uniform_int_distribution<std::int32_t> any(range.lo, range.hi);
    for (auto& v : values.values) v = static_cast<std::int16_t>(any(random));
    inputs.push_back(std::move(values));
  }
  return inputs;
}

}  // namespace heddle::test
