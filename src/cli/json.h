// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

namespace heddle::cli {

/// Keys in the order in which they were added, as a reader expects.
using Json = nlohmann::ordered_json;

/// Prints a result for programs, on standard output. Bytes that are not UTF-8 are replaced.
inline void print_json(const Json& json) {
  std::puts(json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

}  // namespace heddle::cli
