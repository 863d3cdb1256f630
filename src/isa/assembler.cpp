// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "isa/assembly.h"
#include "isa/codec.h"
#include "isa/names.h"
#include "isa/text.h"

namespace heddle::isa {
namespace {

using Tokens = std::span<const std::string_view>;

/// What the "= base64" lines that follow belong to.
struct Data {
  std::vector<std::byte> bytes{};
  Tensor* tensor = nullptr;                 ///< filled when the data end
  std::vector<std::byte>* plain = nullptr;  ///< the constants of a segment
  bool open = false;
};

class Assembler {
 public:
  explicit Assembler(std::string file) : file_(std::move(file)) {}

  Result<Program> run(std::string_view source) {
    source_bytes_ = source.size();
    for (std::size_t begin = 0; begin < source.size() && findings_.size() < 50;) {
      const std::size_t end = std::min(source.find('\n', begin), source.size());
      ++line_;
      read_line(source.substr(begin, end - begin));
      begin = end + 1;
    }
    close_data();
    if (line_ == 0 || !started_) add("asm.syntax", "the text does not start with .program");
    if (!findings_.empty()) return fail(std::move(findings_));
    return std::move(p_);
  }

 private:
  void add(std::string code, std::string message, std::string hint = "") {
    findings_.push_back({.code = std::move(code),
                         .message = std::move(message),
                         .file = file_ + ':' + std::to_string(line_),
                         .hint = std::move(hint)});
  }
  void syntax(std::string_view expected) { add("asm.syntax", "expected: " + std::string(expected)); }

  void read_line(std::string_view line) {
    if (line.starts_with("| ") && in_overlay_) return read_overlay_text(line.substr(2));
    if (!text::split(line, tokens_)) return add("asm.syntax", "a quoted string is not closed");
    if (tokens_.empty()) return;
    if (tokens_.front() == "=") return read_data();
    close_data();
    in_overlay_ = false;
    if (tokens_.front() == ".program") started_ = true;
    if (!started_) return;
    if (tokens_.front().starts_with('.'))
      read_directive();
    else
      read_instruction(line);
  }

  void read_overlay_text(std::string_view rest) {
    if (overlay_lines_++ > 0) p_.overlay_toml += '\n';
    p_.overlay_toml += rest;
  }

  void read_data() {
    if (!data_.open) return add("asm.syntax", "data without anything that they belong to");
    if (tokens_.size() != 2 || !text::append_base64(tokens_[1], data_.bytes)) add("asm.syntax", "this is not base64");
  }

  void open_tensor(Tensor& tensor) { data_ = {.tensor = &tensor, .open = true}; }

  /// Hands the collected data to their owner.
  void close_data() {
    if (!data_.open) return;
    data_.open = false;
    if (data_.plain != nullptr) {
      *data_.plain = std::move(data_.bytes);
      return;
    }
    const auto target = data_.tensor->mutable_bytes();
    if (target.size() != data_.bytes.size())
      return add("asm.data", "a constant before this line has " + std::to_string(data_.bytes.size()) +
                                 " bytes; its shape needs " + std::to_string(target.size()));
    if (!target.empty()) std::memcpy(target.data(), data_.bytes.data(), target.size());
  }

  void read_directive() {
    using Read = void (Assembler::*)(Tokens);
    static constexpr std::array<std::pair<std::string_view, Read>, 17> kDirectives{{
        {".program", &Assembler::read_program},
        {".provenance", &Assembler::read_provenance},
        {".overlay", &Assembler::read_overlay},
        {".preprocessing", &Assembler::read_preprocessing},
        {".label", &Assembler::read_label},
        {".tensor", &Assembler::read_tensor},
        {".input", &Assembler::read_input},
        {".output", &Assembler::read_output},
        {".segment", &Assembler::read_segment},
        {".bind", &Assembler::read_binding},
        {".layer", &Assembler::read_layer},
        {".engine", &Assembler::read_engine},
        {".span", &Assembler::read_span},
        {".word", &Assembler::read_word},
        {".constants", &Assembler::read_constants},
        {".operator", &Assembler::read_operator},
        {".attribute", &Assembler::read_attribute},
    }};
    std::vector<std::string> names;
    for (const auto& [directive, read] : kDirectives) {
      if (directive == tokens_.front()) return (this->*read)(Tokens(tokens_).subspan(1));
      names.emplace_back(directive);
    }
    const std::string near = nearest(std::string(tokens_.front()), names);
    add("asm.directive", "'" + std::string(tokens_.front()) + "' is no directive",
        near.empty() ? "" : "did you mean '" + near + "'?");
  }

