// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/diagnostic.h"
#include "codegen/options.h"
#include "codegen/step.h"
#include "overlay/overlay.h"

namespace heddle::codegen {

/// Brings a network to buffers and steps. Errors: what no instruction sequence of this overlay can compute, with the
/// layer's name. Precondition: `ir::verify(network)` holds.
[[nodiscard]] Result<Lowered> lower(const ir::Network& network, const overlay::Overlay& overlay,
                                    const Options& options);

}  // namespace heddle::codegen
