// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <unordered_map>

namespace heddle::ir {

/// Hands out names that are unique among all that it has seen.
class NameTable {
 public:
  /// `wanted` if nobody has it yet, else `wanted` with the next free number appended.
  std::string unique(std::string wanted) {
    while (true) {
      const auto [entry, is_new] = next_.try_emplace(wanted, 2);
      if (is_new) return wanted;
      // The counter makes a million nodes of one name take a million steps, not a million squared.
      wanted = entry->first + "_" + std::to_string(entry->second++);
    }
  }
  /// False if the name was taken before.
  bool claim(const std::string& name) { return next_.try_emplace(name, 2).second; }

 private:
  std::unordered_map<std::string, int> next_;
};

}  // namespace heddle::ir
