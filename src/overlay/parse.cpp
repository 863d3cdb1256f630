// SPDX-License-Identifier: Apache-2.0
// The only file that includes toml++ for overlays and devices: its header is large.
#include <toml++/toml.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "overlay/keys.h"

namespace heddle::overlay {
namespace {

/// Findings of one file.
struct Findings {
  std::string file;
  Diagnostics list;

  void add(std::string code, std::string field, std::string message, const toml::node* where = nullptr,
           std::string hint = "") {
    std::string at = file;
    if (where != nullptr && where->source().begin) at.append(1, ':').append(std::to_string(where->source().begin.line));
    list.push_back({.code = std::move(code),
                    .message = std::move(message),
                    .file = std::move(at),
                    .field = std::move(field),
                    .hint = std::move(hint)});
  }
};

void read(const toml::node& node, std::string& out, const std::string& key, Findings& findings) {
  if (const auto value = node.value_exact<std::string>())
    out = *value;
  else
    findings.add("toml.type", key, "must be a string", &node);
}

template <class Integer>
void read_integer(const toml::node& node, Integer& out, const std::string& key, Findings& findings) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value)
    findings.add("toml.type", key, "must be an integer", &node);
  else if (*value < 0 || *value > std::numeric_limits<std::int32_t>::max())
    findings.add("toml.range", key, "is " + std::to_string(*value) + "; it must lie in 0 ... 2147483647", &node);
  else
    out = static_cast<Integer>(*value);
}

void read(const toml::node& node, std::int32_t& out, const std::string& key, Findings& findings) {
  read_integer(node, out, key, findings);
}

void read(const toml::node& node, std::int64_t& out, const std::string& key, Findings& findings) {
  read_integer(node, out, key, findings);
}

void read(const toml::node& node, double& out, const std::string& key, Findings& findings) {
  if (const auto value = node.value<double>(); value && node.is_number())
    out = *value;
  else
    findings.add("toml.type", key, "must be a number", &node);
}

template <class T>
void read(const toml::node& node, std::vector<T>& out, const std::string& key, Findings& findings) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return findings.add("toml.type", key, "must be an array", &node);
  out.clear();
  for (const toml::node& element : *array) {
    T value{};
    read(element, value, key, findings);
    out.push_back(std::move(value));
  }
}

template <class Enum>
void read_name(const toml::node& node, Enum& out, std::initializer_list<Enum> all, const std::string& key,
               Findings& findings) {
  std::string text;
  const std::size_t before = findings.list.size();
  read(node, text, key, findings);
  if (findings.list.size() != before) return;
  std::vector<std::string> names;
  for (const Enum candidate : all) {
    if (name(candidate) == text) {
      out = candidate;
      return;
    }
    names.emplace_back(name(candidate));
  }
  const std::string near = nearest(text, names);
  std::string legal;
  for (const std::string& n : names) legal += (legal.empty() ? "" : ", ") + n;
  findings.add("toml.value", key, "is '" + text + "'; legal are " + legal, &node,
               near.empty() ? "" : "did you mean '" + near + "'?");
}

void read(const toml::node& node, NumberFormat& out, const std::string& key, Findings& findings) {
  read_name(node, out, {NumberFormat::integer, NumberFormat::fp32, NumberFormat::bf16}, key, findings);
}

void read(const toml::node& node, Winograd& out, const std::string& key, Findings& findings) {
  read_name(node, out, {Winograd::none, Winograd::f2, Winograd::f4}, key, findings);
}

template <class Owner>
void report_unknown(const toml::table& table, std::span<const Key<Owner>> keys, Findings& findings) {
  std::vector<std::string> names;
  for (const Key<Owner>& key : keys) names.emplace_back(key.name);
  for (const auto& [key, node] : table) {
    const std::string text(key.str());
    if (std::find(names.begin(), names.end(), text) != names.end()) continue;
    const std::string near = nearest(text, names);
    findings.add("toml.key", text, "unknown key", &node, near.empty() ? "" : "did you mean '" + near + "'?");
  }
}

template <class Owner>
Result<Owner> parse(std::string_view text, const std::string& file, std::span<const Key<Owner>> keys) {
  Findings findings{file, {}};
  Owner owner;
  try {
    const toml::table table = toml::parse(text);
    report_unknown(table, keys, findings);
    for (const Key<Owner>& key : keys) {
      const std::string key_name(key.name);
      const toml::node* node = table.get(key.name);
      if (node != nullptr)
        std::visit([&](auto member) { read(*node, owner.*member, key_name, findings); }, key.member);
      else if (key.required)
        findings.add("toml.missing", key_name, "is missing (" + std::string(key.doc) + ")");
    }
  } catch (const toml::parse_error& error) {
    return fail({.code = "toml.syntax",
                 .message = std::string(error.description()),
                 .file = file + ":" + std::to_string(error.source().begin.line)});
  }
  if (!findings.list.empty()) return fail(std::move(findings.list));
  return owner;
}

/// "overlays/zu2.toml" → "zu2".
std::string stem(const std::string& file) {
  const std::size_t slash = file.find_last_of('/');
  const std::string base = slash == std::string::npos ? file : file.substr(slash + 1);
  return base.substr(0, base.rfind(".toml"));
}

Diagnostics with_file(Diagnostics list, const std::string& file) {
  for (Diagnostic& d : list) d.file = file;
  return list;
}

}  // namespace

Result<Overlay> parse_overlay(std::string_view text, const std::string& file) {
  auto parsed = parse<Overlay>(text, file, overlay_keys());
  if (!parsed) return parsed;
  if (parsed->name.empty()) parsed->name = stem(file);
  if (auto status = check(*parsed); !status) return fail(with_file(std::move(status.error()), file));
  return parsed;
}

Result<Device> parse_device(std::string_view text, const std::string& file) {
  auto parsed = parse<Device>(text, file, device_keys());
  if (!parsed) return parsed;
  if (parsed->name.empty()) parsed->name = stem(file);
  if (parsed->family != "xcup" && parsed->family != "xc7" && parsed->family != "ecp5")
    return fail({.code = "device.family",
                 .message = "is '" + parsed->family + "'; legal are xcup, xc7, ecp5",
                 .file = file,
                 .field = "family"});
  if (!(parsed->ddr_gb_per_s > 0) || parsed->ddr_gb_per_s > 1e6)
    return fail({.code = "device.range", .message = "must be positive", .file = file, .field = "ddr_gb_per_s"});
  return parsed;
}

}  // namespace heddle::overlay
