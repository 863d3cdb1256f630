// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/diagnostic.h"
#include "codegen/place.h"
#include "codegen/synchronize.h"
#include "isa/program.h"
#include "mapping/plan.h"

/// The last steps: encoded streams, bindings of inputs and outputs, and what reports want to know of each layer.
namespace heddle::codegen {

/// Encodes the streams, ends each, and notes which instructions belong to which layer. Errors: a field whose value
/// the instruction format cannot hold, with the layer's name.
[[nodiscard]] Status encode_streams(const ir::Network& network, const Streams& streams, isa::OverlaySegment& segment);

/// Where the runtime puts inputs and finds outputs, and the sizes of the memories behind the base registers.
void bind(const ir::Network& network, const overlay::Overlay& overlay, const Lowered& lowered, const Placed& placed,
          isa::OverlaySegment& segment);

/// One LayerInfo for each layer of the network.
void describe_layers(const ir::Network& network, const mapping::Plan& plan, isa::OverlaySegment& segment);

}  // namespace heddle::codegen
