// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "isa/program.h"
#include "sim/layout.h"
#include "sim/schedule.h"

/// Random instructions with their constants: the left side of differential tests.
namespace heddle::sim::testing {

using isa::Field;

/// A whole run: streams that load constants and compute, and the constant image.
struct Scenario {
  overlay::Overlay overlay;
  Streams streams;
  std::vector<std::byte> constants;
};

inline overlay::Overlay small_overlay(std::int32_t n) {
  overlay::Overlay o;
  o.name = "small";
  o.P = 3;
  o.M = std::max(2 * n, 8);
  o.N = n;
  o.regions = 4;
  o.region_words = 2000;
  o.weight_words = 4096;
  o.param_words = o.stencil_param_words = 1024;
  o.coefficient_words = 1024;
  return o;
}

inline std::vector<std::byte> noise(std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  return bytes;
}

class Generator {
 public:
  Generator(std::uint64_t seed, const overlay::Overlay& overlay) : random_(seed) { scenario_.overlay = overlay; }

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool coin() { return between(0, 1) == 1; }

  /// A convolution, or a chain of up to three that share accumulators. `weight_limit`: largest magnitude.
  void conv(std::int64_t weight_limit = 32767) {
    isa::Instruction i = destination_of(isa::Opcode::conv);
    const std::int64_t links = coin() ? 1 : between(2, 3);
    i[Field::out_height] = between(1, 9);
    i[Field::out_width] = between(1, 9);
    i[Field::out_blocks] = between(1, 4);
    i[Field::weight_format] = activation();
    for (std::int64_t link = 0; link < links; ++link) {
      i[Field::first] = link == 0;
      i[Field::last] = link + 1 == links;
      i[Field::src_format] = activation();
      i[Field::in_blocks] = between(1, 4);
      window(i, 4);
      weights(i, weight_limit);
      i[Field::use_operand] = coin();
      place(i, i[Field::out_blocks]);
      if (i[Field::last] != 0)
        parameters(i, isa::Space::conv_params, i[Field::out_blocks] * lanes_of(i[Field::dst_format]));
      push(isa::Engine::conv, i);
    }
  }

  void stencil(isa::StencilOp op) {
    isa::Instruction i = destination_of(isa::Opcode::stencil);
    i[Field::stencil_op] = static_cast<std::int64_t>(op);
    i[Field::first] = i[Field::last] = 1;
    i[Field::src_format] = activation();
    i[Field::in_blocks] = between(1, 4);
    i[Field::out_height] = between(1, 20);
    i[Field::out_width] = between(1, 12);
    window(i, op == isa::StencilOp::identity ? 1 : 5);
    size_for(i, op);
    if (op == isa::StencilOp::depthwise) coefficients(i);
    const std::int64_t channels = i[Field::in_blocks] * lanes_of(i[Field::src_format]);
    place(i, ceil_div(channels, lanes_of(i[Field::dst_format])));
    parameters(i, isa::Space::stencil_params, channels);
    push(isa::Engine::stencil, i);
    if (op != isa::StencilOp::global_average || coin()) return;
    scenario_.streams[kStencilStream].back()[Field::last] = 0;
    i[Field::first] = 0;
    push(isa::Engine::stencil, i);
  }

  /// Ends the streams. Constants come before everything that reads them.
  Scenario take() {
    auto& loads = scenario_.streams[static_cast<std::size_t>(isa::Engine::load_weights)];
    for (std::size_t e = 0; e < isa::kEngines; ++e) {
      isa::Instruction end;
      auto& stream = scenario_.streams[e];
      const bool waits =
          static_cast<isa::Engine>(e) == isa::Engine::conv || static_cast<isa::Engine>(e) == isa::Engine::stencil;
      isa::Instruction wait;
      wait.opcode = isa::Opcode::fence;
      wait[Field::wait0] = static_cast<std::int64_t>(e);
      if (waits) stream.insert(stream.begin(), wait);
      if (&stream != &loads) stream.push_back(end);
    }
    isa::Instruction end;
    end[Field::signal0] = static_cast<std::int64_t>(isa::Engine::conv);
    end[Field::signal1] = static_cast<std::int64_t>(isa::Engine::stencil);
    loads.push_back(end);
    return std::move(scenario_);
  }

 private:
  static constexpr auto kStencilStream = static_cast<std::size_t>(isa::Engine::stencil);

  std::int64_t lanes_of(std::int64_t format) const { return lanes(isa::format_type(format), scenario_.overlay.N); }
  std::int64_t activation() { return static_cast<std::int64_t>(coin() ? DataType::i8 : DataType::i16); }
  std::int64_t element() { return between(INT16_MIN, INT16_MAX); }

  isa::Instruction destination_of(isa::Opcode opcode) {
    isa::Instruction i;
    i.opcode = opcode;
    i[Field::dst_format] = activation();
    i[Field::dst_step] = coin() ? 1 : between(1, 3);
    return i;
  }

