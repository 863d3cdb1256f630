// SPDX-License-Identifier: Apache-2.0
#include "sim/prepared_segment.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "sim/access_check.h"
#include "sim/constants.h"
#include "sim/finding.h"
#include "sim/layout.h"

namespace heddle::sim {
namespace {

using isa::Field;
using isa::Space;
using isa::StencilOp;

std::string place(const StreamPosition& position, const isa::Instruction& instruction) {
  return std::string(isa::name(position.engine)) + "[" + std::to_string(position.index) + "] (" +
         std::string(isa::name(instruction.opcode)) + ")";
}

struct SharedWeights {
  std::shared_ptr<const std::vector<std::byte>> stored;
  std::shared_ptr<const fast::PackedWeights> packed;
};

/// Origin in the constant image, and everything else that packing depends on.
using WeightKey = std::array<std::int64_t, 9>;

WeightKey weight_key(std::int64_t origin, const isa::Instruction& i) {
  return {origin,
          i[Field::in_blocks],
          i[Field::out_blocks],
          i[Field::kernel_h],
          i[Field::kernel_w],
          i[Field::src_format],
          i[Field::weight_format],
          i[Field::dst_format],
          i[Field::pad_value]};
}

/// Walks the instructions in serial order and collects the constants that each reads.
class Preparation {
 public:
  Preparation(std::span<const std::byte> constants, const overlay::Overlay& overlay, Execution execution)
      : constants_(constants), memories_(overlay) {
    prepared_.overlay = overlay;
    prepared_.execution = execution;
  }

  Status add(const StreamPosition& position, const isa::Instruction& instruction);
  PreparedSegment take() { return std::move(prepared_); }

 private:
  Status add_conv(Step& step);
  Status add_stencil(Step& step);
  Status add_box(const isa::Instruction& instruction);
  Status add_weights(Step& step);
  Status add_post(Step& step, Space space, std::int64_t channels);

