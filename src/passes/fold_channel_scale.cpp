// SPDX-License-Identifier: Apache-2.0
#include "passes/channel_affine.h"
#include "passes/passes.h"

namespace heddle::passes {
namespace {

/// First into what comes before, which is always exact; else the visited convolution takes in what came before it.
Fate fold_channel_scale_at(Rewriter& rewriter, Node& node) {
  const std::optional<ChannelAffine> affine = read_channel_scale(rewriter, node);
  if (affine && fold_into_producer(rewriter, node, *affine)) return Fate::drop;
  return node.op == "Conv" && fold_into_consumer(rewriter, node) ? Fate::changed : Fate::keep;
}

}  // namespace

Result<bool> fold_channel_scale(Graph& graph) {
  return Rewriter(graph).run(fold_channel_scale_at);
}

}  // namespace heddle::passes
