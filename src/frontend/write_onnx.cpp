// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <type_traits>
#include <variant>

#include "frontend/onnx.h"
#include "frontend/wire.h"

namespace heddle::frontend {
namespace {

using ir::kNoValue;
using protozero::pbf_writer;

// Field numbers of onnx.proto; the reader's are in wire.cpp.
namespace tag {
enum Model : std::uint32_t { ir_version = 1, producer = 2, graph = 7, opset = 8 };
enum Graph : std::uint32_t { node = 1, graph_name = 2, initializer = 5, input = 11, output = 12 };
enum Node : std::uint32_t { node_input = 1, node_output = 2, node_name = 3, op_type = 4, attribute = 5 };
enum Tensor : std::uint32_t { dims = 1, data_type = 2, tensor_name = 8, raw_data = 9 };
}  // namespace tag

/// 4- and 2-bit elements as ONNX packs them: first element in the low bits.
std::string packed_bytes(const Tensor& tensor) {
  const auto width = static_cast<unsigned>(bits(tensor.type()));
  const std::span<const std::int8_t> values = tensor.data<std::int8_t>();
  std::string bytes((values.size() * width + 7) / 8, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    const unsigned code = static_cast<unsigned>(values[i]) & ((1U << width) - 1);
    const std::size_t at = i * width / 8;
    bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) | (code << (i * width % 8)));
  }
  return bytes;
}

void write_tensor(pbf_writer writer, const Tensor& tensor, const std::string& name) {
  writer.add_packed_int64(tag::dims, tensor.shape().begin(), tensor.shape().end());
  writer.add_int32(tag::data_type, wire::element_code(tensor.type()));
  if (!name.empty()) writer.add_string(tag::tensor_name, name);
  if (bits(tensor.type()) < 8) {
    writer.add_bytes(tag::raw_data, packed_bytes(tensor));
  } else {
    const std::span<const std::byte> bytes = tensor.bytes();
    writer.add_bytes(tag::raw_data, reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
}

void write_attribute(pbf_writer writer, const std::string& name, const kernels::AttributeValue& attribute) {
  writer.add_string(1, name);
  constexpr std::uint32_t kType = 20;
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::int64_t>) {
          writer.add_int64(3, value);
          writer.add_int32(kType, wire::kInt);
        } else if constexpr (std::is_same_v<T, float>) {
          writer.add_float(2, value);
          writer.add_int32(kType, wire::kFloat);
        } else if constexpr (std::is_same_v<T, std::string>) {
          writer.add_bytes(4, value);
          writer.add_int32(kType, wire::kString);
        } else if constexpr (std::is_same_v<T, Tensor>) {
          write_tensor(pbf_writer(writer, 5), value, {});
          writer.add_int32(kType, wire::kTensor);
        } else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
          for (const std::int64_t i : value) writer.add_int64(8, i);
          writer.add_int32(kType, wire::kInts);
        } else if constexpr (std::is_same_v<T, std::vector<float>>) {
          for (const float f : value) writer.add_float(7, f);
          writer.add_int32(kType, wire::kFloats);
        } else {
          for (const std::string& s : value) writer.add_bytes(9, s);
          writer.add_int32(kType, wire::kStrings);
        }
      },
      attribute);
}

std::string value_name(const ir::Graph& graph, ir::ValueId id) {
  return id == kNoValue ? "" : graph.value(id).name;
}

void write_node(pbf_writer writer, const std::string& op, const std::string& name,
                const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                const kernels::Attributes& attributes) {
  for (const std::string& input : inputs) writer.add_string(tag::node_input, input);
  for (const std::string& output : outputs) writer.add_string(tag::node_output, output);
  writer.add_string(tag::node_name, name);
  writer.add_string(tag::op_type, op);
  for (const auto& [key, value] : attributes) write_attribute(pbf_writer(writer, tag::attribute), key, value);
}

