// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstring>
#include <iterator>
#include <string>
#include <type_traits>

#include "ir/graph.h"

namespace heddle::ir {
namespace {

using Out = std::back_insert_iterator<std::string>;

/// 64-bit multiply-mix over eight bytes at a time; stable across runs and machines of one byte order.
std::uint64_t content_hash(const Tensor& tensor) {
  const std::span<const std::byte> bytes = tensor.bytes();
  std::uint64_t hash = 0x9E3779B97F4A7C15ULL ^ bytes.size();
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min<std::size_t>(8, bytes.size() - i));
    hash = (hash ^ word) * 0xD6E8FEB86659FD93ULL;
    hash ^= hash >> 32;
  }
  return hash;
}

std::string join(const auto& items, std::string_view separator = ",") {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += separator;
    fmt::format_to(std::back_inserter(text), "{}", item);
  }
  return text;
}

std::string type_text(DataType type, const Shape& shape) {
  return fmt::format("{}[{}]", name(type), join(shape));
}

std::string attribute_text(const kernels::AttributeValue& attribute) {
  return std::visit(
      [](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Tensor>) {
          return fmt::format("{}#{:016x}", type_text(value.type(), value.shape()), content_hash(value));
        } else if constexpr (std::is_same_v<T, std::string>) {
          return fmt::format("\"{}\"", value);
        } else if constexpr (std::is_arithmetic_v<T>) {
          return fmt::format("{}", value);
        } else {
          return fmt::format("[{}]", join(value));
        }
      },
      attribute);
}

std::string quantization_text(const Quantization& q) {
  if (q.axis < 0 && q.scale.size() == 1 && q.zero_point.size() == 1)
    return fmt::format(" quantised {} scale {} zero {}", name(q.type), q.scale[0], q.zero_point[0]);
  return fmt::format(" quantised {} axis {}, {} scales", name(q.type), q.axis, q.scale.size());
}

std::string value_text(const Value& value) {
  std::string text = fmt::format("{}: {}", value.name, type_text(value.type, value.shape));
  if (value.constant) text += fmt::format(" #{:016x}", content_hash(*value.constant));
  if (value.quantization) text += quantization_text(*value.quantization);
  return text;
}

void print_node(const Graph& graph, const Node& node, Out out) {
  fmt::format_to(out, "{} '{}' (", node.op, node.name);
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    fmt::format_to(out, "{}{}", i == 0 ? "" : ", ",
                   node.inputs[i] == kNoValue ? std::string("-") : graph.value(node.inputs[i]).name);
  fmt::format_to(out, ")");
  for (const auto& [key, attribute] : node.attributes) fmt::format_to(out, " {}={}", key, attribute_text(attribute));
  fmt::format_to(out, " ->");
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    fmt::format_to(out, "{} {}", i == 0 ? "" : ",",
                   node.outputs[i] == kNoValue ? std::string("-") : value_text(graph.value(node.outputs[i])));
  fmt::format_to(out, "\n");
}

}  // namespace

std::string print(const Graph& graph) {
  std::string text;
  const Out out(text);
  fmt::format_to(out, "graph '{}'\n", graph.name);
  for (const ValueId id : graph.inputs) fmt::format_to(out, "input {}\n", value_text(graph.value(id)));
  for (const Value& value : graph.values)
    if (value.constant) fmt::format_to(out, "constant {}\n", value_text(value));
  for (const Node& node : graph.nodes) print_node(graph, node, out);
  for (const ValueId id : graph.outputs) fmt::format_to(out, "output {}\n", graph.value(id).name);
  return text;
}

}  // namespace heddle::ir