  void push(isa::Engine engine, const isa::Instruction& i) {
    scenario_.streams[static_cast<std::size_t>(engine)].push_back(i);
  }

  void load_const(isa::Space space, std::int64_t address, std::span<const std::byte> bytes) {
    auto& image = scenario_.constants;
    image.resize((image.size() + 15) / 16 * 16);
    isa::Instruction i;
    i.opcode = isa::Opcode::load_const;
    i[Field::ddr_base] = isa::kConstants;
    i[Field::ddr_offset] = static_cast<std::int64_t>(image.size());
    i[Field::bytes] = static_cast<std::int64_t>(bytes.size());
    i[Field::space] = static_cast<std::int64_t>(space);
    i[Field::address] = address;
    image.insert(image.end(), bytes.begin(), bytes.end());
    push(isa::Engine::load_weights, i);
  }

  void weights(isa::Instruction& i, std::int64_t limit) {
    const overlay::Overlay& o = scenario_.overlay;
    const DataType type = isa::format_type(i[Field::weight_format]);
    const std::int64_t in = i[Field::in_blocks] * lanes_of(i[Field::src_format]);
    const std::int64_t out = i[Field::out_blocks] * lanes_of(i[Field::dst_format]);
    const std::int64_t count =
        ceil_div(out, o.M) * i[Field::kernel_h] * i[Field::kernel_w] * ceil_div(in, o.N) * o.M * o.N;
    std::vector<std::byte> bytes(static_cast<std::size_t>(count * element_bytes(type)));
    const std::int64_t largest = std::min<std::int64_t>(limit, type == DataType::i16 ? 32767 : 127);
    const bool sparse = coin();
    for (std::int64_t k = 0; k < count; ++k)
      store_element(bytes.data(), k, type,
                    sparse && between(0, 9) < 8 ? 0 : static_cast<std::int32_t>(between(-largest, largest)));
    const std::int64_t words = ceil_div(static_cast<std::int64_t>(bytes.size()), o.weight_word_bytes());
    if (weight_word_ + words > o.weight_words) weight_word_ = 0;
    i[Field::weight_address] = weight_word_;
    load_const(isa::Space::weights, weight_word_, bytes);
    weight_word_ += words;
  }

  void coefficients(isa::Instruction& i) {
    const std::int64_t words = i[Field::in_blocks] * i[Field::kernel_h] * i[Field::kernel_w];
    i[Field::coefficient_address] = coefficient_word_;
    load_const(isa::Space::coefficients, coefficient_word_,
               noise(random_(), static_cast<std::size_t>(words * 2 * scenario_.overlay.N)));
    coefficient_word_ += words;
  }

  isa::PostDescriptor descriptor(DataType type) {
    isa::PostDescriptor d;
    const std::int64_t low = type == DataType::i16 ? INT16_MIN : INT8_MIN;
    const std::int64_t high = type == DataType::i16 ? INT16_MAX : INT8_MAX;
    const auto value = [&] { return static_cast<std::int16_t>(between(low, high)); };
    std::tie(d.lo, d.hi) = std::minmax({value(), value()});
    std::tie(d.add_lo, d.add_hi) = std::minmax({value(), value()});
    if (coin()) d.lo = d.add_lo = static_cast<std::int16_t>(low), d.hi = d.add_hi = static_cast<std::int16_t>(high);
    d.zero_point = value();
    d.add_mult_a = static_cast<std::int16_t>(element());
    d.add_mult_b = static_cast<std::int16_t>(element());
    d.add_zero_a = value();
    d.add_zero_b = value();
    d.add_zero_y = value();
    d.add_shift = static_cast<std::uint8_t>(coin() ? between(12, 18) : between(1, 47));
    return d;
  }

  void parameters(isa::Instruction& i, isa::Space space, std::int64_t channels) {
    const DataType type = isa::format_type(i[Field::dst_format]);
    isa::PostDescriptor d = descriptor(type);
    if (coin()) {
      d.table = static_cast<std::uint8_t>(table_ + 1);
      load_const(isa::Space::tables, table_++ % scenario_.overlay.tables, noise(random_(), isa::kTableBytes));
    }
    d.flags = coin() ? 1 : 0;
    const std::int64_t words = d.flags == 1 ? 1 : channels;
    std::vector<std::byte> bytes(static_cast<std::size_t>((2 + words) * 12));
    std::memcpy(bytes.data(), &d, sizeof d);
    const bool large_bias = between(0, 9) == 0;
    for (std::int64_t c = 0; c < words; ++c) {
      const std::int64_t limit = large_bias ? std::int64_t{1} << 46 : 1 << between(4, 30);
      const std::int64_t bias = between(-limit, limit);
      const auto mult = static_cast<std::uint16_t>(coin() ? between(32768, 65535) : between(0, 65535));
      const auto shift = static_cast<std::uint8_t>(coin() ? between(15, 40) : between(1, 47));
      std::byte* word = bytes.data() + (2 + c) * 12;
      std::memcpy(word, &bias, 6);
      std::memcpy(word + 6, &mult, 2);
      std::memcpy(word + 8, &shift, 1);
    }
    std::int64_t& next = space == isa::Space::conv_params ? conv_word_ : stencil_word_;
    i[Field::param_address] = next;
    load_const(space, next, bytes);
    next += 2 + words;
  }

