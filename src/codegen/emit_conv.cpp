// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "codegen/emitter.h"
#include "codegen/weights.h"

namespace heddle::codegen {
namespace {

using isa::Field;
using mapping::Range;
using mapping::TensorRole;

/// What one instruction adds to the accumulators: blocks of one input part, and a range of the kernel's taps.
struct Piece {
  std::int32_t part = 0;
  Range blocks;  ///< within the part
  Range rows, columns;
};

/// Output channel blocks that are computed together, within one part of the operand.
struct Chunk {
  Range blocks;  ///< within the step's output
  std::int32_t operand = 0;
  std::int32_t operand_block = 0;          ///< of the operand part, for blocks.begin
  std::vector<std::vector<Piece>> pieces;  ///< per phase
};

/// Output positions that are computed together.
struct PixelTile {
  Range rows, columns;
};

class ConvEmitter {
 public:
  ConvEmitter(Emitter& emitter, const ConvStep& step)
      : e_(emitter), step_(step), choice_(emitter.place().choice), chunks_(make_chunks()) {}

  void run();

 private:
  [[nodiscard]] std::vector<Chunk> make_chunks() const;
  [[nodiscard]] std::vector<Piece> make_pieces(const Chunk& chunk, const ConvPhase& phase) const;
  [[nodiscard]] Range needed_blocks(const Chunk& chunk, std::int32_t part) const;
  void emit_tile(std::size_t chunk, const PixelTile& tile);
  void emit_phase(std::size_t chunk, std::size_t phase, const PixelTile& tile, const TensorBox& out);
  void emit_piece(std::size_t chunk, std::size_t phase, std::size_t piece, const PixelTile& tile, Draft draft);
  void set_post(Draft& draft, std::size_t chunk, std::size_t phase);
  void set_weights(Draft& draft, std::size_t chunk, std::size_t phase, std::size_t piece);
  void set_input(Draft& draft, const ConvPhase& phase, const Piece& piece, const PixelTile& tile);
  [[nodiscard]] TensorBox output_box(const Chunk& chunk, const PixelTile& tile) const;
  [[nodiscard]] std::span<const std::int32_t> out_channels(const Chunk& chunk) const {
    return step_.out_channels.of_blocks(chunk.blocks.begin, chunk.blocks.size());
  }

