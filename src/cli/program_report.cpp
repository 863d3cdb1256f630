// SPDX-License-Identifier: Apache-2.0
#include "cli/program_report.h"

#include <fmt/format.h>

namespace heddle::cli {
namespace {

double share(double part, double whole) {
  return whole <= 0 ? 0 : part / whole;
}

double peak(const overlay::Overlay& overlay) {
  return static_cast<double>(overlay.P) * overlay.M * overlay.N;
}

/// Calls `use` with every layer of every overlay segment.
template <class Use>
void for_each_layer(const isa::Program& program, const Use& use) {
  for (const isa::Segment& segment : program.segments)
    if (const auto* overlay = std::get_if<isa::OverlaySegment>(&segment))
      for (const isa::LayerInfo& layer : overlay->layers) use(layer);
}

}  // namespace

double ProgramTotals::utilisation(const overlay::Overlay& overlay) const {
  return share(static_cast<double>(macs), cycles * peak(overlay));
}

ProgramTotals totals(const isa::Program& program) {
  ProgramTotals sum;
  for_each_layer(program, [&](const isa::LayerInfo& layer) {
    sum.cycles += layer.estimated_cycles;
    sum.array_cycles += layer.array_cycles;
    sum.macs += layer.macs;
    sum.ddr_bytes += layer.ddr_bytes;
  });
  for (const isa::Segment& segment : program.segments)
    if (const auto* overlay = std::get_if<isa::OverlaySegment>(&segment)) {
      for (const auto& stream : overlay->streams) sum.instructions += stream.size();
      sum.constant_bytes += overlay->constants.size();
    }
  return sum;
}

Json program_json(const isa::Program& program, const overlay::Overlay& overlay) {
  const ProgramTotals sum = totals(program);
  Json layers = Json::array();
  for_each_layer(program, [&](const isa::LayerInfo& layer) {
    layers.push_back({{"name", layer.name},
                      {"nodes", layer.origins},
                      {"macs", layer.macs},
                      {"choice", layer.choice},
                      {"estimated_cycles", layer.estimated_cycles},
                      {"array_cycles", layer.array_cycles},
                      {"ddr_bytes", layer.ddr_bytes}});
  });
  return {{"model", program.model_name},
          {"overlay", overlay.name},
          {"how", "estimate"},
          {"milliseconds", sum.milliseconds(overlay)},
          {"cycles", sum.cycles},
          {"utilisation", sum.utilisation(overlay)},
          {"macs", sum.macs},
          {"ddr_bytes", sum.ddr_bytes},
          {"instructions", sum.instructions},
          {"instruction_bytes", sum.instructions * isa::kInstructionBytes},
          {"constant_bytes", sum.constant_bytes},
          {"layers", std::move(layers)}};
}

void print_program(const isa::Program& program, const overlay::Overlay& overlay) {
  fmt::print("{:<40} {:>10} {:>12} {:>7} {:>11}  {}\n", "layer", "MMAC", "cycles", "array", "DDR KiB", "choice");
  for_each_layer(program, [&](const isa::LayerInfo& layer) {
    fmt::print("{:<40.40} {:>10.3f} {:>12.0f} {:>6.1f}% {:>11.1f}  {}\n", layer.name,
               static_cast<double>(layer.macs) / 1e6, layer.estimated_cycles,
               100 * share(layer.array_cycles, layer.estimated_cycles), static_cast<double>(layer.ddr_bytes) / 1024,
               layer.choice);
  });
  const ProgramTotals sum = totals(program);
  fmt::print(
      "\n{} on {} at {} MHz: {:.3f} ms (estimate), {:.1f} % of the array's peak, {:.2f} MiB of DDR traffic, {} "
      "instructions, {:.2f} MiB of constants\n",
      program.model_name, overlay.name, overlay.clock_mhz, sum.milliseconds(overlay), 100 * sum.utilisation(overlay),
      static_cast<double>(sum.ddr_bytes) / (1 << 20), sum.instructions,
      static_cast<double>(sum.constant_bytes) / (1 << 20));
}

}  // namespace heddle::cli
