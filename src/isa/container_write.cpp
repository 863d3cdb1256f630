// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "isa/container_codec.h"
#include "isa/program_generated.h"

namespace heddle::isa {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
template <class T>
using Vector = flatbuffers::Vector<T>;

Offset<Vector<std::uint8_t>> bytes(FlatBufferBuilder& b, std::span<const std::byte> data) {
  return b.CreateVector(reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
}

Offset<fb::Constant> write(FlatBufferBuilder& b, const Tensor& t) {
  const auto shape = b.CreateVector(t.shape());
  const auto data = bytes(b, t.bytes());
  return fb::CreateConstant(b, static_cast<std::uint8_t>(t.type()), shape, data);
}

Offset<fb::TensorEntry> write(FlatBufferBuilder& b, const ProgramTensor& t) {
  const auto name = b.CreateString(t.name);
  const auto shape = b.CreateVector(t.shape);
  const auto constant = t.constant ? bytes(b, t.constant->bytes()) : Offset<Vector<std::uint8_t>>();
  return fb::CreateTensorEntry(b, name, static_cast<std::uint8_t>(t.type), shape, constant);
}

Offset<fb::Binding> write(FlatBufferBuilder& b, const Binding& x) {
  std::vector<fb::ChannelSegment> map;
  map.reserve(x.channel_map.size());
  for (const ChannelSegment& s : x.channel_map) map.emplace_back(s.logical, s.count, s.block);
  const auto tensor = b.CreateString(x.tensor);
  const auto channel_map = b.CreateVectorOfStructs(map);
  return fb::CreateBinding(b, tensor, x.base, x.offset, x.channels, x.height, x.width, x.row_slots, x.plane_slots,
                           x.blocks, static_cast<std::uint8_t>(x.type), x.scale, x.zero_point, channel_map);
}

// `write_all` needs them declared.
Offset<fb::Layer> write(FlatBufferBuilder& b, const LayerInfo& l);
Offset<fb::HostOperator> write(FlatBufferBuilder& b, const HostOperator& o);
Offset<fb::Segment> write(FlatBufferBuilder& b, const Segment& segment);

template <class T>
auto write_all(FlatBufferBuilder& b, const std::vector<T>& list) {
  std::vector<decltype(write(b, list.front()))> offsets;
  offsets.reserve(list.size());
  for (const T& item : list) offsets.push_back(write(b, item));
  return b.CreateVector(offsets);
}

Offset<fb::Layer> write(FlatBufferBuilder& b, const LayerInfo& l) {
  const auto name = b.CreateString(l.name);
  const auto origins = b.CreateVectorOfStrings(l.origins);
  const auto choice = b.CreateString(l.choice);
  return fb::CreateLayer(b, name, origins, l.macs, choice, l.estimated_cycles, l.array_cycles, l.ddr_bytes);
}

Offset<fb::OverlaySegment> write(FlatBufferBuilder& b, const OverlaySegment& s) {
  std::vector<Offset<fb::Stream>> streams;
  for (std::size_t e = 0; e < kEngines; ++e) {
    std::vector<fb::LayerSpan> spans;
    for (const LayerSpan& span : s.spans[e]) spans.emplace_back(span.layer, span.begin, span.end);
    const auto words = bytes(b, std::as_bytes(std::span(s.streams[e])));
    const auto span_vector = b.CreateVectorOfStructs(spans);
    streams.push_back(fb::CreateStream(b, words, span_vector));
  }
  const auto stream_vector = b.CreateVector(streams);
  const auto constants = bytes(b, s.constants);
  const auto inputs = write_all(b, s.inputs);
  const auto outputs = write_all(b, s.outputs);
  const auto layers = write_all(b, s.layers);
  return fb::CreateOverlaySegment(b, stream_vector, constants, s.scratch_bytes, s.input_bytes, s.output_bytes, inputs,
                                  outputs, layers);
}

/// One alternative of an attribute's value; all vectors must be finished before the table starts.
Offset<fb::Attribute> write(FlatBufferBuilder& b, const std::string& name, const kernels::AttributeValue& value) {
  const auto key = b.CreateString(name);
  Offset<flatbuffers::String> text;
  Offset<Vector<std::int64_t>> integers;
  Offset<Vector<float>> numbers;
  Offset<Vector<Offset<flatbuffers::String>>> texts;
  Offset<fb::Constant> tensor;
  std::int64_t integer = 0;
  float number = 0;
  if (const auto* i = std::get_if<std::int64_t>(&value)) integer = *i;
  if (const auto* f = std::get_if<float>(&value)) number = *f;
  if (const auto* s = std::get_if<std::string>(&value)) text = b.CreateString(*s);
  if (const auto* v = std::get_if<std::vector<std::int64_t>>(&value)) integers = b.CreateVector(*v);
  if (const auto* v = std::get_if<std::vector<float>>(&value)) numbers = b.CreateVector(*v);
  if (const auto* v = std::get_if<std::vector<std::string>>(&value)) texts = b.CreateVectorOfStrings(*v);
  if (const auto* t = std::get_if<Tensor>(&value)) tensor = write(b, *t);
  return fb::CreateAttribute(b, key, static_cast<std::uint8_t>(value.index()), integer, number, text, integers, numbers,
                             texts, tensor);
}

Offset<fb::HostOperator> write(FlatBufferBuilder& b, const HostOperator& o) {
  std::vector<Offset<fb::Attribute>> attributes;
  for (const auto& [name, value] : o.attributes) attributes.push_back(write(b, name, value));
  const auto op = b.CreateString(o.op);
  const auto node = b.CreateString(o.node);
  const auto attribute_vector = b.CreateVector(attributes);
  const auto inputs = b.CreateVectorOfStrings(o.inputs);
  const auto outputs = b.CreateVectorOfStrings(o.outputs);
  return fb::CreateHostOperator(b, op, node, attribute_vector, inputs, outputs);
}

Offset<fb::Segment> write(FlatBufferBuilder& b, const Segment& segment) {
  if (const auto* overlay = std::get_if<OverlaySegment>(&segment)) return fb::CreateSegment(b, write(b, *overlay));
  const auto operators = write_all(b, std::get<HostSegment>(segment).operators);
  return fb::CreateSegment(b, 0, fb::CreateHostSegment(b, operators));
}

Offset<fb::Preprocessing> write(FlatBufferBuilder& b, const Preprocessing& p) {
  const auto resize = b.CreateString(p.resize);
  const auto fit = b.CreateString(p.fit);
  const auto channels = b.CreateString(p.channels);
  const auto layout = b.CreateString(p.layout);
  const auto mean = b.CreateVector(p.mean.data(), p.mean.size());
  const auto scale = b.CreateVector(p.scale.data(), p.scale.size());
  return fb::CreatePreprocessing(b, p.height, p.width, resize, fit, channels, layout, mean, scale);
}

Offset<Vector<Offset<fb::Note>>> write(FlatBufferBuilder& b, const std::map<std::string, std::string>& notes) {
  std::vector<Offset<fb::Note>> list;
  for (const auto& [key, value] : notes) {
    const auto k = b.CreateString(key);
    const auto v = b.CreateString(value);
    list.push_back(fb::CreateNote(b, k, v));
  }
  return b.CreateVector(list);
}

}  // namespace

std::vector<std::byte> to_payload(const Program& p) {
  FlatBufferBuilder b(1 << 16);
  const auto model = b.CreateString(p.model_name);
  const auto toml = b.CreateString(p.overlay_toml);
  const auto tensors = write_all(b, p.tensors);
  const auto inputs = b.CreateVectorOfStrings(p.inputs);
  const auto outputs = b.CreateVectorOfStrings(p.outputs);
  const auto segments = write_all(b, p.segments);
  const auto preprocessing = p.preprocessing ? write(b, *p.preprocessing) : Offset<fb::Preprocessing>();
  const auto labels = b.CreateVectorOfStrings(p.labels);
  const auto provenance = write(b, p.provenance);
  b.Finish(fb::CreateProgram(b, model, toml, p.overlay_fingerprint, tensors, inputs, outputs, segments, preprocessing,
                             labels, provenance));
  const auto* data = reinterpret_cast<const std::byte*>(b.GetBufferPointer());
  return {data, data + b.GetSize()};
}

}  // namespace heddle::isa
