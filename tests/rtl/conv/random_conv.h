// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <optional>
#include <set>

#include "isa/access.h"
#include "sim/reference.h"
#include "tests/rtl/conv/conv_machine.h"

/// Random convolutions with their constants, legal for an overlay.
namespace heddle::rtl {

using isa::Field;

/// Instructions, and the constant memories that they read.
struct ConvProgram {
  std::vector<isa::Instruction> instructions;
  std::vector<std::byte> weights, params, tables;
};

class ConvGenerator {
 public:
  ConvGenerator(std::uint64_t seed, const overlay::Overlay& overlay) : o_(overlay), random_(seed) {
    program_.weights.resize(static_cast<std::size_t>(o_.weight_words * o_.weight_word_bytes()));
    program_.params.resize(static_cast<std::size_t>(o_.param_words) * 12);
    program_.tables.resize(static_cast<std::size_t>(o_.tables) * isa::kTableBytes);
    for (std::byte& b : program_.tables) b = static_cast<std::byte>(random_());
  }

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool coin() { return between(0, 1) == 1; }

  /// One convolution, or a chain of up to three; false if the constants are full.
  bool add() {
    for (int tries = 0; tries < 200; ++tries) {
      const std::size_t before = program_.instructions.size();
      const std::int64_t weight_word = weight_word_, param_word = param_word_;
      if (chain()) return true;
      program_.instructions.resize(before);
      weight_word_ = weight_word;
      param_word_ = param_word;
    }
    return false;
  }
  ConvProgram& program() { return program_; }

 private:
  overlay::Overlay o_;
  std::mt19937_64 random_;
  ConvProgram program_;
  std::int64_t weight_word_ = 0, param_word_ = 0;

  std::int64_t width() { return static_cast<std::int64_t>(coin() ? DataType::i8 : DataType::i16); }
  std::int64_t lanes(std::int64_t format) const { return isa::lanes(o_, isa::format_type(format)); }
  static std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

  bool chain() {
    isa::Instruction i;
    i.opcode = isa::Opcode::conv;
    i[Field::dst_format] = width();
    i[Field::dst_step] = coin() ? 1 : between(1, 3);
    i[Field::out_height] = between(1, 9);
    i[Field::out_width] = coin() ? between(1, 3) : between(1, 14);
    i[Field::out_blocks] = coin() ? between(1, 3) : between(1, 6 * o_.M / o_.N);
    i[Field::src_format] = width();
    i[Field::weight_format] = width();
    const std::int64_t links = between(0, 3) == 0 ? between(2, 3) : 1;
    const std::int64_t sums = ceil_div(i[Field::out_height] * i[Field::out_width], o_.P) *
                              ceil_div(i[Field::out_blocks] * lanes(i[Field::dst_format]), o_.M);
    if (links > 1 && sums > o_.acc_depth) return false;
    for (std::int64_t link = 0; link < links; ++link) {
      i[Field::first] = link == 0;
      i[Field::last] = link + 1 == links;
      i[Field::dataflow] = between(0, 2);
      i[Field::in_blocks] = between(1, 4);
      window(i);
      i[Field::use_operand] = between(0, 2) == 0;
      if (!place(i) || !weights(i)) return false;
      if (i[Field::last] != 0 && !parameters(i)) return false;
      i[Field::overlap] = coin() && may_overlap(i);
      program_.instructions.push_back(i);
    }
    return true;
  }

  void window(isa::Instruction& i) {
    const bool point = between(0, 2) == 0;
    i[Field::kernel_h] = point ? 1 : between(1, 4);
    i[Field::kernel_w] = point ? 1 : between(1, 4);
    for (const Field f : {Field::stride_h, Field::stride_w, Field::dilation_h, Field::dilation_w})
      i[f] = coin() ? 1 : between(1, 3);
    i[Field::pad_top] = coin() ? 0 : between(-2, 4);
    i[Field::pad_left] = coin() ? 0 : between(-2, 4);
    const bool narrow = i[Field::src_format] == static_cast<std::int64_t>(DataType::i8);
    i[Field::pad_value] = narrow ? between(-128, 127) : between(INT16_MIN, INT16_MAX);
    const auto fitting = [&](Field out, Field stride, Field kernel, Field dilation, Field pad) {
      const std::int64_t most = (i[out] - 1) * i[stride] + (i[kernel] - 1) * i[dilation] + 1 - i[pad];
      return std::max<std::int64_t>(1, most - (coin() ? 0 : between(0, 3)));
    };
    i[Field::src_height] =
        fitting(Field::out_height, Field::stride_h, Field::kernel_h, Field::dilation_h, Field::pad_top);
    i[Field::src_width] =
        fitting(Field::out_width, Field::stride_w, Field::kernel_w, Field::dilation_w, Field::pad_left);
  }

