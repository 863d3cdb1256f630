// SPDX-License-Identifier: Apache-2.0
#include "frontend/lift.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace heddle::frontend {
namespace {

using ir::kNoValue;
using ir::Node;
using ir::ValueId;
using kernels::AttributeValue;

constexpr std::int64_t kEveryOpset = std::numeric_limits<std::int64_t>::max();

/// Removes and returns an attribute of type T; nullopt if it is missing or of another type (then it stays, and the
/// check of the attributes names it).
template <class T>
std::optional<T> take(Node& node, std::string_view name) {
  const auto found = node.attributes.find(name);
  if (found == node.attributes.end() || !std::holds_alternative<T>(found->second)) return std::nullopt;
  T value = std::move(std::get<T>(found->second));
  node.attributes.erase(found);
  return value;
}

using Ints = std::vector<std::int64_t>;

void set_input(Node& node, std::size_t index, ValueId id) {
  if (node.inputs.size() <= index) node.inputs.resize(index + 1, kNoValue);
  node.inputs[index] = id;
}

void ints_to_input(LiftContext& context, Node& node, std::string_view attribute, std::size_t index) {
  if (auto ints = take<Ints>(node, attribute)) {
    const auto count = static_cast<std::int64_t>(ints->size());
    set_input(node, index, context.constant(node, attribute, Tensor::from<std::int64_t>({count}, *ints)));
  }
}

/// A scalar of the type of the node's first input, as Clip and Pad want it.
void float_to_input(LiftContext& context, Node& node, std::string_view attribute, std::size_t index) {
  const auto number = take<float>(node, attribute);
  const ir::Value* data = context.input(node, 0);
  if (!number || data == nullptr) return;
  if (data->type == DataType::f32) {
    set_input(node, index, context.constant(node, attribute, Tensor::from<float>({}, std::vector{*number})));
  } else if (data->type == DataType::f64) {
    const std::vector<double> wide{*number};
    set_input(node, index, context.constant(node, attribute, Tensor::from<double>({}, wide)));
  } else {
    context.refuse(node, std::string(attribute), "is read for f32 and f64 only in this operator set");
  }
}

void lift_clip(LiftContext& context, Node& node) {
  float_to_input(context, node, "min", 1);
  float_to_input(context, node, "max", 2);
}

void lift_pad(LiftContext& context, Node& node) {
  ints_to_input(context, node, "pads", 1);
  float_to_input(context, node, "value", 2);
}

void lift_slice(LiftContext& context, Node& node) {
  ints_to_input(context, node, "starts", 1);
  ints_to_input(context, node, "ends", 2);
  ints_to_input(context, node, "axes", 3);
}

void lift_axes(LiftContext& context, Node& node) {
  ints_to_input(context, node, "axes", 1);
}

void lift_split_sizes(LiftContext& context, Node& node) {
  ints_to_input(context, node, "split", 1);
}

void lift_split_count(LiftContext&, Node& node) {
  if (node.inputs.size() < 2) node.attributes["num_outputs"] = static_cast<std::int64_t>(node.outputs.size());
}

void lift_top_k(LiftContext& context, Node& node) {
  if (const auto k = take<std::int64_t>(node, "k"))
    set_input(node, 1, context.constant(node, "k", Tensor::from<std::int64_t>({1}, Ints{*k})));
}

void lift_dropout(LiftContext& context, Node& node) {
  if (const auto ratio = take<float>(node, "ratio"))
    set_input(node, 1, context.constant(node, "ratio", Tensor::from<float>({}, std::vector{*ratio})));
}

/// Old Upsample and Resize: position = index / scale, and the nearest element is the one below.
void set_old_coordinates(Node& node) {
  node.attributes["coordinate_transformation_mode"] = std::string("asymmetric");
  if (kernels::get_string(node.attributes, "mode", "nearest") == "nearest")
    node.attributes["nearest_mode"] = std::string("floor");
}

void move_scales(Node& node) {
  if (node.inputs.size() == 2) node.inputs = {node.inputs[0], kNoValue, node.inputs[1]};
}

void lift_upsample(LiftContext& context, Node& node) {
  node.op = "Resize";
  if (kernels::get_string(node.attributes, "mode", "nearest") == "bilinear")
    node.attributes["mode"] = std::string("linear");
  if (auto scales = take<std::vector<float>>(node, "scales")) {
    const auto count = static_cast<std::int64_t>(scales->size());
    set_input(node, 1, context.constant(node, "scales", Tensor::from<float>({count}, *scales)));
  }
  move_scales(node);
  set_old_coordinates(node);
}

void lift_resize_10(LiftContext&, Node& node) {
  move_scales(node);
  set_old_coordinates(node);
}

/// Operator sets 11 and 12 had to name roi and scales even when unused, and passed empty tensors.
void drop_empty_resize_inputs(LiftContext& context, Node& node) {
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const Tensor* tensor = context.constant_input(node, i);
    if (tensor != nullptr && tensor->size() == 0) node.inputs[i] = kNoValue;
  }
  while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
}

