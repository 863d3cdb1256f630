// SPDX-License-Identifier: Apache-2.0
#include "passes/qdq_parameters.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace heddle::passes {
namespace {

Diagnostic finding(const Node& node, const char* field, std::string message) {
  Diagnostic diagnostic;
  diagnostic.code = "qdq.parameters";
  diagnostic.message = std::move(message);
  diagnostic.node = node.name;
  diagnostic.op = node.op;
  diagnostic.field = field;
  return diagnostic;
}

/// Calls visit with the elements as their host integers; false for other types.
template <class Visit>
bool with_integers(const Tensor& tensor, Visit visit) {
  switch (tensor.type()) {
    case DataType::i1:
    case DataType::i2:
    case DataType::i4:
    case DataType::i8:
      visit(tensor.data<std::int8_t>());
      return true;
    case DataType::u2:
    case DataType::u4:
    case DataType::u8:
      visit(tensor.data<std::uint8_t>());
      return true;
    case DataType::i16:
      visit(tensor.data<std::int16_t>());
      return true;
    case DataType::u16:
      visit(tensor.data<std::uint16_t>());
      return true;
    case DataType::i32:
      visit(tensor.data<std::int32_t>());
      return true;
    case DataType::bf16:
    case DataType::f16:
    case DataType::f32:
    case DataType::f64:
    case DataType::i64:
    case DataType::u32:
    case DataType::u64:
    case DataType::boolean:
      break;
  }
  return false;
}

}  // namespace

std::optional<ir::Quantization> read_parameters(const Rewriter& rewriter, const Node& node, DataType type,
                                                const Shape& shape, Diagnostics& findings) {
  const Tensor* scale = rewriter.constant(node, 1);
  const Tensor* zero = rewriter.constant(node, 2);
  const bool blocked = kernels::get_int(node.attributes, "block_size", 0) != 0;
  if (scale == nullptr || scale->type() != DataType::f32 || scale->rank() > 1 || blocked) return std::nullopt;
  if (zero == nullptr && Rewriter::input(node, 2) != kNoValue) return std::nullopt;
  ir::Quantization parameters;
  parameters.type = type;
  parameters.scale.assign(scale->data<float>().begin(), scale->data<float>().end());
  parameters.zero_point.assign(parameters.scale.size(), 0);
  const auto bad = std::find_if_not(parameters.scale.begin(), parameters.scale.end(),
                                    [](float s) { return s > 0.0F && std::isfinite(s); });
  if (bad != parameters.scale.end()) {
    findings.push_back(
        finding(node, "scale", "a scale is " + std::to_string(*bad) + "; it must be positive and finite"));
    return std::nullopt;
  }
  if (zero != nullptr) {
    if (zero->size() != scale->size()) {
      findings.push_back(
          finding(node, "zero_point",
                  std::to_string(zero->size()) + " zero points for " + std::to_string(scale->size()) + " scales"));
      return std::nullopt;
    }
    const bool integers = with_integers(
        *zero, [&](auto values) { std::copy(values.begin(), values.end(), parameters.zero_point.begin()); });
    if (!integers) return std::nullopt;
  }
  // One entry in a list along an axis of size 1 is one for the tensor.
  if (parameters.scale.size() == 1) return parameters;
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t axis = kernels::get_int(node.attributes, "axis", 1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank || shape[static_cast<std::size_t>(axis)] != scale->size()) {
    findings.push_back(
        finding(node, "axis", std::to_string(scale->size()) + " scales do not fit axis " + std::to_string(axis)));
    return std::nullopt;
  }
  parameters.axis = static_cast<int>(axis);
  return parameters;
}

std::optional<Tensor> dequantise(const Tensor& integers, const ir::Quantization& parameters) {
  Tensor reals(DataType::f32, integers.shape());
  const std::span<float> out = reals.mutable_data<float>();
  const Shape& shape = integers.shape();
  const bool per_axis = parameters.axis >= 0;
  const auto split = shape.begin() + (per_axis ? parameters.axis + 1 : static_cast<int>(shape.size()));
  const auto inner = static_cast<std::size_t>(per_axis ? element_count(Shape(split, shape.end())) : integers.size());
  const std::size_t entries = parameters.scale.size();
  const bool known = with_integers(integers, [&](auto values) {
    for (std::size_t first = 0, entry = 0; first < values.size(); first += inner, entry = (entry + 1) % entries) {
      const float scale = parameters.scale[entry];
      const std::int32_t zero = parameters.zero_point[entry];
      for (std::size_t i = first; i < first + inner; ++i)
        // In 64 bits: a 32-bit bias minus its zero point may not fit.
        out[i] = static_cast<float>(static_cast<std::int64_t>(values[i]) - zero) * scale;
    }
  });
  if (!known) return std::nullopt;
  return reals;
}

bool equal(const ir::Quantization& a, const ir::Quantization& b) {
  return a.type == b.type && a.axis == b.axis && a.scale == b.scale && a.zero_point == b.zero_point;
}

}  // namespace heddle::passes
