// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codegen/step.h"
#include "overlay/overlay.h"

/// Packs constants exactly as docs/isa_semantics.md lays them out.
namespace heddle::codegen {

/// Weights of one accumulation step of one chunk of output channels.
struct WeightPiece {
  std::span<const std::int32_t> in_channels;    ///< logical channel of every input lane
  std::span<const std::int32_t> out_channels;   ///< of every output lane
  std::span<const std::int32_t> rows, columns;  ///< kernel rows and columns; −1: weight 0
};

/// [⌈out / M⌉][rows][columns][⌈in / N⌉][M][N] elements of the source's type, appended to `to`.
void pack_weights(const overlay::Overlay& overlay, const WeightSource& source, const WeightPiece& piece,
                  std::vector<std::byte>& to);
/// Bytes that pack_weights appends.
[[nodiscard]] std::int64_t weight_bytes(const overlay::Overlay& overlay, const WeightSource& source,
                                        const WeightPiece& piece);

/// Two words of post descriptor, then one word per lane of `channels` (or one for all). `table` is the table's number,
/// −1 for none.
void pack_post(const PostParams& post, std::span<const std::int32_t> channels, int table, std::vector<std::byte>& to);

/// Depthwise coefficients [block][row][column][lane] of 16 bits; a block has 2·N bytes whatever its lanes.
void pack_coefficients(const overlay::Overlay& overlay, const StencilStep& step, mapping::Range blocks,
                       std::vector<std::byte>& to);

/// 257 little-endian 16-bit entries.
void pack_table(const kernels::Table& table, std::vector<std::byte>& to);

}  // namespace heddle::codegen
