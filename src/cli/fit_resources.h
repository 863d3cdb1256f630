// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "hardware/synthesis.h"

namespace heddle::cli {

/// Fits the resource model anew, for each family to every other of its sizes (sorted by MACs, the largest included),
/// and writes the coefficients as the C++ source `src/overlay/resource_coefficients.cpp`.
[[nodiscard]] Status fit_resources(const std::vector<hardware::Synthesis>& sizes, const std::string& path);

}  // namespace heddle::cli
