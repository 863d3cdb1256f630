// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sim/access_check.h"
#include "sim/fast/context.h"
#include "sim/layout.h"

namespace heddle::sim::fast {
namespace {

using isa::Field;
using isa::StencilOp;

/// Slots [begin, end) that enclose a tensor.
struct Extent {
  std::int64_t begin = 0, end = 0;
};

Extent extent(const SlotView& view, std::int64_t blocks, Touched rows, Touched columns) {
  if (rows.begin >= rows.end || columns.begin >= columns.end) return {};
  return {view.slot(0, rows.begin, columns.begin), view.slot(blocks - 1, rows.end - 1, columns.end - 1) + 1};
}

bool overlap(Extent a, Extent b) {
  return a.begin < b.end && b.begin < a.end;
}

/// Stencils that read a slot only for the result that is written to the same slot of an equal view.
bool is_slotwise(const isa::Instruction& i) {
  if (i.opcode != isa::Opcode::stencil || i[Field::src_format] != i[Field::dst_format]) return false;
  const auto op = static_cast<StencilOp>(i[Field::stencil_op]);
  return op == StencilOp::add || op == StencilOp::multiply ||
         (op == StencilOp::identity && i[Field::stride_h] == 1 && i[Field::stride_w] == 1 && i[Field::pad_top] == 0 &&
          i[Field::pad_left] == 0);
}

}  // namespace

bool needs_copy(const isa::Instruction& i, const overlay::Overlay& overlay) {
  const std::int64_t p = overlay.P, n = overlay.N;
  const bool is_conv = i.opcode == isa::Opcode::conv;
  if (is_conv && i[Field::last] == 0) return false;
  const auto op = static_cast<StencilOp>(i[Field::stencil_op]);
  if (!is_conv && op == StencilOp::global_average) return false;
  const std::int64_t channels = i[Field::in_blocks] * lanes(isa::format_type(i[Field::src_format]), n);
  const std::int64_t out_blocks =
      is_conv ? i[Field::out_blocks] : ceil_div(channels, lanes(isa::format_type(i[Field::dst_format]), n));
  const Touched rows{0, i[Field::out_height]}, columns{0, i[Field::out_width]}, one{0, 1};
  const SlotView target = destination_view(i, p);
  const Extent written = extent(target, out_blocks, rows, columns);
  const bool reads_source = is_conv || op != StencilOp::fill;
  if (reads_source && !(is_slotwise(i) && source_view(i, p) == target) &&
      overlap(written, extent(source_view(i, p), i[Field::in_blocks], touched_rows(i), touched_columns(i))))
    return true;
  const bool reads_operand = is_conv ? i[Field::use_operand] != 0 : op == StencilOp::add || op == StencilOp::multiply;
  if (!reads_operand) return false;
  const bool broadcast = !is_conv && i[Field::operand_broadcast] != 0;
  if (!broadcast && (is_conv || is_slotwise(i)) && operand_view(i, p) == target) return false;
  return overlap(written, extent(operand_view(i, p), is_conv ? out_blocks : i[Field::in_blocks], broadcast ? one : rows,
                                 broadcast ? one : columns));
}

}  // namespace heddle::sim::fast
