// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// Writes ONNX files for tests, right and wrong ones, field by field.
namespace heddle::testing {

using Dims = std::vector<std::int64_t>;

/// One serialised message.
struct Message {
  std::string bytes;

  Message& text(std::uint32_t tag, const std::string& value) {
    protozero::pbf_writer(bytes).add_bytes(tag, value);
    return *this;
  }
  Message& integer(std::uint32_t tag, std::int64_t value) {
    protozero::pbf_writer(bytes).add_int64(tag, value);
    return *this;
  }
  Message& real(std::uint32_t tag, float value) {
    protozero::pbf_writer(bytes).add_float(tag, value);
    return *this;
  }
  Message& message(std::uint32_t tag, const Message& value) { return text(tag, value.bytes); }
};

inline Message attribute(const std::string& name) {
  return Message().text(1, name);
}
inline Message int_attribute(const std::string& name, std::int64_t v) {
  return attribute(name).integer(3, v).integer(20, 2);
}
inline Message float_attribute(const std::string& name, float v) {
  return attribute(name).real(2, v).integer(20, 1);
}
inline Message text_attribute(const std::string& name, const std::string& v) {
  return attribute(name).text(4, v).integer(20, 3);
}
inline Message ints_attribute(const std::string& name, const Dims& v) {
  Message m = attribute(name);
  for (const std::int64_t i : v) m.integer(8, i);
  return m.integer(20, 7);
}
inline Message floats_attribute(const std::string& name, const std::vector<float>& v) {
  Message m = attribute(name);
  for (const float f : v) m.real(7, f);
  return m.integer(20, 6);
}

inline Message node(const std::string& op, const std::vector<std::string>& inputs,
                    const std::vector<std::string>& outputs, const std::vector<Message>& attributes = {},
                    const std::string& name = {}) {
  Message m;
  for (const std::string& i : inputs) m.text(1, i);
  for (const std::string& o : outputs) m.text(2, o);
  if (!name.empty()) m.text(3, name);
  m.text(4, op);
  for (const Message& a : attributes) m.message(5, a);
  return m;
}

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

inline Message tensor(const std::string& name, const Dims& dims, std::int64_t type) {
  Message m;
  for (const std::int64_t d : dims) m.integer(1, d);
  return m.integer(2, type).text(8, name);
}
inline Message floats(const std::string& name, const Dims& dims, const std::vector<float>& values) {
  return tensor(name, dims, 1).text(9, raw(values));
}
inline Message ints(const std::string& name, const Dims& values) {
  return tensor(name, {static_cast<std::int64_t>(values.size())}, 7).text(9, raw(values));
}

/// Dimensions below 0 are written as symbols.
inline Message value_info(const std::string& name, const Dims& dims, std::int64_t type = 1) {
  Message shape;
  for (const std::int64_t d : dims) shape.message(1, d < 0 ? Message().text(2, "N") : Message().integer(1, d));
  return Message().text(1, name).message(2, Message().message(1, Message().integer(1, type).message(2, shape)));
}

/// A model of one graph; the parts can be given in any order.
struct Model {
  std::int64_t opset = 21;
  Message graph;
  std::vector<Message> functions;

  Model& add(const Message& n) {
    graph.message(1, n);
    return *this;
  }
  Model& initializer(const Message& t) {
    graph.message(5, t);
    return *this;
  }
  Model& input(const std::string& name, const Dims& dims, std::int64_t type = 1) {
    graph.message(11, value_info(name, dims, type));
    return *this;
  }
  Model& output(const std::string& name) {
    graph.message(12, Message().text(1, name));
    return *this;
  }
  [[nodiscard]] std::string bytes() const {
    Message m;
    m.integer(1, 10).message(8, Message().text(1, "").integer(2, opset)).message(7, graph);
    for (const Message& f : functions) m.message(25, f);
    return m.bytes;
  }
};

inline std::span<const std::byte> as_span(const std::string& bytes) {
  return std::as_bytes(std::span(bytes));
}

}  // namespace heddle::testing
