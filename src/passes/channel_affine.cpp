// SPDX-License-Identifier: Apache-2.0
#include "passes/channel_affine.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace heddle::passes {
namespace {

using Doubles = std::vector<double>;

/// A constant f32 vector of `count` entries (or one, repeated).
std::optional<Doubles> channel_constant(const Tensor* tensor, std::int64_t count) {
  if (tensor == nullptr || tensor->type() != DataType::f32) return std::nullopt;
  const std::span<const float> values = tensor->data<float>();
  if (tensor->size() == 1) return Doubles(static_cast<std::size_t>(count), values[0]);
  if (tensor->size() != count) return std::nullopt;
  return Doubles(values.begin(), values.end());
}

std::int64_t channels_of(const Value& value) {
  return value.shape.size() < 2 ? -1 : value.shape[1];
}

bool is_finite(const Doubles& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(static_cast<float>(v)); });
}

/// The constant operand of an elementwise node as one entry a channel of `data`; nullopt if it varies elsewhere.
std::optional<Doubles> broadcast_per_channel(const Rewriter& rewriter, ValueId constant, const Value& data) {
  const Tensor* tensor = ir::constant_of(rewriter.graph(), constant);
  if (tensor == nullptr || tensor->rank() > data.shape.size()) return std::nullopt;
  const std::size_t missing = data.shape.size() - tensor->rank();
  for (std::size_t axis = 0; axis < tensor->rank(); ++axis)
    if (axis + missing != 1 && tensor->dim(axis) != 1) return std::nullopt;
  return channel_constant(tensor, channels_of(data));
}

std::optional<ChannelAffine> read_elementwise(const Rewriter& rewriter, const Node& node) {
  for (std::size_t side = 0; side < 2; ++side) {
    const ValueId id = node.inputs[side];
    const Value& data = rewriter.value(id);
    if (data.constant || channels_of(data) < 1 || data.shape != rewriter.value(node.outputs.front()).shape) continue;
    std::optional<Doubles> constant = broadcast_per_channel(rewriter, node.inputs[1 - side], data);
    if (!constant || (side == 1 && node.op == "Div")) continue;
    const std::size_t count = constant->size();
    ChannelAffine affine{id, Doubles(count, 1.0), Doubles(count, 0.0)};
    if (node.op == "Mul") affine.scale = std::move(*constant);
    if (node.op == "Add") affine.offset = std::move(*constant);
    if (node.op == "Div")
      std::transform(constant->begin(), constant->end(), affine.scale.begin(), [](double v) { return 1.0 / v; });
    if (node.op == "Sub") {
      const double sign = side == 0 ? -1.0 : 1.0;
      affine.scale.assign(count, -sign);
      std::transform(constant->begin(), constant->end(), affine.offset.begin(), [sign](double v) { return sign * v; });
    }
    return affine;
  }
  return std::nullopt;
}

bool all_are(const std::vector<std::int64_t>& values, std::int64_t wanted) {
  return std::all_of(values.begin(), values.end(), [wanted](std::int64_t v) { return v == wanted; });
}

std::optional<ChannelAffine> read_depthwise(const Rewriter& rewriter, const Node& node) {
  const Tensor* weights = rewriter.constant(node, 1);
  const ValueId data = node.inputs.front();
  const std::int64_t channels = channels_of(rewriter.value(data));
  if (weights == nullptr || weights->type() != DataType::f32 || weights->size() != channels ||
      weights->dim(0) != channels)
    return std::nullopt;
  const std::string auto_pad = kernels::get_string(node.attributes, "auto_pad", "NOTSET");
  if (kernels::get_int(node.attributes, "group", 1) != channels || auto_pad != "NOTSET" ||
      !all_are(kernels::get_ints(node.attributes, "strides"), 1) ||
      !all_are(kernels::get_ints(node.attributes, "pads"), 0))
    return std::nullopt;
  const bool has_bias = Rewriter::input(node, 2) != kNoValue;
  std::optional<Doubles> scale = channel_constant(weights, channels);
  std::optional<Doubles> offset = has_bias ? channel_constant(rewriter.constant(node, 2), channels)
                                           : Doubles(static_cast<std::size_t>(channels), 0.0);
  if (!scale || !offset || rewriter.value(node.inputs[1]).quantization) return std::nullopt;
  return ChannelAffine{data, std::move(*scale), std::move(*offset)};
}

