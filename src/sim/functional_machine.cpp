// SPDX-License-Identifier: Apache-2.0
#include "sim/functional_machine.h"

#include <string>

#include "sim/boxes.h"

namespace heddle::sim {
namespace {

using isa::Field;

Status check_bases(const PreparedSegment& segment, std::span<const std::byte> constants, const BaseSpans& bases) {
  Diagnostics found;
  for (std::size_t base = 0; base < segment.extent.size(); ++base) {
    const std::size_t size = base == isa::kConstants ? constants.size() : bases[base].size();
    if (static_cast<std::int64_t>(size) >= segment.extent[base]) continue;
    Diagnostic d;
    d.code = "machine.base.size";
    d.node = "base register " + std::to_string(base);
    d.message = "its memory has " + std::to_string(size) + " bytes, the program touches " +
                std::to_string(segment.extent[base]);
    found.push_back(std::move(d));
  }
  if (found.empty()) return {};
  return fail(std::move(found));
}

}  // namespace

FunctionalMachine::FunctionalMachine(const overlay::Overlay& overlay, const fast::Kernels& kernels)
    : overlay_(overlay), kernels_(&kernels), features_(static_cast<std::size_t>(overlay.feature_slots() * overlay.N)) {}

Status FunctionalMachine::run(const PreparedSegment& segment, std::span<const std::byte> constants,
                              const BaseSpans& bases) {
  if (Status status = check_bases(segment, constants, bases); !status) return status;
  for (const Step& step : segment.steps) {
    const bool computes =
        step.instruction.opcode == isa::Opcode::conv || step.instruction.opcode == isa::Opcode::stencil;
    if (!computes)
      move(step.instruction, constants, bases);
    else if (segment.execution == Execution::reference)
      compute_by_reference(step);
    else
      compute(step);
  }
  return {};
}

void FunctionalMachine::compute(const Step& step) {
  std::span<const std::byte> source = features_;
  if (step.fast.copy_first) {
    scratch_.features = features_;
    source = scratch_.features;
  }
  const fast::Context context{step.instruction, overlay_, step.fast, *kernels_,        source,
                              features_,        scratch_, carry_,    step.coefficients};
  if (step.instruction.opcode == isa::Opcode::conv)
    fast::conv(context);
  else
    fast::stencil(context);
}

void FunctionalMachine::compute_by_reference(const Step& step) {
  if (step.instruction.opcode == isa::Opcode::conv)
    reference::conv(step.instruction, overlay_, *step.weights, step.post.get(), features_, carry_);
  else
    reference::stencil(step.instruction, overlay_, step.coefficients, step.post.get(), features_, carry_);
}

void FunctionalMachine::move(const isa::Instruction& instruction, std::span<const std::byte> constants,
                             const BaseSpans& bases) {
  const auto base = static_cast<std::size_t>(instruction[Field::ddr_base]);
  if (instruction.opcode == isa::Opcode::load)
    load(instruction, overlay_, base == isa::kConstants ? constants : bases[base], features_);
  else
    save(instruction, overlay_, features_, bases[base]);
}

}  // namespace heddle::sim