  bool to(std::string_view token, std::string& out) {
    auto value = text::unquoted(token);
    if (value) out = std::move(*value);
    return value.has_value();
  }
  bool to(std::string_view token, float& out) { return assign(text::to_float(token), out); }
  bool to(std::string_view token, double& out) { return assign(text::to_double(token), out); }
  bool to(std::string_view token, DataType& out) { return assign(data_type_from_name(token), out); }
  bool to(std::string_view token, Shape& out) { return assign(text::to_shape(token), out); }
  template <std::integral T>
  bool to(std::string_view token, T& out) {
    const auto value = text::to_int(token);
    if (!value || !std::in_range<T>(*value)) return false;
    out = static_cast<T>(*value);
    return true;
  }
  template <class T>
  static bool assign(std::optional<T> value, T& out) {
    if (value) out = std::move(*value);
    return value.has_value();
  }
  template <class T>
  bool to_list(std::string_view token, std::vector<T>& out) {
    for (const std::string_view item : text::items(token)) {
      T value{};
      if (!to(item, value)) return false;
      out.push_back(std::move(value));
    }
    return true;
  }
  bool to(std::string_view token, std::vector<std::string>& out) { return to_list(token, out); }
  bool to(std::string_view token, std::array<float, 3>& out) {
    std::vector<float> list;
    if (!to_list(token, list) || list.size() != 3) return false;
    std::copy(list.begin(), list.end(), out.begin());
    return true;
  }
  bool to(std::string_view token, std::vector<ChannelSegment>& out) {
    for (const std::string_view item : text::items(token)) {
      const std::size_t a = item.find(':');
      const std::size_t b = a == std::string_view::npos ? a : item.find(':', a + 1);
      ChannelSegment s;
      if (b == std::string_view::npos || !to(item.substr(0, a), s.logical) ||
          !to(item.substr(a + 1, b - a - 1), s.count) || !to(item.substr(b + 1), s.block))
        return false;
      out.push_back(s);
    }
    return true;
  }

  /// Reads exactly these words in this order.
  template <class... Out>
  bool words(Tokens tokens, std::string_view expected, Out&... out) {
    std::size_t i = 0;
    const bool ok = tokens.size() == sizeof...(out) && (to(tokens[i++], out) && ...);
    if (!ok) syntax(expected);
    return ok;
  }

  template <class T>
  struct Pair {
    std::string_view key;
    T& out;
  };
  template <class T>
  Pair(std::string_view, T&) -> Pair<T>;

  template <class T>
  bool try_pair(std::string_view key, std::string_view value, const Pair<T>& pair, bool& known) {
    if (key != pair.key) return true;
    known = true;
    return to(value, pair.out);
  }

  /// Reads "key=value" words in any order; the keys that are not given keep their value.
  template <class... T>
  void pairs(Tokens tokens, Pair<T>... all) {
    for (const std::string_view token : tokens) {
      const std::size_t equals = token.find('=');
      const std::string_view key = token.substr(0, equals);
      const std::string_view value = equals == std::string_view::npos ? "" : token.substr(equals + 1);
      bool known = false;
      const bool good = (try_pair(key, value, all, known) && ...);
      if (known && good) continue;
      const std::string near = nearest(std::string(key), {std::string(all.key)...});
      add("asm.key",
          known ? "'" + std::string(token) + "' has no legal value" : "'" + std::string(key) + "' is no key here",
          known || near.empty() ? "" : "did you mean '" + near + "'?");
    }
  }

  void read_program(Tokens t) { words(t, ".program \"model\"", p_.model_name); }

  void read_provenance(Tokens t) {
    std::string key, value;
    if (words(t, ".provenance \"key\" \"value\"", key, value)) p_.provenance[key] = value;
  }

  void read_overlay(Tokens t) {
    in_overlay_ = true;
    const bool prefixed = t.size() == 1 && t[0].starts_with("0x");
    const char* end = prefixed ? t[0].data() + t[0].size() : nullptr;
    if (!prefixed || std::from_chars(t[0].data() + 2, end, p_.overlay_fingerprint, 16).ptr != end)
      syntax(".overlay 0xFINGERPRINT");
  }

  void read_preprocessing(Tokens t) {
    Preprocessing p;
    pairs(t, Pair{"height", p.height}, Pair{"width", p.width}, Pair{"resize", p.resize}, Pair{"fit", p.fit},
          Pair{"channels", p.channels}, Pair{"layout", p.layout}, Pair{"mean", p.mean}, Pair{"scale", p.scale});
    p_.preprocessing = p;
  }

