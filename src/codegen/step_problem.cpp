// SPDX-License-Identifier: Apache-2.0
#include "codegen/step_problem.h"

#include <algorithm>

namespace heddle::codegen {
namespace {

class ProblemMaker {
 public:
  ProblemMaker(const overlay::Overlay& overlay, const Lowered& lowered, const std::vector<bool>& in_ddr)
      : overlay_(overlay), lowered_(lowered), in_ddr_(in_ddr) {}

  [[nodiscard]] mapping::ConvProblem problem(const ConvStep& step) const;
  [[nodiscard]] mapping::StencilProblem problem(const StencilStep& step) const;
  /// A copy within DDR passes through tiles of feature memory; one from chip needs none.
  [[nodiscard]] mapping::StencilProblem problem(const CopyStep& step) const;

 private:
  [[nodiscard]] const Buffer& buffer(const Part& part) const {
    return lowered_.buffers[static_cast<std::size_t>(part.buffer)];
  }
  [[nodiscard]] bool in_ddr(const Part& part) const { return in_ddr_[static_cast<std::size_t>(part.buffer)]; }
  [[nodiscard]] std::int32_t lanes(const Part& part) const {
    return bits(buffer(part).type) > 8 ? overlay_.N / 2 : overlay_.N;
  }
  [[nodiscard]] mapping::PartProblem part_problem(const Part& part) const { return {part.blocks, in_ddr(part)}; }

  const overlay::Overlay& overlay_;
  const Lowered& lowered_;
  const std::vector<bool>& in_ddr_;
};

mapping::ConvProblem ProblemMaker::problem(const ConvStep& step) const {
  mapping::ConvProblem p;
  p.y = step.y;
  p.x = step.x;
  p.step_h = step.step_h;
  p.step_w = step.step_w;
  p.phases = static_cast<std::int32_t>(step.phases.size());
  for (const ConvPhase& phase : step.phases) {
    p.kernel_h = std::max(p.kernel_h, static_cast<std::int32_t>(phase.rows.size()));
    p.kernel_w = std::max(p.kernel_w, static_cast<std::int32_t>(phase.columns.size()));
  }
  for (const Part& part : step.inputs) p.inputs.push_back(part_problem(part));
  for (const Part& part : step.operands) p.operands.push_back(part_problem(part));
  p.output = part_problem(step.output);
  p.in_lanes = lanes(step.inputs.front());
  p.out_lanes = lanes(step.output);
  p.wide = bits(buffer(step.inputs.front()).type) > 8 || bits(step.weights.type) > 8;
  p.weight_bytes = bits(step.weights.type) / 8;
  p.groups = step.weights.groups;
  p.in_per_group = step.weights.in_per_group;
  p.out_per_group = step.weights.out_per_group;
  return p;
}

mapping::StencilProblem ProblemMaker::problem(const StencilStep& step) const {
  mapping::StencilProblem p;
  p.y = step.y;
  p.x = step.x;
  p.blocks = step.input.blocks;
  p.in_lanes = lanes(step.input);
  p.out_lanes = lanes(step.output);
  const bool reads = step.op != isa::StencilOp::fill;
  p.input = reads ? mapping::StencilInput::map : mapping::StencilInput::none;
  p.input_in_ddr = reads && in_ddr(step.input);
  if (step.operand) {
    p.operand = step.broadcast ? mapping::StencilOperand::pixel : mapping::StencilOperand::map;
    p.operand_in_ddr = in_ddr(*step.operand);
  }
  p.output_in_ddr = in_ddr(step.output);
  p.reduces_map = step.op == isa::StencilOp::global_average;
  if (step.op == isa::StencilOp::depthwise) p.coefficient_taps = step.kernel_h * step.kernel_w;
  p.channel_params = step.post.channels.size() > 1;
  return p;
}

mapping::StencilProblem ProblemMaker::problem(const CopyStep& step) const {
  const Buffer& from = buffer(step.input);
  mapping::StencilProblem p;
  p.y = {.in = from.height, .out = from.height};
  p.x = {.in = from.width, .out = from.width};
  p.blocks = step.input.blocks;
  p.in_lanes = p.out_lanes = lanes(step.input);
  p.input_in_ddr = in_ddr(step.input);
  return p;
}

}  // namespace

StepParts parts_of(const Step& step) {
  StepParts parts;
  if (const auto* conv = std::get_if<ConvStep>(&step.work)) return {conv->inputs, conv->operands, conv->output};
  if (const auto* stencil = std::get_if<StencilStep>(&step.work)) {
    if (stencil->op != isa::StencilOp::fill) parts.inputs.push_back(stencil->input);
    if (stencil->operand) parts.operands.push_back(*stencil->operand);
    parts.output = stencil->output;
    return parts;
  }
  parts.inputs.push_back(std::get<CopyStep>(step.work).input);
  return parts;
}

std::optional<mapping::Choice> choose_step(const overlay::Overlay& overlay, const Lowered& lowered, const Step& step,
                                           const std::vector<bool>& in_ddr, mapping::Budget budget) {
  const ProblemMaker maker(overlay, lowered, in_ddr);
  return std::visit([&](const auto& work) { return mapping::choose(overlay, maker.problem(work), budget); }, step.work);
}

}  // namespace heddle::codegen
