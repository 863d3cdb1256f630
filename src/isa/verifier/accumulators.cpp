// SPDX-License-Identifier: Apache-2.0
// Chains of `first` … `last`, and the largest value that an accumulator can reach.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "isa/names.h"
#include "isa/verifier/context.h"

namespace heddle::isa::verifier {
namespace {

/// A chain that was begun and not drained.
struct Chain {
  std::size_t index = 0;  ///< its latest instruction
  std::int64_t bound = 0;
};

std::int64_t magnitude(std::int64_t format) {
  return bits(format_type(format)) > 8 ? 32768 : 128;
}

bool packed(const Instruction& i) {
  return magnitude(i[Field::src_format]) == 128 && magnitude(i[Field::weight_format]) == 128;
}

/// Largest |Σ w·x| of one conv.
std::int64_t conv_bound(const Instruction& i, const overlay::Overlay& o) {
  const std::int64_t channels = i[Field::in_blocks] * lanes(o, format_type(i[Field::src_format]));
  return channels * i[Field::kernel_h] * i[Field::kernel_w] * magnitude(i[Field::src_format]) *
         magnitude(i[Field::weight_format]);
}

/// Largest |acc| of one stencil instruction.
std::int64_t stencil_bound(const Instruction& i) {
  const std::int64_t element = magnitude(i[Field::src_format]);
  const std::int64_t taps = i[Field::kernel_h] * i[Field::kernel_w];
  switch (static_cast<StencilOp>(i[Field::stencil_op])) {
    case StencilOp::depthwise:
      return taps * element * 32768;
    case StencilOp::average:
      return taps * element;
    case StencilOp::global_average:
      return i[Field::src_height] * i[Field::src_width] * element;
    case StencilOp::bilinear:
      return element << 16;
    case StencilOp::multiply:
      return (element + 32768) * (element + 32768);
    case StencilOp::maximum:
    case StencilOp::nearest:
    case StencilOp::identity:
    case StencilOp::fill:
      return element;
    case StencilOp::add:
      return 0;
  }
  return 0;
}

/// What must agree between two instructions of a chain.
std::optional<Field> disagreement(const Instruction& a, const Instruction& b) {
  if (a.opcode == Opcode::conv) {
    for (const Field f : {Field::out_height, Field::out_width, Field::out_blocks, Field::dst_format, Field::src_format})
      if (a[f] != b[f]) return f;
    return packed(a) == packed(b) ? std::nullopt : std::optional(Field::weight_format);
  }
  for (const Field f : {Field::in_blocks, Field::src_format, Field::dst_format})
    if (a[f] != b[f]) return f;
  return std::nullopt;
}

/// Follows the chains of one engine; returns the bound of what each instruction may drain.
class ChainChecker {
 public:
  ChainChecker(Context& context, Engine engine) : c_(context), engine_(engine) {}

  std::int64_t step(std::size_t index, std::int64_t own_bound) {
    const Place place{engine_, index};
    const Instruction& i = c_.at(place);
    if (i[Field::first] != 0 && open_)
      c_.add(place, "isa.accumulators", "first",
             fmt::format("drops the accumulators that {} kept", instruction_name(engine_, open_->index)));
    std::int64_t bound = own_bound;
    if (i[Field::first] == 0) bound += follow(place, i);
    check_overflow(place, i, bound);
    bound = std::min(bound, std::int64_t{1} << 56);  // so that a long illegal chain cannot overflow this number
    if (i[Field::last] != 0)
      open_.reset();
    else
      open_ = Chain{index, bound};
    return bound;
  }

  void finish() {
    if (open_) c_.add({engine_, open_->index}, "isa.accumulators", "last", "keeps accumulators that nothing drains");
  }

 private:
  std::int64_t follow(Place place, const Instruction& i) {
    if (!open_) {
      c_.add(place, "isa.accumulators", "first", "is 0, but the instruction before it kept no accumulators");
      return 0;
    }
    if (const auto field = disagreement(c_.at({engine_, open_->index}), i))
      c_.add(place, "isa.accumulators", name(*field),
             fmt::format("differs from that of {}, whose accumulators it continues",
                         instruction_name(engine_, open_->index)));
    return open_->bound;
  }

  void check_overflow(Place place, const Instruction& i, std::int64_t bound) {
    const int width = i.opcode == Opcode::conv && packed(i) ? 32 : 48;
    if (bound >= std::int64_t{1} << (width - 1))
      c_.add(place, "isa.accumulators", "in_blocks",
             fmt::format("the sum may reach {}, which overflows {} bits", bound, width));
  }

  Context& c_;
  Engine engine_;
  std::optional<Chain> open_{};
};

}  // namespace

Bounds check_accumulators(Context& c) {
  Bounds bounds;
  const auto& conv = c.streams[static_cast<std::size_t>(Engine::conv)];
  bounds.conv.resize(conv.size());
  ChainChecker conv_chain(c, Engine::conv);
  for (std::size_t i = 0; i < conv.size(); ++i)
    if (conv[i].opcode == Opcode::conv) bounds.conv[i] = conv_chain.step(i, conv_bound(conv[i], c.overlay));
  conv_chain.finish();

  const auto& stencil = c.streams[static_cast<std::size_t>(Engine::stencil)];
  bounds.stencil.resize(stencil.size());
  ChainChecker stencil_chain(c, Engine::stencil);
  for (std::size_t i = 0; i < stencil.size(); ++i) {
    if (stencil[i].opcode != Opcode::stencil) continue;
    const std::int64_t own = stencil_bound(stencil[i]);
    const bool global = static_cast<StencilOp>(stencil[i][Field::stencil_op]) == StencilOp::global_average;
    bounds.stencil[i] = global ? stencil_chain.step(i, own) : own;
  }
  stencil_chain.finish();
  return bounds;
}

}  // namespace heddle::isa::verifier