  void window(isa::Instruction& i, std::int64_t largest_kernel) {
    const bool point = between(0, 2) == 0;
    i[Field::kernel_h] = point ? 1 : between(1, largest_kernel);
    i[Field::kernel_w] = point ? 1 : between(1, largest_kernel);
    i[Field::stride_h] = coin() ? 1 : between(1, 3);
    i[Field::stride_w] = coin() ? 1 : between(1, 3);
    i[Field::dilation_h] = coin() ? 1 : between(1, 3);
    i[Field::dilation_w] = coin() ? 1 : between(1, 3);
    i[Field::pad_top] = coin() ? 0 : between(-2, 4);
    i[Field::pad_left] = coin() ? 0 : between(-2, 4);
    i[Field::pad_value] =
        i[Field::src_format] == static_cast<std::int64_t>(DataType::i8) ? between(-128, 127) : element();
    const auto fitting = [&](Field out, Field stride, Field kernel, Field dilation, Field pad) {
      return std::max<std::int64_t>(1, (i[out] - 1) * i[stride] + (i[kernel] - 1) * i[dilation] + 1 - i[pad]);
    };
    i[Field::src_height] =
        fitting(Field::out_height, Field::stride_h, Field::kernel_h, Field::dilation_h, Field::pad_top);
    i[Field::src_width] =
        fitting(Field::out_width, Field::stride_w, Field::kernel_w, Field::dilation_w, Field::pad_left);
    if (coin()) i[Field::src_height] = std::max<std::int64_t>(1, i[Field::src_height] - between(0, 3));
    if (coin()) i[Field::src_width] = std::max<std::int64_t>(1, i[Field::src_width] - between(0, 3));
  }

  /// Sizes of the operations that are no windows.
  void size_for(isa::Instruction& i, isa::StencilOp op) {
    if (op == isa::StencilOp::add || op == isa::StencilOp::multiply) {
      i[Field::src_height] = i[Field::out_height];
      i[Field::src_width] = i[Field::out_width];
      i[Field::operand_broadcast] = coin();
    }
    if (op == isa::StencilOp::nearest || op == isa::StencilOp::bilinear) {
      i[Field::start_y] = between(-40000, 80000);
      i[Field::start_x] = between(-40000, 80000);
      i[Field::step_y] = between(0, 150000);
      i[Field::step_x] = between(0, 150000);
    }
    if (op == isa::StencilOp::global_average) i[Field::out_height] = i[Field::out_width] = 1;
  }

  /// Addresses: source, operand and destination apart from each other, or now and then in place.
  void place(isa::Instruction& i, std::int64_t dst_blocks) {
    const std::int64_t p = scenario_.overlay.P;
    std::int64_t word = between(0, 20);
    const auto put = [&](Field first, std::int64_t height, std::int64_t width, std::int64_t blocks) {
      const auto at = static_cast<std::size_t>(first);
      i.values[at] = word;
      i.values[at + 1] = between(0, p - 1);
      i.values[at + 2] = width + between(0, 3);
      i.values[at + 3] = ceil_div(i.values[at + 2] * height, p) + between(1, 3);
      word += i.values[at + 3] * blocks + 2;
    };
    put(Field::src_word, i[Field::src_height], i[Field::src_width], i[Field::in_blocks]);
    put(Field::operand_word, i[Field::out_height], i[Field::out_width], std::max(dst_blocks, i[Field::in_blocks]));
    put(Field::dst_word, i[Field::out_height], i[Field::out_width] * i[Field::dst_step], dst_blocks);
    const std::int64_t in_place = between(0, 5);
    if (in_place > 1) return;
    const auto from = static_cast<std::size_t>(in_place == 0 ? Field::src_word : Field::operand_word);
    if (i.values[from + 2] < i[Field::out_width] || i.values[from + 3] * p < i.values[from + 2] * i[Field::out_height])
      return;  // rows or blocks of the destination would overlap each other
    i[Field::dst_step] = 1;
    std::copy_n(i.values.begin() + static_cast<std::ptrdiff_t>(from), 4,
                i.values.begin() + static_cast<std::ptrdiff_t>(Field::dst_word));
    if (coin()) i[Field::dst_word] += 1;
  }

  std::mt19937_64 random_;
  Scenario scenario_;
  std::int64_t weight_word_ = 0, conv_word_ = 0, stencil_word_ = 0, coefficient_word_ = 0, table_ = 0;
};

}  // namespace heddle::sim::testing
