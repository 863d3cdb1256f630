// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"

/// The protobuf messages of ONNX, decoded into views of the file's bytes. Nothing is interpreted here.
namespace heddle::frontend::wire {

using View = std::string_view;

/// Thrown by the decoders on bytes that are not the message they should be; never leaves this folder.
struct Malformed {
  const char* reason;
};

struct OpsetImport {
  View domain;
  std::int64_t version = 0;
};

struct Function {
  View name, domain, overload;
  std::vector<View> inputs, outputs;
  std::vector<View> attributes;          ///< names of attributes without a default
  std::vector<View> default_attributes;  ///< AttributeProto messages
  std::vector<View> nodes;               ///< NodeProto messages
  std::vector<OpsetImport> opsets;
};

struct Model {
  std::int64_t ir_version = 0;
  std::vector<OpsetImport> opsets;
  std::vector<Function> functions;
  std::optional<View> graph;  ///< GraphProto message
};

/// Repeated messages stay undecoded, 16 bytes each, until they are needed.
struct Graph {
  View name;
  std::vector<View> nodes, initializers, sparse_initializers, inputs, outputs;
};

struct AttributeMessage {
  View message;
  View renamed;  ///< name under which a function body uses its caller's attribute; else ""
};

struct Node {
  View name, op, domain, overload;
  std::vector<View> inputs, outputs;
  std::vector<AttributeMessage> attributes;
};

struct ExternalEntry {
  View key, value;
};

struct TensorMessage {
  View message;  ///< all bytes of it, from which `typed` decodes the numbers
  View name;
  Shape dims;
  std::int32_t data_type = 0;
  std::optional<View> raw;
  bool external = false;
  bool segmented = false;
  std::vector<ExternalEntry> external_entries;
};

struct Attribute {
  View name, reference;
  std::int64_t type = 0;  ///< AttributeProto.AttributeType; deduced where an old exporter left it out
  float f = 0.0F;
  std::int64_t i = 0;
  View s;
  std::optional<View> tensor;
  std::vector<float> floats;
  std::vector<std::int64_t> ints;
  std::vector<View> strings;
};

/// AttributeProto.AttributeType.
enum : std::int64_t {
  kFloat = 1,
  kInt = 2,
  kString = 3,
  kTensor = 4,
  kGraph = 5,
  kFloats = 6,
  kInts = 7,
  kStrings = 8,
  kSparseTensor = 11
};

struct ValueInfo {
  View name;
  View kind;                      ///< "tensor", "sequence", "map", … ; "" without a type
  std::int32_t element_type = 0;  ///< TensorProto.DataType
  bool has_shape = false;
  std::vector<std::optional<std::int64_t>> dims;  ///< nullopt: symbolic or missing
};

[[nodiscard]] Model decode_model(View bytes);
[[nodiscard]] Graph decode_graph(View bytes);
[[nodiscard]] Node decode_node(View bytes);
[[nodiscard]] Attribute decode_attribute(View bytes);
[[nodiscard]] TensorMessage decode_tensor(View bytes);
[[nodiscard]] ValueInfo decode_value_info(View bytes);

/// The typed data fields of TensorProto, packed or not. `limit` bounds the count: more is `Malformed`.
[[nodiscard]] std::vector<float> typed_floats(View tensor, std::size_t limit);
[[nodiscard]] std::vector<double> typed_doubles(View tensor, std::size_t limit);
[[nodiscard]] std::vector<std::int32_t> typed_int32(View tensor, std::size_t limit);
[[nodiscard]] std::vector<std::int64_t> typed_int64(View tensor, std::size_t limit);
[[nodiscard]] std::vector<std::uint64_t> typed_uint64(View tensor, std::size_t limit);

/// The element type of a TensorProto.DataType code, or nullopt (strings, complex, 8-bit floats, unknown).
[[nodiscard]] std::optional<DataType> element_type(std::int32_t code);
/// And back.
[[nodiscard]] std::int32_t element_code(DataType type);

}  // namespace heddle::frontend::wire
