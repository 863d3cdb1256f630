// SPDX-License-Identifier: Apache-2.0
#include "frontend/wire.h"

#include <array>
#include <cstring>
#include <protozero/pbf_reader.hpp>
#include <utility>

namespace heddle::frontend::wire {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

/// Guards every typed read: protozero only asserts the wire type.
pbf_wire_type expect(const pbf_reader& reader, pbf_wire_type type) {
  if (reader.wire_type() != type) throw Malformed{"a field has the wrong wire type"};
  return type;
}

View text(pbf_reader& reader) {
  expect(reader, pbf_wire_type::length_delimited);
  const protozero::data_view view = reader.get_view();
  return {view.data(), view.size()};
}

std::int64_t integer(pbf_reader& reader) {
  expect(reader, pbf_wire_type::varint);
  return reader.get_int64();
}

float real(pbf_reader& reader) {
  expect(reader, pbf_wire_type::fixed32);
  return reader.get_float();
}

pbf_reader reader_of(View bytes) {
  return pbf_reader{bytes.data(), bytes.size()};
}

/// Visits every field; protozero's exceptions become `Malformed`.
template <class Visit>
void for_each_field(View bytes, Visit visit) {
  try {
    pbf_reader reader = reader_of(bytes);
    while (reader.next()) visit(reader);
  } catch (const protozero::end_of_buffer_exception&) {
    throw Malformed{"the file is truncated"};
  } catch (const protozero::exception& error) {
    throw Malformed{"the file is not valid protobuf"};
  }
}

/// Appends one occurrence of a repeated varint field, packed or not.
template <class T>
void append_varints(pbf_reader& reader, std::vector<T>& out, std::size_t limit = SIZE_MAX) {
  const auto push = [&](std::uint64_t value) {
    if (out.size() >= limit) throw Malformed{"more elements than the dimensions state"};
    out.push_back(static_cast<T>(value));
  };
  if (reader.wire_type() == pbf_wire_type::varint) {
    push(reader.get_uint64());
    return;
  }
  const View packed = text(reader);
  const char* position = packed.data();
  const char* const end = packed.data() + packed.size();
  while (position != end) push(protozero::decode_varint(&position, end));
}

/// Appends one occurrence of a repeated float or double field, packed or not.
template <class T>
void append_fixed(pbf_reader& reader, std::vector<T>& out, std::size_t limit = SIZE_MAX) {
  if (reader.wire_type() != pbf_wire_type::length_delimited) {
    if (out.size() >= limit) throw Malformed{"more elements than the dimensions state"};
    if constexpr (sizeof(T) == 4) {
      expect(reader, pbf_wire_type::fixed32);
      out.push_back(reader.get_float());
    } else {
      expect(reader, pbf_wire_type::fixed64);
      out.push_back(reader.get_double());
    }
    return;
  }
  const View packed = text(reader);
  if (packed.size() % sizeof(T) != 0) throw Malformed{"a packed field has a broken length"};
  const std::size_t count = packed.size() / sizeof(T);
  if (count > limit - out.size()) throw Malformed{"more elements than the dimensions state"};
  const std::size_t first = out.size();
  out.resize(first + count);
  if (count > 0) std::memcpy(out.data() + first, packed.data(), packed.size());
}

OpsetImport decode_opset(View bytes) {
  OpsetImport opset;
  for_each_field(bytes, [&](pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        opset.domain = text(reader);
        break;
      case 2:
        opset.version = integer(reader);
        break;
      default:
        reader.skip();
    }
  });
  return opset;
}

Function decode_function(View bytes) {
  Function function;
  for_each_field(bytes, [&](pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        function.name = text(reader);
        break;
      case 4:
        function.inputs.push_back(text(reader));
        break;
      case 5:
        function.outputs.push_back(text(reader));
        break;
      case 6:
        function.attributes.push_back(text(reader));
        break;
      case 7:
        function.nodes.push_back(text(reader));
        break;
      case 9:
        function.opsets.push_back(decode_opset(text(reader)));
        break;
      case 10:
        function.domain = text(reader);
        break;
      case 11:
        function.default_attributes.push_back(text(reader));
        break;
      case 13:
        function.overload = text(reader);
        break;
      default:
        reader.skip();
    }
  });
  return function;
}

