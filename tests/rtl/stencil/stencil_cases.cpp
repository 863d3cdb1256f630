// SPDX-License-Identifier: Apache-2.0
#include "tests/rtl/stencil/stencil_cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "isa/access.h"
#include "isa/program.h"
#include "sim/reference.h"

namespace heddle::rtl {
namespace {

using isa::Field;
using isa::Instruction;
using isa::StencilOp;

bool has_window(StencilOp op) {
  return op == StencilOp::depthwise || op == StencilOp::maximum || op == StencilOp::average;
}
bool resizes(StencilOp op) {
  return op == StencilOp::nearest || op == StencilOp::bilinear;
}

std::vector<std::byte> random_bytes(std::mt19937_64& random, std::int64_t count) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(count));
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

void draw_shape(StencilDraw& d, Instruction& i, StencilOp op) {
  const bool large = d.pick(0, 9) == 0;
  i[Field::src_height] = d.pick(1, large ? 24 : 9);
  i[Field::src_width] = d.pick(1, large ? 24 : 12);
  i[Field::out_height] = d.pick(1, large ? 24 : 9);
  i[Field::out_width] = d.pick(1, large ? 24 : 12);
  i[Field::in_blocks] = d.pick(1, 4);
  for (const Field f :
       {Field::kernel_h, Field::kernel_w, Field::stride_h, Field::stride_w, Field::dilation_h, Field::dilation_w})
    i[f] = 1;
  if (op == StencilOp::add || op == StencilOp::multiply) {
    i[Field::out_height] = i[Field::src_height];
    i[Field::out_width] = i[Field::src_width];
    i[Field::operand_broadcast] = d.pick(0, 3) == 0 ? 1 : 0;
  }
  if (op == StencilOp::global_average) i[Field::out_height] = i[Field::out_width] = 1;
  if (op == StencilOp::identity) {
    for (const Field f : {Field::stride_h, Field::stride_w}) i[f] = d.pick(1, 3);
    for (const Field f : {Field::pad_top, Field::pad_left}) i[f] = d.pick(-4, 4);
  }
  if (resizes(op)) {
    for (const Field f : {Field::start_y, Field::start_x}) i[f] = d.pick(-200000, 300000);
    for (const Field f : {Field::step_y, Field::step_x})
      i[f] = d.pick(0, 3) == 0 ? d.pick(0, 300000) : d.pick(0, 65536);
  }
}

/// Windows: mostly the common ones, whose output follows from source and padding; small ones with odd padding; any.
void draw_window(StencilDraw& d, Instruction& i) {
  const std::int64_t kind = d.pick(0, 4);
  const bool common = kind < 3, small = kind < 4;
  const auto axis = [&](Field kernel, Field stride, Field dilation, Field pad, Field source, Field out) {
    i[kernel] = d.pick(1, small || d.pick(0, 1) == 0 ? 3 : 8);
    i[stride] = d.pick(1, small ? 2 : 4);
    i[dilation] = small ? 1 : d.pick(1, 3);
    i[pad] = common ? d.pick(0, i[kernel] - 1) : d.pick(-3, 5);
    const std::int64_t below = common ? d.pick(0, i[kernel] - 1) : d.pick(-2, 6);
    const std::int64_t extent = i[source] + i[pad] + below - (i[kernel] - 1) * i[dilation] - 1;
    i[out] = std::clamp<std::int64_t>(extent < 0 ? 1 : extent / i[stride] + 1, 1, 30);
  };
  axis(Field::kernel_h, Field::stride_h, Field::dilation_h, Field::pad_top, Field::src_height, Field::out_height);
  axis(Field::kernel_w, Field::stride_w, Field::dilation_w, Field::pad_left, Field::src_width, Field::out_width);
}

/// A box of `blocks` × `height` × `width` pixels, `step` slots apart, inside slots [low, high); false: no room.
bool place_box(StencilDraw& d, Instruction& i, Field word, std::int64_t blocks, std::int64_t height, std::int64_t width,
               std::int64_t step, std::int64_t low, std::int64_t high, std::int64_t* end) {
  const auto at = [&](int k) -> std::int64_t& {
    return i.values[static_cast<std::size_t>(word) + static_cast<std::size_t>(k)];
  };
  const std::int64_t banks = d.overlay.P;
  const std::int64_t pitch = (width - 1) * step + 1 + (d.pick(0, 1) == 0 ? 0 : d.pick(0, 3));
  const std::int64_t plane = ((height - 1) * pitch + (width - 1) * step + 1 + banks - 1) / banks + d.pick(0, 1);
  const std::int64_t extent = (blocks - 1) * plane * banks + (height - 1) * pitch + (width - 1) * step + 1;
  if (low + extent > high) return false;
  const std::int64_t first =
      end != nullptr ? low + std::min(high - extent - low, d.pick(0, banks)) : d.pick(low, high - extent);
  at(0) = first / banks;
  at(1) = first % banks;
  at(2) = pitch;
  at(3) = plane;
  if (end != nullptr) *end = first + extent;
  return true;
}

void write_param(StencilDraw& d, std::int64_t word, const void* bytes, std::size_t count) {
  std::memcpy(d.memories.params.data() + word * isa::kParamWordBytes, bytes, count);
}

std::array<std::byte, 12> channel_word(StencilDraw& d, std::int64_t bits) {
  std::array<std::byte, 12> word{};
  const std::int64_t bias = d.pick(-(std::int64_t{1} << bits), std::int64_t{1} << bits);
  const auto mult = static_cast<std::uint16_t>(d.pick(20000, 65535));
  const auto shift = static_cast<std::uint8_t>(std::clamp<std::int64_t>(bits + 16 - 7 + d.pick(-6, 4), 1, 47));
  std::memcpy(word.data(), &bias, 6);
  std::memcpy(word.data() + 6, &mult, 2);
  word[8] = static_cast<std::byte>(shift);
  return word;
}

/// Bits of a typical accumulator, so that results are neither all 0 nor all at the limits.
std::int64_t typical_bits(const Instruction& i, StencilOp op) {
  const std::int64_t element = isa::format_type(i[Field::src_format]) == DataType::i16 ? 14 : 6;
  if (op == StencilOp::depthwise) return element + 15;
  if (op == StencilOp::bilinear) return element + 16;
  if (op == StencilOp::multiply) return 2 * element;
  return element + 2;
}

bool draw_post(StencilDraw& d, Instruction& i, StencilOp op) {
  const bool wide = isa::format_type(i[Field::dst_format]) == DataType::i16;
  const std::int64_t least = wide ? -32768 : -128, most = -least - 1;
  const auto narrow = [&](std::int64_t low, std::int64_t high) { return static_cast<std::int16_t>(d.pick(low, high)); };
  isa::PostDescriptor p;
  p.lo = narrow(least, -1);
  p.hi = narrow(0, most);
  if (d.pick(0, 1) == 0) {
    p.lo = static_cast<std::int16_t>(least);
    p.hi = static_cast<std::int16_t>(most);
  }
  p.zero_point = narrow(-100, 100);
  p.add_mult_a = narrow(-32768, 32767);
  p.add_mult_b = narrow(-32768, 32767);
  const bool far = d.pick(0, 4) == 0;
  p.add_zero_a = narrow(far ? -32768 : -128, far ? 32767 : 127);
  p.add_zero_b = narrow(far ? -32768 : -128, far ? 32767 : 127);
  p.add_zero_y = narrow(-100, 100);
  p.add_lo = narrow(least, -1);
  p.add_hi = narrow(0, most);
  p.add_shift = static_cast<std::uint8_t>(d.pick(1, 20));
  p.flags = d.pick(0, 2) == 0 ? 1 : 0;
  p.table =
      d.overlay.has_unit("table") && d.pick(0, 1) == 0 ? static_cast<std::uint8_t>(d.pick(0, d.overlay.tables)) : 0;
  const std::int64_t channels = isa::result_channels(i, d.overlay);
  const std::int64_t words = 2 + ((p.flags & 1) != 0 ? 1 : channels);
  d.param += d.param % 2;
  if (d.param + words > d.overlay.stencil_param_words) return false;
  i[Field::param_address] = d.param;
  write_param(d, d.param, &p, sizeof p);
  for (std::int64_t c = 0; c < words - 2; ++c) {
    const auto word = channel_word(d, typical_bits(i, op));
    write_param(d, d.param + 2 + c, word.data(), word.size());
  }
  d.param += words;
  return true;
}

}  // namespace

