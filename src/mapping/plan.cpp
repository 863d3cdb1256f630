// SPDX-License-Identifier: Apache-2.0
#include "mapping/plan.h"

#include <cmath>
#include <sstream>

namespace heddle::mapping {

std::string_view name(Placement placement) {
  switch (placement) {
    case Placement::chip:
      return "chip";
    case Placement::ddr:
      return "ddr";
  }
  return "?";
}

std::string_view name(LoopOrder order) {
  switch (order) {
    case LoopOrder::pixels_outer:
      return "pixels outer";
    case LoopOrder::channels_outer:
      return "channels outer";
  }
  return "?";
}

std::string describe(const StepPlan& step) {
  const Choice& c = step.choice;
  std::ostringstream out;
  out << step.what << ' ' << name(step.input) << " to " << name(step.output) << ", tile " << c.tile.rows << "x"
      << c.tile.columns << " pixels, " << c.tile.out_blocks << " blocks from " << c.tile.in_blocks << ", "
      << name(c.order);
  if (step.what == "conv") out << ", direct, " << isa::name(c.dataflow);
  if (c.stream_input) out << ", input streamed";
  return out.str();
}

std::string print(const Plan& plan) {
  std::ostringstream out;
  for (const StepPlan& step : plan.steps) {
    const Estimate& e = step.choice.estimate;
    out << "layer " << step.layer << ": " << describe(step) << "; cycles " << std::llround(e.total) << " (array "
        << std::llround(e.array) << ", drain " << std::llround(e.drain) << ", memory " << std::llround(e.memory)
        << "), ddr " << e.ddr_bytes << " bytes\n";
  }
  out << "feature slots " << plan.feature_slots_used << ", scratch bytes " << plan.scratch_bytes << '\n';
  return out.str();
}

}  // namespace heddle::mapping
