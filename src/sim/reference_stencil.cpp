// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "sim/layout.h"
#include "sim/reference.h"

namespace heddle::sim::reference {
namespace {

using isa::Field;
using isa::StencilOp;

/// One stencil instruction while it runs; `b` and `lane` select a channel of the source.
struct Window {
  const isa::Instruction& i;
  const overlay::Overlay& overlay;
  std::span<const std::byte> coefficients;
  std::span<const std::byte> features;
  const Post* post;
  StencilOp op;
  DataType src, dst;
  SlotView source, operand;

  [[nodiscard]] std::int64_t channels_per_slot() const { return lanes(src, overlay.N); }
  [[nodiscard]] std::int32_t element(const SlotView& view, std::int64_t c, std::int64_t y, std::int64_t x) const {
    const std::int64_t b = channels_per_slot();
    return load_element(features.data() + view.slot(c / b, y, x) * overlay.N, c % b, src);
  }
  [[nodiscard]] bool inside(std::int64_t y, std::int64_t x) const {
    return y >= 0 && x >= 0 && y < i[Field::src_height] && x < i[Field::src_width];
  }
  [[nodiscard]] std::int64_t row(std::int64_t y, std::int64_t ky) const {
    return y * i[Field::stride_h] - i[Field::pad_top] + ky * i[Field::dilation_h];
  }
  [[nodiscard]] std::int64_t column(std::int64_t x, std::int64_t kx) const {
    return x * i[Field::stride_w] - i[Field::pad_left] + kx * i[Field::dilation_w];
  }
  [[nodiscard]] std::int32_t padded(std::int64_t c, std::int64_t y, std::int64_t x) const {
    return inside(y, x) ? element(source, c, y, x) : static_cast<std::int32_t>(i[Field::pad_value]);
  }
  [[nodiscard]] std::int32_t second(std::int64_t c, std::int64_t y, std::int64_t x) const {
    const bool one = i[Field::operand_broadcast] != 0;
    return element(operand, c, one ? 0 : y, one ? 0 : x);
  }
};

std::int64_t depthwise(const Window& w, std::int64_t c, std::int64_t y, std::int64_t x) {
  const std::int64_t kh = w.i[Field::kernel_h], kw = w.i[Field::kernel_w], lane_count = w.channels_per_slot();
  std::int64_t acc = 0;
  for (std::int64_t ky = 0; ky < kh; ++ky)
    for (std::int64_t kx = 0; kx < kw; ++kx) {
      const std::int64_t word = (c / lane_count * kh + ky) * kw + kx;
      const std::int32_t coefficient =
          load_element(w.coefficients.data(), word * w.overlay.N + c % lane_count, DataType::i16);
      acc += std::int64_t{coefficient} * w.padded(c, w.row(y, ky), w.column(x, kx));
    }
  return acc;
}

std::int64_t maximum(const Window& w, std::int64_t c, std::int64_t y, std::int64_t x) {
  std::int64_t best = w.src == DataType::i16 ? INT16_MIN : INT8_MIN;
  for (std::int64_t ky = 0; ky < w.i[Field::kernel_h]; ++ky)
    for (std::int64_t kx = 0; kx < w.i[Field::kernel_w]; ++kx)
      if (w.inside(w.row(y, ky), w.column(x, kx)))
        best = std::max<std::int64_t>(best, w.element(w.source, c, w.row(y, ky), w.column(x, kx)));
  return best;
}

std::int64_t window_sum(const Window& w, std::int64_t c, std::int64_t y, std::int64_t x) {
  std::int64_t sum = 0;
  for (std::int64_t ky = 0; ky < w.i[Field::kernel_h]; ++ky)
    for (std::int64_t kx = 0; kx < w.i[Field::kernel_w]; ++kx) sum += w.padded(c, w.row(y, ky), w.column(x, kx));
  return sum;
}

std::int64_t source_sum(const Window& w, std::int64_t c) {
  std::int64_t sum = 0;
  for (std::int64_t y = 0; y < w.i[Field::src_height]; ++y)
    for (std::int64_t x = 0; x < w.i[Field::src_width]; ++x) sum += w.element(w.source, c, y, x);
  return sum;
}

std::int64_t resized(const Window& w, std::int64_t c, std::int64_t y, std::int64_t x) {
  const auto v = kernels::resize_tap(w.i[Field::start_y], w.i[Field::step_y], y, w.i[Field::src_height]);
  const auto h = kernels::resize_tap(w.i[Field::start_x], w.i[Field::step_x], x, w.i[Field::src_width]);
  if (w.op == StencilOp::nearest) return w.element(w.source, c, v.first, h.first);
  return kernels::bilinear(w.element(w.source, c, v.first, h.first), w.element(w.source, c, v.first, h.second),
                           w.element(w.source, c, v.second, h.first), w.element(w.source, c, v.second, h.second),
                           v.weight, h.weight);
}

std::int64_t accumulate(const Window& w, std::int64_t c, std::int64_t y, std::int64_t x) {
  switch (w.op) {
    case StencilOp::depthwise:
      return depthwise(w, c, y, x);
    case StencilOp::maximum:
      return maximum(w, c, y, x);
    case StencilOp::average:
      return window_sum(w, c, y, x);
    case StencilOp::global_average:
      return source_sum(w, c);
    case StencilOp::nearest:
    case StencilOp::bilinear:
      return resized(w, c, y, x);
    case StencilOp::multiply:
      return std::int64_t{w.element(w.source, c, y, x) - w.post->add.zero_a} * (w.second(c, y, x) - w.post->add.zero_b);
    case StencilOp::identity:
      return w.padded(c, w.row(y, 0), w.column(x, 0));
    case StencilOp::fill:
      return w.i[Field::pad_value];
    case StencilOp::add:
      break;
  }
  return 0;
}

std::int32_t result(const Window& w, std::int64_t c, std::int64_t y, std::int64_t x) {
  if (w.op == StencilOp::add)
    return kernels::residual_add(w.element(w.source, c, y, x), w.second(c, y, x), w.post->add);
  return apply_post(*w.post, w.dst, c, accumulate(w, c, y, x), std::nullopt);
}

/// The results of all channels and pixels, before any is written.
std::vector<std::int32_t> results_of(const Window& w, std::int64_t channels, std::int64_t height, std::int64_t width) {
  std::vector<std::int32_t> results;
  results.reserve(static_cast<std::size_t>(channels * height * width));
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) results.push_back(result(w, c, y, x));
  return results;
}

std::vector<std::int32_t> pooled(const Window& w, std::int64_t channels, Carry& carry) {
  if (w.i[Field::first] != 0) carry.sums.assign(static_cast<std::size_t>(channels), 0);
  for (std::int64_t c = 0; c < channels; ++c) carry.sums[static_cast<std::size_t>(c)] += source_sum(w, c);
  std::vector<std::int32_t> results;
  if (w.i[Field::last] != 0)
    for (std::int64_t c = 0; c < channels; ++c)
      results.push_back(apply_post(*w.post, w.dst, c, carry.sums[static_cast<std::size_t>(c)], std::nullopt));
  return results;
}

}  // namespace

