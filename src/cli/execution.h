// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/driver.h"

namespace heddle::cli {

/// One inference, whatever executes it: outputs from inputs, both in the model's order.
using Execute = std::function<Result<std::vector<Tensor>>(std::span<const Tensor> inputs)>;

/// The float reference on a graph.
[[nodiscard]] Execute execute_float(ir::Graph graph);
/// The integer reference on a deployment.
[[nodiscard]] Execute execute_reference(ir::Deployment deployment);
/// A program on a device ("functional", "cycle", "rtl", "xrt"). `threads` 0: all cores.
[[nodiscard]] Result<Execute> execute_program(std::shared_ptr<const isa::Program> program, const std::string& backend,
                                              int threads);

}  // namespace heddle::cli
