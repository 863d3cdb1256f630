// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "passes/rewrite.h"

namespace heddle::passes {

/// Scale and zero point of a QuantizeLinear or DequantizeLinear (inputs 1 and 2) as parameters of a value of `shape`
/// whose integers have type `type`. nullopt if they are not constant f32, or blocked. A scale that is not positive and
/// finite, and a wrong number of entries, are findings.
[[nodiscard]] std::optional<ir::Quantization> read_parameters(const Rewriter& rewriter, const Node& node, DataType type,
                                                              const Shape& shape, Diagnostics& findings);

/// scale · (integer − zero_point), elementwise. nullopt for element types that are no integers of up to 32 bits.
[[nodiscard]] std::optional<Tensor> dequantise(const Tensor& integers, const ir::Quantization& parameters);

[[nodiscard]] bool equal(const ir::Quantization& a, const ir::Quantization& b);

}  // namespace heddle::passes
