// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "quant/lowering/rules.h"

// Operators that only move data: views, concatenation, slices, pads.
namespace heddle::quant {
namespace {

/// A box of a map: first position and step per axis (channels have step 1).
struct Box {
  std::int64_t channel = 0, y = 0, x = 0;
  std::int64_t step_y = 1, step_x = 1;
};

/// Position of tensor axis `axis` among channel (1), height (2), width (3) for a value of this rank.
std::int64_t map_axis(std::int64_t axis, std::size_t rank) {
  if (axis < 0) axis += static_cast<std::int64_t>(rank);
  return rank == 3 && axis == 2 ? 3 : axis;
}

/// Cuts result `output` out of a map, and converts its format if that differs.
void emit_box(Emitter& emitter, const Site& site, std::size_t output, const Box& box) {
  ir::MapId in = emitter.operand(site.node.inputs[0]);
  const ir::ValueId value = site.node.outputs[output];
  const ir::Extent out = site.scene.at(value)->extent;
  const Format to = site.result_format(output);
  const ir::FeatureMap from = emitter.map(in);
  if (out.channels != from.channels) {
    ir::Layer& slice = emitter.add_layer(ir::LayerKind::slice, site, {in}, {out.channels, from.height, from.width},
                                         emitter.format(in));
    slice.slice_begin = static_cast<std::int32_t>(box.channel);
    in = slice.output;
  }
  if (out.height != from.height || out.width != from.width) {
    const auto post = conversion(emitter.format(in), to);
    if (!post) return emitter.refuse(site, "quant.ratio", "the scales of operand and result are too far apart");
    ir::Layer& crop = emitter.add_layer(ir::LayerKind::requantize, site, {in}, out, to);
    ir::Window& w = crop.window;
    w.stride_h = static_cast<std::int32_t>(box.step_y);
    w.stride_w = static_cast<std::int32_t>(box.step_x);
    w.pad_top = static_cast<std::int32_t>(-box.y);
    w.pad_left = static_cast<std::int32_t>(-box.x);
    w.pad_bottom = (out.height - 1) * w.stride_h + 1 - from.height - w.pad_top;
    w.pad_right = (out.width - 1) * w.stride_w + 1 - from.width - w.pad_left;
    crop.post = *post;
    in = crop.output;
  }
  emitter.bind(value, emitter.converted(site, in, to));
}

/// The box that a Slice names, or why it names none.
struct SliceBox {
  Box box;
  Refusal reason;
};
SliceBox slice_box(const Site& site) {
  const auto starts = integer_constant(site.constant(1)), ends = integer_constant(site.constant(2));
  auto axes = integer_constant(site.constant(3)), steps = integer_constant(site.constant(4));
  const std::size_t rank = site.value(0).shape.size();
  if (starts.empty() || ends.size() != starts.size()) return {{}, "its limits are not constants"};
  if (axes.empty())
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (axes.size() != starts.size() || steps.size() != starts.size()) return {{}, "its limits are not constants"};
  SliceBox result;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::int64_t axis = axes[i] < 0 ? axes[i] + static_cast<std::int64_t>(rank) : axes[i];
    const std::int64_t size = site.value(0).shape[static_cast<std::size_t>(axis)];
    const std::int64_t begin = std::clamp<std::int64_t>(starts[i] < 0 ? starts[i] + size : starts[i], 0, size);
    if (steps[i] < 1 || steps[i] > ir::limits::kStride) return {{}, fmt::format("a step of {}", steps[i])};
    switch (map_axis(axis, rank)) {
      case 1:
        if (steps[i] != 1) return {{}, fmt::format("a step of {} along the channels", steps[i])};
        result.box.channel = begin;
        break;
      case 2:
        result.box.y = begin;
        result.box.step_y = steps[i];
        break;
      case 3:
        result.box.x = begin;
        result.box.step_x = steps[i];
        break;
      default:
        if (begin != 0 || site.result().shape[0] != site.value(0).shape[0]) return {{}, "it cuts the batch"};
    }
  }
  if (result.box.y > ir::limits::kPad || result.box.x > ir::limits::kPad)
    return {{}, fmt::format("it cuts off more than {} rows or columns", ir::limits::kPad)};
  return result;
}

/// Pads per map axis: begins of channel, y, x, then ends.
struct Border {
  std::array<std::int64_t, 4> begin{}, end{};  ///< batch, channel, y, x
  bool known = false;
};
Border border_of(const Site& site) {
  Border border;
  const auto pads = integer_constant(site.constant(1));
  auto axes = integer_constant(site.constant(3));
  const std::size_t rank = site.value(0).shape.size();
  if (axes.empty())
    for (std::size_t i = 0; i < rank; ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (pads.size() != 2 * axes.size()) return border;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(map_axis(axes[i], rank));
    border.begin[axis] = pads[i];
    border.end[axis] = pads[axes.size() + i];
  }
  border.known = true;
  return border;
}

double pad_value(const Site& site) {
  if (!site.has(2)) return 0;
  const auto values = real_constant(site.scene.graph, site.node.inputs[2]);
  return values.empty() ? 0 : double{values[0]};
}

}  // namespace

Refusal check_view(const Site& site) {
  const Shape &from = site.value(0).shape, &to = site.result().shape;
  if (from.empty() || to.empty() || from[0] != to[0]) return "it changes the batch dimension";
  const Placement placed = place(site, 0);
  if (placed.plain) return std::nullopt;
  for (const int consumer : site.scene.uses.consumers[static_cast<std::size_t>(site.node.outputs[0])]) {
    const ir::Node& reader = site.scene.graph.nodes[static_cast<std::size_t>(consumer)];
    const Rule* rule = find_rule(reader.op);
    if (rule != nullptr && !rule->takes_views)
      return fmt::format("it rearranges a feature map for {} '{}'", reader.op, reader.name);
  }
  return std::nullopt;
}