/// Swish is younger than the written operator set: x · sigmoid(alpha · x). Its helper values take the node's name,
/// which no value of a graph ends with.
void write_swish(pbf_writer& graph_writer, const ir::Graph& graph, const ir::Node& node) {
  const std::string x = value_name(graph, node.inputs.at(0));
  const std::string y = value_name(graph, node.outputs.at(0));
  const float alpha = kernels::get_float(node.attributes, "alpha", 1.0F);
  std::string argument = x;
  if (alpha != 1.0F) {
    const std::string factor = y + "/swish_alpha";
    argument = y + "/swish_scaled";
    write_node(pbf_writer(graph_writer, tag::node), "Constant", node.name + "/alpha", {}, {factor},
               {{"value", Tensor::from<float>({}, std::vector{alpha})}});
    write_node(pbf_writer(graph_writer, tag::node), "Mul", node.name + "/scale", {x, factor}, {argument}, {});
  }
  const std::string gate = y + "/swish_gate";
  write_node(pbf_writer(graph_writer, tag::node), "Sigmoid", node.name + "/gate", {argument}, {gate}, {});
  write_node(pbf_writer(graph_writer, tag::node), "Mul", node.name, {x, gate}, {y}, {});
}

void write_value_info(pbf_writer writer, const ir::Value& value) {
  writer.add_string(1, value.name);
  pbf_writer type(writer, 2);
  pbf_writer tensor(type, 1);
  tensor.add_int32(1, wire::element_code(value.type));
  pbf_writer shape(tensor, 2);
  for (std::size_t i = 0; i < value.shape.size(); ++i) {
    pbf_writer dimension(shape, 1);
    if (value.shape[i] >= 0)
      dimension.add_int64(1, value.shape[i]);
    else
      dimension.add_string(2, value.name + "_" + std::to_string(i));
  }
}

void write_graph(pbf_writer writer, const ir::Graph& graph) {
  writer.add_string(tag::graph_name, graph.name.empty() ? "graph" : graph.name);
  for (const ir::Node& node : graph.nodes) {
    if (node.op == "Swish") {
      write_swish(writer, graph, node);
      continue;
    }
    std::vector<std::string> inputs, outputs;
    for (const ir::ValueId id : node.inputs) inputs.push_back(value_name(graph, id));
    for (const ir::ValueId id : node.outputs) outputs.push_back(value_name(graph, id));
    write_node(pbf_writer(writer, tag::node), node.op, node.name, inputs, outputs, node.attributes);
  }
  for (const ir::Value& value : graph.values)
    if (value.constant) write_tensor(pbf_writer(writer, tag::initializer), *value.constant, value.name);
  for (const ir::ValueId id : graph.inputs) write_value_info(pbf_writer(writer, tag::input), graph.value(id));
  for (const ir::ValueId id : graph.outputs) write_value_info(pbf_writer(writer, tag::output), graph.value(id));
}

std::int64_t constant_bytes(const ir::Graph& graph) {
  std::int64_t total = 0;
  for (const ir::Value& value : graph.values)
    if (value.constant) total += static_cast<std::int64_t>(value.constant->bytes().size());
  return total;
}

std::string serialise(const ir::Graph& graph) {
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(constant_bytes(graph)) + 256 * graph.nodes.size() + 4096);
  pbf_writer model(bytes);
  model.add_int64(tag::ir_version, kWrittenIrVersion);
  model.add_string(tag::producer, "heddle");
  {
    pbf_writer opset(model, tag::opset);
    opset.add_string(1, "");
    opset.add_int64(2, kWrittenOpset);
  }
  write_graph(pbf_writer(model, tag::graph), graph);
  return bytes;
}

}  // namespace

std::vector<std::byte> to_onnx(const ir::Graph& graph) {
  const std::string bytes = serialise(graph);
  const auto view = std::as_bytes(std::span(bytes));
  return {view.begin(), view.end()};
}

Status write_onnx(const ir::Graph& graph, const std::string& path) {
  // Room for the structure around the constants.
  constexpr std::int64_t kMostConstantBytes = (std::int64_t{1} << 31) - (std::int64_t{1} << 27);
  if (constant_bytes(graph) > kMostConstantBytes)
    return fail({.code = "onnx.write.size",
                 .message = "the constants take " + std::to_string(constant_bytes(graph)) +
                            " bytes; one ONNX file holds at most 2 GiB",
                 .file = path});
  const std::string bytes = serialise(graph);
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return fail({.code = "onnx.write", .message = "cannot write the file", .file = path});
  return {};
}

}  // namespace heddle::frontend
