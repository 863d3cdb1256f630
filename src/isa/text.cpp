// SPDX-License-Identifier: Apache-2.0
#include "isa/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace heddle::isa::text {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto kBase64Values = [] {
  std::array<int, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kBase64.size(); ++i) values[static_cast<unsigned char>(kBase64[i])] = static_cast<int>(i);
  return values;
}();

template <class T>
std::optional<T> parse(std::string_view token) {
  T value{};
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return value;
}

/// Cuts at each `separator` outside quotes.
template <class Separates>
bool cut(std::string_view text, Separates separates, std::vector<std::string_view>& pieces) {
  std::size_t begin = 0;
  bool quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quotes && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quotes = !quotes;
    } else if (!quotes && separates(text[i])) {
      pieces.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  pieces.push_back(text.substr(begin));
  return !quotes;
}

}  // namespace

std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (u < 0x20 || u == 0x7f) {
      out += fmt::format("\\x{:02x}", u);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::optional<std::string> unquoted(std::string_view token) {
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return std::nullopt;
  token = token.substr(1, token.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '"') return std::nullopt;
    if (token[i] != '\\') {
      out += token[i];
      continue;
    }
    if (++i == token.size()) return std::nullopt;
    if (token[i] == 'n') {
      out += '\n';
    } else if (token[i] == '"' || token[i] == '\\') {
      out += token[i];
    } else if (token[i] == 'x' && i + 2 < token.size()) {
      unsigned value = 0;
      const char* digits = token.data() + i + 1;
      if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) return std::nullopt;
      out += static_cast<char>(value);
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::string number(float value) {
  return fmt::format("{}", value);
}

std::string number(double value) {
  return fmt::format("{}", value);
}

std::optional<std::int64_t> to_int(std::string_view token) {
  return parse<std::int64_t>(token);
}

std::optional<float> to_float(std::string_view token) {
  return parse<float>(token);
}

std::optional<double> to_double(std::string_view token) {
  return parse<double>(token);
}

std::string shape(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string out;
  for (const std::int64_t d : shape) {
    if (!out.empty()) out += 'x';
    out += std::to_string(d);
  }
  return out;
}

std::optional<Shape> to_shape(std::string_view token) {
  if (token == "scalar") return Shape{};
  std::vector<std::string_view> pieces;
  cut(token, [](char c) { return c == 'x'; }, pieces);
  Shape out;
  for (const std::string_view piece : pieces) {
    const auto dimension = to_int(piece);
    if (!dimension) return std::nullopt;
    out.push_back(*dimension);
  }
  return out;
}

std::string base64(std::span<const std::byte> bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = (group << 8) | (k < n ? std::to_integer<unsigned>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? kBase64[(group >> (18 - 6 * k)) & 63U] : '=';
  }
  return out;
}

bool append_base64(std::string_view token, std::vector<std::byte>& bytes) {
  if (token.size() % 4 != 0) return false;
  for (std::size_t i = 0; i < token.size(); i += 4) {
    const bool end = i + 4 == token.size();
    const std::size_t pads = end ? static_cast<std::size_t>(token[i + 3] == '=') + (token[i + 2] == '=' ? 1U : 0U) : 0U;
    unsigned group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k >= 4 - pads ? 0 : kBase64Values[static_cast<unsigned char>(token[i + k])];
      if (value < 0) return false;
      group = (group << 6) | static_cast<unsigned>(value);
    }
    for (std::size_t k = 0; k < 3 - pads; ++k) bytes.push_back(static_cast<std::byte>((group >> (16 - 8 * k)) & 255U));
  }
  return true;
}

bool split(std::string_view line, std::vector<std::string_view>& tokens) {
  tokens.clear();
  std::vector<std::string_view> pieces;
  const bool closed = cut(line, [](char c) { return c == ' ' || c == '\t' || c == '\r'; }, pieces);
  for (const std::string_view piece : pieces) {
    if (piece.starts_with('#')) return true;
    if (!piece.empty()) tokens.push_back(piece);
  }
  return closed;
}

std::vector<std::string_view> items(std::string_view token) {
  std::vector<std::string_view> out;
  if (!token.empty()) cut(token, [](char c) { return c == ','; }, out);
  return out;
}

}  // namespace heddle::isa::text