Refusal check_transpose(const Site& site) {
  const Shape& shape = site.value(0).shape;
  std::int64_t previous = -1;
  for (const std::int64_t axis : kernels::get_ints(site.node.attributes, "perm")) {
    if (shape[static_cast<std::size_t>(axis)] == 1) continue;
    if (axis < previous) return "it reorders elements";
    previous = axis;
  }
  if (previous < 0 && kernels::get_ints(site.node.attributes, "perm").empty()) return "it reorders elements";
  return check_view(site);
}

void emit_view(Emitter& emitter, const Site& site) {
  const ir::ValueId from = site.node.inputs[0], to = site.node.outputs[0];
  const bool reshaped_outside = !emitter.computes(from) && site.placement().extent != site.scene.at(to)->extent;
  if (reshaped_outside)
    emitter.bind_input(from, to);
  else
    emitter.bind(to, emitter.operand(from));
  emitter.bind(to, emitter.converted(site, emitter.operand(to), site.result_format()));
}

Refusal check_concat(const Site& site) {
  const std::size_t rank = site.value(0).shape.size();
  if (map_axis(kernels::get_int(site.node.attributes, "axis", 0), rank) != 1)
    return "it joins along another axis than the channels";
  for (std::size_t i = 0; i < site.inputs(); ++i)
    if (site.constant(i) != nullptr) return "it joins a constant";
  return std::nullopt;
}

void emit_concat(Emitter& emitter, const Site& site) {
  std::vector<ir::MapId> inputs;
  for (const ir::ValueId value : site.node.inputs)
    inputs.push_back(emitter.converted(site, emitter.operand(value), site.result_format()));
  emitter.add_result(ir::LayerKind::concat, site, std::move(inputs));
}

Refusal check_slice(const Site& site) {
  return slice_box(site).reason;
}

void emit_slice(Emitter& emitter, const Site& site) {
  emit_box(emitter, site, 0, slice_box(site).box);
}

Refusal check_split(const Site& site) {
  const std::size_t rank = site.value(0).shape.size();
  const std::int64_t axis = map_axis(kernels::get_int(site.node.attributes, "axis", 0), rank);
  if (axis < 1) return "it splits the batch";
  if (axis > 1 && site.value(0).shape.back() > ir::limits::kPad) return "it cuts off too many rows or columns";
  return std::nullopt;
}

void emit_split(Emitter& emitter, const Site& site) {
  const std::size_t rank = site.value(0).shape.size();
  const std::int64_t axis = map_axis(kernels::get_int(site.node.attributes, "axis", 0), rank);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < site.node.outputs.size(); ++i) {
    if (site.node.outputs[i] == ir::kNoValue) continue;
    Box box;
    (axis == 1 ? box.channel : axis == 2 ? box.y : box.x) = begin;
    emit_box(emitter, site, i, box);
    const ir::Extent out = site.scene.at(site.node.outputs[i])->extent;
    begin += axis == 1 ? out.channels : axis == 2 ? out.height : out.width;
  }
}

Refusal check_pad(const Site& site) {
  const std::string mode = kernels::get_string(site.node.attributes, "mode", "constant");
  if (mode != "constant") return fmt::format("mode '{}'", mode);
  const Border border = border_of(site);
  if (!border.known) return "its pads are not constants";
  if (border.begin[0] != 0 || border.end[0] != 0 || border.begin[1] != 0 || border.end[1] != 0)
    return "it pads the batch or the channels";
  for (const std::size_t axis : {2U, 3U})
    if (std::abs(border.begin[axis]) > ir::limits::kPad || std::abs(border.end[axis]) > ir::limits::kPad)
      return fmt::format("a pad exceeds {}", ir::limits::kPad);
  const Format format = site.format();
  if (format.type != DataType::i8 && format.quantize(pad_value(site)) != 0)
    return "it pads a 16-bit map with another value than 0";
  return std::nullopt;
}

void emit_pad(Emitter& emitter, const Site& site) {
  const Border border = border_of(site);
  ir::MapId in = emitter.operand(site.node.inputs[0]);
  const Format format = emitter.format(in);
  const Format to = site.result_format();
  const std::int32_t value = format.quantize(pad_value(site));
  if (value != format.zero) {
    // The same integers in a map that calls the pad value its zero point, because padding supplies the zero point.
    const ir::Extent extent = ir::extent(emitter.map(in));
    ir::Layer& alias =
        emitter.add_layer(ir::LayerKind::requantize, site, {in}, extent, {format.type, format.scale, value});
    alias.post = *conversion(format, format);
    in = alias.output;
  }
  const auto post = conversion(format, to);
  if (!post) return emitter.refuse(site, "quant.ratio", "the scales of operand and result are too far apart");
  ir::Layer& pad = emitter.add_result(ir::LayerKind::requantize, site, {in});
  pad.window.pad_top = static_cast<std::int32_t>(border.begin[2]);
  pad.window.pad_left = static_cast<std::int32_t>(border.begin[3]);
  pad.window.pad_bottom = static_cast<std::int32_t>(border.end[2]);
  pad.window.pad_right = static_cast<std::int32_t>(border.end[3]);
  pad.post = *post;
}

}  // namespace heddle::quant
