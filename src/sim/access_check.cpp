// SPDX-License-Identifier: Apache-2.0
#include "sim/access_check.h"

#include <algorithm>
#include <string>

#include "kernels/integer/arithmetic.h"
#include "sim/finding.h"
#include "sim/layout.h"

namespace heddle::sim {
namespace {

using isa::Field;
using isa::StencilOp;

struct Checker {
  const isa::Instruction& i;
  const overlay::Overlay& overlay;
  Diagnostics found;

  void report(const char* code, Field field, std::string message) {
    found.push_back(finding(code, field, std::move(message)));
  }

  void slots(const SlotView& view, std::int64_t blocks, Touched rows, Touched columns, Field field) {
    if (rows.begin >= rows.end || columns.begin >= columns.end) return;
    const std::int64_t last = view.slot(blocks - 1, rows.end - 1, columns.end - 1);
    if (last >= overlay.feature_slots())
      report("machine.features.range", field,
             "slot " + std::to_string(last) + " lies beyond feature memory of " +
                 std::to_string(overlay.feature_slots()) + " slots");
  }

  bool activation(Field field) {
    const DataType type = isa::format_type(i[field]);
    if (type == DataType::i8 || (type == DataType::i16 && overlay.N >= 2)) return true;
    report("machine.format", field, "format code " + std::to_string(i[field]) + " is neither i8 nor i16");
    return false;
  }
};

Touched clipped(std::int64_t first, std::int64_t last, std::int64_t size) {
  return {std::clamp<std::int64_t>(first, 0, size), std::clamp<std::int64_t>(last + 1, 0, size)};
}

Touched resized(std::int64_t start, std::int64_t step, std::int64_t count, std::int64_t size) {
  return {kernels::resize_tap(start, step, 0, size).first,
          kernels::resize_tap(start, step, count - 1, size).second + 1};
}

void check_conv(Checker& c) {
  const isa::Instruction& i = c.i;
  const DataType weight = isa::format_type(i[Field::weight_format]);
  if (weight != DataType::i8 && weight != DataType::i16)
    c.report("machine.format", Field::weight_format,
             "weights of format code " + std::to_string(i[Field::weight_format]) + " are not decoded");
  if (!c.activation(Field::src_format) || !c.activation(Field::dst_format)) return;
  const Touched rows{0, i[Field::out_height]}, columns{0, i[Field::out_width]};
  c.slots(source_view(i, c.overlay.P), i[Field::in_blocks], touched_rows(i), touched_columns(i), Field::src_word);
  if (i[Field::last] == 0) return;
  c.slots(destination_view(i, c.overlay.P), i[Field::out_blocks], rows, columns, Field::dst_word);
  if (i[Field::use_operand] != 0)
    c.slots(operand_view(i, c.overlay.P), i[Field::out_blocks], rows, columns, Field::operand_word);
}

void check_stencil(Checker& c) {
  const isa::Instruction& i = c.i;
  if (!c.activation(Field::src_format) || !c.activation(Field::dst_format)) return;
  const auto op = static_cast<StencilOp>(i[Field::stencil_op]);
  Touched rows{0, i[Field::out_height]}, columns{0, i[Field::out_width]};
  if (op != StencilOp::fill)
    c.slots(source_view(i, c.overlay.P), i[Field::in_blocks], touched_rows(i), touched_columns(i), Field::src_word);
  if (op == StencilOp::add || op == StencilOp::multiply) {
    const Touched one{0, 1};
    const bool broadcast = i[Field::operand_broadcast] != 0;
    c.slots(operand_view(i, c.overlay.P), i[Field::in_blocks], broadcast ? one : rows, broadcast ? one : columns,
            Field::operand_word);
    if (i[Field::src_height] < i[Field::out_height] || i[Field::src_width] < i[Field::out_width])
      c.report("machine.stencil.size", Field::src_height, "the source is smaller than the output");
  }
  if (op == StencilOp::global_average) {
    if (i[Field::last] == 0) return;
    rows = columns = {0, 1};
  }
  const std::int64_t channels = i[Field::in_blocks] * lanes(isa::format_type(i[Field::src_format]), c.overlay.N);
  const std::int64_t blocks = ceil_div(channels, lanes(isa::format_type(i[Field::dst_format]), c.overlay.N));
  c.slots(destination_view(i, c.overlay.P), blocks, rows, columns, Field::dst_word);
}

void check_box(Checker& c) {
  const Touched rows{0, c.i[Field::rows]}, columns{0, c.i[Field::columns]};
  if (c.i.opcode == isa::Opcode::load)
    c.slots(destination_view(c.i, c.overlay.P), c.i[Field::blocks], rows, columns, Field::dst_word);
  else
    c.slots(source_view(c.i, c.overlay.P), c.i[Field::blocks], rows, columns, Field::src_word);
}

/// Rows read by a stencil that is not a window, or nothing for one that is.
bool is_window(const isa::Instruction& i) {
  if (i.opcode != isa::Opcode::stencil) return true;
  switch (static_cast<StencilOp>(i[Field::stencil_op])) {
    case StencilOp::depthwise:
    case StencilOp::maximum:
    case StencilOp::average:
    case StencilOp::identity:
      return true;
    case StencilOp::global_average:
    case StencilOp::nearest:
    case StencilOp::bilinear:
    case StencilOp::add:
    case StencilOp::multiply:
    case StencilOp::fill:
      return false;
  }
  return true;
}

bool is_resize(const isa::Instruction& i) {
  const auto op = static_cast<StencilOp>(i[Field::stencil_op]);
  return i.opcode == isa::Opcode::stencil && (op == StencilOp::nearest || op == StencilOp::bilinear);
}

bool is_global(const isa::Instruction& i) {
  return i.opcode == isa::Opcode::stencil && static_cast<StencilOp>(i[Field::stencil_op]) == StencilOp::global_average;
}

struct Axis {
  Field out, size, kernel, stride, dilation, pad, start, step;
};

Touched touched(const isa::Instruction& i, const Axis& a) {
  const std::int64_t size = i[a.size], out = i[a.out];
  if (is_global(i)) return {0, size};
  if (is_resize(i)) return resized(i[a.start], i[a.step], out, size);
  if (!is_window(i)) return {0, out};
  return clipped(-i[a.pad], (out - 1) * i[a.stride] - i[a.pad] + (i[a.kernel] - 1) * i[a.dilation], size);
}

}  // namespace

std::int64_t ddr_end(const isa::Instruction& instruction, std::int64_t slot_bytes) {
  const std::int64_t last = (instruction[Field::blocks] - 1) * instruction[Field::ddr_plane] +
                            (instruction[Field::rows] - 1) * instruction[Field::ddr_row] + instruction[Field::columns];
  return instruction[Field::ddr_offset] + last * slot_bytes;
}

Touched touched_rows(const isa::Instruction& instruction) {
  return touched(instruction, {Field::out_height, Field::src_height, Field::kernel_h, Field::stride_h,
                               Field::dilation_h, Field::pad_top, Field::start_y, Field::step_y});
}

Touched touched_columns(const isa::Instruction& instruction) {
  return touched(instruction, {Field::out_width, Field::src_width, Field::kernel_w, Field::stride_w, Field::dilation_w,
                               Field::pad_left, Field::start_x, Field::step_x});
}

Diagnostics check_access(const isa::Instruction& instruction, const overlay::Overlay& overlay) {
  Checker checker{instruction, overlay, {}};
  switch (instruction.opcode) {
    case isa::Opcode::conv:
      check_conv(checker);
      break;
    case isa::Opcode::stencil:
      check_stencil(checker);
      break;
    case isa::Opcode::load:
    case isa::Opcode::save:
      check_box(checker);
      break;
    case isa::Opcode::end:
    case isa::Opcode::fence:
    case isa::Opcode::load_const:
      break;
  }
  return std::move(checker.found);
}

}  // namespace heddle::sim
