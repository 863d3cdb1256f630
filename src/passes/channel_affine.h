// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "passes/rewrite.h"

/// y[c] = scale[c] · x[c] + offset[c] along axis 1, in whatever operator it is written, and its folding into the
/// weights of a neighbour.
namespace heddle::passes {

struct ChannelAffine {
  ValueId data = kNoValue;            ///< x
  std::vector<double> scale, offset;  ///< one entry a channel
};

/// Reads a batch normalisation in inference mode with constant statistics.
[[nodiscard]] std::optional<ChannelAffine> read_batch_norm(const Rewriter& rewriter, const Node& node);
/// Reads a 1×1 depthwise convolution, or Mul, Div, Add, Sub with a constant of one entry a channel (or one entry).
[[nodiscard]] std::optional<ChannelAffine> read_channel_scale(const Rewriter& rewriter, const Node& node);

/// Folds the affine that `node` computes into the Conv, ConvTranspose or Gemm that produces its operand. Exact up to
/// rounding, whatever the padding, since it acts on results. False (and nothing changed) if the producer is of another
/// kind, has other readers, weights that are not constant floats, or if quantisation stands between.
[[nodiscard]] bool fold_into_producer(Rewriter& rewriter, Node& node, const ChannelAffine& affine);
/// Folds the affine that produces the operand of `conv` into the weights of `conv`. Exact only if `conv` pads with
/// nothing or the offsets are zero: padding is not offset. False if not, or as above.
[[nodiscard]] bool fold_into_consumer(Rewriter& rewriter, Node& conv);

}  // namespace heddle::passes
