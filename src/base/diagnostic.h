// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace heddle {

/// What kind of failure a diagnostic is; decides the exit code of the command line.
enum class ErrorClass : std::uint8_t {
  bad_input,    ///< exit 1: a file, an option or a value is wrong
  internal,     ///< exit 2: our own mistake
  unsupported,  ///< exit 3: legal input that heddle cannot handle
};

/// One finding, worded for the person who has to act on it.
///
/// `code` is a short stable identifier, from the general to the special ("onnx.attribute.type").
/// Empty strings mean "does not apply".
struct Diagnostic {
  ErrorClass error_class = ErrorClass::bad_input;
  std::string code{};
  std::string message{};  ///< what is wrong, with the value and the limit
  std::string file{};     ///< file in which it was found
  std::string node{};     ///< name of the graph node, layer or instruction ("conv[12]")
  std::string op{};       ///< operator of that node
  std::string field{};    ///< attribute, field or key
  std::string hint{};     ///< what to do: nearest legal value, "did you mean"

  /// One or two lines: "file: node 'x' (Conv), field 'pads': message\n  hint: ...".
  [[nodiscard]] std::string text() const;
};

/// All findings of one step; never empty when it travels in a Result.
using Diagnostics = std::vector<Diagnostic>;

/// A value, or the reasons why there is none. Exceptions do not cross module borders.
template <class T>
using Result = tl::expected<T, Diagnostics>;
using Status = Result<void>;

/// Wraps one diagnostic for `return fail({...});` in a function that returns any Result.
[[nodiscard]] inline tl::unexpected<Diagnostics> fail(Diagnostic diagnostic) {
  return tl::unexpected<Diagnostics>(Diagnostics{std::move(diagnostic)});
}
[[nodiscard]] inline tl::unexpected<Diagnostics> fail(Diagnostics diagnostics) {
  return tl::unexpected<Diagnostics>(std::move(diagnostics));
}

/// Exit code for a set of diagnostics: 2 if any is internal, else 3 if any is unsupported, else 1.
[[nodiscard]] int exit_code(const Diagnostics& diagnostics);

/// The entry of `candidates` nearest to `word` by edit distance, or "" when none is near. For "did you mean".
[[nodiscard]] std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace heddle