/// Half of the bytes are near the ends of the types, so that comparisons are close.
std::vector<std::byte> random_features(std::mt19937_64& random, std::int64_t count) {
  std::vector<std::byte> bytes = random_bytes(random, count);
  for (std::byte& byte : bytes)
    if (random() % 2 == 0)
      byte = std::array{std::byte{0}, std::byte{0x7f}, std::byte{0x80}, std::byte{0xff}}[random() % 4];
  return bytes;
}

StencilMemories random_memories(const overlay::Overlay& o, std::mt19937_64& random) {
  return {random_features(random, o.feature_slots() * o.N),
          random_bytes(random, std::int64_t{o.stencil_param_words} * static_cast<std::int64_t>(isa::kParamWordBytes)),
          random_bytes(random, std::int64_t{o.coefficient_words} * 2 * o.N),
          random_bytes(random, std::int64_t{o.tables} * static_cast<std::int64_t>(isa::kTableBytes))};
}

std::optional<Instruction> draw_instruction(StencilDraw& d, StencilOp op) {
  Instruction i{.opcode = isa::Opcode::stencil};
  const auto& o = d.overlay;
  const auto format = [](DataType type) { return static_cast<std::int64_t>(type); };
  i[Field::stencil_op] = static_cast<std::int64_t>(op);
  i[Field::src_format] = format(d.pick(0, 2) == 0 ? DataType::i16 : DataType::i8);
  i[Field::dst_format] =
      d.pick(0, 2) == 0 ? format(d.pick(0, 1) == 0 ? DataType::i16 : DataType::i8) : i[Field::src_format];
  i[Field::first] = i[Field::last] = 1;
  i[Field::pad_value] =
      isa::format_type(i[Field::src_format]) == DataType::i16 ? d.pick(-32768, 32767) : d.pick(-128, 127);
  draw_shape(d, i, op);
  if (has_window(op)) draw_window(d, i);
  i[Field::dst_step] = d.pick(0, 3) == 0 ? d.pick(1, 6) : 1;

  const std::int64_t half = o.feature_slots() / 2;
  if (!place_box(d, i, Field::src_word, i[Field::in_blocks], i[Field::src_height], i[Field::src_width], 1, 0, half,
                 nullptr))
    return std::nullopt;
  if (isa::has_operand(op)) {
    const bool one = i[Field::operand_broadcast] != 0;
    if (!place_box(d, i, Field::operand_word, i[Field::in_blocks], one ? 1 : i[Field::src_height],
                   one ? 1 : i[Field::src_width], 1, 0, half, nullptr))
      return std::nullopt;
  }
  const std::int64_t in = isa::lanes(o, isa::format_type(i[Field::src_format]));
  const std::int64_t out = isa::lanes(o, isa::format_type(i[Field::dst_format]));
  const std::int64_t blocks = (i[Field::in_blocks] * in + out - 1) / out;
  if (!place_box(d, i, Field::dst_word, blocks, i[Field::out_height], i[Field::out_width], i[Field::dst_step],
                 std::max(d.slot, half), o.feature_slots(), &d.slot))
    return std::nullopt;
  if (!draw_post(d, i, op)) return std::nullopt;
  if (op == StencilOp::depthwise) {
    const std::int64_t words = i[Field::in_blocks] * i[Field::kernel_h] * i[Field::kernel_w];
    if (d.coefficient + words > o.coefficient_words) return std::nullopt;
    i[Field::coefficient_address] = d.coefficient;
    d.coefficient += words;
  }
  return i;
}

