// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/data_type.h"

/// Instructions of the overlay. `table.cpp` is the one table of all formats; the encoder, the decoder, the assembler,
/// the disassembler, docs/isa.md and the SystemVerilog package are made from it.
namespace heddle::isa {

/// Each engine runs its own instruction stream in order; streams meet only through semaphores.
enum class Engine : std::uint8_t { load_features, load_weights, conv, stencil, save };
inline constexpr std::size_t kEngines = 5;

/// Stored numbers: never renumber.
enum class Opcode : std::uint8_t {
  end = 0,         ///< the stream is done (every engine)
  fence = 1,       ///< only waits and signals (every engine)
  load = 2,        ///< DDR box to feature memory (load_features)
  load_const = 3,  ///< DDR bytes to weight, parameter, coefficient or table memory (load_weights)
  conv = 4,
  stencil = 5,
  save = 6,  ///< feature memory box to DDR
};
inline constexpr std::size_t kOpcodes = 7;

/// Destination memories of load_const.
enum class Space : std::uint8_t { weights = 0, conv_params = 1, stencil_params = 2, coefficients = 3, tables = 4 };

enum class StencilOp : std::uint8_t {
  depthwise = 0,
  maximum = 1,
  average = 2,
  global_average = 3,
  nearest = 4,
  bilinear = 5,
  add = 6,
  multiply = 7,
  identity = 8,
  fill = 9,
};

/// Loop order of CONV: what stays put in the array. Results do not depend on it.
enum class Dataflow : std::uint8_t { output_stationary = 0, weight_stationary = 1, input_stationary = 2 };

/// Every field of every format. One name has one meaning in all formats that carry it.
enum class Field : std::uint8_t {
  wait0,
  wait1,
  signal0,
  signal1,  // semaphores, 0 = none
  overlap,
  ddr_base,
  ddr_offset,
  ddr_row,
  ddr_plane,  // DDR box: base register, byte offset, strides in slots
  bytes,
  space,
  address,  // load_const
  blocks,
  rows,
  columns,  // box of load and save
  src_word,
  src_bank,
  src_pitch,
  src_plane,
  src_height,
  src_width,
  operand_word,
  operand_bank,
  operand_pitch,
  operand_plane,
  operand_broadcast,
  dst_word,
  dst_bank,
  dst_pitch,
  dst_plane,
  dst_step,
  out_height,
  out_width,
  kernel_h,
  kernel_w,
  stride_h,
  stride_w,
  dilation_h,
  dilation_w,
  pad_top,
  pad_left,
  pad_value,
  in_blocks,
  out_blocks,
  src_format,
  weight_format,
  dst_format,
  encoding,
  algorithm,
  dataflow,
  first,
  last,
  use_operand,
  weight_address,
  param_address,
  coefficient_address,
  stencil_op,
  start_y,
  start_x,
  step_y,
  step_x,
};
inline constexpr std::size_t kFields = static_cast<std::size_t>(Field::step_x) + 1;

struct FieldSpec {
  Field field;
  int width;  ///< bits
  bool is_signed;
  std::int64_t low, high;  ///< legal values, inclusive
  std::string_view unit;
  std::string_view doc;
};

/// One instruction, decoded. Fields that the format lacks are 0.
struct Instruction {
  Opcode opcode = Opcode::end;
  std::array<std::int64_t, kFields> values{};

  std::int64_t& operator[](Field f) { return values[static_cast<std::size_t>(f)]; }
  std::int64_t operator[](Field f) const { return values[static_cast<std::size_t>(f)]; }
  friend bool operator==(const Instruction&, const Instruction&) = default;
};

inline constexpr std::size_t kInstructionBytes = 64;
inline constexpr int kSemaphores = 64;     ///< number 0 means "none"
inline constexpr int kSemaphoreMax = 255;  ///< a counter beyond this is an overflow error
inline constexpr int kBaseRegisters = 16;
using Word = std::array<std::byte, kInstructionBytes>;

/// Format of an opcode: its fields in bit order after the 8-bit opcode; the last 16 bits are the CRC-16/CCITT.
[[nodiscard]] std::span<const FieldSpec> format(Opcode opcode);
[[nodiscard]] std::string_view name(Opcode opcode);
[[nodiscard]] std::string_view name(Engine engine);
[[nodiscard]] std::string_view name(Field field);
[[nodiscard]] std::string_view name(StencilOp op);
[[nodiscard]] std::string_view name(Space space);
[[nodiscard]] std::string_view name(Dataflow dataflow);
/// Element type ↔ 4-bit format code of src_format, weight_format and dst_format (the DataType's number).
[[nodiscard]] inline DataType format_type(std::int64_t code) {
  return static_cast<DataType>(code);
}

}  // namespace heddle::isa