/// Weights and bias of a Conv, ConvTranspose or Gemm that may be rewritten.
struct Layer {
  std::span<const float> weights;
  Shape shape;
  Doubles bias;  ///< one entry an output, 0 where there is none
  std::int64_t outputs = 0;
};

std::optional<Layer> read_layer(const Rewriter& rewriter, const Node& node, std::int64_t outputs) {
  const Tensor* weights = rewriter.constant(node, 1);
  if (weights == nullptr || weights->type() != DataType::f32 || rewriter.value(node.inputs[1]).quantization)
    return std::nullopt;
  const ValueId bias = Rewriter::input(node, 2);
  std::optional<Doubles> values = bias == kNoValue ? Doubles(static_cast<std::size_t>(outputs), 0.0)
                                                   : channel_constant(rewriter.constant(node, 2), outputs);
  if (!values || (bias != kNoValue && rewriter.value(bias).quantization)) return std::nullopt;
  if (bias != kNoValue && node.op == "Gemm") {
    // C may also be a column [M, 1] or a matrix, which is no bias per output.
    const Shape& c = rewriter.value(bias).shape;
    if (!c.empty() && c.back() != outputs) return std::nullopt;
    const double beta = kernels::get_float(node.attributes, "beta", 1.0F);
    for (double& v : *values) v *= beta;
  }
  return Layer{weights->data<float>(), weights->shape(), std::move(*values), outputs};
}

/// Index of the output channel that weight element `i` contributes to.
class OutputIndex {
 public:
  OutputIndex(const Node& node, const Shape& shape) {
    const std::int64_t taps = shape.size() > 2 ? element_count(Shape(shape.begin() + 2, shape.end())) : 1;
    if (node.op == "ConvTranspose") {
      inner_ = taps;
      count_ = shape[1];
      // [in][out / groups]: the inputs of one group feed the outputs of the same group.
      group_elements_ = shape[0] / kernels::get_int(node.attributes, "group", 1) * shape[1] * taps;
    } else if (node.op == "Gemm" && kernels::get_int(node.attributes, "transB", 0) == 0) {
      count_ = shape[1];
    } else {
      inner_ = element_count(Shape(shape.begin() + 1, shape.end()));
      count_ = shape[0];
    }
  }
  [[nodiscard]] std::size_t operator()(std::int64_t i) const {
    const std::int64_t group = group_elements_ > 0 ? i / group_elements_ : 0;
    return static_cast<std::size_t>(group * count_ + i / inner_ % count_);
  }

 private:
  std::int64_t inner_ = 1, count_ = 1, group_elements_ = 0;
};

void write_layer(Rewriter& rewriter, Node& node, Tensor weights, const Doubles& bias) {
  const std::string base = node.name;
  const auto count = static_cast<std::int64_t>(bias.size());
  const std::vector<float> narrow(bias.begin(), bias.end());
  const ValueId weight_id = rewriter.add_constant(base + ".weight", std::move(weights));
  const ValueId bias_id = rewriter.add_constant(base + ".bias", Tensor::from<float>({count}, narrow));
  rewriter.set_inputs(node, {node.inputs.front(), weight_id, bias_id});
  if (node.op == "Gemm") node.attributes.erase("beta");
}

bool all_finite(const Tensor& tensor) {
  const std::span<const float> values = tensor.data<float>();
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

}  // namespace

std::optional<ChannelAffine> read_batch_norm(const Rewriter& rewriter, const Node& node) {
  if (node.op != "BatchNormalization" || kernels::get_int(node.attributes, "training_mode", 0) != 0)
    return std::nullopt;
  const ValueId data = node.inputs.front();
  const std::int64_t channels = channels_of(rewriter.value(data));
  if (channels < 1) return std::nullopt;
  const auto gamma = channel_constant(rewriter.constant(node, 1), channels);
  const auto beta = channel_constant(rewriter.constant(node, 2), channels);
  const auto mean = channel_constant(rewriter.constant(node, 3), channels);
  const auto variance = channel_constant(rewriter.constant(node, 4), channels);
  if (!gamma || !beta || !mean || !variance) return std::nullopt;
  const double epsilon = kernels::get_float(node.attributes, "epsilon", 1e-5F);
  ChannelAffine affine{data, *gamma, *beta};
  for (std::size_t c = 0; c < affine.scale.size(); ++c) {
    affine.scale[c] /= std::sqrt((*variance)[c] + epsilon);
    affine.offset[c] -= affine.scale[c] * (*mean)[c];
  }
  if (!is_finite(affine.scale) || !is_finite(affine.offset)) return std::nullopt;
  return affine;
}

