// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "ir/graph.h"

/// All passes of the standard pipeline; pipeline.cpp says in one sentence what each does and gives the order.
namespace heddle::passes {

Result<bool> expand_qlinear(ir::Graph& graph);
Result<bool> absorb_qdq(ir::Graph& graph);
Result<bool> fold_shapes(ir::Graph& graph);
Result<bool> fold_constants(ir::Graph& graph);
Result<bool> remove_identity(ir::Graph& graph);
Result<bool> explicit_padding(ir::Graph& graph);
Result<bool> canonical_reshape(ir::Graph& graph);
Result<bool> push_transposes(ir::Graph& graph);
Result<bool> matmul_to_gemm(ir::Graph& graph);
Result<bool> fuse_activations(ir::Graph& graph);
Result<bool> merge_clips(ir::Graph& graph);
Result<bool> global_pool(ir::Graph& graph);
Result<bool> fold_batch_norm(ir::Graph& graph);
Result<bool> fold_channel_scale(ir::Graph& graph);
Result<bool> absorb_pad(ir::Graph& graph);
Result<bool> remove_dead_code(ir::Graph& graph);

}  // namespace heddle::passes
