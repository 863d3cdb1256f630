// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "compiler/driver.h"

namespace heddle::cli {

/// Prints everything that was decided about a node of the model: merged into which layer or run on the host and why,
/// quantisation, algorithm, tile, placement and estimated cost. Errors: no such node ("did you mean").
[[nodiscard]] Status explain(const std::string& node, const compiler::Quantized& quantized,
                             const compiler::Built& built);

}  // namespace heddle::cli