std::optional<ChannelAffine> read_channel_scale(const Rewriter& rewriter, const Node& node) {
  std::optional<ChannelAffine> affine;
  if (rewriter.value(node.outputs.front()).type != DataType::f32) return affine;
  if (node.op == "Conv") affine = read_depthwise(rewriter, node);
  if (node.op == "Mul" || node.op == "Div" || node.op == "Add" || node.op == "Sub")
    affine = read_elementwise(rewriter, node);
  if (affine && (!is_finite(affine->scale) || !is_finite(affine->offset))) affine.reset();
  return affine;
}

bool fold_into_producer(Rewriter& rewriter, Node& node, const ChannelAffine& affine) {
  Node* producer = rewriter.producer(affine.data);
  if (producer == nullptr || !rewriter.has_one_reader(affine.data) || rewriter.value(affine.data).quantization)
    return false;
  if (producer->op != "Conv" && producer->op != "ConvTranspose" && producer->op != "Gemm") return false;
  const auto outputs = static_cast<std::int64_t>(affine.scale.size());
  std::optional<Layer> layer = read_layer(rewriter, *producer, outputs);
  if (!layer) return false;
  Tensor weights(DataType::f32, layer->shape);
  const std::span<float> scaled = weights.mutable_data<float>();
  const OutputIndex output_of(*producer, layer->shape);
  for (std::size_t i = 0; i < scaled.size(); ++i)
    scaled[i] = static_cast<float>(layer->weights[i] * affine.scale[output_of(static_cast<std::int64_t>(i))]);
  for (std::size_t c = 0; c < layer->bias.size(); ++c)
    layer->bias[c] = layer->bias[c] * affine.scale[c] + affine.offset[c];
  if (!all_finite(weights) || !is_finite(layer->bias)) return false;
  write_layer(rewriter, *producer, std::move(weights), layer->bias);
  merge_origins(*producer, node);
  rewriter.take_output(*producer, node.outputs.front());
  return true;
}

bool fold_into_consumer(Rewriter& rewriter, Node& conv) {
  const ValueId between = conv.inputs.front();
  Node* source = rewriter.producer(between);
  if (source == nullptr || !rewriter.has_one_reader(between) || rewriter.value(between).quantization) return false;
  std::optional<ChannelAffine> affine = read_channel_scale(rewriter, *source);
  if (!affine) affine = read_batch_norm(rewriter, *source);
  const std::int64_t outputs = channels_of(rewriter.value(conv.outputs.front()));
  std::optional<Layer> layer = affine ? read_layer(rewriter, conv, outputs) : std::nullopt;
  if (!layer) return false;
  const bool padded = kernels::get_string(conv.attributes, "auto_pad", "NOTSET") != "NOTSET" ||
                      !all_are(kernels::get_ints(conv.attributes, "pads"), 0);
  const bool offset = !std::all_of(affine->offset.begin(), affine->offset.end(), [](double v) { return v == 0.0; });
  if (padded && offset) return false;
  const std::int64_t inputs = layer->shape[1];  // per group
  const std::int64_t taps = element_count(Shape(layer->shape.begin() + 2, layer->shape.end()));
  const std::int64_t per_group = outputs / kernels::get_int(conv.attributes, "group", 1);
  Tensor weights(DataType::f32, layer->shape);
  const std::span<float> scaled = weights.mutable_data<float>();
  std::size_t i = 0;
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t c = 0; c < inputs; ++c) {
      const auto channel = static_cast<std::size_t>(o / per_group * inputs + c);
      for (std::int64_t t = 0; t < taps; ++t, ++i) {
        scaled[i] = static_cast<float>(layer->weights[i] * affine->scale[channel]);
        layer->bias[static_cast<std::size_t>(o)] += layer->weights[i] * affine->offset[channel];
      }
    }
  }
  if (!all_finite(weights) || !is_finite(layer->bias)) return false;
  const bool had_bias = Rewriter::input(conv, 2) != kNoValue;
  merge_origins(conv, *source);
  if (had_bias || offset) {
    write_layer(rewriter, conv, std::move(weights), layer->bias);
    rewriter.set_input(conv, 0, affine->data);
  } else {
    const ValueId weight_id = rewriter.add_constant(conv.name + ".weight", std::move(weights));
    rewriter.set_inputs(conv, {affine->data, weight_id});
  }
  return true;
}

}  // namespace heddle::passes
