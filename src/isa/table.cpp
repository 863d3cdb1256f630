// SPDX-License-Identifier: Apache-2.0
// The one table of instruction formats. Semantics are written out in docs/isa.md's preamble (docs/isa_semantics.md).
#include <algorithm>
#include <array>

#include "isa/instruction.h"

namespace heddle::isa {
namespace {

constexpr std::int64_t up_to(int width) {
  return (std::int64_t{1} << width) - 1;
}

constexpr FieldSpec number(Field f, int width, std::string_view unit, std::string_view doc) {
  return {f, width, false, 0, up_to(width), unit, doc};
}
/// A count from 1 to `high`.
constexpr FieldSpec count(Field f, int width, std::string_view unit, std::string_view doc) {
  return {f, width, false, 1, up_to(width), unit, doc};
}
constexpr FieldSpec choice(Field f, int width, std::int64_t high, std::string_view doc) {
  return {f, width, false, 0, high, "", doc};
}
constexpr FieldSpec signed_number(Field f, int width, std::string_view unit, std::string_view doc) {
  return {f, width, true, -(std::int64_t{1} << (width - 1)), up_to(width - 1), unit, doc};
}
constexpr FieldSpec type(Field f, std::string_view doc) {
  return {f, 5, false, 1, 7, "type", doc};
}

constexpr std::array kHeader{
    number(Field::wait0, 6, "semaphore", "decremented before the instruction starts, waiting while it is 0; 0: none"),
    number(Field::wait1, 6, "semaphore", "second wait"),
    number(Field::signal0, 6, "semaphore", "incremented when all effects of the instruction are visible; 0: none"),
    number(Field::signal1, 6, "semaphore", "second signal"),
    choice(Field::overlap, 1, 1,
           "1: may start while the engine's previous instruction is in execution; 0: starts when all effects of the "
           "engine's earlier instructions are visible"),
};

// One pixel of one channel block is a slot. Slot (block b, row y, column x) of a tensor lies at slot index
// (word·P + bank) + b·plane·P + y·pitch + x; slot s is word s div P of bank s mod P.
constexpr std::array kSource{
    number(Field::src_word, 20, "word", "word of slot (0, 0, 0)"),
    number(Field::src_bank, 5, "bank", "bank of slot (0, 0, 0); less than P"),
    number(Field::src_pitch, 14, "slots", "from one row to the next"),
    number(Field::src_plane, 18, "words", "from one channel block to the next"),
};
constexpr std::array kSourceSize{
    count(Field::src_height, 13, "rows", "rows that may be read; beyond them is padding"),
    count(Field::src_width, 13, "pixels", "columns that may be read; beyond them is padding"),
};
constexpr std::array kOperand{
    number(Field::operand_word, 20, "word", "second operand: word of slot (0, 0, 0)"),
    number(Field::operand_bank, 5, "bank", "second operand: bank"),
    number(Field::operand_pitch, 14, "slots", "second operand: row pitch"),
    number(Field::operand_plane, 18, "words", "second operand: block stride"),
};
constexpr std::array kDestination{
    number(Field::dst_word, 20, "word", "word of output slot (0, 0, 0)"),
    number(Field::dst_bank, 5, "bank", "bank of output slot (0, 0, 0)"),
    number(Field::dst_pitch, 14, "slots", "from one output row to the next"),
    number(Field::dst_plane, 18, "words", "from one output block to the next"),
    count(Field::dst_step, 4, "slots", "from one output pixel to the next (phases of transposed convolution)"),
    count(Field::out_height, 13, "rows", "output rows"),
    count(Field::out_width, 13, "pixels", "output columns"),
};
constexpr std::array kWindow{
    count(Field::kernel_h, 6, "taps", "kernel rows"),
    count(Field::kernel_w, 6, "taps", "kernel columns"),
    count(Field::stride_h, 4, "rows", "vertical stride"),
    count(Field::stride_w, 4, "pixels", "horizontal stride"),
    count(Field::dilation_h, 6, "rows", "vertical dilation"),
    count(Field::dilation_w, 6, "pixels", "horizontal dilation"),
    signed_number(Field::pad_top, 12, "rows", "source row of output row o, tap k: o·stride_h − pad_top + k·dilation_h"),
    signed_number(Field::pad_left, 12, "pixels", "the same for columns"),
    signed_number(Field::pad_value, 16, "", "element that stands for a real 0 outside the source"),
};
constexpr std::array kDdrBox{
    number(Field::ddr_base, 4, "register", "DDR base register"),
    number(Field::ddr_offset, 40, "bytes", "offset of slot (0, 0, 0) from the base register; a multiple of the slot"),
    number(Field::ddr_row, 26, "slots", "from one row to the next in DDR"),
    number(Field::ddr_plane, 32, "slots", "from one channel block to the next in DDR"),
    count(Field::blocks, 13, "blocks", "channel blocks of the box"),
    count(Field::rows, 13, "rows", "rows of the box"),
    count(Field::columns, 13, "pixels", "columns of the box"),
};

template <std::size_t... Sizes>
constexpr auto join(const std::array<FieldSpec, Sizes>&... parts) {
  std::array<FieldSpec, (Sizes + ...)> all{};
  auto out = all.begin();
  ((out = std::copy(parts.begin(), parts.end(), out)), ...);
  return all;
}

constexpr auto kLoad =
    join(kHeader, kDdrBox, std::array{kDestination[0], kDestination[1], kDestination[2], kDestination[3]});
constexpr auto kSave = join(kHeader, kDdrBox, kSource);
constexpr auto kLoadConst =
    join(kHeader, std::array{number(Field::ddr_base, 4, "register", "DDR base register"),
                             number(Field::ddr_offset, 40, "bytes", "a multiple of 16 and of an AXI beat"),
                             count(Field::bytes, 26, "bytes", "length"),
                             choice(Field::space, 3, 4,
                                    "destination memory (weights, conv_params, stencil_params, "
                                    "coefficients, tables)"),
                             number(Field::address, 24, "words", "first word of that memory (tables: table number)")});
constexpr auto kConv = join(
    kHeader, kSource, kSourceSize, kOperand, kDestination, kWindow,
    std::array{count(Field::in_blocks, 13, "blocks", "input channel blocks of the source type"),
               count(Field::out_blocks, 13, "blocks", "output channel blocks of the destination type"),
               type(Field::src_format, "activation type"), type(Field::weight_format, "logical weight type"),
               type(Field::dst_format, "output type"),
               choice(Field::encoding, 3, 0, "stored encoding of the weights; 0: dense at the logical width"),
               choice(Field::algorithm, 3, 0, "0: direct (implicit im2col)"),
               choice(Field::dataflow, 2, 2, "loop order: output, weight or input stationary"),
               choice(Field::first, 1, 1, "start the accumulators at 0 (otherwise go on from the last CONV)"),
               choice(Field::last, 1, 1, "drain through POST (otherwise keep the accumulators)"),
               choice(Field::use_operand, 1, 1, "residual add of the second operand behind the requantiser"),
               number(Field::weight_address, 24, "words", "first word in weight memory"),
               number(Field::param_address, 14, "words", "even: descriptor (2 words), then one per output channel")});
constexpr auto kStencil =
    join(kHeader, kSource, kSourceSize, kOperand,
         std::array{choice(Field::operand_broadcast, 1, 1, "the second operand is one pixel for all")}, kDestination,
         std::array{kWindow[0], kWindow[1], kWindow[2], kWindow[3], kWindow[4], kWindow[5], kWindow[8]},
         std::array{signed_number(Field::pad_top, 12, "rows", "as for conv"),
                    signed_number(Field::pad_left, 12, "pixels", "as for conv"),
                    count(Field::in_blocks, 13, "blocks", "channel blocks of the source type"),
                    type(Field::src_format, "activation type"), type(Field::dst_format, "output type"),
                    choice(Field::stencil_op, 4, 9, "what is computed of a window"),
                    choice(Field::first, 1, 1, "global_average: start the sums at 0"),
                    choice(Field::last, 1, 1, "global_average: drain the sums"),
                    number(Field::param_address, 14, "words", "even: descriptor (2 words), then one per channel"),
                    number(Field::coefficient_address, 16, "words", "depthwise weights, one word per (block, tap)"),
                    signed_number(Field::start_y, 28, "1/65536 row", "resize: source row of output row 0"),
                    signed_number(Field::start_x, 28, "1/65536 pixel", "resize: source column of output column 0"),
                    number(Field::step_y, 24, "1/65536 row", "resize: per output row"),
                    number(Field::step_x, 24, "1/65536 pixel", "resize: per output column")});

constexpr int total_bits(std::span<const FieldSpec> fields) {
  int sum = 8 + 16;
  for (const FieldSpec& f : fields) sum += f.width;
  return sum;
}
static_assert(total_bits(kLoad) <= 512 && total_bits(kSave) <= 512 && total_bits(kLoadConst) <= 512);
static_assert(total_bits(kConv) <= 512 && total_bits(kStencil) <= 512);

}  // namespace

std::span<const FieldSpec> format(Opcode opcode) {
  switch (opcode) {
    case Opcode::end:
    case Opcode::fence:
      return kHeader;
    case Opcode::load:
      return kLoad;
    case Opcode::load_const:
      return kLoadConst;
    case Opcode::conv:
      return kConv;
    case Opcode::stencil:
      return kStencil;
    case Opcode::save:
      return kSave;
  }
  return {};
}

}  // namespace heddle::isa
