// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "sim/layout.h"
#include "sim/reference.h"

namespace heddle::sim::reference {
namespace {

using isa::Field;

struct Sizes {
  DataType src, dst, weight;
  std::int64_t slot_bytes, in_channels, out_channels, out_height, out_width, kernel_h, kernel_w;
};

Sizes sizes_of(const isa::Instruction& i, const overlay::Overlay& overlay) {
  Sizes s{};
  s.src = isa::format_type(i[Field::src_format]);
  s.dst = isa::format_type(i[Field::dst_format]);
  s.weight = isa::format_type(i[Field::weight_format]);
  s.slot_bytes = overlay.N;
  s.in_channels = i[Field::in_blocks] * lanes(s.src, overlay.N);
  s.out_channels = i[Field::out_blocks] * lanes(s.dst, overlay.N);
  s.out_height = i[Field::out_height];
  s.out_width = i[Field::out_width];
  s.kernel_h = i[Field::kernel_h];
  s.kernel_w = i[Field::kernel_w];
  return s;
}

/// Element of `weights`, laid out [out/M][ky][kx][in/N][M][N].
std::int32_t weight_at(std::span<const std::byte> weights, const Sizes& s, const overlay::Overlay& overlay,
                       std::int64_t o, std::int64_t ky, std::int64_t kx, std::int64_t c) {
  const std::int64_t m = overlay.M, n = overlay.N;
  const std::int64_t tile = ((o / m * s.kernel_h + ky) * s.kernel_w + kx) * ceil_div(s.in_channels, n) + c / n;
  return load_element(weights.data(), (tile * m + o % m) * n + c % n, s.weight);
}

std::int32_t source_at(const isa::Instruction& i, const Sizes& s, const SlotView& view,
                       std::span<const std::byte> features, std::int64_t c, std::int64_t y, std::int64_t x) {
  if (y < 0 || x < 0 || y >= i[Field::src_height] || x >= i[Field::src_width])
    return static_cast<std::int32_t>(i[Field::pad_value]);
  const std::int64_t b = lanes(s.src, s.slot_bytes);
  return load_element(features.data() + view.slot(c / b, y, x) * s.slot_bytes, c % b, s.src);
}

std::int64_t dot(const isa::Instruction& i, const Sizes& s, const overlay::Overlay& overlay,
                 std::span<const std::byte> weights, std::span<const std::byte> features, std::int64_t o,
                 std::int64_t y, std::int64_t x) {
  const SlotView view = source_view(i, overlay.P);
  std::int64_t acc = 0;
  for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
    for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
      const std::int64_t row = y * i[Field::stride_h] - i[Field::pad_top] + ky * i[Field::dilation_h];
      const std::int64_t column = x * i[Field::stride_w] - i[Field::pad_left] + kx * i[Field::dilation_w];
      for (std::int64_t c = 0; c < s.in_channels; ++c)
        acc += std::int64_t{weight_at(weights, s, overlay, o, ky, kx, c)} *
               source_at(i, s, view, features, c, row, column);
    }
  return acc;
}

void drain(const isa::Instruction& i, const Sizes& s, const overlay::Overlay& overlay, const Post& post,
           std::span<std::byte> features, const std::vector<std::int64_t>& acc) {
  const SlotView target = destination_view(i, overlay.P), second = operand_view(i, overlay.P);
  const std::int64_t b = lanes(s.dst, s.slot_bytes), pixels = s.out_height * s.out_width;
  std::vector<std::int32_t> results(acc.size());
  for (std::size_t k = 0; k < acc.size(); ++k) {
    const auto index = static_cast<std::int64_t>(k);
    const std::int64_t o = index / pixels, y = index % pixels / s.out_width, x = index % s.out_width;
    std::optional<std::int32_t> operand;
    if (i[Field::use_operand] != 0)
      operand = load_element(features.data() + second.slot(o / b, y, x) * s.slot_bytes, o % b, s.dst);
    results[k] = apply_post(post, s.dst, o, acc[k], operand);
  }
  for (std::size_t k = 0; k < acc.size(); ++k) {
    const auto index = static_cast<std::int64_t>(k);
    const std::int64_t o = index / pixels, y = index % pixels / s.out_width, x = index % s.out_width;
    store_element(features.data() + target.slot(o / b, y, x) * s.slot_bytes, o % b, s.dst, results[k]);
  }
}

}  // namespace

void conv(const isa::Instruction& instruction, const overlay::Overlay& overlay, std::span<const std::byte> weights,
          const Post* post, std::span<std::byte> features, Carry& carry) {
  const Sizes s = sizes_of(instruction, overlay);
  const std::int64_t pixels = s.out_height * s.out_width;
  if (instruction[Field::first] != 0) carry.conv.assign(static_cast<std::size_t>(s.out_channels * pixels), 0);
  for (std::int64_t o = 0; o < s.out_channels; ++o)
    for (std::int64_t p = 0; p < pixels; ++p)
      carry.conv[static_cast<std::size_t>(o * pixels + p)] +=
          dot(instruction, s, overlay, weights, features, o, p / s.out_width, p % s.out_width);
  if (instruction[Field::last] != 0) drain(instruction, s, overlay, *post, features, carry.conv);
}

}  // namespace heddle::sim::reference
