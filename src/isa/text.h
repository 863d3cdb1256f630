// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"

/// Lexical elements of assembly: quoted strings, numbers that read back exactly, shapes, base64.
namespace heddle::isa::text {

/// The string between double quotes; \\, \", \n and \xHH for other control characters.
[[nodiscard]] std::string quoted(std::string_view value);
/// The reverse of `quoted`, quotes included.
[[nodiscard]] std::optional<std::string> unquoted(std::string_view token);

/// Shortest decimal that reads back to the same number.
[[nodiscard]] std::string number(float value);
[[nodiscard]] std::string number(double value);
[[nodiscard]] std::optional<std::int64_t> to_int(std::string_view token);
[[nodiscard]] std::optional<float> to_float(std::string_view token);
[[nodiscard]] std::optional<double> to_double(std::string_view token);

/// "1x3x224x224", or "scalar".
[[nodiscard]] std::string shape(const Shape& shape);
[[nodiscard]] std::optional<Shape> to_shape(std::string_view token);

/// Bytes as base64 without line breaks.
[[nodiscard]] std::string base64(std::span<const std::byte> bytes);
/// Appends what `token` encodes; false if it is not base64.
[[nodiscard]] bool append_base64(std::string_view token, std::vector<std::byte>& bytes);

/// Splits a line at blanks outside quotes and drops a comment ("#" outside quotes). False if a quote is not closed.
[[nodiscard]] bool split(std::string_view line, std::vector<std::string_view>& tokens);
/// Splits at commas outside quotes; "" gives no items.
[[nodiscard]] std::vector<std::string_view> items(std::string_view token);

}  // namespace heddle::isa::text
