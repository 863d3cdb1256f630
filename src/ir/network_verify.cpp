// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <set>

#include "ir/network.h"
#include "ir/network_shape.h"

namespace heddle::ir {
namespace {

/// Collects findings about one layer.
class NetworkChecker {
 public:
  NetworkChecker(const Network& network, Diagnostics& findings) : network_(network), findings_(findings) {}

  void layer(const Layer& layer);
  void map(const FeatureMap& map);
  void structure();

 private:
  void expect(bool holds, const char* field, const std::string& message) {
    if (holds) return;
    findings_.push_back({.error_class = ErrorClass::bad_input,
                         .code = "network.layer",
                         .message = message,
                         .file = {},
                         .node = node_,
                         .op = op_,
                         .field = field,
                         .hint = {}});
  }
  const FeatureMap& in(std::size_t i = 0) const { return network_.map(layer_->inputs[i]); }
  const FeatureMap& out() const { return network_.map(layer_->output); }

  bool arity();
  void window();
  void shape();
  void convolution();
  void accumulator(std::size_t per_channel);
  void post();
  void requantiser(const kernels::ChannelRequant& q);
  void divisors();
  void add_params();
  void elementwise();
  void resize();
  void joined();
  bool legal_id(MapId id) const { return id >= 0 && static_cast<std::size_t>(id) < network_.maps.size(); }

