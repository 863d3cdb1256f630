// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "codegen/generate.h"
#include "ir/deployment.h"
#include "isa/program.h"
#include "overlay/overlay.h"

namespace heddle::compiler {

/// A program and, for every overlay segment in order, the plan that it was generated from.
struct Built {
  isa::Program program;
  std::vector<mapping::Plan> plans;
};

struct BuildOptions {
  bool expose_layers = false;  ///< every layer's output becomes an output of its segment (validation)
};

/// Generates code for every overlay part and serialises every host part.
[[nodiscard]] Result<Built> build_program(const ir::Deployment& deployment, const overlay::Overlay& overlay,
                                          const BuildOptions& options = {});

/// Images in the batch that feeds an overlay part.
[[nodiscard]] std::int64_t batch_of(const ir::Graph& graph, const ir::OverlayPart& part);
/// Name of the extra output that `expose_layers` gives to a network map.
[[nodiscard]] std::string exposed_name(std::size_t segment, const ir::FeatureMap& map);

}  // namespace heddle::compiler