  std::span<const std::byte> constants_;
  ConstantMemories memories_;
  PreparedSegment prepared_;
  /// Row bands of a layer read the same weights; they share one copy.
  std::map<WeightKey, SharedWeights> shared_weights_;
  std::int64_t open_channels_ = 0, open_pixels_ = 0;  ///< accumulators that the last conv left
  std::int64_t open_sums_ = 0;                        ///< channels that the last global_average left
};

Status Preparation::add(const StreamPosition& position, const isa::Instruction& instruction) {
  Diagnostics found = check_access(instruction, prepared_.overlay);
  if (!found.empty()) return fail(std::move(found));
  Step step;
  step.position = position;
  step.instruction = instruction;
  Status status;
  switch (instruction.opcode) {
    case isa::Opcode::end:
    case isa::Opcode::fence:
      return {};
    case isa::Opcode::load_const:
      return memories_.load(instruction, constants_);
    case isa::Opcode::conv:
      status = add_conv(step);
      break;
    case isa::Opcode::stencil:
      status = add_stencil(step);
      break;
    case isa::Opcode::load:
    case isa::Opcode::save:
      status = add_box(instruction);
      break;
  }
  if (status) prepared_.steps.push_back(std::move(step));
  return status;
}

Status Preparation::add_box(const isa::Instruction& instruction) {
  const std::int64_t base = instruction[Field::ddr_base];
  if (instruction.opcode == isa::Opcode::save && base == isa::kConstants)
    return fail(finding("machine.save.constants", Field::ddr_base, "a save would overwrite the constants"));
  std::int64_t& extent = prepared_.extent[static_cast<std::size_t>(base)];
  extent = std::max(extent, ddr_end(instruction, prepared_.overlay.N));
  return {};
}

Status Preparation::add_post(Step& step, Space space, std::int64_t channels) {
  step.fast.copy_first = fast::needs_copy(step.instruction, prepared_.overlay);
  if (step.instruction[Field::last] == 0) return {};
  auto post = parse_post(memories_.bytes(space), memories_.bytes(Space::tables), step.instruction[Field::param_address],
                         channels, isa::format_type(step.instruction[Field::dst_format]));
  if (!post) return fail(std::move(post.error()));
  step.post = std::make_shared<const Post>(std::move(*post));
  if (prepared_.execution == Execution::reference) return {};
  const bool is_conv = space == Space::conv_params;
  const std::int64_t lane_count = lanes(isa::format_type(step.instruction[Field::src_format]), prepared_.overlay.N);
  step.fast.post = fast::make_post_lanes(step.post, isa::format_type(step.instruction[Field::dst_format]), channels,
                                         is_conv ? fast::kLanes : lane_count);
  return {};
}

Status Preparation::add_weights(Step& step) {
  const overlay::Overlay& o = prepared_.overlay;
  const isa::Instruction& i = step.instruction;
  const std::int64_t in_channels = i[Field::in_blocks] * lanes(isa::format_type(i[Field::src_format]), o.N);
  const std::int64_t out_channels = i[Field::out_blocks] * lanes(isa::format_type(i[Field::dst_format]), o.N);
  const std::int64_t size = ceil_div(out_channels, o.M) * i[Field::kernel_h] * i[Field::kernel_w] *
                            ceil_div(in_channels, o.N) * o.M * o.N *
                            element_bytes(isa::format_type(i[Field::weight_format]));
  const std::int64_t begin = i[Field::weight_address] * o.weight_word_bytes();
  const std::span<const std::byte> memory = memories_.bytes(Space::weights);
  if (begin + size > static_cast<std::int64_t>(memory.size()))
    return fail(finding("machine.weights.range", Field::weight_address, "the weights lie beyond weight memory"));
  const auto part = memory.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
  const auto origin = memories_.weight_origin(begin, size);
  SharedWeights own;
  SharedWeights& weights = origin ? shared_weights_[weight_key(*origin, i)] : own;
  if (prepared_.execution == Execution::reference) {
    if (!weights.stored) weights.stored = std::make_shared<const std::vector<std::byte>>(part.begin(), part.end());
  } else if (!weights.packed) {
    weights.packed = std::make_shared<const fast::PackedWeights>(fast::pack_weights(i, o, part));
  }
  step.weights = weights.stored;
  step.fast.weights = weights.packed;
  return {};
}

Status Preparation::add_conv(Step& step) {
  const isa::Instruction& i = step.instruction;
  const std::int64_t channels =
      i[Field::out_blocks] * lanes(isa::format_type(i[Field::dst_format]), prepared_.overlay.N);
  const std::int64_t pixels = i[Field::out_height] * i[Field::out_width];
  if (i[Field::first] == 0 && (channels != open_channels_ || pixels != open_pixels_))
    return fail(finding("machine.conv.first", Field::first, "there are no accumulators of this size to go on from"));
  open_channels_ = i[Field::last] != 0 ? 0 : channels;
  open_pixels_ = i[Field::last] != 0 ? 0 : pixels;
  if (Status status = add_weights(step); !status) return status;
  return add_post(step, Space::conv_params, channels);
}

Status Preparation::add_stencil(Step& step) {
  const isa::Instruction& i = step.instruction;
  const auto op = static_cast<StencilOp>(i[Field::stencil_op]);
  const std::int64_t n = prepared_.overlay.N;
  const std::int64_t channels = i[Field::in_blocks] * lanes(isa::format_type(i[Field::src_format]), n);
  if (op == StencilOp::global_average) {
    if (i[Field::first] == 0 && channels != open_sums_)
      return fail(finding("machine.stencil.first", Field::first, "there are no sums of this size to go on from"));
    open_sums_ = i[Field::last] != 0 ? 0 : channels;
  } else {
    step.instruction[Field::last] = 1;
  }
  if (op == StencilOp::depthwise) {
    const std::span<const std::byte> memory = memories_.bytes(Space::coefficients);
    const std::int64_t word = memories_.unit(Space::coefficients);
    const std::int64_t begin = i[Field::coefficient_address] * word;
    const std::int64_t size = i[Field::in_blocks] * i[Field::kernel_h] * i[Field::kernel_w] * word;
    if (begin + size > static_cast<std::int64_t>(memory.size()))
      return fail(finding("machine.coefficients.range", Field::coefficient_address,
                          "the coefficients lie beyond coefficient memory"));
    const auto part = memory.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
    step.coefficients.assign(part.begin(), part.end());
  }
  // `add` uses the descriptor only: no channel words need to lie behind it.
  return add_post(step, Space::stencil_params, op == StencilOp::add ? 0 : channels);
}

}  // namespace

Result<PreparedSegment> prepare(const Streams& streams, std::span<const std::byte> constants,
                                const overlay::Overlay& overlay, Execution execution) {
  if (overlay.format != overlay::NumberFormat::integer) {
    Diagnostic d;
    d.error_class = ErrorClass::unsupported;
    d.code = "machine.overlay.format";
    d.field = "format";
    d.message = "the functional machine executes integer overlays only";
    return fail(std::move(d));
  }
  const auto order = serial_order(streams);
  if (!order) return fail(order.error());
  Preparation preparation(constants, overlay, execution);
  Diagnostics found;
  for (const StreamPosition& position : *order) {
    const isa::Instruction& instruction = streams[static_cast<std::size_t>(position.engine)][position.index];
    if (Status status = preparation.add(position, instruction); !status)
      for (Diagnostic& d : status.error()) {
        d.node = place(position, instruction);
        found.push_back(std::move(d));
      }
  }
  if (!found.empty()) return fail(std::move(found));
  return preparation.take();
}

}  // namespace heddle::sim