  const Network& network_;
  Diagnostics& findings_;
  const Layer* layer_ = nullptr;
  std::string node_, op_;
};

bool within(std::int64_t value, std::int64_t lo, std::int64_t hi) {
  return value >= lo && value <= hi;
}

std::string text(const Extent& e) {
  return std::to_string(e.channels) + "x" + std::to_string(e.height) + "x" + std::to_string(e.width);
}

std::int32_t largest_weight(DataType weights) {
  return weights == DataType::i16 ? 32767 : 127;
}

void NetworkChecker::map(const FeatureMap& map) {
  node_ = map.name;
  op_ = "map";
  expect(map.type == DataType::i8 || map.type == DataType::i16, "type", "a feature map holds i8 or i16");
  expect(within(map.channels, 1, limits::kExtent) && within(map.height, 1, limits::kExtent) &&
             within(map.width, 1, limits::kExtent),
         "extent", "size " + text(extent(map)) + " is outside 1 to " + std::to_string(limits::kExtent));
  expect(map.scale > 0, "scale", "scale " + std::to_string(map.scale) + " is not positive");
  expect(map.type == DataType::i16 ? map.zero_point == 0 : within(map.zero_point, -128, 127), "zero_point",
         "zero point " + std::to_string(map.zero_point) + " is illegal for " + std::string(heddle::name(map.type)));
}

bool NetworkChecker::arity() {
  const auto count = layer_->inputs.size();
  bool good = legal_id(layer_->output);
  for (const MapId id : layer_->inputs) good = good && legal_id(id);
  expect(good, "inputs", "names a feature map that does not exist");
  bool right = true;
  switch (layer_->kind) {
    case LayerKind::conv:
      right = count == (layer_->post.add ? 2U : 1U);
      break;
    case LayerKind::add:
    case LayerKind::multiply:
      right = count == 2;
      break;
    case LayerKind::concat:
      right = count >= 1;
      break;
    case LayerKind::fill:
      right = count == 0;
      break;
    case LayerKind::conv_transpose:
    case LayerKind::depthwise:
    case LayerKind::max_pool:
    case LayerKind::average_pool:
    case LayerKind::global_average:
    case LayerKind::resize_nearest:
    case LayerKind::resize_bilinear:
    case LayerKind::requantize:
    case LayerKind::slice:
      right = count == 1;
      break;
  }
  expect(right, "inputs", std::to_string(count) + " inputs do not fit this kind of layer");
  return good && right;
}

void NetworkChecker::window() {
  const Window& w = layer_->window;
  expect(within(w.kernel_h, 1, limits::kKernel) && within(w.kernel_w, 1, limits::kKernel), "kernel",
         "kernel is outside 1 to 63");
  expect(within(w.stride_h, 1, limits::kStride) && within(w.stride_w, 1, limits::kStride), "stride",
         "stride is outside 1 to 15");
  expect(within(w.dilation_h, 1, limits::kDilation) && within(w.dilation_w, 1, limits::kDilation), "dilation",
         "dilation is outside 1 to 63");
  const std::int32_t least = layer_->kind == LayerKind::requantize ? -limits::kPad : 0;
  for (const std::int32_t pad : {w.pad_top, w.pad_left, w.pad_bottom, w.pad_right})
    expect(within(pad, least, limits::kPad), "pads", "pad " + std::to_string(pad) + " is out of range");
  if (layer_->kind == LayerKind::requantize)
    expect(w.kernel_h == 1 && w.kernel_w == 1, "kernel", "requantize has a 1x1 window");
}

void NetworkChecker::shape() {
  const Extent actual = extent(out());
  Extent wanted = actual;
  switch (layer_->kind) {
    case LayerKind::conv:
    case LayerKind::depthwise:
      wanted = windowed(layer_->window, actual.channels, in().height, in().width);
      break;
    case LayerKind::max_pool:
    case LayerKind::average_pool:
    case LayerKind::requantize:
      wanted = windowed(layer_->window, in().channels, in().height, in().width);
      break;
    case LayerKind::conv_transpose:
      wanted = transposed(*layer_, actual.channels, in().height, in().width);
      break;
    case LayerKind::global_average:
      wanted = {in().channels, 1, 1};
      break;
    case LayerKind::resize_nearest:
    case LayerKind::resize_bilinear:
      wanted.channels = in().channels;
      break;
    case LayerKind::add:
    case LayerKind::multiply:
      wanted = extent(in());
      break;
    case LayerKind::slice:
      wanted = {actual.channels, in().height, in().width};
      break;
    case LayerKind::concat:
      wanted.channels = 0;
      for (std::size_t i = 0; i < layer_->inputs.size(); ++i) wanted.channels += in(i).channels;
      break;
    case LayerKind::fill:
      break;
  }
  expect(actual == wanted, "output", "output is " + text(actual) + ", but the layer yields " + text(wanted));
}

void NetworkChecker::convolution() {
  const Layer& l = *layer_;
  expect(l.weights.type == DataType::i8 || l.weights.type == DataType::i16, "weights", "weights hold i8 or i16");
  std::int64_t per_output = 0;
  if (l.kind == LayerKind::depthwise) {
    expect(out().channels % in().channels == 0, "output", "output channels are no multiple of the input channels");
    per_output = 1;
  } else {
    const bool divisible = l.groups >= 1 && in().channels % l.groups == 0 && out().channels % l.groups == 0;
    expect(divisible, "groups", std::to_string(l.groups) + " groups do not divide the channels");
    if (!divisible) return;
    per_output = in().channels / l.groups;
  }
  const auto per_channel = static_cast<std::size_t>(per_output * l.window.kernel_h * l.window.kernel_w);
  const bool complete = l.weights.values.size() == per_channel * static_cast<std::size_t>(out().channels);
  expect(complete, "weights",
         std::to_string(l.weights.values.size()) + " weights, expected " + std::to_string(out().channels) + " times " +
             std::to_string(per_channel));
  if (complete) accumulator(per_channel);
  if (l.kind == LayerKind::conv_transpose)
    expect(within(l.output_pad_h, 0, limits::kStride) && within(l.output_pad_w, 0, limits::kStride), "output_padding",
           "output padding is out of range");
}

void NetworkChecker::accumulator(std::size_t per_channel) {
  const std::int32_t limit = largest_weight(layer_->weights.type);
  const bool wide = is_wide(network_, *layer_);
  const std::int64_t largest_input = in().type == DataType::i16 ? 32768 : 128;
  const std::int64_t room = std::int64_t{1} << (wide ? 47 : 31);
  const auto& values = layer_->weights.values;
  for (std::size_t o = 0; o * per_channel < values.size(); ++o) {
    std::int64_t sum = 0;
    for (std::size_t k = o * per_channel; k < (o + 1) * per_channel; ++k) {
      const std::int32_t w = values[k];
      if (std::abs(w) > limit) return expect(false, "weights", "weight " + std::to_string(w) + " exceeds its type");
      sum += std::abs(w);
    }
    const auto& channels = layer_->post.channels;
    const std::int64_t bias = channels.empty() ? 0 : channels[channels.size() == 1 ? 0 : o % channels.size()].bias;
    if (sum * largest_input >= room || !within(bias, -room, room - 1))
      return expect(false, "weights",
                    "output channel " + std::to_string(o) + " can exceed the " + (wide ? "48" : "32") +
                        "-bit accumulator or bias");
  }
}

void NetworkChecker::requantiser(const kernels::ChannelRequant& q) {
  const std::int64_t room = std::int64_t{1} << 47;
  expect(within(q.shift, 1, 47), "shift", "shift " + std::to_string(q.shift) + " is outside 1 to 47");
  expect(within(q.bias, -room, room - 1), "bias", "bias " + std::to_string(q.bias) + " does not fit 48 bits");
}

void NetworkChecker::divisors() {
  const Layer& l = *layer_;
  std::set<std::int32_t> known;
  for (const auto& [count, q] : l.post.by_count) {
    known.insert(count);
    requantiser(q);
  }
  for (std::int32_t y = 0; y < out().height; ++y)
    for (std::int32_t x = 0; x < out().width; ++x)
      if (!known.contains(valid_taps(l.window, in(), y, x)))
        return expect(false, "by_count",
                      "no requantiser for " + std::to_string(valid_taps(l.window, in(), y, x)) + " valid taps");
}

void NetworkChecker::add_params() {
  if (!layer_->post.add) return;
  const kernels::AddParams& a = *layer_->post.add;
  const IntegerRange range = integer_range(out().type);
  expect(within(a.shift, 1, 47), "shift", "shift of the addition is outside 1 to 47");
  expect(a.lo <= a.hi && within(a.lo, range.lo, range.hi) && within(a.hi, range.lo, range.hi), "lo",
         "clamp of the addition is empty or exceeds the output type");
}

void NetworkChecker::post() {
  const Post& p = layer_->post;
  const bool moves_only =
      layer_->kind == LayerKind::concat || layer_->kind == LayerKind::slice || layer_->kind == LayerKind::fill;
  if (moves_only || layer_->kind == LayerKind::add) return;
  const bool divided = layer_->kind == LayerKind::average_pool && !p.by_count.empty();
  if (divided) {
    divisors();
  } else {
    expect(p.channels.size() == 1 || p.channels.size() == static_cast<std::size_t>(out().channels), "channels",
           std::to_string(p.channels.size()) + " requantisers for " + std::to_string(out().channels) + " channels");
    for (const auto& q : p.channels) requantiser(q);
  }
  const IntegerRange range = integer_range(out().type);
  expect(p.lo <= p.hi && within(p.lo, range.lo, range.hi) && within(p.hi, range.lo, range.hi), "lo",
         "clamp is empty or exceeds the output type");
  expect(within(p.zero_point, range.lo, range.hi), "zero_point", "zero point exceeds the output type");
}

void NetworkChecker::elementwise() {
  const FeatureMap& a = in(0);
  const FeatureMap& b = in(1);
  if (layer_->kind == LayerKind::conv) {
    expect(b.type == out().type && extent(b) == extent(out()), "inputs", "the residual differs from the output");
    return;
  }
  expect(a.type == b.type, "inputs", "operands of different types");
  const bool broadcast = b.channels == a.channels && b.height == 1 && b.width == 1;
  expect(broadcast || extent(a) == extent(b), "inputs", "operands " + text(extent(a)) + " and " + text(extent(b)));
  if (layer_->kind == LayerKind::add) expect(layer_->post.add.has_value(), "add", "an addition without parameters");
}

void NetworkChecker::resize() {
  for (const ResizeAxis& axis : {layer_->resize_y, layer_->resize_x})
    expect(within(axis.step, 0, limits::kResizeStep) &&
               within(axis.start, -limits::kResizeStart, limits::kResizeStart - 1),
           "resize", "position exceeds its field");
}

void NetworkChecker::joined() {
  for (std::size_t i = 0; i < layer_->inputs.size(); ++i) {
    expect(in(i).type == out().type && in(i).scale == out().scale && in(i).zero_point == out().zero_point, "inputs",
           "type, scale or zero point of an input differs from the output's");
    expect(in(i).height == out().height && in(i).width == out().width, "inputs", "maps of different sizes");
  }
  if (layer_->kind == LayerKind::slice)
    expect(layer_->slice_begin >= 0 && out().channels <= in().channels - layer_->slice_begin, "slice_begin",
           "slice reaches beyond the input's channels");
}

void NetworkChecker::layer(const Layer& layer) {
  layer_ = &layer;
  node_ = layer.name;
  op_ = name(layer.kind);
  const std::size_t before = findings_.size();
  if (!arity()) return;
  window();
  if (findings_.size() != before) return;
  shape();
  switch (layer.kind) {
    case LayerKind::conv:
      convolution();
      if (layer.post.add) elementwise();
      break;
    case LayerKind::conv_transpose:
    case LayerKind::depthwise:
      convolution();
      break;
    case LayerKind::add:
    case LayerKind::multiply:
      elementwise();
      break;
    case LayerKind::resize_nearest:
    case LayerKind::resize_bilinear:
      resize();
      break;
    case LayerKind::concat:
    case LayerKind::slice:
      joined();
      break;
    case LayerKind::fill: {
      const IntegerRange range = integer_range(out().type);
      expect(within(layer.fill_value, range.lo, range.hi), "fill_value", "value exceeds the output type");
      break;
    }
    case LayerKind::max_pool:
    case LayerKind::average_pool:
    case LayerKind::global_average:
    case LayerKind::requantize:
      break;
  }
  if (findings_.size() != before) return;
  post();
  add_params();
}

void NetworkChecker::structure() {
  op_ = "network";
  std::set<MapId> ready;
  for (const MapId id : network_.inputs) {
    node_ = network_.name;
    expect(legal_id(id), "inputs", "names a feature map that does not exist");
    ready.insert(id);
  }
  for (const Layer& layer : network_.layers) {
    node_ = layer.name;
    for (const MapId id : layer.inputs) expect(ready.contains(id), "inputs", "reads a map that is not computed yet");
    expect(ready.insert(layer.output).second, "output", "writes a map that already has a producer");
  }
  node_ = network_.name;
  for (const MapId id : network_.outputs)
    expect(legal_id(id) && ready.contains(id), "outputs", "an output that nothing computes");
}

}  // namespace

Status verify(const Network& network) {
  Diagnostics findings;
  NetworkChecker checker(network, findings);
  for (const FeatureMap& map : network.maps) checker.map(map);
  checker.structure();
  if (findings.empty())
    for (const Layer& layer : network.layers) checker.layer(layer);
  if (!findings.empty()) return fail(std::move(findings));
  return {};
}

}  // namespace heddle::ir
