// SPDX-License-Identifier: Apache-2.0
#include "hardware/rtlil.h"

#include <fmt/format.h>

#include <optional>
#include <unordered_map>
#include <utility>

namespace heddle::hardware::rtlil {
namespace {

/// A module as it stands in the text.
struct RawModule {
  std::vector<std::string_view> lines;  ///< without `module` and `end`
};

std::string_view trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view{} : line.substr(first);
}

std::string_view word(std::string_view line, int index) {
  std::size_t at = line.find_first_not_of(' ');
  for (; index > 0 && at != std::string_view::npos; --index) at = line.find_first_not_of(' ', line.find(' ', at));
  if (at == std::string_view::npos) return {};
  return line.substr(at, line.find(' ', at) - at);
}

std::unordered_map<std::string_view, RawModule> split(std::string_view text) {
  std::unordered_map<std::string_view, RawModule> modules;
  RawModule* current = nullptr;
  bool blackbox = false;  // a vendor's primitive: it stays as it is
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.starts_with("attribute \\blackbox")) blackbox = true;
    if (line.starts_with("module ") && !std::exchange(blackbox, false))
      current = &modules[line.substr(7)];
    else if (line == "end")
      current = nullptr;
    else if (current != nullptr && !trimmed(line).starts_with("attribute \\src") &&
             !trimmed(line).starts_with("attribute \\hdlname"))
      current->lines.push_back(line);
  }
  return modules;
}

std::string hash(std::string_view text) {
  std::uint64_t a = 0xcbf29ce484222325, b = 0x9e3779b97f4a7c15;  // FNV-1a, twice
  for (const char c : text) {
    a = (a ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    b = (b ^ static_cast<unsigned char>(c)) * 0x100000001b3 + (a >> 32);
  }
  return fmt::format("{:016x}{:016x}", a, b);
}

/// Renames what yosys numbered, in the order of appearance, so that equal modules read the same.
class Renamer {
 public:
  std::string line(std::string_view text) {
    std::string out;
    bool quoted = false;
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] == '"' && (at == 0 || text[at - 1] != '\\')) quoted = !quoted;
      if (quoted || text[at] != '$' || (at > 0 && text[at - 1] != ' ')) {
        out += text[at++];
        continue;
      }
      const std::size_t end = std::min(text.find(' ', at), text.size());
      out += name(text.substr(at, end - at));
      at = end;
    }
    return out;
  }

 private:
  std::string name(std::string_view token) {
    const auto [it, added] = names_.try_emplace(std::string(token), names_.size());
    return fmt::format("$_{}", it->second);
  }
  std::unordered_map<std::string, std::size_t> names_;
};

class Collector {
 public:
  explicit Collector(std::string_view text) : raw_(split(text)) {}

  /// Key of the module of that name in the text; visits its parts first.
  std::optional<std::string> visit(std::string_view name) {
    if (const auto known = keys_.find(name); known != keys_.end()) return known->second;
    const auto raw = raw_.find(name);
    if (raw == raw_.end()) return std::nullopt;
    Module module;
    Renamer renamer;
    for (const std::string_view line : raw->second.lines) {
      const std::string_view first = word(line, 0);
      if (first == "cell") {
        const std::string_view type = word(line, 1);
        const auto part = type.starts_with('\\') ? visit(type) : std::nullopt;
        if (part) module.parts.push_back(*part);
        module.text +=
            fmt::format("  cell {} {}\n", part ? "\\" + *part : std::string(type), renamer.line(word(line, 2)));
        continue;
      }
      std::string renamed = renamer.line(line) + "\n";
      if (first == "wire" && (line.find(" input ") != line.npos || line.find(" output ") != line.npos))
        module.interface_text += renamed;
      module.text += renamed;
    }
    const std::string_view plain = name.substr(1);
    module.name = plain.substr(0, plain.find('$'));
    module.key = "m" + hash(module.name + "\n" + module.text);
    module.interface_text =
        fmt::format("attribute \\blackbox 1\nmodule \\{}\n{}end\n", module.key, module.interface_text);
    module.text = fmt::format("module \\{}\n{}end\n", module.key, module.text);
    keys_.emplace(name, module.key);
    const std::string key = module.key;
    if (index_.emplace(key, modules_.size()).second) modules_.push_back(std::move(module));
    return key;
  }

  std::vector<Module> take(const std::string& top) {
    modules_[index_.at(top)].instances = 1;
    for (std::size_t i = modules_.size(); i-- > 0;)  // parts stand before what is made of them
      for (const std::string& part : modules_[i].parts) modules_[index_.at(part)].instances += modules_[i].instances;
    return std::move(modules_);
  }

 private:
  std::unordered_map<std::string_view, RawModule> raw_;
  std::unordered_map<std::string_view, std::string> keys_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<Module> modules_;
};

}  // namespace

Result<std::vector<Module>> unique_modules(std::string_view text, const std::string& top) {
  Collector collector(text);
  const std::string name = "\\" + top;
  const auto key = collector.visit(name);
  if (!key) return fail(Diagnostic{.code = "synth.design", .message = fmt::format("has no module '{}'", top)});
  return collector.take(*key);
}

}  // namespace heddle::hardware::rtlil
