// SPDX-License-Identifier: Apache-2.0
#include "cli/timing.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "isa/verifier.h"
#include "overlay/overlay.h"
#include "runtime/cycle_device.h"
#include "sim/cycle/layer_account.h"

namespace heddle::cli {
namespace {

Json layers_json(const isa::OverlaySegment& segment, const sim::cycle::Report& report) {
  Json layers = Json::array();
  const std::vector<std::uint64_t> cycles = sim::cycle::layer_cycles(segment, report.done);
  for (std::size_t l = 0; l < segment.layers.size(); ++l)
    layers.push_back({{"layer", segment.layers[l].name}, {"cycles", cycles[l]}, {"macs", segment.layers[l].macs}});
  return layers;
}

/// A line an engine: shares of the cycles, largest first.
void print_engine(const Json& counters, const std::string& engine, double cycles) {
  std::vector<std::pair<double, std::string>> parts;
  for (const auto& [name, value] : counters.items())
    if (name.starts_with(engine + ".") && value.get<double>() >= 0.005 * cycles)
      parts.emplace_back(100 * value.get<double>() / cycles, name.substr(engine.size() + 1));
  std::ranges::stable_sort(parts, std::greater{}, &std::pair<double, std::string>::first);
  fmt::print("  {:<14}", engine);
  for (const auto& [share, name] : parts) fmt::print(" {} {:.0f} %", name, share);
  fmt::print("\n");
}

}  // namespace

Result<Json> timing_json(const isa::Program& program) {
  const auto overlay = overlay::parse_overlay(program.overlay_toml, "the program's overlay");
  if (!overlay) return fail(overlay.error());
  Json segments = Json::array();
  std::uint64_t cycles = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (const isa::Segment& any : program.segments) {
    const auto* segment = std::get_if<isa::OverlaySegment>(&any);
    if (segment == nullptr) continue;
    if (const auto verified = isa::verify(*segment, *overlay); !verified) return fail(verified.error());
    const auto timed = runtime::time_segment(*segment, *overlay);
    if (!timed) return fail(timed.error());
    const sim::cycle::Report report = sim::cycle::simulate(*timed);
    cycles += report.cycles;
    segments.push_back({{"cycles", report.cycles},
                        {"counters", runtime::cycle_counters(report)},
                        {"layers", layers_json(*segment, report)}});
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  return Json{{"cycles", cycles},
              {"milliseconds", static_cast<double>(cycles) / overlay->clock_mhz / 1000},
              {"seconds_to_simulate", seconds.count()},
              {"segments", std::move(segments)}};
}

void print_timing(const Json& timing) {
  fmt::print("{} cycles, {:.3f} ms\n", timing["cycles"].get<std::uint64_t>(), timing["milliseconds"].get<double>());
  for (const Json& segment : timing["segments"]) {
    const auto cycles = segment["cycles"].get<double>();
    for (const char* engine : {"load_features", "load_weights", "conv", "stencil", "save"})
      print_engine(segment["counters"], engine, cycles);
    for (const Json& layer : segment["layers"])
      fmt::print("  {:>10}  {}\n", layer["cycles"].get<std::uint64_t>(), layer["layer"].get<std::string>());
  }
}

}  // namespace heddle::cli
