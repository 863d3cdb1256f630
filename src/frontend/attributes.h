// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "frontend/external_data.h"
#include "frontend/wire.h"
#include "ir/graph.h"

namespace heddle::frontend {

/// Decodes the attributes of a message into `node`, which already has its name and operator. Findings name the
/// attribute: sub-graphs, sparse tensors and other types that no operator of ours has; duplicates; unreadable tensors.
void read_attributes(const wire::Node& message, ir::Node& node, ExternalData& external, Diagnostics& findings);

/// Checks the attributes of a lifted node against its operator: unknown names ("did you mean"), wrong types.
/// Attributes without an effect on inference (seed, consumed_inputs, …) are dropped.
void check_attributes(ir::Node& node, const kernels::OperatorDefinition& definition, Diagnostics& findings);

}  // namespace heddle::frontend
