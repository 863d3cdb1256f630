// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "quant/lowering/site.h"
#include "quant/quantize.h"

// Standard QDQ form: QuantizeLinear and DequantizeLinear behind every quantised activation, integer weights.
namespace heddle::quant {
namespace {

Tensor zero_tensor(DataType type, const std::vector<std::int32_t>& zeros, const Shape& shape) {
  if (type == DataType::i8)
    return Tensor::from<std::int8_t>(shape, std::vector<std::int8_t>(zeros.begin(), zeros.end()));
  if (type == DataType::u8)
    return Tensor::from<std::uint8_t>(shape, std::vector<std::uint8_t>(zeros.begin(), zeros.end()));
  if (type == DataType::i16)
    return Tensor::from<std::int16_t>(shape, std::vector<std::int16_t>(zeros.begin(), zeros.end()));
  if (type == DataType::u16)
    return Tensor::from<std::uint16_t>(shape, std::vector<std::uint16_t>(zeros.begin(), zeros.end()));
  return Tensor::from<std::int32_t>(shape, zeros);
}

template <class T>
Tensor rounded(const Tensor& reals, const ir::Quantization& q) {
  Tensor result(DataTypeOf<T>::value, reals.shape());
  std::int64_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(q.axis + 1); q.axis >= 0 && d < reals.rank(); ++d)
    inner *= reals.dim(d);
  const auto from = reals.data<float>();
  const auto to = result.mutable_data<T>();
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t c = q.axis < 0 ? 0 : i / static_cast<std::size_t>(inner) % q.scale.size();
    const double steps = std::nearbyint(double{from[i]} / double{q.scale[c]}) + q.zero_point[c];
    to[i] =
        static_cast<T>(std::clamp(steps, double{std::numeric_limits<T>::min()}, double{std::numeric_limits<T>::max()}));
  }
  return result;
}

Tensor integers_of(const Tensor& reals, const ir::Quantization& q) {
  if (q.type == DataType::i8) return rounded<std::int8_t>(reals, q);
  if (q.type == DataType::u8) return rounded<std::uint8_t>(reals, q);
  if (q.type == DataType::i16) return rounded<std::int16_t>(reals, q);
  if (q.type == DataType::u16) return rounded<std::uint16_t>(reals, q);
  return rounded<std::int32_t>(reals, q);
}

class Writer {
 public:
  explicit Writer(const ir::Graph& graph) : graph_(graph), replacement_(graph.values.size()) {
    for (std::size_t v = 0; v < replacement_.size(); ++v) replacement_[v] = static_cast<ir::ValueId>(v);
  }

  ir::Graph write() {
    std::vector<ir::Node> nodes = std::move(graph_.nodes);
    graph_.nodes.clear();
    const std::size_t values = replacement_.size();
    for (std::size_t v = 0; v < values; ++v)
      if (graph_.values[v].constant && graph_.values[v].quantization) store_integers(static_cast<ir::ValueId>(v));
    for (const ir::ValueId id : graph_.inputs) round_trip(id);
    for (ir::Node& node : nodes) {
      quantize_bias(node);
      for (ir::ValueId& id : node.inputs)
        if (id != ir::kNoValue && static_cast<std::size_t>(id) < values)
          id = replacement_[static_cast<std::size_t>(id)];
      const std::vector<ir::ValueId> outputs = node.outputs;
      graph_.nodes.push_back(std::move(node));
      for (const ir::ValueId id : outputs)
        if (id != ir::kNoValue) round_trip(id);
    }
    swap_output_names();
    for (ir::Value& value : graph_.values) value.quantization.reset();
    return std::move(graph_);
  }

 private:
  ir::ValueId parameter(const std::string& name, const Tensor& tensor) { return graph_.add_constant(name, tensor); }

  void add_node(const char* op, const std::string& name, std::vector<ir::ValueId> inputs, ir::ValueId output,
                int axis) {
    ir::Node node;
    node.op = op;
    node.name = name;
    node.inputs = std::move(inputs);
    node.outputs = {output};
    if (axis >= 0) node.attributes["axis"] = std::int64_t{axis};
    graph_.nodes.push_back(std::move(node));
  }

  ir::ValueId add_value(const std::string& name, DataType type, const Shape& shape) {
    ir::Value value;
    value.name = name;
    value.type = type;
    value.shape = shape;
    return graph_.add_value(std::move(value));
  }