void lift_batch_norm(LiftContext& context, Node& node) {
  if (const auto spatial = take<std::int64_t>(node, "spatial"); spatial && *spatial == 0)
    context.refuse(node, "spatial", "per-element statistics (spatial = 0) are not supported");
  take<std::int64_t>(node, "is_test");
  // Before operator set 14, naming the statistics' outputs is what asks for training mode.
  if (node.outputs.size() > 1) {
    node.attributes["training_mode"] = std::int64_t{1};
    node.outputs.resize(std::min<std::size_t>(node.outputs.size(), 3));
  }
}

/// Before operator set 13 the input counted as a matrix: all axes from `axis` on (default 1) were one.
void lift_softmax(LiftContext& context, Node& node) {
  const ir::Value* data = context.input(node, 0);
  if (data == nullptr || data->shape.empty()) return;
  const auto rank = static_cast<std::int64_t>(data->shape.size());
  std::int64_t axis = take<std::int64_t>(node, "axis").value_or(1);
  if (axis < -rank || axis > rank) return context.refuse(node, "axis", "is out of range");
  if (axis < 0) axis += rank;
  const Shape shape = data->shape;
  const auto behind = shape.begin() + std::min(axis + 1, rank);
  if (axis < rank && std::all_of(behind, shape.end(), [](std::int64_t d) { return d == 1; })) {
    node.attributes["axis"] = axis;
    return;
  }
  const ValueId flat = context.emit(node, "flat", "Flatten", {{"axis", axis}}, {node.inputs[0]});
  const ValueId result = context.emit(node, "matrix", node.op, {{"axis", std::int64_t{1}}}, {flat});
  node.op = "Reshape";
  node.attributes.clear();
  node.inputs = {result, context.constant(node, "shape", Tensor::from<std::int64_t>({rank}, shape))};
}

void lift_scatter(LiftContext&, Node& node) {
  node.op = "ScatterElements";
}

void lift_grid_sample(LiftContext&, Node& node) {
  const std::string mode = kernels::get_string(node.attributes, "mode", "bilinear");
  node.attributes["mode"] = mode == "bilinear" ? "linear" : mode == "bicubic" ? "cubic" : mode;
}

void lift_roi_align(LiftContext&, Node& node) {
  node.attributes["coordinate_transformation_mode"] = std::string("output_half_pixel");
}

/// Scale and bias had one entry a group; now they have one a channel.
void lift_group_norm(LiftContext& context, Node& node) {
  const ir::Value* data = context.input(node, 0);
  if (data == nullptr || data->shape.size() < 2 || data->shape[1] < 1) return;
  const std::int64_t channels = data->shape[1];
  for (std::size_t i = 1; i <= 2; ++i) {
    const Tensor* groups = context.constant_input(node, i);
    if (groups == nullptr || groups->type() != DataType::f32 || groups->size() < 1 || channels % groups->size() != 0)
      return context.refuse(node, i == 1 ? "scale" : "bias", "must be a constant with one f32 entry a group");
    std::vector<float> values;
    for (const float v : groups->data<float>())
      values.insert(values.end(), static_cast<std::size_t>(channels / groups->size()), v);
    set_input(node, i, context.constant(node, i == 1 ? "scale" : "bias", Tensor::from<float>({channels}, values)));
  }
}