  Emitter& e_;
  const ConvStep& step_;
  const mapping::Choice& choice_;
  std::vector<Chunk> chunks_;
};

/// Blocks of an input part (within the part) from the first to the last that this chunk's groups read; empty if none.
Range ConvEmitter::needed_blocks(const Chunk& chunk, std::int32_t part) const {
  const std::int32_t blocks = step_.inputs[static_cast<std::size_t>(part)].blocks;
  if (step_.weights.groups == 1) return {0, blocks};
  std::int32_t before = 0;
  for (std::int32_t i = 0; i < part; ++i) before += step_.inputs[static_cast<std::size_t>(i)].blocks;
  std::vector<bool> group_used(static_cast<std::size_t>(step_.weights.groups));
  for (const std::int32_t channel : out_channels(chunk))
    if (channel != kHole) group_used[static_cast<std::size_t>(channel / step_.weights.out_per_group)] = true;
  Range needed{blocks, blocks};
  for (std::int32_t block = 0; block < blocks; ++block) {
    const bool used = std::ranges::any_of(step_.in_channels.of_blocks(before + block, 1), [&](std::int32_t channel) {
      return channel != kHole && group_used[static_cast<std::size_t>(channel / step_.weights.in_per_group)];
    });
    if (!used) continue;
    needed.begin = std::min(needed.begin, block);
    needed.end = block + 1;
  }
  return needed;
}

std::vector<Piece> ConvEmitter::make_pieces(const Chunk& chunk, const ConvPhase& phase) const {
  const mapping::Tile& t = choice_.tile;
  std::vector<Piece> pieces;
  for (std::size_t part = 0; part < step_.inputs.size(); ++part) {
    const Range needed = needed_blocks(chunk, static_cast<std::int32_t>(part));
    for (std::int32_t block = needed.begin; block < needed.end; block += t.in_blocks)
      for_ranges(static_cast<std::int32_t>(phase.rows.size()), t.kernel_rows, [&](Range rows) {
        for_ranges(static_cast<std::int32_t>(phase.columns.size()), t.kernel_columns, [&](Range columns) {
          pieces.push_back(
              {static_cast<std::int32_t>(part), {block, std::min(block + t.in_blocks, needed.end)}, rows, columns});
        });
      });
  }
  // Output blocks of holes only: any input will do, the weights are 0.
  if (pieces.empty()) pieces.push_back({0, {0, 1}, {0, 1}, {0, 1}});
  return pieces;
}

std::vector<Chunk> ConvEmitter::make_chunks() const {
  std::vector<Chunk> chunks;
  const auto add = [&](Range blocks, std::int32_t operand, std::int32_t operand_block) {
    Chunk chunk{.blocks = blocks, .operand = operand, .operand_block = operand_block, .pieces = {}};
    for (const ConvPhase& phase : step_.phases) chunk.pieces.push_back(make_pieces(chunk, phase));
    chunks.push_back(std::move(chunk));
  };
  if (step_.operands.empty()) {
    for_ranges(step_.output.blocks, choice_.tile.out_blocks, [&](Range blocks) { add(blocks, 0, 0); });
    return chunks;
  }
  std::int32_t first = 0;
  for (std::size_t i = 0; i < step_.operands.size(); ++i) {
    for_ranges(step_.operands[i].blocks, choice_.tile.out_blocks, [&](Range blocks) {
      add({first + blocks.begin, first + blocks.end}, static_cast<std::int32_t>(i), blocks.begin);
    });
    first += step_.operands[i].blocks;
  }
  return chunks;
}

TensorBox ConvEmitter::output_box(const Chunk& chunk, const PixelTile& tile) const {
  const Buffer& buffer = e_.buffer(step_.output);
  const std::int32_t first = step_.output.first_block;
  return {.blocks = {first + chunk.blocks.begin, first + chunk.blocks.end},
          .rows = {tile.rows.begin * step_.step_h, std::min(tile.rows.end * step_.step_h, buffer.height)},
          .columns = {tile.columns.begin * step_.step_w, std::min(tile.columns.end * step_.step_w, buffer.width)}};
}

void ConvEmitter::set_post(Draft& draft, std::size_t chunk, std::size_t phase) {
  const PostParams& post = step_.phases[phase].post;
  const auto [number, region] = e_.table(post.table);
  const int table = number;
  const Resident params =
      e_.constants(isa::Space::conv_params)
          .require({e_.step(), static_cast<std::int32_t>(phase), static_cast<std::int32_t>(chunk)}, e_.layer(),
                   [&](std::vector<std::byte>& to) { pack_post(post, out_channels(chunks_[chunk]), table, to); });
  draft[Field::param_address] = params.address;
  draft.touch(params.region, {}, false);
  if (number >= 0) draft.touch(region, {}, false);
}

void ConvEmitter::set_weights(Draft& draft, std::size_t chunk, std::size_t phase, std::size_t piece_index) {
  const Piece& piece = chunks_[chunk].pieces[phase][piece_index];
  const ConvPhase& taps = step_.phases[phase];
  std::int32_t before = 0;
  for (std::int32_t i = 0; i < piece.part; ++i) before += step_.inputs[static_cast<std::size_t>(i)].blocks;
  const WeightPiece weights{
      .in_channels = step_.in_channels.of_blocks(before + piece.blocks.begin, piece.blocks.size()),
      .out_channels = out_channels(chunks_[chunk]),
      .rows = std::span(taps.rows).subspan(static_cast<std::size_t>(piece.rows.begin),
                                           static_cast<std::size_t>(piece.rows.size())),
      .columns =
          std::span(taps.columns)
              .subspan(static_cast<std::size_t>(piece.columns.begin), static_cast<std::size_t>(piece.columns.size()))};
  const ConstantKey key{e_.step(), static_cast<std::int32_t>(phase), static_cast<std::int32_t>(chunk),
                        static_cast<std::int32_t>(piece_index)};
  const Resident resident = e_.constants(isa::Space::weights).require(key, e_.layer(), [&](std::vector<std::byte>& to) {
    pack_weights(e_.overlay(), step_.weights, weights, to);
  });
  draft[Field::weight_address] = resident.address;
  draft.touch(resident.region, {}, false);
}

/// The input box under the tile, as one instruction sees it: its source starts at the first row and column that are
/// there, and the pads count from there.
void ConvEmitter::set_input(Draft& draft, const ConvPhase& phase, const Piece& piece, const PixelTile& tile) {
  const Part& part = step_.inputs[static_cast<std::size_t>(piece.part)];
  const Range rows = mapping::source_range(step_.y, tile.rows), columns = mapping::source_range(step_.x, tile.columns);
  TensorBox box{.blocks = {part.first_block + piece.blocks.begin, part.first_block + piece.blocks.end},
                .rows = rows,
                .columns = columns};
  ChipView view;
  if (choice_.stream_input || e_.home(part).where == mapping::Placement::chip) {
    view = e_.read(TensorRole::input, piece.part, part, box);
  } else {
    TensorBox whole = box;
    whole.blocks = {part.first_block, part.first_block + part.blocks};
    view = e_.read(TensorRole::input, piece.part, part, whole);
    view.slot += piece.blocks.begin * view.plane_words * e_.overlay().P;
    view.box.blocks = piece.blocks;
  }
  e_.set_source(draft, view, rows.size(), columns.size());
  draft[Field::pad_top] =
      phase.pad_top - tile.rows.begin * step_.stride_h - piece.rows.begin * phase.dilation_h + rows.begin;
  draft[Field::pad_left] =
      phase.pad_left - tile.columns.begin * step_.stride_w - piece.columns.begin * phase.dilation_w + columns.begin;
  draft[Field::in_blocks] = piece.blocks.size();
  draft[Field::kernel_h] = piece.rows.size();
  draft[Field::kernel_w] = piece.columns.size();
}

void ConvEmitter::emit_piece(std::size_t chunk, std::size_t phase_index, std::size_t piece, const PixelTile& tile,
                             Draft draft) {
  const ConvPhase& phase = step_.phases[phase_index];
  const auto& pieces = chunks_[chunk].pieces[phase_index];
  const bool first = piece == 0, last = piece + 1 == pieces.size();
  draft[Field::first] = first ? 1 : 0;
  draft[Field::last] = last ? 1 : 0;
  set_weights(draft, chunk, phase_index, piece);
  set_input(draft, phase, pieces[piece], tile);
  if (last) set_post(draft, chunk, phase_index);
  e_.add(isa::Engine::conv, draft);
}

void ConvEmitter::emit_phase(std::size_t chunk_index, std::size_t phase_index, const PixelTile& tile,
                             const TensorBox& out) {
  const Chunk& chunk = chunks_[chunk_index];
  const ConvPhase& phase = step_.phases[phase_index];
  const std::int32_t height = std::min(tile.rows.end, phase.height) - tile.rows.begin;
  const std::int32_t width = std::min(tile.columns.end, phase.width) - tile.columns.begin;
  if (height <= 0 || width <= 0) return;

  Draft draft{.instruction = {.opcode = isa::Opcode::conv}};
  draft[Field::out_height] = height;
  draft[Field::out_width] = width;
  draft[Field::out_blocks] = chunk.blocks.size();
  draft[Field::stride_h] = step_.stride_h;
  draft[Field::stride_w] = step_.stride_w;
  draft[Field::dilation_h] = phase.dilation_h;
  draft[Field::dilation_w] = phase.dilation_w;
  draft[Field::pad_value] = step_.pad_value;
  draft[Field::src_format] = static_cast<std::int64_t>(e_.buffer(step_.inputs.front()).type);
  draft[Field::weight_format] = static_cast<std::int64_t>(step_.weights.type);
  draft[Field::dst_format] = static_cast<std::int64_t>(e_.buffer(step_.output).type);
  draft[Field::dataflow] = static_cast<std::int64_t>(choice_.dataflow);
  ChipView to = e_.write(step_.output, out);
  to.slot += std::int64_t{phase.first_row} * to.pitch + phase.first_column;
  const auto& pieces = chunk.pieces[phase_index];
  for (std::size_t piece = 0; piece < pieces.size(); ++piece) {
    Draft one = draft;
    e_.set_destination(one, to, step_.step_h, step_.step_w);
    if (piece + 1 < pieces.size()) one.count = 0;  // writes nothing yet
    if (piece + 1 == pieces.size() && !step_.operands.empty()) {
      const Part& part = step_.operands[static_cast<std::size_t>(chunk.operand)];
      const std::int32_t first = part.first_block + chunk.operand_block;
      const TensorBox box{.blocks = {first, first + chunk.blocks.size()}, .rows = out.rows, .columns = out.columns};
      e_.set_operand(one, e_.read(TensorRole::operand, chunk.operand, part, box));
      one[Field::use_operand] = 1;
    }
    emit_piece(chunk_index, phase_index, piece, tile, one);
  }
}

void ConvEmitter::emit_tile(std::size_t chunk, const PixelTile& tile) {
  const TensorBox out = output_box(chunks_[chunk], tile);
  for (std::size_t phase = 0; phase < step_.phases.size(); ++phase) emit_phase(chunk, phase, tile, out);
  e_.flush(step_.output, out);
}

void ConvEmitter::run() {
  std::vector<PixelTile> tiles;
  for_ranges(step_.y.out, choice_.tile.rows, [&](Range rows) {
    for_ranges(step_.x.out, choice_.tile.columns, [&](Range columns) { tiles.push_back({rows, columns}); });
  });
  switch (choice_.order) {
    case mapping::LoopOrder::pixels_outer:
      for (const PixelTile& tile : tiles)
        for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk) emit_tile(chunk, tile);
      return;
    case mapping::LoopOrder::channels_outer:
      for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk)
        for (const PixelTile& tile : tiles) emit_tile(chunk, tile);
      return;
  }
}

}  // namespace

void emit_conv(Emitter& emitter, const ConvStep& step) {
  ConvEmitter(emitter, step).run();
}

}  // namespace heddle::codegen
