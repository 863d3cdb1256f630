// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "ir/deployment.h"
#include "reference/network.h"

namespace heddle::compiler {

/// Every map of every overlay part of one run of the integer reference; index as in Deployment::parts (host parts are
/// empty).
using PartMaps = std::vector<std::vector<reference::IntegerMap>>;

/// Runs a deployment with the integer reference on the overlay's parts and host kernels on the rest. A batch runs image
/// by image. `inputs` and the result are in the graph's order; `maps`, if given, receives all maps of the last image.
[[nodiscard]] Result<std::vector<Tensor>> run_reference(const ir::Deployment& deployment,
                                                        std::span<const Tensor> inputs, PartMaps* maps = nullptr);

}  // namespace heddle::compiler
