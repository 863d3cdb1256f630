// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "cli/json.h"
#include "isa/program.h"

namespace heddle::cli {

/// What a program costs by the cycle machine, without running it: cycles, milliseconds at the overlay's clock,
/// counters, and cycles by layer. Overlay segments only. Errors: those of the verifier's kind (illegal streams).
[[nodiscard]] Result<Json> timing_json(const isa::Program& program);

/// The same for people.
void print_timing(const Json& timing);

}  // namespace heddle::cli
