// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstring>
#include <initializer_list>
#include <utility>

#include "isa/codec.h"
#include "isa/names.h"
#include "isa/program.h"

/// A small overlay and hand-written programs for it, for the tests of this folder.
namespace heddle::isa::sample {

/// P = 3, M = 8, N = 4: slots of 4 bytes, 768 of them; weight words of 32 bytes.
inline overlay::Overlay small_overlay() {
  overlay::Overlay o{.name = "small", .device = "zu2", .P = 3, .M = 8, .N = 4};
  o.stencil_pixels = 3;
  o.post_lanes = 4;
  o.regions = 4;
  o.region_words = 64;
  o.weight_words = 64;
  o.param_words = o.stencil_param_words = o.coefficient_words = 64;
  o.tables = 2;
  return o;
}

using Values = std::initializer_list<std::pair<Field, std::int64_t>>;

/// An instruction with defaults (types i8) and the given fields.
inline Instruction make(Opcode opcode, Values values) {
  Instruction i{.opcode = opcode};
  for (const FieldSpec& spec : format(opcode))
    i[spec.field] = default_value(spec).value_or(static_cast<std::int64_t>(DataType::i8));
  for (const auto& [field, value] : values) i[field] = value;
  return i;
}

using Streams = std::array<std::vector<Instruction>, kEngines>;

inline std::vector<Instruction>& of(Streams& streams, Engine engine) {
  return streams[static_cast<std::size_t>(engine)];
}

inline void put(std::vector<std::byte>& bytes, std::size_t offset, const void* data, std::size_t size) {
  if (bytes.size() < offset + size) bytes.resize(offset + size);
  std::memcpy(bytes.data() + offset, data, size);
}

/// A 12-byte parameter word: bias, mult, shift.
inline void put_channel(std::vector<std::byte>& bytes, std::size_t offset, std::int64_t bias, std::uint16_t mult,
                        std::uint8_t shift) {
  std::array<std::byte, kParamWordBytes> word{};
  std::memcpy(word.data(), &bias, 6);
  std::memcpy(word.data() + 6, &mult, 2);
  std::memcpy(word.data() + 8, &shift, 1);
  put(bytes, offset, word.data(), word.size());
}

/// Weights at 0 (64 bytes), conv parameters at 64 (descriptor and 8 channels, 120 bytes), stencil parameters at 192
/// (descriptor and one channel for all, 36 bytes), a table at 240.
inline std::vector<std::byte> constants() {
  std::vector<std::byte> bytes(768);
  for (std::size_t i = 0; i < 64; ++i) bytes[i] = static_cast<std::byte>(i % 7);
  PostDescriptor conv;
  conv.add_mult_a = conv.add_mult_b = 1 << 14;
  conv.add_lo = -128;
  conv.add_hi = 127;
  conv.add_shift = 15;
  put(bytes, 64, &conv, sizeof conv);
  for (std::size_t c = 0; c < 8; ++c) put_channel(bytes, 64 + 24 + 12 * c, 5, 40000, 20);
  PostDescriptor stencil = conv;
  stencil.flags = 1;
  put(bytes, 192, &stencil, sizeof stencil);
  put_channel(bytes, 192 + 24, 0, 1 << 15, 15);
  for (std::size_t i = 0; i < 257; ++i) {
    const auto entry = static_cast<std::int16_t>(std::min<std::size_t>(i, 255)) - 128;
    const auto entry16 = static_cast<std::int16_t>(entry);
    put(bytes, 240 + 2 * i, &entry16, 2);
  }
  return bytes;
}

inline constexpr std::int64_t kTileWords = 10;  ///< a tile of 2 blocks × 3 rows × 5 columns

inline Instruction load_tile(std::int64_t tile, Values extra) {
  Instruction i = make(Opcode::load, {{Field::ddr_base, kInputs},
                                      {Field::ddr_offset, tile * 3 * 5 * 4},
                                      {Field::ddr_row, 5},
                                      {Field::ddr_plane, 45},
                                      {Field::blocks, 2},
                                      {Field::rows, 3},
                                      {Field::columns, 5},
                                      {Field::dst_word, (tile % 2) * kTileWords},
                                      {Field::dst_pitch, 5},
                                      {Field::dst_plane, 5}});
  for (const auto& [field, value] : extra) i[field] = value;
  return i;
}

inline Instruction save_tile(std::int64_t tile, Values extra) {
  Instruction i = make(Opcode::save, {{Field::ddr_base, kOutputs},
                                      {Field::ddr_offset, tile * 3 * 5 * 4},
                                      {Field::ddr_row, 5},
                                      {Field::ddr_plane, 45},
                                      {Field::blocks, 2},
                                      {Field::rows, 3},
                                      {Field::columns, 5},
                                      {Field::src_word, (4 + tile % 2) * kTileWords},
                                      {Field::src_pitch, 5},
                                      {Field::src_plane, 5}});
  for (const auto& [field, value] : extra) i[field] = value;
  return i;
}

/// Source and destination of one tile for conv and stencil.
inline Instruction tile_instruction(Opcode opcode, std::int64_t from, std::int64_t to, Values extra) {
  Instruction i = make(opcode, {{Field::src_word, from * kTileWords},
                                {Field::src_pitch, 5},
                                {Field::src_plane, 5},
                                {Field::src_height, 3},
                                {Field::src_width, 5},
                                {Field::dst_word, to * kTileWords},
                                {Field::dst_pitch, 5},
                                {Field::dst_plane, 5},
                                {Field::out_height, 3},
                                {Field::out_width, 5},
                                {Field::in_blocks, 2},
                                {Field::first, 1},
                                {Field::last, 1}});
  for (const auto& [field, value] : extra) i[field] = value;
  return i;
}

inline Instruction load_constants(Space space, std::int64_t offset, std::int64_t bytes, Values extra = {}) {
  Instruction i =
      make(Opcode::load_const,
           {{Field::space, static_cast<std::int64_t>(space)}, {Field::ddr_offset, offset}, {Field::bytes, bytes}});
  for (const auto& [field, value] : extra) i[field] = value;
  return i;
}

/// Three tiles through two buffers at each step: load → 1×1 conv → 1×1 maximum → save.
///
/// Semaphores: 1 loaded, 2 source free, 3 and 4 parameters loaded, 5 convolved, 6 convolution's buffer free,
/// 7 pooled, 8 pool's buffer free.
inline Streams three_tiles() {
  Streams s;
  using F = Field;
  of(s, Engine::load_features) = {load_tile(0, {{F::signal0, 1}}), load_tile(1, {{F::signal0, 1}}),
                                  load_tile(2, {{F::wait0, 2}, {F::signal0, 1}}), make(Opcode::end, {})};
  of(s, Engine::load_weights) = {
      load_constants(Space::weights, 0, 64), load_constants(Space::conv_params, 64, 120, {{F::signal0, 3}}),
      load_constants(Space::stencil_params, 192, 36, {{F::signal0, 4}}), make(Opcode::end, {})};
  const auto conv = [](std::int64_t tile, Values extra) {
    Instruction i = tile_instruction(Opcode::conv, tile % 2, 2 + tile % 2, extra);
    i[F::out_blocks] = 2;
    return i;
  };
  of(s, Engine::conv) = {conv(0, {{F::wait0, 1}, {F::wait1, 3}, {F::signal0, 5}, {F::signal1, 2}}),
                         conv(1, {{F::wait0, 1}, {F::signal0, 5}}),
                         conv(2, {{F::wait0, 1}, {F::wait1, 6}, {F::signal0, 5}}), make(Opcode::end, {})};
  const auto pool = [](std::int64_t tile, Values extra) {
    Instruction i = tile_instruction(Opcode::stencil, 2 + tile % 2, 4 + tile % 2, extra);
    i[F::stencil_op] = static_cast<std::int64_t>(StencilOp::maximum);
    return i;
  };
  of(s, Engine::stencil) = {pool(0, {{F::wait0, 5}, {F::wait1, 4}, {F::signal0, 7}, {F::signal1, 6}}),
                            pool(1, {{F::wait0, 5}, {F::signal0, 7}}),
                            pool(2, {{F::wait0, 5}, {F::wait1, 8}, {F::signal0, 7}}), make(Opcode::end, {})};
  of(s, Engine::save) = {save_tile(0, {{F::wait0, 7}, {F::signal0, 8}}), save_tile(1, {{F::wait0, 7}}),
                         save_tile(2, {{F::wait0, 7}}), make(Opcode::end, {})};
  return s;
}

inline Binding binding(std::string tensor, std::uint8_t base) {
  return {.tensor = std::move(tensor),
          .base = base,
          .offset = 0,
          .channels = 8,
          .height = 9,
          .width = 5,
          .row_slots = 5,
          .plane_slots = 45,
          .blocks = 2,
          .type = DataType::i8,
          .scale = 0.1F,
          .zero_point = 3,
          .channel_map = {{0, 8, 0}}};
}

/// A segment with these streams, an input "x" and an output "y" of 8 × 9 × 5.
inline OverlaySegment segment(const Streams& streams) {
  OverlaySegment s;
  for (std::size_t e = 0; e < kEngines; ++e)
    for (const Instruction& i : streams[e]) s.streams[e].push_back(encode(i).value());
  s.constants = constants();
  s.input_bytes = s.output_bytes = std::int64_t{2} * 45 * 4;
  s.inputs = {binding("x", kInputs)};
  s.outputs = {binding("y", kOutputs)};
  s.layers = {{.name = "conv1", .origins = {"Conv_0", "Relu_1"}, .macs = 2880, .choice = "3 tiles"},
              {.name = "pool1", .origins = {"MaxPool_2"}, .choice = "as conv1", .estimated_cycles = 1.5}};
  s.spans[static_cast<std::size_t>(Engine::conv)] = {{0, 0, 3}};
  s.spans[static_cast<std::size_t>(Engine::stencil)] = {{1, 0, 3}};
  return s;
}

}  // namespace heddle::isa::sample