  void read_label(Tokens t) { words(t, ".label \"text\"", p_.labels.emplace_back()); }
  void read_input(Tokens t) { words(t, ".input \"tensor\"", p_.inputs.emplace_back()); }
  void read_output(Tokens t) { words(t, ".output \"tensor\"", p_.outputs.emplace_back()); }

  /// A constant cannot be larger than the text that holds its data.
  bool reasonable(DataType type, const Shape& shape) {
    const auto limit = static_cast<std::int64_t>(source_bytes_ / host_bytes(type));
    if (checked_element_count(shape, std::max<std::int64_t>(limit, 1)) >= 0) return true;
    add("asm.data", "the shape is larger than the text");
    return false;
  }

  void read_tensor(Tokens t) {
    const bool constant = t.size() == 4 && t[3] == "constant";
    ProgramTensor tensor;
    if (!words(constant ? t.first(3) : t, ".tensor \"name\" type shape [constant]", tensor.name, tensor.type,
               tensor.shape))
      return;
    ProgramTensor& added = p_.tensors.emplace_back(std::move(tensor));
    if (!constant || !reasonable(added.type, added.shape)) return;
    added.constant = Tensor(added.type, added.shape);
    open_tensor(*added.constant);
  }

  void read_segment(Tokens t) {
    engine_.reset();
    if (!t.empty() && t[0] == "host") {
      p_.segments.emplace_back(HostSegment{});
    } else if (!t.empty() && t[0] == "overlay") {
      auto& s = std::get<OverlaySegment>(p_.segments.emplace_back(OverlaySegment{}));
      pairs(t.subspan(1), Pair{"scratch_bytes", s.scratch_bytes}, Pair{"input_bytes", s.input_bytes},
            Pair{"output_bytes", s.output_bytes});
    } else {
      syntax(".segment overlay|host");
    }
  }

  template <class T>
  T* current(std::string_view what) {
    T* segment = p_.segments.empty() ? nullptr : std::get_if<T>(&p_.segments.back());
    if (segment == nullptr) add("asm.syntax", std::string(what) + " outside a segment of its kind");
    return segment;
  }

  void read_binding(Tokens t) {
    auto* s = current<OverlaySegment>(".bind");
    if (s == nullptr) return;
    Binding b;
    if (t.size() < 2 || (t[0] != "input" && t[0] != "output") || !to(t[1], b.tensor))
      return syntax(".bind input|output \"tensor\" key=value …");
    pairs(t.subspan(2), Pair{"base", b.base}, Pair{"offset", b.offset}, Pair{"channels", b.channels},
          Pair{"height", b.height}, Pair{"width", b.width}, Pair{"row_slots", b.row_slots},
          Pair{"plane_slots", b.plane_slots}, Pair{"blocks", b.blocks}, Pair{"type", b.type}, Pair{"scale", b.scale},
          Pair{"zero_point", b.zero_point}, Pair{"map", b.channel_map});
    (t[0] == "input" ? s->inputs : s->outputs).push_back(std::move(b));
  }

  void read_layer(Tokens t) {
    auto* s = current<OverlaySegment>(".layer");
    LayerInfo l;
    if (s == nullptr) return;
    if (t.empty() || !to(t[0], l.name)) return syntax(".layer \"name\" key=value …");
    pairs(t.subspan(1), Pair{"macs", l.macs}, Pair{"estimated_cycles", l.estimated_cycles},
          Pair{"array_cycles", l.array_cycles}, Pair{"ddr_bytes", l.ddr_bytes}, Pair{"choice", l.choice},
          Pair{"origins", l.origins});
    s->layers.push_back(std::move(l));
  }

  void read_engine(Tokens t) {
    engine_ = t.size() == 1 ? engine_from_name(t[0]) : std::nullopt;
    if (!engine_) syntax(".engine load_features|load_weights|conv|stencil|save");
  }

  /// Segment and index of the current stream, or null with a finding.
  OverlaySegment* stream_of(std::size_t& engine, std::string_view what) {
    auto* s = current<OverlaySegment>(what);
    if (s == nullptr) return nullptr;
    if (!engine_) add("asm.syntax", std::string(what) + " outside an .engine section");
    engine = static_cast<std::size_t>(engine_.value_or(Engine::conv));
    return engine_ ? s : nullptr;
  }