  /// A tensor somewhere in feature memory; false if it does not fit.
  bool put(isa::Instruction& i, Field first, std::int64_t height, std::int64_t width, std::int64_t blocks) {
    const auto at = static_cast<std::size_t>(first);
    const std::int64_t pitch = width + (coin() ? 0 : between(0, 4));
    const std::int64_t plane = ceil_div(pitch * height, o_.P) + between(0, 2);
    const std::int64_t bank = between(0, o_.P - 1);
    const std::int64_t slots = bank + (blocks - 1) * plane * o_.P + pitch * height;
    const std::int64_t room = o_.feature_words() - ceil_div(slots, o_.P);
    if (room < 0) return false;
    i.values[at] = between(0, room);
    i.values[at + 1] = bank;
    i.values[at + 2] = pitch;
    i.values[at + 3] = plane;
    return true;
  }

  std::set<std::int64_t> slots(const isa::SlotBox& box) const {
    std::set<std::int64_t> result;
    for (std::int64_t b = 0; b < box.blocks; ++b)
      for (std::int64_t y = 0; y < box.rows; ++y)
        for (std::int64_t x = 0; x < box.columns; ++x)
          result.insert(box.first + b * box.block_stride + y * box.row_stride + x * box.step);
    return result;
  }
  static bool meet(const std::set<std::int64_t>& a, const std::set<std::int64_t>& b) {
    return std::any_of(a.begin(), a.end(), [&](std::int64_t s) { return b.contains(s); });
  }

  bool place(isa::Instruction& i) {
    const std::int64_t step = i[Field::dst_step], height = i[Field::out_height], width = i[Field::out_width];
    if (!put(i, Field::src_word, i[Field::src_height], i[Field::src_width], i[Field::in_blocks])) return false;
    if (!put(i, Field::operand_word, height, width, i[Field::out_blocks])) return false;
    if (!put(i, Field::dst_word, height, width * step, i[Field::out_blocks])) return false;
    const bool in_place = i[Field::use_operand] != 0 && step == 1 && coin();
    if (in_place) std::copy_n(&i[Field::operand_word], 4, &i[Field::dst_word]);
    const isa::Accesses a = isa::accesses(i, o_);
    const auto written = slots(a.destination);
    return !meet(slots(a.source), written) && (in_place || !meet(slots(a.operand), written));
  }

  bool may_overlap(const isa::Instruction& i) const {
    if (program_.instructions.empty()) return true;
    const isa::Accesses a = isa::accesses(i, o_);
    const auto written = slots(isa::accesses(program_.instructions.back(), o_).destination);
    return !meet(slots(a.source), written) && !meet(slots(a.operand), written);
  }

  bool weights(isa::Instruction& i) {
    const DataType type = isa::format_type(i[Field::weight_format]);
    const isa::WordRange range = isa::accesses(i, o_).weights;
    if (weight_word_ + range.count > o_.weight_words) return false;
    i[Field::weight_address] = weight_word_;
    const std::int64_t word = o_.weight_word_bytes();
    const std::int64_t bytes = type == DataType::i16 ? 2 : 1;
    const bool sparse = coin();
    for (std::int64_t at = 0; at < range.count * word; at += bytes) {
      const std::int64_t limit = type == DataType::i16 ? 32767 : 127;
      const std::int64_t value = sparse && between(0, 9) < 8 ? 0 : between(-limit, limit);
      std::memcpy(program_.weights.data() + weight_word_ * word + at, &value, static_cast<std::size_t>(bytes));
    }
    clear_missing(i, weight_word_ * word, bytes);
    weight_word_ += range.count;
    return true;
  }

