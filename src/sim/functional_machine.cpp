// SPDX-License-Identifier: Apache-2.0
#include "sim/functional_machine.h"

#include <string>

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

FunctionalMachine::FunctionalMachine(const overlay::Overlay& overlay, Engine engine)
    : overlay_(overlay), engine_(engine), features_(static_cast<std::size_t>(overlay.feature_slots() * overlay.N)) {}

Status FunctionalMachine::run(const PreparedSegment& segment, std::span<const std::byte> constants,
                              const BaseSpans& bases) {
  if (Status status = check_bases(segment, constants, bases); !status) return status;
  for (const Step& step : segment.steps) execute(step, constants, bases);
  return {};
}

void FunctionalMachine::execute(const Step& step, std::span<const std::byte> constants, const BaseSpans& bases) {
  const isa::Instruction& i = step.instruction;
  const auto base = static_cast<std::size_t>(i[Field::ddr_base]);
  switch (i.opcode) {
    case isa::Opcode::load:
      reference::load(i, overlay_, base == isa::kConstants ? constants : bases[base], features_);
      break;
    case isa::Opcode::save:
      reference::save(i, overlay_, features_, bases[base]);
      break;
    case isa::Opcode::conv:
      reference::conv(i, overlay_, *step.weights, step.post.get(), features_, carry_);
      break;
    case isa::Opcode::stencil:
      reference::stencil(i, overlay_, step.coefficients, step.post.get(), features_, carry_);
      break;
    case isa::Opcode::end:
    case isa::Opcode::fence:
    case isa::Opcode::load_const:
      break;
  }
}

}  // namespace heddle::sim