  void read_span(Tokens t) {
    std::size_t e = 0;
    LayerSpan span;
    if (auto* s = stream_of(e, ".span");
        s != nullptr && words(t, ".span LAYER BEGIN END", span.layer, span.begin, span.end))
      s->spans[e].push_back(span);
  }

  void read_word(Tokens t) {
    std::size_t e = 0;
    auto* s = stream_of(e, ".word");
    if (s == nullptr) return;
    if (t.size() != 1 || t[0].size() != 2 * kInstructionBytes) return syntax(".word and 128 hexadecimal digits");
    Word word{};
    for (std::size_t i = 0; i < kInstructionBytes; ++i) {
      unsigned value = 0;
      const char* digits = t[0].data() + 2 * i;
      if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) return syntax("hexadecimal digits");
      word[i] = static_cast<std::byte>(value);
    }
    s->streams[e].push_back(word);
  }

  void read_instruction(std::string_view line) {
    std::size_t e = 0;
    auto* s = stream_of(e, "an instruction");
    if (s == nullptr) return;
    const auto instruction = instruction_from_text(line);
    const auto word = instruction ? encode(*instruction) : fail(instruction.error());
    if (word) {
      s->streams[e].push_back(*word);
      return;
    }
    for (Diagnostic d : word.error()) {
      d.file = file_ + ':' + std::to_string(line_);
      d.node = instruction_name(*engine_, s->streams[e].size());
      findings_.push_back(std::move(d));
    }
    s->streams[e].emplace_back();  // so that the names of later instructions stay right
  }

  void read_constants(Tokens t) {
    auto* s = current<OverlaySegment>(".constants");
    if (s == nullptr) return;
    if (!t.empty()) return syntax(".constants and lines of data");
    data_ = {.plain = &s->constants, .open = true};
  }

  void read_operator(Tokens t) {
    auto* s = current<HostSegment>(".operator");
    HostOperator o;
    if (s == nullptr) return;
    if (t.empty() || !to(t[0], o.op)) return syntax(".operator \"Op\" node=… inputs=… outputs=…");
    pairs(t.subspan(1), Pair{"node", o.node}, Pair{"inputs", o.inputs}, Pair{"outputs", o.outputs});
    s->operators.push_back(std::move(o));
  }

  void read_attribute(Tokens t) {
    auto* s = current<HostSegment>(".attribute");
    if (s == nullptr) return;
    std::string key;
    if (s->operators.empty() || t.size() < 2 || !to(t[0], key))
      return syntax(".attribute \"name\" kind value, behind .operator");
    auto& slot = s->operators.back().attributes[key];
    const std::string_view value = t.size() > 2 ? t[2] : "";
    if (t[1] == "tensor") return read_tensor_attribute(t, slot);
    const bool good = t.size() <= 3 && read_value(t[1], value, slot);
    if (!good) syntax("int, float, string, ints, floats, strings or tensor, and a value of that kind");
  }

  template <class T>
  bool keep(std::string_view token, kernels::AttributeValue& slot) {
    T value{};
    if constexpr (requires { value.push_back({}); } && !std::same_as<T, std::string>) {
      if (!to_list(token, value)) return false;
    } else if (!to(token, value)) {
      return false;
    }
    slot = std::move(value);
    return true;
  }

  bool read_value(std::string_view kind, std::string_view token, kernels::AttributeValue& slot) {
    if (kind == "int") return keep<std::int64_t>(token, slot);
    if (kind == "float") return keep<float>(token, slot);
    if (kind == "string") return keep<std::string>(token, slot);
    if (kind == "ints") return keep<std::vector<std::int64_t>>(token, slot);
    if (kind == "floats") return keep<std::vector<float>>(token, slot);
    return kind == "strings" && keep<std::vector<std::string>>(token, slot);
  }

  void read_tensor_attribute(Tokens t, kernels::AttributeValue& slot) {
    DataType type{};
    Shape shape;
    if (!words(t.subspan(2), "tensor type shape, and lines of data", type, shape) || !reasonable(type, shape)) return;
    slot = Tensor(type, shape);
    open_tensor(std::get<Tensor>(slot));
  }

  std::string file_;
  std::size_t source_bytes_ = 0;
  std::size_t line_ = 0;
  bool started_ = false, in_overlay_ = false;
  std::size_t overlay_lines_ = 0;
  std::vector<std::string_view> tokens_{};
  std::optional<Engine> engine_{};
  Data data_{};
  Program p_{};
  Diagnostics findings_{};
};

}  // namespace

Result<Program> assemble(std::string_view source, const std::string& file) {
  return Assembler(file).run(source);
}

}  // namespace heddle::isa
