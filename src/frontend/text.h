// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace heddle::frontend {

/// True if the bytes are valid UTF-8 (RFC 3629: no overlong forms, no surrogates).
[[nodiscard]] bool is_utf8(std::string_view bytes);

/// Text from an untrusted file, fit for a terminal: at most 120 characters, control and broken bytes as \xNN.
[[nodiscard]] std::string printable(std::string_view bytes);

/// "2x3x?" for a shape with an unknown last dimension; "scalar" for none.
template <class Dims>
[[nodiscard]] std::string shape_text(const Dims& dims) {
  std::string text;
  for (const auto d : dims) {
    if (!text.empty()) text += 'x';
    text += d < 0 ? std::string("?") : std::to_string(d);
  }
  return text.empty() ? "scalar" : text;
}

}  // namespace heddle::frontend
