// SPDX-License-Identifier: Apache-2.0
#include "base/diagnostic.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace heddle {

std::string Diagnostic::text() const {
  std::string out;
  if (!file.empty()) out += file + ": ";
  if (!node.empty()) out += "node '" + node + "'";
  if (!op.empty()) out += (node.empty() ? "operator " : " (") + op + (node.empty() ? "" : ")");
  if (!field.empty()) out += std::string(node.empty() && op.empty() ? "" : ", ") + "field '" + field + "'";
  if (!node.empty() || !op.empty() || !field.empty()) out += ": ";
  out += message;
  if (!hint.empty()) out += "\n  hint: " + hint;
  return out;
}

int exit_code(const Diagnostics& diagnostics) {
  const auto any = [&](ErrorClass c) {
    return std::any_of(diagnostics.begin(), diagnostics.end(), [c](const Diagnostic& d) { return d.error_class == c; });
  };
  if (any(ErrorClass::internal)) return 2;
  return any(ErrorClass::unsupported) ? 3 : 1;
}

namespace {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = word.size() / 3 + 2;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace heddle
