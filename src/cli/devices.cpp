// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/json.h"
#include "overlay/overlay.h"

namespace heddle::cli {
namespace {

struct DevicesOptions {
  bool json = false;
};

Result<int> list_devices(const DevicesOptions& options) {
  Json rows = Json::array();
  if (!options.json)
    fmt::print("{:<12} {:<12} {:<14} {:<6} {:>9} {:>9} {:>6} {:>7} {:>5} {:>9}\n", "name", "part", "board", "family",
               "LUT", "FF", "DSP", "BRAM36", "URAM", "DDR GB/s");
  for (const overlay::Device& d : overlay::all_devices()) {
    if (options.json)
      rows.push_back({{"name", d.name},
                      {"part", d.part},
                      {"board", d.board},
                      {"family", d.family},
                      {"lut", d.lut},
                      {"ff", d.ff},
                      {"dsp", d.dsp},
                      {"bram36", d.bram36},
                      {"uram", d.uram},
                      {"ddr_gb_per_s", d.ddr_gb_per_s},
                      {"note", d.note}});
    else
      fmt::print("{:<12} {:<12} {:<14} {:<6} {:>9} {:>9} {:>6} {:>7} {:>5} {:>9}\n", d.name, d.part, d.board, d.family,
                 d.lut, d.ff, d.dsp, d.bram36, d.uram, d.ddr_gb_per_s);
  }
  if (options.json) print_json(rows);
  return 0;
}

Result<int> list_overlays(const DevicesOptions& options) {
  Json rows = Json::array();
  if (!options.json)
    fmt::print("{:<14} {:<10} {:>14} {:>10} {:>12} {:>12} {:>9}\n", "name", "device", "P x M x N", "MAC/cycle",
               "features KiB", "weights KiB", "clock MHz");
  for (const overlay::Overlay& o : overlay::all_overlays()) {
    const std::int64_t macs = std::int64_t{o.P} * o.M * o.N;
    const std::int64_t features = o.feature_slots() * o.N / 1024;
    const std::int64_t weights = o.weight_words * o.weight_word_bytes() / 1024;
    if (options.json)
      rows.push_back({{"name", o.name},
                      {"device", o.device},
                      {"P", o.P},
                      {"M", o.M},
                      {"N", o.N},
                      {"macs_per_cycle", macs},
                      {"feature_kib", features},
                      {"weight_kib", weights},
                      {"clock_mhz", o.clock_mhz}});
    else
      fmt::print("{:<14} {:<10} {:>14} {:>10} {:>12} {:>12} {:>9}\n", o.name, o.device,
                 fmt::format("{} x {} x {}", o.P, o.M, o.N), macs, features, weights, o.clock_mhz);
  }
  if (options.json) print_json(rows);
  return 0;
}

}  // namespace

void add_devices(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<DevicesOptions>();
  add_command(app, outcome, "devices", "Known FPGAs and boards, with their resources.", list_devices, options)
      ->add_flag("--json", options->json, "print JSON");
}

void add_overlays(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<DevicesOptions>();
  add_command(app, outcome, "overlays", "Ready overlays, with their sizes.", list_overlays, options)
      ->add_flag("--json", options->json, "print JSON");
}

}  // namespace heddle::cli
