// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <utility>

#include "base/diagnostic.h"
#include "isa/instruction.h"

namespace heddle::sim {

/// What is wrong with a field of an instruction.
[[nodiscard]] inline Diagnostic finding(const char* code, isa::Field field, std::string message) {
  Diagnostic d;
  d.code = code;
  d.field = isa::name(field);
  d.message = std::move(message);
  return d;
}

}  // namespace heddle::sim
