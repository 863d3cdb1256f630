// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitter.h"

namespace heddle::codegen {

/// From chip in one piece, from DDR tile by tile; nothing if the buffer shares the output's memory.
void emit_copy(Emitter& emitter, const CopyStep& step) {
  if (emitter.home(step.input).output == step.output) return;
  const Buffer& from = emitter.buffer(step.input);
  const mapping::Tile& tile = emitter.place().choice.tile;
  for_ranges(step.input.blocks, tile.in_blocks, [&](mapping::Range blocks) {
    for_ranges(from.height, tile.rows, [&](mapping::Range rows) {
      for_ranges(from.width, tile.columns, [&](mapping::Range columns) {
        const std::int32_t first = step.input.first_block;
        const TensorBox source{{first + blocks.begin, first + blocks.end}, rows, columns};
        const TensorBox target{{step.output_block + blocks.begin, step.output_block + blocks.end}, rows, columns};
        emitter.save(emitter.read(mapping::TensorRole::input, 0, step.input, source), target, step.output, from.height,
                     from.width);
      });
    });
  });
}

}  // namespace heddle::codegen
