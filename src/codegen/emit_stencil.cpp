// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "codegen/emitter.h"
#include "codegen/weights.h"

namespace heddle::codegen {
namespace {

using isa::Field;
using isa::StencilOp;
using mapping::Range;
using mapping::TensorRole;

class StencilEmitter {
 public:
  StencilEmitter(Emitter& emitter, const StencilStep& step)
      : e_(emitter), step_(step), choice_(emitter.place().choice) {}

  void run();

 private:
  [[nodiscard]] Draft draft_for(Range blocks) const;
  [[nodiscard]] Range out_blocks(Range blocks) const;
  [[nodiscard]] TensorBox output_box(Range blocks, Range rows, Range columns) const;
  void set_constants(Draft& draft, Range blocks);
  void set_source(Draft& draft, Range blocks, Range rows, Range columns);
  void set_operand(Draft& draft, Range blocks, Range rows, Range columns);
  void set_window(Draft& draft, Range rows, Range columns) const;
  void emit_tile(Range blocks, Range rows, Range columns);
  void emit_sums(Range blocks);

  Emitter& e_;
  const StencilStep& step_;
  const mapping::Choice& choice_;
};

Range shifted(Range range, std::int32_t by) {
  return {range.begin + by, range.end + by};
}

/// Blocks of the output that hold these blocks of the input.
Range StencilEmitter::out_blocks(Range blocks) const {
  const std::int32_t in = e_.lanes(e_.buffer(step_.input).type), out = e_.lanes(e_.buffer(step_.output).type);
  return {blocks.begin * in / out, (blocks.end * in + out - 1) / out};
}

TensorBox StencilEmitter::output_box(Range blocks, Range rows, Range columns) const {
  return {.blocks = shifted(out_blocks(blocks), step_.output.first_block),
          .rows = shifted(rows, step_.out_row),
          .columns = shifted(columns, step_.out_column)};
}

Draft StencilEmitter::draft_for(Range blocks) const {
  Draft draft{.instruction = {.opcode = isa::Opcode::stencil}};
  draft[Field::stencil_op] = static_cast<std::int64_t>(step_.op);
  draft[Field::in_blocks] = blocks.size();
  draft[Field::src_format] = static_cast<std::int64_t>(e_.buffer(step_.input).type);
  draft[Field::dst_format] = static_cast<std::int64_t>(e_.buffer(step_.output).type);
  draft[Field::kernel_h] = draft[Field::kernel_w] = 1;
  draft[Field::stride_h] = draft[Field::stride_w] = 1;
  draft[Field::dilation_h] = draft[Field::dilation_w] = 1;
  draft[Field::src_height] = draft[Field::src_width] = 1;
  draft[Field::first] = draft[Field::last] = 1;
  draft[Field::pad_value] = step_.pad_value;
  return draft;
}

/// Post parameters (of every instruction that drains), the table that they name, and depthwise coefficients.
void StencilEmitter::set_constants(Draft& draft, Range blocks) {
  const ConstantKey key{.step = e_.step(), .chunk = blocks.begin};
  if (draft[Field::last] != 0) {
    const auto [number, region] = e_.table(step_.post.table);
    const int table = number;
    const Resident params =
        e_.constants(isa::Space::stencil_params).require(key, e_.layer(), [&](std::vector<std::byte>& to) {
          pack_post(step_.post, step_.channels.of_blocks(blocks.begin, blocks.size()), table, to);
        });
    draft[Field::param_address] = params.address;
    draft.touch(params.region, {}, false);
    if (number >= 0) draft.touch(region, {}, false);
  }
  if (step_.op != StencilOp::depthwise) return;
  const Resident coefficients =
      e_.constants(isa::Space::coefficients).require(key, e_.layer(), [&](std::vector<std::byte>& to) {
        pack_coefficients(e_.overlay(), step_, blocks, to);
      });
  draft[Field::coefficient_address] = coefficients.address;
  draft.touch(coefficients.region, {}, false);
}

void StencilEmitter::set_source(Draft& draft, Range blocks, Range rows, Range columns) {
  const TensorBox box{shifted(blocks, step_.input.first_block), rows, columns};
  e_.set_source(draft, e_.read(TensorRole::input, 0, step_.input, box), rows.size(), columns.size());
}

void StencilEmitter::set_operand(Draft& draft, Range blocks, Range rows, Range columns) {
  if (!step_.operand) return;
  const Range pixel{0, 1};
  const TensorBox box{shifted(blocks, step_.operand->first_block), step_.broadcast ? pixel : rows,
                      step_.broadcast ? pixel : columns};
  e_.set_operand(draft, e_.read(TensorRole::operand, 0, *step_.operand, box));
  draft[Field::operand_broadcast] = step_.broadcast ? 1 : 0;
}

/// Where output (0, 0) of the tile finds its first tap, counted from the first row and column that the source has.
void StencilEmitter::set_window(Draft& draft, Range rows, Range columns) const {
  const Range source_rows = mapping::source_range(step_.y, rows);
  const Range source_columns = mapping::source_range(step_.x, columns);
  if (step_.y.kind == mapping::Axis::Kind::resize) {
    const auto start = [](const mapping::Axis& axis, std::int32_t out, std::int32_t source) {
      // A start behind the last pixel means "the last pixel", however far behind.
      constexpr std::int64_t kLargest = (std::int64_t{1} << 27) - 1;
      return std::min(kLargest, axis.start + out * axis.step - (std::int64_t{source} << 16));
    };
    draft[Field::start_y] = start(step_.y, rows.begin, source_rows.begin);
    draft[Field::start_x] = start(step_.x, columns.begin, source_columns.begin);
    draft[Field::step_y] = step_.y.step;
    draft[Field::step_x] = step_.x.step;
    return;
  }
  draft[Field::kernel_h] = step_.kernel_h;
  draft[Field::kernel_w] = step_.kernel_w;
  draft[Field::dilation_h] = step_.dilation_h;
  draft[Field::dilation_w] = step_.dilation_w;
  draft[Field::stride_h] = step_.y.stride;
  draft[Field::stride_w] = step_.x.stride;
  draft[Field::pad_top] = source_rows.begin - step_.y.first - std::int64_t{rows.begin} * step_.y.stride;
  draft[Field::pad_left] = source_columns.begin - step_.x.first - std::int64_t{columns.begin} * step_.x.stride;
}

void StencilEmitter::emit_tile(Range blocks, Range rows, Range columns) {
  Draft draft = draft_for(blocks);
  set_constants(draft, blocks);
  if (step_.op != StencilOp::fill) {
    set_source(draft, blocks, mapping::source_range(step_.y, rows), mapping::source_range(step_.x, columns));
    set_operand(draft, blocks, rows, columns);
    set_window(draft, rows, columns);
  }
  const TensorBox out = output_box(blocks, rows, columns);
  e_.set_destination(draft, e_.write(step_.output, out), 1, 1);
  draft[Field::out_height] = rows.size();
  draft[Field::out_width] = columns.size();
  e_.add(isa::Engine::stencil, draft);
  e_.flush(step_.output, out);
}

/// Global average: tiles of the input add to sums that the unit keeps until the last one drains them.
void StencilEmitter::emit_sums(Range blocks) {
  std::vector<TensorBox> tiles;
  for_ranges(step_.y.in, choice_.tile.rows, [&](Range rows) {
    for_ranges(step_.x.in, choice_.tile.columns, [&](Range columns) { tiles.push_back({blocks, rows, columns}); });
  });
  const TensorBox out = output_box(blocks, {0, 1}, {0, 1});
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const bool last = i + 1 == tiles.size();
    Draft draft = draft_for(blocks);
    draft[Field::first] = i == 0 ? 1 : 0;
    draft[Field::last] = last ? 1 : 0;
    draft[Field::out_height] = draft[Field::out_width] = 1;
    draft[Field::dst_step] = 1;
    set_constants(draft, blocks);
    set_source(draft, blocks, tiles[i].rows, tiles[i].columns);
    if (last) e_.set_destination(draft, e_.write(step_.output, out), 1, 1);
    e_.add(isa::Engine::stencil, draft);
  }
  e_.flush(step_.output, out);
}

void StencilEmitter::run() {
  for_ranges(step_.input.blocks, choice_.tile.in_blocks, [&](Range blocks) {
    if (step_.op == StencilOp::global_average) return emit_sums(blocks);
    for_ranges(step_.y.out, choice_.tile.rows, [&](Range rows) {
      for_ranges(step_.x.out, choice_.tile.columns, [&](Range columns) { emit_tile(blocks, rows, columns); });
    });
  });
}

}  // namespace

void emit_stencil(Emitter& emitter, const StencilStep& step) {
  StencilEmitter(emitter, step).run();
}

}  // namespace heddle::codegen
