// SPDX-License-Identifier: Apache-2.0
#include "sim/fast/stencil.h"

#include <algorithm>
#include <cstring>

#include "sim/layout.h"

namespace heddle::sim::fast {
namespace {

using isa::Field;
using isa::StencilOp;

/// Whole pixels in a vector; for a depthwise convolution also few enough taps, and a pad value of the source's type, so
/// that 32 bits hold a sum of products with 8-bit elements or with a byte of the coefficients.
bool is_supported(const Stencil& s) {
  if (s.lane_count > kLanes || kLanes % s.lane_count != 0) return false;
  if (s.op != StencilOp::depthwise) return true;
  const std::int64_t pad = s.c.i[Field::pad_value];
  return s.c.i[Field::kernel_h] * s.c.i[Field::kernel_w] <= 256 &&
         (s.type == DataType::i16 || (pad >= -128 && pad <= 127));
}

}  // namespace

Stencil::Stencil(const Context& context)
    : c(context),
      op(static_cast<StencilOp>(context.i[Field::stencil_op])),
      type(isa::format_type(context.i[Field::src_format])),
      lane_count(lanes(type, context.overlay.N)),
      blocks(context.i[Field::in_blocks]),
      out_height(context.i[Field::out_height]),
      out_width(context.i[Field::out_width]),
      elements(out_width * lane_count),
      padded_elements(ceil_div(elements, kLanes) * kLanes),
      writer(destination_writer(context, blocks * lane_count)) {}

void Stencil::write(std::int64_t block, std::int64_t y, const std::int16_t* out) const {
  if (writer.lane_count != lane_count || writer.view.step != 1) {
    for (std::int64_t x = 0; x < out_width; ++x)
      writer.pixel(c.target.data(), y, x, block * lane_count, lane_count, out + x * lane_count);
    return;
  }
  std::byte* to = c.target.data() + writer.view.slot(block, y, 0) * writer.slot_bytes;
  if (writer.type == DataType::i16)
    std::memcpy(to, out, static_cast<std::size_t>(elements) * sizeof *out);
  else
    c.kernels.narrow(out, elements, reinterpret_cast<std::int8_t*>(to));
}

void Stencil::emit(std::int64_t block, std::int64_t y, const std::int32_t* acc, Scratch::Thread& own) const {
  std::int16_t* out = grow(own.out, padded_elements);
  finish(c.kernels, c.step.post, block, acc, padded_elements / kLanes, out);
  write(block, y, out);
}

void Stencil::emit(std::int64_t block, std::int64_t y, const std::int64_t* acc, Scratch::Thread& own) const {
  std::int16_t* out = grow(own.out, padded_elements);
  finish(c.kernels, c.step.post, block, acc, padded_elements / kLanes, out);
  write(block, y, out);
}

void Stencil::emit(std::int64_t block, std::int64_t y, const std::int32_t* low, const std::int32_t* high,
                   Scratch::Thread& own) const {
  std::int16_t* out = grow(own.out, padded_elements);
  finish(c.kernels, c.step.post, block, low, high, padded_elements / kLanes, out);
  write(block, y, out);
}

void stencil(const Context& context) {
  const Stencil s(context);
  if (!is_supported(s)) {
    reference::stencil(context.i, context.overlay, context.coefficients, context.step.post.post.get(), context.target,
                       context.carry);
    return;
  }
  switch (s.op) {
    case StencilOp::depthwise:
    case StencilOp::maximum:
    case StencilOp::average:
    case StencilOp::identity:
      return window_stencil(s);
    case StencilOp::add:
    case StencilOp::multiply:
    case StencilOp::fill:
      return pointwise_stencil(s);
    case StencilOp::nearest:
    case StencilOp::bilinear:
      return resize_stencil(s);
    case StencilOp::global_average:
      return global_stencil(s);
  }
}

}  // namespace heddle::sim::fast