std::vector<Instruction> draw_chain(StencilDraw& d, int length) {
  std::vector<Instruction> chain;
  const auto first = draw_instruction(d, StencilOp::global_average);
  if (!first) return chain;
  for (int k = 0; k < length; ++k) {
    Instruction i = *first;
    i[Field::first] = k == 0 ? 1 : 0;
    i[Field::last] = k + 1 == length ? 1 : 0;
    i[Field::src_height] = d.pick(1, 6);
    i[Field::src_width] = d.pick(1, 9);
    if (!place_box(d, i, Field::src_word, i[Field::in_blocks], i[Field::src_height], i[Field::src_width], 1, 0,
                   d.overlay.feature_slots() / 2, nullptr))
      return {};
    chain.push_back(i);
  }
  return chain;
}

void put_in_place(Instruction& i) {
  i[Field::dst_format] = i[Field::src_format];
  i[Field::dst_step] = 1;
  i[Field::dst_word] = i[Field::src_word];
  i[Field::dst_bank] = i[Field::src_bank];
  i[Field::dst_pitch] = i[Field::src_pitch];
  i[Field::dst_plane] = i[Field::src_plane];
  i[Field::pad_top] = i[Field::pad_left] = 0;
  i[Field::stride_h] = i[Field::stride_w] = 1;
  i[Field::out_height] = i[Field::src_height];
  i[Field::out_width] = i[Field::src_width];
}

void run_reference(const overlay::Overlay& o, StencilMemories& memories, std::span<const Instruction> instructions) {
  sim::reference::Carry carry;
  for (const Instruction& i : instructions) {
    const auto post = sim::parse_post(memories.params, memories.tables, i[Field::param_address],
                                      isa::result_channels(i, o), isa::format_type(i[Field::dst_format]));
    ASSERT_TRUE(post || i[Field::last] == 0);
    const auto coefficients = std::span<const std::byte>(memories.coefficients)
                                  .subspan(static_cast<std::size_t>(i[Field::coefficient_address] * 2 * o.N));
    sim::reference::stencil(i, o, coefficients, post ? &*post : nullptr, memories.features, carry);
  }
}

}  // namespace heddle::rtl
