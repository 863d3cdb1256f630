// SPDX-License-Identifier: Apache-2.0
#include "frontend/attributes.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "frontend/tensor_data.h"
#include "frontend/text.h"

namespace heddle::frontend {
namespace {

using kernels::AttributeValue;

Diagnostic finding(const ir::Node& node, std::string_view attribute, std::string code, std::string message) {
  Diagnostic diagnostic;
  diagnostic.code = "onnx.attribute." + std::move(code);
  diagnostic.message = std::move(message);
  diagnostic.node = node.name;
  diagnostic.op = node.op;
  diagnostic.field = printable(attribute);
  return diagnostic;
}

/// What each attribute name holds, in every operator of ours; as an index of AttributeValue.
enum class Kind : std::size_t { integer, real, text, integers, reals, texts, tensor };

struct AttributeType {
  std::string_view name;
  Kind kind;
};

/// Sorted by name. `value` is a tensor here; Pad's old float became an input before the check.
constexpr std::array kTypes{
    AttributeType{"align_corners", Kind::integer},
    AttributeType{"allowzero", Kind::integer},
    AttributeType{"alpha", Kind::real},
    AttributeType{"antialias", Kind::integer},
    AttributeType{"approximate", Kind::text},
    AttributeType{"auto_pad", Kind::text},
    AttributeType{"axes", Kind::integers},
    AttributeType{"axis", Kind::integer},
    AttributeType{"batch_dims", Kind::integer},
    AttributeType{"beta", Kind::real},
    AttributeType{"bias", Kind::real},
    AttributeType{"block_size", Kind::integer},
    AttributeType{"blocksize", Kind::integer},
    AttributeType{"ceil_mode", Kind::integer},
    AttributeType{"center_point_box", Kind::integer},
    AttributeType{"coordinate_transformation_mode", Kind::text},
    AttributeType{"count_include_pad", Kind::integer},
    AttributeType{"cubic_coeff_a", Kind::real},
    AttributeType{"detect_negative", Kind::integer},
    AttributeType{"detect_positive", Kind::integer},
    AttributeType{"dilations", Kind::integers},
    AttributeType{"dtype", Kind::integer},
    AttributeType{"end", Kind::integer},
    AttributeType{"epsilon", Kind::real},
    AttributeType{"equation", Kind::text},
    AttributeType{"exclude_outside", Kind::integer},
    AttributeType{"exclusive", Kind::integer},
    AttributeType{"extrapolation_value", Kind::real},
    AttributeType{"fmod", Kind::integer},
    AttributeType{"gamma", Kind::real},
    AttributeType{"group", Kind::integer},
    AttributeType{"keep_aspect_ratio_policy", Kind::text},
    AttributeType{"keepdims", Kind::integer},
    AttributeType{"kernel_shape", Kind::integers},
    AttributeType{"lambd", Kind::real},
    AttributeType{"largest", Kind::integer},
    AttributeType{"mode", Kind::text},
    AttributeType{"momentum", Kind::real},
    AttributeType{"nearest_mode", Kind::text},
    AttributeType{"noop_with_empty_axes", Kind::integer},
    AttributeType{"num_groups", Kind::integer},
    AttributeType{"num_outputs", Kind::integer},
    AttributeType{"output_dtype", Kind::integer},
    AttributeType{"output_height", Kind::integer},
    AttributeType{"output_padding", Kind::integers},
    AttributeType{"output_shape", Kind::integers},
    AttributeType{"output_width", Kind::integer},
    AttributeType{"padding_mode", Kind::text},
    AttributeType{"pads", Kind::integers},
    AttributeType{"perm", Kind::integers},
    AttributeType{"pooled_shape", Kind::integers},
    AttributeType{"precision", Kind::integer},
    AttributeType{"reduction", Kind::text},
    AttributeType{"reverse", Kind::integer},
    AttributeType{"round_mode", Kind::text},
    AttributeType{"sampling_ratio", Kind::integer},
    AttributeType{"saturate", Kind::integer},
    AttributeType{"select_last_index", Kind::integer},
    AttributeType{"size", Kind::integer},
    AttributeType{"sorted", Kind::integer},
    AttributeType{"spatial_scale", Kind::real},
    AttributeType{"start", Kind::integer},
    AttributeType{"stash_type", Kind::integer},
    AttributeType{"storage_order", Kind::integer},
    AttributeType{"strides", Kind::integers},
    AttributeType{"to", Kind::integer},
    AttributeType{"training_mode", Kind::integer},
    AttributeType{"transA", Kind::integer},
    AttributeType{"transB", Kind::integer},
    AttributeType{"upper", Kind::integer},
    AttributeType{"value", Kind::tensor},
};
static_assert(std::is_sorted(kTypes.begin(), kTypes.end(),
                             [](const AttributeType& a, const AttributeType& b) { return a.name < b.name; }));

constexpr std::array<std::string_view, 7> kKindNames{
    "an integer", "a number", "a string", "a list of integers", "a list of numbers", "a list of strings", "a tensor"};

/// Of no consequence for inference, or only for element types that heddle does not have.
constexpr std::array<std::string_view, 8> kWithoutEffect{"consumed_inputs", "is_test",  "momentum", "precision",
                                                         "round_mode",      "saturate", "seed",     "stash_type"};

Result<AttributeValue> convert(const wire::Attribute& attribute, const ir::Node& node, ExternalData& external) {
  switch (attribute.type) {
    case wire::kInt:
      return AttributeValue(attribute.i);
    case wire::kFloat:
      return AttributeValue(attribute.f);
    case wire::kInts:
      return AttributeValue(attribute.ints);
    case wire::kFloats:
      return AttributeValue(attribute.floats);
    case wire::kString:
      if (!is_utf8(attribute.s)) return fail(finding(node, attribute.name, "utf8", "is not valid UTF-8"));
      return AttributeValue(std::string(attribute.s));
    case wire::kStrings:
      return AttributeValue(std::vector<std::string>(attribute.strings.begin(), attribute.strings.end()));
    case wire::kTensor: {
      if (!attribute.tensor) return fail(finding(node, attribute.name, "type", "has no tensor"));
      wire::TensorMessage message = wire::decode_tensor(*attribute.tensor);
      if (message.name.empty()) message.name = attribute.name;
      Result<Tensor> tensor = read_tensor(message, external);
      if (!tensor) return fail(std::move(tensor).error());
      return AttributeValue(std::move(*tensor));
    }
    default: {
      Diagnostic diagnostic =
          finding(node, attribute.name, "type",
                  attribute.type == wire::kGraph ? "sub-graphs are not supported" : "has a type that is not supported");
      diagnostic.error_class = ErrorClass::unsupported;
      return fail(std::move(diagnostic));
    }
  }
}

std::vector<std::string> known_names(const kernels::OperatorDefinition& definition) {
  return {definition.attributes.begin(), definition.attributes.end()};
}

}  // namespace

void read_attributes(const wire::Node& message, ir::Node& node, ExternalData& external, Diagnostics& findings) {
  for (const wire::AttributeMessage& attribute_message : message.attributes) {
    wire::Attribute attribute = wire::decode_attribute(attribute_message.message);
    if (!attribute_message.renamed.empty()) attribute.name = attribute_message.renamed;
    Result<AttributeValue> value = convert(attribute, node, external);
    if (!value) {
      for (Diagnostic& diagnostic : value.error()) {
        diagnostic.node = node.name;
        diagnostic.op = node.op;
        findings.push_back(std::move(diagnostic));
      }
    } else if (!node.attributes.try_emplace(std::string(attribute.name), std::move(*value)).second) {
      findings.push_back(finding(node, attribute.name, "duplicate", "is given twice"));
    }
  }
}

void check_attributes(ir::Node& node, const kernels::OperatorDefinition& definition, Diagnostics& findings) {
  for (auto entry = node.attributes.begin(); entry != node.attributes.end();) {
    const auto& [name, value] = *entry;
    const auto& known = definition.attributes;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      if (std::find(kWithoutEffect.begin(), kWithoutEffect.end(), name) != kWithoutEffect.end()) {
        entry = node.attributes.erase(entry);
        continue;
      }
      Diagnostic diagnostic = finding(node, name, "unknown", "the operator has no such attribute");
      if (const std::string near = nearest(name.substr(0, 64), known_names(definition)); !near.empty())
        diagnostic.hint = "did you mean '" + near + "'?";
      findings.push_back(std::move(diagnostic));
    } else {
      const auto type = std::lower_bound(kTypes.begin(), kTypes.end(), name,
                                         [](const AttributeType& row, const std::string& n) { return row.name < n; });
      if (type != kTypes.end() && type->name == name && value.index() != static_cast<std::size_t>(type->kind))
        findings.push_back(finding(node, name, "type",
                                   "is " + std::string(kKindNames[value.index()]) + "; it should be " +
                                       std::string(kKindNames[static_cast<std::size_t>(type->kind)])));
    }
    ++entry;
  }
}

}  // namespace heddle::frontend
