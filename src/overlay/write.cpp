// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "overlay/keys.h"

namespace heddle::overlay {
namespace {

std::string text(const std::string& value) {
  std::string out = "\"";
  for (const char c : value) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (u < 0x20 || u == 0x7f)
      out += fmt::format("\\u{:04x}", u);
    else
      out += c;
  }
  return out + '"';
}

std::string text(std::int64_t value) {
  return std::to_string(value);
}

std::string text(std::int32_t value) {
  return std::to_string(value);
}

std::string text(double value) {
  // The shortest text that reads back to the same number; TOML wants a digit on both sides of a point or exponent.
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".en") == std::string::npos) out += ".0";
  return out;
}

std::string text(NumberFormat value) {
  return text(std::string(name(value)));
}

std::string text(Winograd value) {
  return text(std::string(name(value)));
}

template <class T>
std::string text(const std::vector<T>& values) {
  std::string out = "[";
  for (const T& value : values) out += (out.size() > 1 ? ", " : "") + text(value);
  return out + "]";
}

template <class T>
void sort_list(T&) {}
template <class T>
void sort_list(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
}

/// The value as text; lists sorted, because their order means nothing.
std::string canonical(const Overlay& overlay, const Key<Overlay>& key) {
  return std::visit(
      [&](auto member) {
        auto value = overlay.*member;
        sort_list(value);
        return text(value);
      },
      key.member);
}

}  // namespace

std::string to_toml(const Overlay& overlay) {
  std::string out;
  for (const Key<Overlay>& key : overlay_keys()) {
    const std::string value = std::visit([&](auto member) { return text(overlay.*member); }, key.member);
    out += fmt::format("{} = {}  # {}\n", key.name, value, key.doc);
  }
  return out;
}

std::uint64_t fingerprint(const Overlay& overlay) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  const auto mix = [&](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  };
  for (const Key<Overlay>& key : overlay_keys()) {
    if (!key.in_fingerprint) continue;
    mix(key.name);
    mix("=");
    mix(canonical(overlay, key));
    mix("\n");
  }
  return hash;
}

}  // namespace heddle::overlay
