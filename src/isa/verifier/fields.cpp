// SPDX-License-Identifier: Apache-2.0
// Rules between the fields of one instruction, and between fields and overlay. Ranges of single fields are `decode`'s.
#include <fmt/format.h>

#include <algorithm>

#include "isa/names.h"
#include "isa/verifier/context.h"

namespace heddle::isa::verifier {
namespace {

/// One instruction under test.
struct Subject {
  Context& context;
  Place place;
  const Instruction& i;

  void refuse(const char* code, Field field, std::string message, std::string hint = "") {
    context.add(place, code, name(field), std::move(message), std::move(hint));
  }
  /// `field` must be `value`, for the reason.
  void equal(Field field, std::int64_t value, std::string_view why) {
    if (i[field] != value)
      refuse("isa.size", field,
             fmt::format("is {}; it must be {} ({})", value_text(field, i[field]), value_text(field, value), why));
  }
  void unit(const char* unit, std::string_view what) {
    if (!context.overlay.has_unit(unit))
      refuse("isa.unit", Field::stencil_op,
             fmt::format("{} needs the unit '{}', which overlay '{}' lacks", what, unit, context.overlay.name));
  }
};

void check_bank(Subject& s, Field field) {
  if (s.i[field] >= s.context.overlay.P)
    s.refuse("isa.bank", field, fmt::format("is {}; the overlay has P = {} banks", s.i[field], s.context.overlay.P));
}

bool check_activation(Subject& s, Field field) {
  const DataType type = format_type(s.i[field]);
  if (type == DataType::i8 || type == DataType::i16) return true;
  s.refuse("isa.format", field, fmt::format("is {}; the integer overlay computes with i8 and i16", name(type)));
  return false;
}

void check_pad_value(Subject& s) {
  if (format_type(s.i[Field::src_format]) == DataType::i8 &&
      (s.i[Field::pad_value] < -128 || s.i[Field::pad_value] > 127))
    s.refuse("isa.format", Field::pad_value, fmt::format("is {}, which is no i8", s.i[Field::pad_value]));
}

/// DDR side of load, save and load_const.
void check_base(Subject& s, bool write) {
  const std::int64_t base = s.i[Field::ddr_base];
  const bool legal = write ? base == kScratch || base == kOutputs : base <= kOutputs;
  if (!legal)
    s.refuse("isa.base", Field::ddr_base,
             write ? fmt::format("is {}; only scratch (1) and outputs (3) may be written", base)
                   : fmt::format("is {}; registers 0 (constants) to 3 (outputs) have a meaning", base));
}

void check_move(Subject& s) {
  const bool is_load = s.i.opcode == Opcode::load;
  check_base(s, !is_load);
  check_bank(s, is_load ? Field::dst_bank : Field::src_bank);
  if (s.i[Field::ddr_offset] % s.context.overlay.N != 0)
    s.refuse(
        "isa.alignment", Field::ddr_offset,
        fmt::format("is {}; it must be a multiple of the slot, {} bytes", s.i[Field::ddr_offset], s.context.overlay.N));
}

void check_load_const(Subject& s) {
  if (s.i[Field::ddr_base] != kConstants)
    s.refuse("isa.base", Field::ddr_base,
             fmt::format("is {}; weights and parameters come from the constants (0)", s.i[Field::ddr_base]));
  if (const std::int64_t alignment = constant_alignment(s.context.overlay); s.i[Field::ddr_offset] % alignment != 0)
    s.refuse("isa.alignment", Field::ddr_offset,
             fmt::format("is {}; it must be a multiple of {}", s.i[Field::ddr_offset], alignment));
  const auto space = static_cast<Space>(s.i[Field::space]);
  const std::int64_t word = word_bytes(s.context.overlay, space);
  if (space != Space::weights && s.i[Field::bytes] % word != 0)
    s.refuse("isa.alignment", Field::bytes,
             fmt::format("is {}; it must be a multiple of {}, a word of {}", s.i[Field::bytes], word, name(space)));
}

void check_weight_format(Subject& s) {
  const DataType type = format_type(s.i[Field::weight_format]);
  const auto& widths = s.context.overlay.weight_bits;
  if (type != DataType::i8 && type != DataType::i16)
    s.refuse("isa.format", Field::weight_format, fmt::format("is {}; legal are i8, i16", name(type)));
  else if (std::find(widths.begin(), widths.end(), bits(type)) == widths.end())
    s.refuse("isa.format", Field::weight_format,
             fmt::format("is {}, but the weight decoder of overlay '{}' has no {} bits", name(type),
                         s.context.overlay.name, bits(type)));
}

/// Parameter memories are read in pairs of words.
void check_parameters(Subject& s) {
  if (s.i[Field::param_address] % 2 != 0)
    s.refuse("isa.alignment", Field::param_address, fmt::format("is {}; it must be even", s.i[Field::param_address]));
}

void check_conv(Subject& s) {
  check_bank(s, Field::src_bank);
  check_bank(s, Field::dst_bank);
  check_bank(s, Field::operand_bank);
  check_parameters(s);
  check_weight_format(s);
  if (!check_activation(s, Field::dst_format) || !check_activation(s, Field::src_format)) return;
  check_pad_value(s);
  if (s.i[Field::first] != 0 && s.i[Field::last] != 0) return;
  const auto& o = s.context.overlay;
  const auto ceil_div = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  const std::int64_t groups = ceil_div(s.i[Field::out_height] * s.i[Field::out_width], o.P);
  const std::int64_t blocks = ceil_div(result_channels(s.i, o), o.M);
  if (groups * blocks > o.acc_depth)
    s.refuse("isa.accumulators", s.i[Field::first] != 0 ? Field::last : Field::first,
             fmt::format("keeps {} pixel groups x {} blocks; there are {} accumulators", groups, blocks, o.acc_depth));
}

void same_size(Subject& s) {
  s.equal(Field::src_height, s.i[Field::out_height], "source and output have one size");
  s.equal(Field::src_width, s.i[Field::out_width], "source and output have one size");
}

void check_stencil_op(Subject& s) {
  switch (static_cast<StencilOp>(s.i[Field::stencil_op])) {
    case StencilOp::depthwise:
    case StencilOp::maximum:
    case StencilOp::fill:
      return;
    case StencilOp::average:
      return s.unit("average", "average");
    case StencilOp::global_average:
      s.unit("average", "global_average");
      s.equal(Field::out_height, 1, "global_average has one result a channel");
      s.equal(Field::out_width, 1, "global_average has one result a channel");
      return;
    case StencilOp::nearest:
      return s.unit("upsample", "nearest");
    case StencilOp::bilinear:
      return s.unit("upsample", "bilinear");
    case StencilOp::multiply:
      s.unit("multiply", "multiply");
      return same_size(s);
    case StencilOp::add:
      return same_size(s);
    case StencilOp::identity:
      s.equal(Field::kernel_h, 1, "identity");
      s.equal(Field::kernel_w, 1, "identity");
      return;
  }
}

void check_stencil(Subject& s) {
  check_bank(s, Field::src_bank);
  check_bank(s, Field::dst_bank);
  check_bank(s, Field::operand_bank);
  check_parameters(s);
  if (!check_activation(s, Field::dst_format) || !check_activation(s, Field::src_format)) return;
  check_pad_value(s);
  check_stencil_op(s);
  const bool keeps = s.i[Field::first] == 0 || s.i[Field::last] == 0;
  const bool global = static_cast<StencilOp>(s.i[Field::stencil_op]) == StencilOp::global_average;
  const std::int64_t channels = result_channels(s.i, s.context.overlay);
  if (global && keeps && channels > 4096)
    s.refuse("isa.accumulators", Field::in_blocks, fmt::format("keeps sums of {} channels; there are 4096", channels));
}

void check_instruction(Subject& s) {
  switch (s.i.opcode) {
    case Opcode::end:
    case Opcode::fence:
      return s.equal(Field::overlap, 0, "it is executed when the engine is idle");
    case Opcode::load:
    case Opcode::save:
      return check_move(s);
    case Opcode::load_const:
      return check_load_const(s);
    case Opcode::conv:
      return check_conv(s);
    case Opcode::stencil:
      return check_stencil(s);
  }
}

}  // namespace

void check_fields(Context& c) {
  for (const Engine engine : kAllEngines) {
    const auto& stream = c.streams[static_cast<std::size_t>(engine)];
    for (std::size_t index = 0; index < stream.size() && !c.full(); ++index) {
      Subject subject{c, {engine, index}, stream[index]};
      check_instruction(subject);
    }
  }
}

}  // namespace heddle::isa::verifier