/// The type that an attribute without a stated one has, by the fields that are set.
std::int64_t deduced_type(const Attribute& attribute, bool has_f, bool has_i, bool has_s) {
  if (has_f) return kFloat;
  if (has_i) return kInt;
  if (has_s) return kString;
  if (attribute.tensor) return kTensor;
  if (!attribute.floats.empty()) return kFloats;
  if (!attribute.ints.empty()) return kInts;
  if (!attribute.strings.empty()) return kStrings;
  return 0;
}

std::optional<std::int64_t> decode_dimension(View bytes) {
  std::optional<std::int64_t> value;
  for_each_field(bytes, [&](pbf_reader& reader) {
    if (reader.tag() == 1)
      value = integer(reader);
    else
      reader.skip();
  });
  return value;
}

void decode_tensor_type(View bytes, ValueInfo& info) {
  for_each_field(bytes, [&](pbf_reader& reader) {
    if (reader.tag() == 1) {
      info.element_type = static_cast<std::int32_t>(integer(reader));
    } else if (reader.tag() == 2) {
      info.has_shape = true;
      for_each_field(text(reader), [&](pbf_reader& shape) {
        if (shape.tag() == 1)
          info.dims.push_back(decode_dimension(text(shape)));
        else
          shape.skip();
      });
    } else {
      reader.skip();
    }
  });
}

void decode_type(View bytes, ValueInfo& info) {
  for_each_field(bytes, [&](pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        info.kind = "tensor";
        decode_tensor_type(text(reader), info);
        break;
      case 4:
        info.kind = "sequence";
        reader.skip();
        break;
      case 5:
        info.kind = "map";
        reader.skip();
        break;
      case 7:
        info.kind = "opaque";
        reader.skip();
        break;
      case 8:
        info.kind = "sparse tensor";
        reader.skip();
        break;
      case 9:
        info.kind = "optional";
        reader.skip();
        break;
      default:
        reader.skip();
    }
  });
}

struct TypeCode {
  std::int32_t code;
  DataType type;
};
constexpr std::array kTypeCodes{
    TypeCode{1, DataType::f32},   TypeCode{2, DataType::u8},      TypeCode{3, DataType::i8},
    TypeCode{4, DataType::u16},   TypeCode{5, DataType::i16},     TypeCode{6, DataType::i32},
    TypeCode{7, DataType::i64},   TypeCode{9, DataType::boolean}, TypeCode{10, DataType::f16},
    TypeCode{11, DataType::f64},  TypeCode{12, DataType::u32},    TypeCode{13, DataType::u64},
    TypeCode{16, DataType::bf16}, TypeCode{21, DataType::u4},     TypeCode{22, DataType::i4},
    TypeCode{25, DataType::u2},   TypeCode{26, DataType::i2},
};

/// Collects the occurrences of one repeated number field of a message.
template <class T, class Append>
std::vector<T> collect(View message, protozero::pbf_tag_type tag, std::size_t limit, Append append) {
  std::vector<T> out;
  for_each_field(message, [&](pbf_reader& reader) {
    if (reader.tag() == tag)
      append(reader, out, limit);
    else
      reader.skip();
  });
  return out;
}

}  // namespace

Model decode_model(View bytes) {
  Model model;
  for_each_field(bytes, [&](pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        model.ir_version = integer(reader);
        break;
      case 7:
        model.graph = text(reader);
        break;
      case 8:
        model.opsets.push_back(decode_opset(text(reader)));
        break;
      case 25:
        model.functions.push_back(decode_function(text(reader)));
        break;
      default:
        reader.skip();
    }
  });
  return model;
}

Graph decode_graph(View bytes) {
  Graph graph;
  for_each_field(bytes, [&](pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        graph.nodes.push_back(text(reader));
        break;
      case 2:
        graph.name = text(reader);
        break;
      case 5:
        graph.initializers.push_back(text(reader));
        break;
      case 11:
        graph.inputs.push_back(text(reader));
        break;
      case 12:
        graph.outputs.push_back(text(reader));
        break;
      case 15:
        graph.sparse_initializers.push_back(text(reader));
        break;
      default:
        reader.skip();
    }
  });
  return graph;
}