  struct Parameters {
    ir::ValueId scale, zero;
  };
  Parameters add_parameters(const std::string& name, const ir::Quantization& q) {
    const Shape shape = q.axis < 0 ? Shape{} : Shape{static_cast<std::int64_t>(q.scale.size())};
    std::vector<std::int32_t> zeros = q.zero_point;
    zeros.resize(q.scale.size(), 0);
    return {parameter(name + "/scale", Tensor::from<float>(shape, q.scale)),
            parameter(name + "/zero_point", zero_tensor(q.type, zeros, shape))};
  }

  /// Integer constant and DequantizeLinear in place of a float constant.
  void store_integers(ir::ValueId id) {
    const ir::Value value = graph_.value(id);
    if (value.constant->type() != DataType::f32) return;
    const ir::Quantization& q = *value.quantization;
    const ir::ValueId integers = parameter(value.name + "/integers", integers_of(*value.constant, q));
    const auto [scale, zero] = add_parameters(value.name, q);
    const ir::ValueId reals = add_value(value.name + "/dequantized", DataType::f32, value.shape);
    add_node("DequantizeLinear", value.name + "/dequantize", {integers, scale, zero}, reals, q.axis);
    replacement_[static_cast<std::size_t>(id)] = reals;
  }

  /// QuantizeLinear and DequantizeLinear behind a value; later readers read the result.
  void round_trip(ir::ValueId id) {
    const ir::Value value = graph_.value(id);
    if (!value.quantization || value.type != DataType::f32 || value.constant) return;
    const ir::Quantization& q = *value.quantization;
    const auto [scale, zero] = add_parameters(value.name, q);
    const ir::ValueId integers = add_value(value.name + "/quantized", q.type, value.shape);
    const ir::ValueId reals = add_value(value.name + "/dequantized", DataType::f32, value.shape);
    add_node("QuantizeLinear", value.name + "/quantize", {id, scale, zero}, integers, q.axis);
    add_node("DequantizeLinear", value.name + "/dequantize", {integers, scale, zero}, reals, q.axis);
    replacement_[static_cast<std::size_t>(id)] = reals;
  }

  /// Biases as 32-bit integers, in units of the accumulator where they fit, as other runtimes expect them.
  void quantize_bias(ir::Node& node) {
    const bool has_bias = (node.op == "Conv" || node.op == "ConvTranspose" || node.op == "Gemm") &&
                          node.inputs.size() > 2 && node.inputs[2] != ir::kNoValue;
    if (!has_bias) return;
    const ir::Value bias = graph_.value(node.inputs[2]);
    const auto &x = graph_.value(node.inputs[0]).quantization, &w = graph_.value(node.inputs[1]).quantization;
    if (!bias.constant || bias.quantization || bias.constant->rank() != 1 || !x || !w) return;
    if (x->scale.size() != 1 ||
        (w->scale.size() != 1 && static_cast<std::int64_t>(w->scale.size()) != bias.constant->size()))
      return;
    ir::Quantization q{DataType::i32, w->scale, {}, w->scale.size() == 1 ? -1 : 0};
    for (float& s : q.scale) s *= x->scale[0];
    q.zero_point.assign(q.scale.size(), 0);
    // Wide layers have finer units than 32 bits can count the bias in; a coarser scale is as legal, and other runtimes
    // must not be left to choose one.
    const auto values = bias.constant->data<float>();
    for (std::size_t c = 0; c < values.size(); ++c) {
      float& scale = q.scale[q.axis < 0 ? 0 : c];
      scale = std::max(scale, std::abs(values[c]) / 1073741824.0F);
    }
    const ir::ValueId integers = parameter(node.name + "/bias/integers", integers_of(*bias.constant, q));
    const auto [scale, zero] = add_parameters(node.name + "/bias", q);
    const ir::ValueId reals = add_value(node.name + "/bias/dequantized", DataType::f32, bias.shape);
    add_node("DequantizeLinear", node.name + "/bias/dequantize", {integers, scale, zero}, reals, q.axis);
    node.inputs[2] = reals;
  }

  /// A graph output keeps its name: the dequantised value takes it over.
  void swap_output_names() {
    for (ir::ValueId& id : graph_.outputs) {
      const ir::ValueId to = replacement_[static_cast<std::size_t>(id)];
      if (to == id) continue;
      const std::string name = graph_.value(id).name;
      if (std::ranges::find(graph_.inputs, id) == graph_.inputs.end()) {
        graph_.value(id).name = name + "/float";
        graph_.value(to).name = name;
      }
      id = to;
    }
  }

  ir::Graph graph_;
  std::vector<ir::ValueId> replacement_;
};

}  // namespace

ir::Graph to_qdq(const ir::Graph& graph) {
  ir::Graph result = Writer(graph).write();
  ir::remove_dead(result);  // constants that their integer forms replace
  return result;
}

}  // namespace heddle::quant
