// SPDX-License-Identifier: Apache-2.0
#include "passes/channel_affine.h"
#include "passes/passes.h"

namespace heddle::passes {
namespace {

/// A batch normalisation without a foldable producer stays; it is lowered to a 1×1 depthwise convolution later.
Fate fold_batch_norm_at(Rewriter& rewriter, Node& node) {
  const std::optional<ChannelAffine> affine = read_batch_norm(rewriter, node);
  return affine && fold_into_producer(rewriter, node, *affine) ? Fate::drop : Fate::keep;
}

}  // namespace

Result<bool> fold_batch_norm(Graph& graph) {
  return Rewriter(graph).run(fold_batch_norm_at);
}

}  // namespace heddle::passes
