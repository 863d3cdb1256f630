// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstring>

#include "isa/container_codec.h"
#include "isa/program_generated.h"

namespace heddle::isa {
namespace {

template <class T>
using Table = flatbuffers::Vector<flatbuffers::Offset<T>>;

/// What stops the conversion; thrown and caught in this file only.
struct Malformed {
  std::string what;
};

std::string read(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

std::vector<std::string> read(const Table<flatbuffers::String>* list) {
  std::vector<std::string> out;
  if (list == nullptr) return out;
  out.reserve(list->size());
  for (const flatbuffers::String* text : *list) out.push_back(text->str());
  return out;
}

/// Copies bytes, since FlatBuffers' verifier aligns the count of a vector (4 bytes) and not its elements.
template <class T>
std::vector<T> numbers(const flatbuffers::Vector<T>* list) {
  static_assert(FLATBUFFERS_LITTLEENDIAN);
  std::vector<T> out(list == nullptr ? 0 : list->size());
  if (!out.empty()) std::memcpy(out.data(), list->Data(), out.size() * sizeof(T));
  return out;
}

std::span<const std::byte> raw(const flatbuffers::Vector<std::uint8_t>* list) {
  if (list == nullptr) return {};
  return {reinterpret_cast<const std::byte*>(list->data()), list->size()};
}

template <class T, class F>
auto read_all(const Table<T>* list, F convert) {
  std::vector<decltype(convert(*list->Get(0)))> out;
  if (list == nullptr) return out;
  out.reserve(list->size());
  for (const T* item : *list) out.push_back(convert(*item));
  return out;
}

DataType read_type(std::uint8_t code) {
  const auto type = data_type_from_code(code);
  if (!type) throw Malformed{fmt::format("element type {} is unknown", code)};
  return *type;
}

/// The bytes must be exactly the tensor's, so that a small file cannot ask for a large tensor.
Tensor read_tensor(std::uint8_t code, Shape shape, std::span<const std::byte> data) {
  const DataType type = read_type(code);
  const std::int64_t count = checked_element_count(shape, std::int64_t{1} << 31);
  if (count < 0 || static_cast<std::size_t>(count) * host_bytes(type) != data.size())
    throw Malformed{fmt::format("a constant has {} bytes, which its shape does not hold", data.size())};
  Tensor tensor(type, std::move(shape));
  if (!data.empty()) std::memcpy(tensor.mutable_bytes().data(), data.data(), data.size());
  return tensor;
}

Tensor read(const fb::Constant& c) {
  return read_tensor(c.type(), numbers(c.shape()), raw(c.bytes()));
}

ProgramTensor read(const fb::TensorEntry& t) {
  ProgramTensor out{.name = read(t.name()), .type = read_type(t.type()), .shape = numbers(t.shape()), .constant = {}};
  if (t.constant() != nullptr) out.constant = read_tensor(t.type(), out.shape, raw(t.constant()));
  return out;
}

Binding read(const fb::Binding& b) {
  Binding out{.tensor = read(b.tensor()),
              .base = b.base(),
              .offset = b.offset(),
              .channels = b.channels(),
              .height = b.height(),
              .width = b.width(),
              .row_slots = b.row_slots(),
              .plane_slots = b.plane_slots(),
              .blocks = b.blocks(),
              .type = read_type(b.type()),
              .scale = b.scale(),
              .zero_point = b.zero_point(),
              .channel_map = {}};
  if (b.channel_map() != nullptr)
    for (const fb::ChannelSegment* s : *b.channel_map())
      out.channel_map.push_back({s->logical(), s->count(), s->block()});
  return out;
}

LayerInfo read(const fb::Layer& l) {
  return {.name = read(l.name()),
          .origins = read(l.origins()),
          .macs = l.macs(),
          .choice = read(l.choice()),
          .estimated_cycles = l.estimated_cycles(),
          .array_cycles = l.array_cycles(),
          .ddr_bytes = l.ddr_bytes()};
}

std::vector<Word> read_words(std::span<const std::byte> bytes) {
  if (bytes.size() % kInstructionBytes != 0)
    throw Malformed{fmt::format("a stream has {} bytes, which is not a multiple of 64", bytes.size())};
  std::vector<Word> words(bytes.size() / kInstructionBytes);
  if (!bytes.empty()) std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

OverlaySegment read(const fb::OverlaySegment& s) {
  if (s.streams() == nullptr || s.streams()->size() != kEngines)
    throw Malformed{"an overlay segment must have five streams"};
  OverlaySegment out;
  for (std::size_t e = 0; e < kEngines; ++e) {
    const fb::Stream& stream = *s.streams()->Get(static_cast<flatbuffers::uoffset_t>(e));
    out.streams[e] = read_words(raw(stream.words()));
    if (stream.spans() != nullptr)
      for (const fb::LayerSpan* span : *stream.spans())
        out.spans[e].push_back({span->layer(), span->begin(), span->end()});
  }
  const auto constants = raw(s.constants());
  out.constants.assign(constants.begin(), constants.end());
  out.scratch_bytes = s.scratch_bytes();
  out.input_bytes = s.input_bytes();
  out.output_bytes = s.output_bytes();
  const auto binding = [](const fb::Binding& b) { return read(b); };
  out.inputs = read_all(s.inputs(), binding);
  out.outputs = read_all(s.outputs(), binding);
  out.layers = read_all(s.layers(), [](const fb::Layer& l) { return read(l); });
  return out;
}

kernels::AttributeValue read(const fb::Attribute& a) {
  switch (a.kind()) {
    case 0:
      return a.integer();
    case 1:
      return a.number();
    case 2:
      return read(a.text());
    case 3:
      return numbers(a.integers());
    case 4:
      return numbers(a.numbers());
    case 5:
      return read(a.texts());
    case 6:
      if (a.tensor() != nullptr) return read(*a.tensor());
      break;
    default:
      break;
  }
  throw Malformed{fmt::format("attribute '{}' has no value of kind {}", read(a.name()), a.kind())};
}

HostOperator read(const fb::HostOperator& o) {
  HostOperator out{.op = read(o.op()),
                   .node = read(o.node()),
                   .attributes = {},
                   .inputs = read(o.inputs()),
                   .outputs = read(o.outputs())};
  if (o.attributes() != nullptr)
    for (const fb::Attribute* a : *o.attributes())
      if (!out.attributes.emplace(read(a->name()), read(*a)).second)
        throw Malformed{fmt::format("attribute '{}' is given twice", read(a->name()))};
  return out;
}

Segment read(const fb::Segment& s) {
  if ((s.overlay() == nullptr) == (s.host() == nullptr))
    throw Malformed{"a segment must be either an overlay or a host segment"};
  if (s.overlay() != nullptr) return read(*s.overlay());
  return HostSegment{read_all(s.host()->operators(), [](const fb::HostOperator& o) { return read(o); })};
}

std::array<float, 3> read_three(const flatbuffers::Vector<float>* list) {
  if (list == nullptr || list->size() != 3) throw Malformed{"mean and scale must have three numbers"};
  return {list->Get(0), list->Get(1), list->Get(2)};
}

Preprocessing read(const fb::Preprocessing& p) {
  return {.height = p.height(),
          .width = p.width(),
          .resize = read(p.resize()),
          .fit = read(p.fit()),
          .channels = read(p.channels()),
          .layout = read(p.layout()),
          .mean = read_three(p.mean()),
          .scale = read_three(p.scale())};
}

Program read(const fb::Program& p) {
  Program out;
  out.model_name = read(p.model_name());
  out.overlay_toml = read(p.overlay_toml());
  out.overlay_fingerprint = p.overlay_fingerprint();
  out.tensors = read_all(p.tensors(), [](const fb::TensorEntry& t) { return read(t); });
  out.inputs = read(p.inputs());
  out.outputs = read(p.outputs());
  out.segments = read_all(p.segments(), [](const fb::Segment& s) { return read(s); });
  if (p.preprocessing() != nullptr) out.preprocessing = read(*p.preprocessing());
  out.labels = read(p.labels());
  if (p.provenance() != nullptr)
    for (const fb::Note* note : *p.provenance()) out.provenance[read(note->key())] = read(note->value());
  return out;
}

}  // namespace

Result<Program> from_payload(std::span<const std::byte> payload) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(payload.data());
  flatbuffers::Verifier verifier(data, payload.size(), /*max_depth=*/16, /*max_tables=*/4'000'000);
  if (!verifier.VerifyBuffer<fb::Program>(nullptr))
    return fail(
        Diagnostic{.code = "program.structure", .message = "the payload is not a well-formed FlatBuffer of a program"});
  try {
    return read(*flatbuffers::GetRoot<fb::Program>(data));
  } catch (const Malformed& malformed) {
    return fail(Diagnostic{.code = "program.structure", .message = malformed.what});
  }
}

}  // namespace heddle::isa