void stencil(const isa::Instruction& instruction, const overlay::Overlay& overlay,
             std::span<const std::byte> coefficients, const Post* post, std::span<std::byte> features, Carry& carry) {
  const Window w{instruction,
                 overlay,
                 coefficients,
                 features,
                 post,
                 static_cast<StencilOp>(instruction[Field::stencil_op]),
                 isa::format_type(instruction[Field::src_format]),
                 isa::format_type(instruction[Field::dst_format]),
                 source_view(instruction, overlay.P),
                 operand_view(instruction, overlay.P)};
  const bool global = w.op == StencilOp::global_average;
  const std::int64_t height = global ? 1 : instruction[Field::out_height];
  const std::int64_t width = global ? 1 : instruction[Field::out_width];
  const std::int64_t channels = instruction[Field::in_blocks] * lanes(w.src, overlay.N);
  const auto results = global ? pooled(w, channels, carry) : results_of(w, channels, height, width);

  const SlotView target = destination_view(instruction, overlay.P);
  const std::int64_t b = lanes(w.dst, overlay.N);
  for (std::size_t k = 0; k < results.size(); ++k) {
    const auto index = static_cast<std::int64_t>(k);
    const std::int64_t c = index / (height * width), y = index / width % height, x = index % width;
    store_element(features.data() + target.slot(c / b, y, x) * overlay.N, c % b, w.dst, results[k]);
  }
}

}  // namespace heddle::sim::reference