Node decode_node(View bytes) {
  Node node;
  for_each_field(bytes, [&](pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        node.inputs.push_back(text(reader));
        break;
      case 2:
        node.outputs.push_back(text(reader));
        break;
      case 3:
        node.name = text(reader);
        break;
      case 4:
        node.op = text(reader);
        break;
      case 5:
        node.attributes.push_back({text(reader), {}});
        break;
      case 7:
        node.domain = text(reader);
        break;
      case 8:
        node.overload = text(reader);
        break;
      default:
        reader.skip();
    }
  });
  return node;
}

Attribute decode_attribute(View bytes) {
  Attribute attribute;
  bool has_f = false, has_i = false, has_s = false;
  for_each_field(bytes, [&](pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        attribute.name = text(reader);
        break;
      case 2:
        attribute.f = real(reader), has_f = true;
        break;
      case 3:
        attribute.i = integer(reader), has_i = true;
        break;
      case 4:
        attribute.s = text(reader), has_s = true;
        break;
      case 5:
        attribute.tensor = text(reader);
        break;
      case 7:
        append_fixed(reader, attribute.floats);
        break;
      case 8:
        append_varints(reader, attribute.ints);
        break;
      case 9:
        attribute.strings.push_back(text(reader));
        break;
      case 20:
        attribute.type = integer(reader);
        break;
      case 21:
        attribute.reference = text(reader);
        break;
      default:
        reader.skip();
    }
  });
  if (attribute.type == 0) attribute.type = deduced_type(attribute, has_f, has_i, has_s);
  return attribute;
}

TensorMessage decode_tensor(View bytes) {
  TensorMessage tensor;
  tensor.message = bytes;
  for_each_field(bytes, [&](pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        append_varints(reader, tensor.dims, 4096);
        break;
      case 2:
        tensor.data_type = static_cast<std::int32_t>(integer(reader));
        break;
      case 3:
        tensor.segmented = true, reader.skip();
        break;
      case 8:
        tensor.name = text(reader);
        break;
      case 9:
        tensor.raw = text(reader);
        break;
      case 13: {
        ExternalEntry entry;
        for_each_field(text(reader), [&](pbf_reader& pair) {
          if (pair.tag() == 1)
            entry.key = text(pair);
          else if (pair.tag() == 2)
            entry.value = text(pair);
          else
            pair.skip();
        });
        tensor.external_entries.push_back(entry);
        break;
      }
      case 14:
        tensor.external = integer(reader) == 1;
        break;
      default:
        reader.skip();
    }
  });
  return tensor;
}

ValueInfo decode_value_info(View bytes) {
  ValueInfo info;
  for_each_field(bytes, [&](pbf_reader& reader) {
    switch (reader.tag()) {
      case 1:
        info.name = text(reader);
        break;
      case 2:
        decode_type(text(reader), info);
        break;
      default:
        reader.skip();
    }
  });
  return info;
}

std::vector<float> typed_floats(View tensor, std::size_t limit) {
  return collect<float>(tensor, 4, limit, append_fixed<float>);
}
std::vector<double> typed_doubles(View tensor, std::size_t limit) {
  return collect<double>(tensor, 10, limit, append_fixed<double>);
}
std::vector<std::int32_t> typed_int32(View tensor, std::size_t limit) {
  return collect<std::int32_t>(tensor, 5, limit, append_varints<std::int32_t>);
}
std::vector<std::int64_t> typed_int64(View tensor, std::size_t limit) {
  return collect<std::int64_t>(tensor, 7, limit, append_varints<std::int64_t>);
}
std::vector<std::uint64_t> typed_uint64(View tensor, std::size_t limit) {
  return collect<std::uint64_t>(tensor, 11, limit, append_varints<std::uint64_t>);
}

std::optional<DataType> element_type(std::int32_t code) {
  for (const TypeCode& row : kTypeCodes)
    if (row.code == code) return row.type;
  return std::nullopt;
}

std::int32_t element_code(DataType type) {
  for (const TypeCode& row : kTypeCodes)
    if (row.type == type) return row.code;
  return 0;  // i1, which no ONNX tensor has
}

}  // namespace heddle::frontend::wire
