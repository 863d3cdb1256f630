// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iterator>

#include "isa/assembly.h"
#include "isa/codec.h"
#include "isa/names.h"
#include "isa/text.h"

namespace heddle::isa {
namespace {

using text::quoted;

constexpr std::size_t kBytesPerLine = 72;  // 96 characters of base64

template <class... Args>
void line(std::string& out, fmt::format_string<Args...> pattern, Args&&... args) {
  fmt::format_to(std::back_inserter(out), pattern, std::forward<Args>(args)...);
  out += '\n';
}

std::string quoted_list(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& item : list) out += (out.empty() ? "" : ",") + quoted(item);
  return out;
}

template <class Range>
std::string number_list(const Range& list) {
  std::string out;
  for (const auto value : list) out += (out.empty() ? "" : ",") + fmt::format("{}", value);
  return out;
}

void write_bytes(std::string& out, std::span<const std::byte> bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += kBytesPerLine)
    line(out, "= {}", text::base64(bytes.subspan(at, std::min(kBytesPerLine, bytes.size() - at))));
}

/// Lines behind ".overlay", to be joined with line ends between them.
void write_text_block(std::string& out, std::string_view block) {
  for (std::size_t begin = 0; begin <= block.size();) {
    const std::size_t end = std::min(block.find('\n', begin), block.size());
    line(out, "| {}", block.substr(begin, end - begin));
    begin = end + 1;
  }
}

void write_tensor(std::string& out, const ProgramTensor& t) {
  line(out, ".tensor {} {} {}{}", quoted(t.name), name(t.type), text::shape(t.shape), t.constant ? " constant" : "");
  if (t.constant) write_bytes(out, t.constant->bytes());
}

void write_binding(std::string& out, const char* kind, const Binding& b) {
  std::string map;
  for (const ChannelSegment& s : b.channel_map)
    map += fmt::format("{}{}:{}:{}", map.empty() ? "" : ",", s.logical, s.count, s.block);
  line(out,
       ".bind {} {} base={} offset={} channels={} height={} width={} row_slots={} plane_slots={} blocks={} type={} "
       "scale={} zero_point={} map={}",
       kind, quoted(b.tensor), b.base, b.offset, b.channels, b.height, b.width, b.row_slots, b.plane_slots, b.blocks,
       name(b.type), text::number(b.scale), b.zero_point, map);
}

void write_layer(std::string& out, const LayerInfo& l) {
  line(out, ".layer {} macs={} estimated_cycles={} array_cycles={} ddr_bytes={} choice={} origins={}", quoted(l.name),
       l.macs, text::number(l.estimated_cycles), text::number(l.array_cycles), l.ddr_bytes, quoted(l.choice),
       quoted_list(l.origins));
}

void write_word(std::string& out, const Word& word) {
  out += ".word ";
  for (const std::byte b : word) fmt::format_to(std::back_inserter(out), "{:02x}", std::to_integer<int>(b));
}

void write_stream(std::string& out, const OverlaySegment& s, Engine engine) {
  const auto e = static_cast<std::size_t>(engine);
  line(out, "\n.engine {}", name(engine));
  for (const LayerSpan& span : s.spans[e]) line(out, ".span {} {} {}", span.layer, span.begin, span.end);
  std::size_t next_span = 0;
  for (std::size_t i = 0; i < s.streams[e].size(); ++i) {
    const auto instruction = decode(s.streams[e][i]);
    if (instruction)
      out += to_text(*instruction);
    else
      write_word(out, s.streams[e][i]);
    out += "  # " + instruction_name(engine, i);
    const auto index = static_cast<std::int64_t>(i);
    while (next_span < s.spans[e].size() && s.spans[e][next_span].end <= index) ++next_span;
    if (next_span < s.spans[e].size() && s.spans[e][next_span].begin <= index) {
      const auto layer = static_cast<std::size_t>(s.spans[e][next_span].layer);
      if (layer < s.layers.size()) out += " " + quoted(s.layers[layer].name);
    }
    out += '\n';
  }
}

void write_segment(std::string& out, const OverlaySegment& s) {
  line(out, "\n.segment overlay scratch_bytes={} input_bytes={} output_bytes={}", s.scratch_bytes, s.input_bytes,
       s.output_bytes);
  for (const Binding& b : s.inputs) write_binding(out, "input", b);
  for (const Binding& b : s.outputs) write_binding(out, "output", b);
  for (const LayerInfo& l : s.layers) write_layer(out, l);
  for (const Engine engine : kAllEngines) write_stream(out, s, engine);
  line(out, "\n.constants");
  write_bytes(out, s.constants);
}

void write_attribute(std::string& out, const std::string& key, const kernels::AttributeValue& value) {
  const std::string start = ".attribute " + quoted(key);
  if (const auto* i = std::get_if<std::int64_t>(&value)) line(out, "{} int {}", start, *i);
  if (const auto* f = std::get_if<float>(&value)) line(out, "{} float {}", start, text::number(*f));
  if (const auto* s = std::get_if<std::string>(&value)) line(out, "{} string {}", start, quoted(*s));
  if (const auto* v = std::get_if<std::vector<std::int64_t>>(&value)) line(out, "{} ints {}", start, number_list(*v));
  if (const auto* v = std::get_if<std::vector<float>>(&value)) line(out, "{} floats {}", start, number_list(*v));
  if (const auto* v = std::get_if<std::vector<std::string>>(&value)) line(out, "{} strings {}", start, quoted_list(*v));
  if (const auto* t = std::get_if<Tensor>(&value)) {
    line(out, "{} tensor {} {}", start, name(t->type()), text::shape(t->shape()));
    write_bytes(out, t->bytes());
  }
}

void write_segment(std::string& out, const HostSegment& s) {
  line(out, "\n.segment host");
  for (const HostOperator& o : s.operators) {
    line(out, ".operator {} node={} inputs={} outputs={}", quoted(o.op), quoted(o.node), quoted_list(o.inputs),
         quoted_list(o.outputs));
    for (const auto& [key, value] : o.attributes) write_attribute(out, key, value);
  }
}

void write_preprocessing(std::string& out, const Preprocessing& p) {
  line(out, ".preprocessing height={} width={} resize={} fit={} channels={} layout={} mean={} scale={}", p.height,
       p.width, quoted(p.resize), quoted(p.fit), quoted(p.channels), quoted(p.layout), number_list(p.mean),
       number_list(p.scale));
}

}  // namespace

std::string disassemble(const Program& p) {
  std::string out;
  line(out, ".program {}", quoted(p.model_name));
  for (const auto& [key, value] : p.provenance) line(out, ".provenance {} {}", quoted(key), quoted(value));
  line(out, ".overlay 0x{:016x}", p.overlay_fingerprint);
  write_text_block(out, p.overlay_toml);
  if (p.preprocessing) write_preprocessing(out, *p.preprocessing);
  for (const std::string& label : p.labels) line(out, ".label {}", quoted(label));
  for (const ProgramTensor& t : p.tensors) write_tensor(out, t);
  for (const std::string& input : p.inputs) line(out, ".input {}", quoted(input));
  for (const std::string& output : p.outputs) line(out, ".output {}", quoted(output));
  for (const Segment& segment : p.segments) std::visit([&](const auto& s) { write_segment(out, s); }, segment);
  return out;
}

}  // namespace heddle::isa