  /// Weights of channels beyond the last are 0: with an odd number of 16-bit blocks half a set of inputs.
  void clear_missing(const isa::Instruction& i, std::int64_t begin, std::int64_t bytes) {
    const std::int64_t in = i[Field::in_blocks] * lanes(i[Field::src_format]), sets = ceil_div(in, o_.N);
    const std::int64_t out = i[Field::out_blocks] * lanes(i[Field::dst_format]), blocks = ceil_div(out, o_.M);
    const std::int64_t taps = i[Field::kernel_h] * i[Field::kernel_w];
    for (std::int64_t tile = 0; tile < blocks * taps * sets; ++tile)
      for (std::int64_t m = 0; m < o_.M; ++m)
        for (std::int64_t n = 0; n < o_.N; ++n)
          if (tile % sets * o_.N + n >= in || tile / (taps * sets) * o_.M + m >= out)
            std::memset(program_.weights.data() + begin + ((tile * o_.M + m) * o_.N + n) * bytes, 0,
                        static_cast<std::size_t>(bytes));
  }

  bool parameters(isa::Instruction& i) {
    const DataType type = isa::format_type(i[Field::dst_format]);
    const std::int64_t low = type == DataType::i16 ? INT16_MIN : INT8_MIN, high = -low - 1;
    const auto value = [&] { return static_cast<std::int16_t>(between(low, high)); };
    isa::PostDescriptor d;
    d.lo = d.add_lo = static_cast<std::int16_t>(low);
    d.hi = d.add_hi = static_cast<std::int16_t>(high);
    if (coin()) std::tie(d.lo, d.hi) = std::minmax({value(), value()});
    d.zero_point = value();
    d.add_mult_a = static_cast<std::int16_t>(between(INT16_MIN, INT16_MAX));
    d.add_mult_b = static_cast<std::int16_t>(between(INT16_MIN, INT16_MAX));
    d.add_zero_a = value();
    d.add_zero_b = value();
    d.add_zero_y = value();
    d.add_shift = static_cast<std::uint8_t>(between(12, 18));
    if (o_.tables > 0 && between(0, 3) == 0) d.table = static_cast<std::uint8_t>(between(1, o_.tables));
    d.flags = between(0, 3) == 0 ? 1 : 0;
    const std::int64_t words = d.flags == 1 ? 1 : isa::result_channels(i, o_);
    if (param_word_ + 2 + words > o_.param_words) return false;
    i[Field::param_address] = param_word_;
    std::byte* at = program_.params.data() + param_word_ * 12;
    std::memcpy(at, &d, sizeof d);
    for (std::int64_t c = 0; c < words; ++c) {
      const std::int64_t limit = std::int64_t{1} << between(4, 30);
      const std::int64_t bias = between(-limit, limit);
      const auto mult = static_cast<std::uint16_t>(between(32768, 65535));
      const auto shift = static_cast<std::uint8_t>(between(17, 34));
      std::memcpy(at + (2 + c) * 12, &bias, 6);
      std::memcpy(at + (2 + c) * 12 + 6, &mult, 2);
      std::memcpy(at + (2 + c) * 12 + 8, &shift, 1);
    }
    param_word_ += (2 + words + 1) / 2 * 2;
    return true;
  }
};

/// What feature memory holds after the program.
inline std::vector<std::byte> reference_result(const ConvProgram& program, const overlay::Overlay& o,
                                               std::vector<std::byte> features) {
  sim::reference::Carry carry;
  for (const isa::Instruction& i : program.instructions) {
    std::optional<sim::Post> post;
    const DataType type = isa::format_type(i[Field::dst_format]);
    if (i[Field::last] != 0) {
      auto parsed =
          sim::parse_post(program.params, program.tables, i[Field::param_address], isa::result_channels(i, o), type);
      EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().front().text());
      if (!parsed) return features;
      post = *parsed;
    }
    const auto weights =
        std::span(program.weights).subspan(static_cast<std::size_t>(i[Field::weight_address] * o.weight_word_bytes()));
    sim::reference::conv(i, o, weights, post ? &*post : nullptr, features, carry);
  }
  return features;
}

}  // namespace heddle::rtl