constexpr std::array kLifts{
    Lift{"Clip", 11, lift_clip, "attributes min, max became inputs"},
    Lift{"Pad", 11, lift_pad, "attributes pads, value became inputs"},
    Lift{"Slice", 10, lift_slice, "attributes starts, ends, axes became inputs"},
    Lift{"Squeeze", 13, lift_axes, "attribute axes became an input"},
    Lift{"Unsqueeze", 13, lift_axes, "attribute axes became an input"},
    Lift{"Split", 13, lift_split_sizes, "attribute split became an input"},
    Lift{"Split", 18, lift_split_count, "equal parts are asked for by num_outputs"},
    Lift{"ReduceSum", 13, lift_axes, "attribute axes became an input"},
    Lift{"ReduceMean", 18, lift_axes, "attribute axes became an input"},
    Lift{"ReduceMax", 18, lift_axes, "attribute axes became an input"},
    Lift{"ReduceMin", 18, lift_axes, "attribute axes became an input"},
    Lift{"ReduceProd", 18, lift_axes, "attribute axes became an input"},
    Lift{"ReduceL1", 18, lift_axes, "attribute axes became an input"},
    Lift{"ReduceL2", 18, lift_axes, "attribute axes became an input"},
    Lift{"ReduceLogSum", 18, lift_axes, "attribute axes became an input"},
    Lift{"ReduceLogSumExp", 18, lift_axes, "attribute axes became an input"},
    Lift{"ReduceSumSquare", 18, lift_axes, "attribute axes became an input"},
    Lift{"TopK", 10, lift_top_k, "attribute k became an input"},
    Lift{"Dropout", 12, lift_dropout, "attribute ratio became an input"},
    Lift{"Upsample", kEveryOpset, lift_upsample, "is Resize with asymmetric coordinates, rounding down"},
    Lift{"Resize", 11, lift_resize_10, "had inputs X, scales and asymmetric coordinates, rounding down"},
    Lift{"Resize", kEveryOpset, drop_empty_resize_inputs, "unused inputs were empty tensors"},
    Lift{"BatchNormalization", 14, lift_batch_norm, "training mode was asked for by outputs; spatial"},
    Lift{"GroupNormalization", 21, lift_group_norm, "scale and bias were given by group"},
    Lift{"Softmax", 13, lift_softmax, "the axes from `axis` on were one"},
    Lift{"LogSoftmax", 13, lift_softmax, "the axes from `axis` on were one"},
    Lift{"Hardmax", 13, lift_softmax, "the axes from `axis` on were one"},
    Lift{"Scatter", kEveryOpset, lift_scatter, "is called ScatterElements"},
    Lift{"GridSample", 20, lift_grid_sample, "modes bilinear, bicubic became linear, cubic"},
    Lift{"RoiAlign", 16, lift_roi_align, "coordinates were output_half_pixel"},
};

}  // namespace

ValueId LiftContext::constant(const Node& node, std::string_view role, Tensor tensor) {
  return graph_.add_constant(value_names_.unique(node.name + "." + std::string(role)), std::move(tensor));
}

ValueId LiftContext::emit(const Node& origin, std::string_view role, std::string op, kernels::Attributes attributes,
                          std::vector<ValueId> inputs) {
  ir::Value value;
  value.name = value_names_.unique(origin.name + "." + std::string(role));
  Node node;
  node.op = std::move(op);
  node.name = node_names_.unique(origin.name + "." + std::string(role));
  node.attributes = std::move(attributes);
  node.inputs = std::move(inputs);
  node.outputs = {graph_.add_value(std::move(value))};
  node.origins = origin.origins;
  const ValueId output = node.outputs.front();
  inference_.visit(node);
  graph_.nodes.push_back(std::move(node));
  return output;
}

void LiftContext::refuse(const Node& node, std::string field, std::string message) {
  diagnostics_.push_back({.error_class = ErrorClass::unsupported,
                          .code = "onnx.lift",
                          .message = std::move(message),
                          .node = node.name,
                          .op = node.op,
                          .field = std::move(field)});
}

const ir::Value* LiftContext::input(const Node& node, std::size_t index) const {
  if (index >= node.inputs.size() || node.inputs[index] == kNoValue) return nullptr;
  return &graph_.value(node.inputs[index]);
}

const Tensor* LiftContext::constant_input(const Node& node, std::size_t index) const {
  if (index >= node.inputs.size() || node.inputs[index] == kNoValue) return nullptr;
  return inference_.value_of(node.inputs[index]);
}

std::span<const Lift> lifts() {
  return kLifts;
}

void lift(LiftContext& context, Node& node, std::int64_t opset) {
  // Applied by the name at the time, so that Upsample's rule hands over to Resize's.
  for (const Lift& rule : kLifts)
    if (opset < rule.below && node.op == rule.op) rule.apply(context, node);
}

}  // namespace heddle::frontend
