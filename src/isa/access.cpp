// SPDX-License-Identifier: Apache-2.0
#include "isa/access.h"

#include <algorithm>
#include <numeric>

#include "kernels/integer/arithmetic.h"

namespace heddle::isa {
namespace {

using overlay::Overlay;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Coordinates first, first + step, … (count of them) along one axis; count 0: all taps are padding.
struct Span {
  std::int64_t first = 0, count = 0, step = 1;
};

/// Positions o·stride − pad + k·dilation inside [0, size): multiples of gcd(stride, dilation) away from −pad.
Span window_span(std::int64_t size, std::int64_t out, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                 std::int64_t pad) {
  const std::int64_t step =
      std::max<std::int64_t>(std::gcd(out > 1 ? stride : 0, kernel > 1 ? dilation : 0), std::int64_t{1});
  const std::int64_t last = std::min(size - 1, (out - 1) * stride + (kernel - 1) * dilation - pad);
  const std::int64_t first = pad <= 0 ? -pad : ceil_div(pad, step) * step - pad;
  if (first > last) return {};
  return {first, (last - first) / step + 1, step};
}

Span resize_span(std::int64_t size, std::int64_t out, std::int64_t start, std::int64_t step) {
  const std::int64_t first = kernels::resize_tap(start, step, 0, size).first;
  const std::int64_t last = kernels::resize_tap(start, step, out - 1, size).second;
  return {first, last - first + 1, 1};
}

SlotBox box(const Instruction& i, const Overlay& o, Field word, std::int64_t blocks, Span rows, Span columns) {
  // The fields of a tensor stand in the same order for source, operand and destination.
  const auto at = [&](int offset) {
    return i.values[static_cast<std::size_t>(word) + static_cast<std::size_t>(offset)];
  };
  if (rows.count == 0 || columns.count == 0) return {};
  const std::int64_t pitch = at(2);
  return {.first = at(0) * o.P + at(1) + rows.first * pitch + columns.first,
          .blocks = blocks,
          .block_stride = at(3) * o.P,
          .rows = rows.count,
          .row_stride = rows.step * pitch,
          .columns = columns.count,
          .step = columns.step};
}

SlotBox output_box(const Instruction& i, const Overlay& o, std::int64_t blocks) {
  SlotBox b = box(i, o, Field::dst_word, blocks, {0, i[Field::out_height], 1}, {0, i[Field::out_width], 1});
  b.step = i[Field::dst_step];
  return b;
}

DdrBox ddr_box(const Instruction& i, const Overlay& o) {
  return {.base = static_cast<std::uint8_t>(i[Field::ddr_base]),
          .offset = i[Field::ddr_offset],
          .blocks = i[Field::blocks],
          .block_stride = i[Field::ddr_plane] * o.N,
          .rows = i[Field::rows],
          .row_stride = i[Field::ddr_row] * o.N,
          .run = i[Field::columns] * o.N};
}

void move_accesses(const Instruction& i, const Overlay& o, Accesses& a) {
  const bool is_load = i.opcode == Opcode::load;
  (is_load ? a.destination : a.source) = box(i, o, is_load ? Field::dst_word : Field::src_word, i[Field::blocks],
                                             {0, i[Field::rows], 1}, {0, i[Field::columns], 1});
  a.ddr = ddr_box(i, o);
  a.ddr_write = !is_load;
}

void load_const_accesses(const Instruction& i, const Overlay& o, Accesses& a) {
  const auto space = static_cast<Space>(i[Field::space]);
  a.loaded = {space, i[Field::address], ceil_div(i[Field::bytes], word_bytes(o, space))};
  a.ddr = {.base = static_cast<std::uint8_t>(i[Field::ddr_base]),
           .offset = i[Field::ddr_offset],
           .blocks = 1,
           .run = i[Field::bytes]};
}

/// The post descriptor, the words of the channels, and the table that the descriptor names.
void post_accesses(const Instruction& i, const Overlay& o, const PostDescriptor* descriptor, Accesses& a) {
  const Space space = i.opcode == Opcode::conv ? Space::conv_params : Space::stencil_params;
  std::int64_t words = drains(i) ? result_channels(i, o) : 0;
  if (descriptor != nullptr && (descriptor->flags & 1) != 0) words = std::min<std::int64_t>(words, 1);
  a.parameters = {space, i[Field::param_address], 2 + words};
  if (descriptor != nullptr && descriptor->table != 0 && drains(i)) a.table = {Space::tables, descriptor->table - 1, 1};
}

std::int64_t weight_words(const Instruction& i, const Overlay& o) {
  const std::int64_t out = ceil_div(result_channels(i, o), o.M);
  const std::int64_t in = ceil_div(i[Field::in_blocks] * lanes(o, format_type(i[Field::src_format])), o.N);
  const std::int64_t elements = out * i[Field::kernel_h] * i[Field::kernel_w] * in * o.M * o.N;
  const std::int64_t bytes = ceil_div(elements * bits(format_type(i[Field::weight_format])), 8);
  return ceil_div(bytes, o.weight_word_bytes());
}

Span window_rows(const Instruction& i) {
  return window_span(i[Field::src_height], i[Field::out_height], i[Field::kernel_h], i[Field::stride_h],
                     std::max<std::int64_t>(i[Field::dilation_h], 1), i[Field::pad_top]);
}

Span window_columns(const Instruction& i) {
  return window_span(i[Field::src_width], i[Field::out_width], i[Field::kernel_w], i[Field::stride_w],
                     std::max<std::int64_t>(i[Field::dilation_w], 1), i[Field::pad_left]);
}

void conv_accesses(const Instruction& i, const Overlay& o, const PostDescriptor* descriptor, Accesses& a) {
  a.source = box(i, o, Field::src_word, i[Field::in_blocks], window_rows(i), window_columns(i));
  a.weights = {Space::weights, i[Field::weight_address], weight_words(i, o)};
  if (i[Field::last] == 0) return;
  a.destination = output_box(i, o, i[Field::out_blocks]);
  post_accesses(i, o, descriptor, a);
  if (i[Field::use_operand] != 0)
    a.operand =
        box(i, o, Field::operand_word, i[Field::out_blocks], {0, i[Field::out_height], 1}, {0, i[Field::out_width], 1});
}

SlotBox stencil_source(const Instruction& i, const Overlay& o) {
  const Span all_rows{0, i[Field::src_height], 1}, all_columns{0, i[Field::src_width], 1};
  const auto read = [&](Span rows, Span columns) {
    return box(i, o, Field::src_word, i[Field::in_blocks], rows, columns);
  };
  switch (static_cast<StencilOp>(i[Field::stencil_op])) {
    case StencilOp::depthwise:
    case StencilOp::maximum:
    case StencilOp::average:
    case StencilOp::identity:
      return read(window_rows(i), window_columns(i));
    case StencilOp::global_average:
    case StencilOp::add:
    case StencilOp::multiply:
      return read(all_rows, all_columns);
    case StencilOp::nearest:
    case StencilOp::bilinear:
      return read(resize_span(i[Field::src_height], i[Field::out_height], i[Field::start_y], i[Field::step_y]),
                  resize_span(i[Field::src_width], i[Field::out_width], i[Field::start_x], i[Field::step_x]));
    case StencilOp::fill:
      return {};
  }
  return {};
}

void stencil_accesses(const Instruction& i, const Overlay& o, const PostDescriptor* descriptor, Accesses& a) {
  const auto op = static_cast<StencilOp>(i[Field::stencil_op]);
  a.source = stencil_source(i, o);
  if (has_operand(op)) {
    const bool one = i[Field::operand_broadcast] != 0;
    a.operand = box(i, o, Field::operand_word, i[Field::in_blocks], {0, one ? 1 : i[Field::out_height], 1},
                    {0, one ? 1 : i[Field::out_width], 1});
  }
  if (op == StencilOp::depthwise)
    a.coefficients = {Space::coefficients, i[Field::coefficient_address],
                      i[Field::in_blocks] * i[Field::kernel_h] * i[Field::kernel_w]};
  if (op == StencilOp::global_average && i[Field::last] == 0) return;
  a.destination = output_box(i, o, ceil_div(result_channels(i, o), lanes(o, format_type(i[Field::dst_format]))));
  post_accesses(i, o, descriptor, a);
}

}  // namespace

std::int64_t lanes(const Overlay& overlay, DataType type) {
  return bits(type) > 8 ? overlay.N / 2 : overlay.N;
}

std::int64_t word_bytes(const Overlay& overlay, Space space) {
  switch (space) {
    case Space::weights:
      return overlay.weight_word_bytes();
    case Space::conv_params:
    case Space::stencil_params:
      return std::int64_t{kParamWordBytes};
    case Space::coefficients:
      return std::int64_t{2} * overlay.N;
    case Space::tables:
      return std::int64_t{kTableBytes};
  }
  return 1;
}

std::int64_t word_count(const Overlay& overlay, Space space) {
  switch (space) {
    case Space::weights:
      return overlay.weight_words;
    case Space::conv_params:
      return overlay.param_words;
    case Space::stencil_params:
      return overlay.stencil_param_words;
    case Space::coefficients:
      return overlay.coefficient_words;
    case Space::tables:
      return overlay.tables;
  }
  return 0;
}

std::int64_t constant_alignment(const Overlay& overlay) {
  return std::max(16, overlay.axi_bytes);
}

bool executes(Engine engine, Opcode opcode) {
  switch (opcode) {
    case Opcode::end:
    case Opcode::fence:
      return true;
    case Opcode::load:
      return engine == Engine::load_features;
    case Opcode::load_const:
      return engine == Engine::load_weights;
    case Opcode::conv:
      return engine == Engine::conv;
    case Opcode::stencil:
      return engine == Engine::stencil;
    case Opcode::save:
      return engine == Engine::save;
  }
  return false;
}

std::int64_t result_channels(const Instruction& i, const Overlay& o) {
  if (i.opcode == Opcode::conv) return i[Field::out_blocks] * lanes(o, format_type(i[Field::dst_format]));
  return i[Field::in_blocks] * lanes(o, format_type(i[Field::src_format]));
}

bool has_operand(StencilOp op) {
  return op == StencilOp::add || op == StencilOp::multiply;
}

bool drains(const Instruction& i) {
  return !(i.opcode == Opcode::stencil && static_cast<StencilOp>(i[Field::stencil_op]) == StencilOp::add);
}

Accesses accesses(const Instruction& instruction, const Overlay& overlay, const PostDescriptor* descriptor) {
  Accesses a;
  switch (instruction.opcode) {
    case Opcode::end:
    case Opcode::fence:
      break;
    case Opcode::load:
    case Opcode::save:
      move_accesses(instruction, overlay, a);
      break;
    case Opcode::load_const:
      load_const_accesses(instruction, overlay, a);
      break;
    case Opcode::conv:
      conv_accesses(instruction, overlay, descriptor, a);
      break;
    case Opcode::stencil:
      stencil_accesses(instruction, overlay, descriptor, a);
      break;
  }
  return a;
}

}  // namespace heddle::isa
