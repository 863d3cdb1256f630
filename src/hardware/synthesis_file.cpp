// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "hardware/synthesis.h"
#include "overlay/data.h"

namespace heddle::hardware {
namespace {

Usage usage_of(const toml::table& table) {
  const auto value = [&](std::string_view key) { return table[key].value_or(std::int64_t{0}); };
  return {value("lut"), value("ff"), value("dsp"), value("bram18"), value("uram")};
}

std::string text_of(const Usage& u) {
  return fmt::format("lut = {}, ff = {}, dsp = {}, bram18 = {}, uram = {}", u.lut, u.ff, u.dsp, u.bram18, u.uram);
}

}  // namespace

std::string to_toml(const Synthesis& s) {
  std::string out = fmt::format(
      "# Open synthesis, module by module: heddle synth {} --family {}\nfamily = \"{}\"\ntool = \"{}\"\n"
      "total = {{{}}}\n\n# Of all instances together; variants differ by their parameters.\n[modules]\n",
      s.overlay.name, s.family, s.family, s.tool, text_of(s.total));
  for (const ModuleUsage& m : s.modules)
    out +=
        fmt::format("{} = {{instances = {}, variants = {}, {}}}\n", m.name, m.instances, m.variants, text_of(m.usage));
  return out + "\n[overlay]\n" + overlay::to_toml(s.overlay);
}

Result<Synthesis> read_synthesis(const std::string& path) {
  const auto damaged = [&](std::string why) {
    return fail(Diagnostic{.code = "synth.file", .message = std::move(why), .file = path});
  };
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return damaged(std::string(error.description()));
  }
  const toml::table *modules = table["modules"].as_table(), *total = table["total"].as_table();
  const toml::table* parameters = table["overlay"].as_table();
  if (modules == nullptr || total == nullptr || parameters == nullptr)
    return damaged("must have 'total', 'modules' and 'overlay'");
  std::ostringstream text;
  text << *parameters;
  auto overlay = overlay::parse_overlay(text.str(), path);
  if (!overlay) return fail(overlay.error());
  Synthesis s{.overlay = std::move(*overlay),
              .family = table["family"].value_or(std::string()),
              .tool = table["tool"].value_or(std::string()),
              .total = usage_of(*total),
              .modules = {}};
  for (const auto& [key, node] : *modules) {
    const toml::table* row = node.as_table();
    if (row == nullptr) return damaged("'modules' must hold tables");
    s.modules.push_back({.name = std::string(key.str()),
                         .instances = (*row)["instances"].value_or(std::int64_t{0}),
                         .variants = (*row)["variants"].value_or(std::int64_t{0}),
                         .usage = usage_of(*row)});
  }
  return s;
}

Result<std::vector<Synthesis>> stored_syntheses() {
  const auto devices = overlay::find_data_folder("devices");
  if (!devices) return fail(devices.error());
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(*devices + "/synthesis", error), end; !error && it != end;
       it.increment(error))
    if (it->path().extension() == ".toml") files.push_back(it->path());
  std::ranges::sort(files);
  std::vector<Synthesis> list;
  for (const std::filesystem::path& file : files) {
    auto synthesis = read_synthesis(file.string());
    if (!synthesis) return fail(synthesis.error());
    list.push_back(std::move(*synthesis));
  }
  return list;
}

}  // namespace heddle::hardware
