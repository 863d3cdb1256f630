// SPDX-License-Identifier: Apache-2.0
#include "hardware/synthesis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "hardware/export.h"
#include "hardware/rtlil.h"

namespace heddle::hardware {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using CellCounts = std::map<std::string, std::int64_t>;

/// Raise it whenever the commands below change what a module takes.
constexpr int kRecipe = 1;
constexpr std::size_t kBatchBytes = 150'000;  ///< of RTLIL that one run of yosys takes

Result<std::string> read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) return fail({.code = "file.read", .message = "cannot be read", .file = path.string()});
  return text;
}

Status write_file(const fs::path& path, std::string_view text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream stream(path, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) return fail({.code = "file.write", .message = "cannot be written", .file = path.string()});
  return {};
}

std::string quoted(const std::string& word) {
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

/// Runs a script of yosys in `folder`.
Status run_yosys(const SynthesisOptions& options, const fs::path& folder, const std::string& script) {
  if (Status written = write_file(folder / "script.ys", script); !written) return written;
  const std::string command = fmt::format("cd {} && {} -q -l yosys.log script.ys >output.txt 2>&1",
                                          quoted(folder.string()), quoted(options.yosys));
  if (std::system(command.c_str()) == 0) return {};  // NOLINT: every word is quoted
  const std::string said = read_file(folder / "output.txt").value_or("");
  return fail({.code = "synth.yosys",
               .message = "failed: " + said.substr(said.size() - std::min<std::size_t>(said.size(), 600)),
               .file = (folder / "yosys.log").string()});
}

std::string synthesis_command(const SynthesisOptions& options, bool dsp) {
  const std::string_view no_dsp = dsp ? "" : " -nodsp";
  if (options.family == "ecp5") return fmt::format("synth_ecp5 -noflatten{} -top all\n", no_dsp);
  return fmt::format("synth_xilinx -family {} -noiopad -noclkbuf{}{} -top all\n", options.family,
                     options.ultra ? " -uram" : "", no_dsp);
}

/// Multipliers become DSPs only in modules that ask for it, so that their number is the designer's choice.
bool wants_dsp(const rtlil::Module& module) {
  // "yes", as a string or as its bits.
  return module.text.find("attribute \\use_dsp \"yes\"") != std::string::npos ||
         module.text.find("attribute \\use_dsp 24'011110010110010101110011") != std::string::npos;
}

/// A module around the modules of a batch: each of their ports is one of its own, so that nothing is swept away.
std::string surrounding(const std::vector<const rtlil::Module*>& batch) {
  std::string wires, cells;
  int port = 0;
  for (const rtlil::Module* module : batch) {
    cells += fmt::format("  cell \\{0} \\{0}\n", module->key);
    std::string_view rest = module->interface_text;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (!line.starts_with("  wire ")) continue;
      const std::string name(line.substr(line.rfind('\\') + 1));
      const std::size_t in = line.find(" input "), out = line.find(" output ");
      const std::string_view head = line.substr(0, std::min(in, out));
      wires += fmt::format("{} {} {} \\{}.{}\n", head, in != line.npos ? "input" : "output", ++port, module->key, name);
      cells += fmt::format("    connect \\{0} \\{1}.{0}\n", name, module->key);
    }
    cells += "  end\n";
  }
  return fmt::format("attribute \\top 1\nmodule \\all\n{}{}end\n", wires, cells);
}

fs::path cache_file(const SynthesisOptions& options, const rtlil::Module& module) {
  return fs::path(options.cache) / fmt::format("{}{}-{}", options.family, options.ultra ? "-ultra" : "", kRecipe) /
         (module.key + ".json");
}

/// Synthesises the modules of a batch, the others of `design` being black boxes, and stores their cells.
Status synthesise_batch(const SynthesisOptions& options, const std::vector<rtlil::Module>& design,
                        const std::vector<const rtlil::Module*>& batch) {
  std::map<std::string, const rtlil::Module*> by_key, own;
  for (const rtlil::Module& module : design) by_key[module.key] = &module;
  for (const rtlil::Module* module : batch) own[module->key] = module;
  std::string text = surrounding(batch);
  std::map<std::string, bool> stubs;
  for (const rtlil::Module* module : batch) {
    text += module->text;
    for (const std::string& part : module->parts)
      if (!own.contains(part) && !std::exchange(stubs[part], true)) text += by_key.at(part)->interface_text;
  }
  const fs::path folder = fs::path(options.cache) / "work";
  if (Status written = write_file(folder / "batch.il", text); !written) return written;
  const std::string script = fmt::format("read_rtlil batch.il\n{}tee -q -o stat.json stat -json\n",
                                         synthesis_command(options, wants_dsp(*batch.front())));
  if (Status ran = run_yosys(options, folder, script); !ran) return ran;
  const auto stat = read_file(folder / "stat.json");
  const Json json = stat ? Json::parse(*stat, nullptr, false) : Json();
  if (!json.is_object()) return fail(Diagnostic{.code = "synth.yosys", .message = "yosys' statistics cannot be read"});
  for (const rtlil::Module* module : batch) {
    const Json& cells = json["modules"]["\\" + module->key]["num_cells_by_type"];
    if (Status written = write_file(cache_file(options, *module), cells.is_null() ? "{}" : cells.dump()); !written)
      return written;
  }
  return {};
}

Result<CellCounts> cached(const SynthesisOptions& options, const rtlil::Module& module) {
  auto text = read_file(cache_file(options, module));
  if (!text) return fail(text.error());
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return fail(Diagnostic{.code = "synth.cache", .message = "is damaged", .file = module.key});
  return json.get<CellCounts>();
}

Result<std::vector<rtlil::Module>> elaborate(const overlay::Overlay& overlay, const SynthesisOptions& options) {
  overlay::Device device = overlay::find_device(overlay.device).value_or(overlay::Device{});
  device.family = options.family;
  const auto files = export_overlay(overlay, device, options.rtl);
  if (!files) return fail(files.error());
  const fs::path folder = fs::path(options.cache) / "elaborate";
  std::error_code error;
  fs::remove_all(folder, error);
  std::string sources, models;
  for (const ExportedFile& file : *files) {
    if (Status written = write_file(folder / file.path, file.text); !written) return fail(written.error());
    if (file.path == "sources.f") sources = file.text;
    if (file.path.starts_with("sim/")) {
      sources += file.path + "\n";
      models += " --blackboxed-module " + fs::path(file.path).stem().string();
    }
  }
  std::ranges::replace(sources, '\n', ' ');
  const std::string script = fmt::format(
      "read_slang -j 1 --keep-hierarchy -I rtl/common -D SYNTHESIS{} {} --top heddle_overlay\n"
      "hierarchy -top heddle_overlay\nwrite_rtlil design.il\n",
      models, sources);
  if (Status ran = run_yosys(options, folder, script); !ran) return fail(ran.error());
  const auto text = read_file(folder / "design.il");
  if (!text) return fail(text.error());
  return rtlil::unique_modules(*text, "heddle_overlay");
}

/// Modules that are not in the cache, in runs of yosys that are neither tiny nor long; those with DSPs apart.
std::vector<std::vector<const rtlil::Module*>> batches(const SynthesisOptions& options,
                                                       const std::vector<rtlil::Module>& design) {
  std::vector<std::vector<const rtlil::Module*>> list;
  for (const bool dsp : {false, true}) {
    std::size_t bytes = kBatchBytes;
    for (const rtlil::Module& module : design) {
      if (wants_dsp(module) != dsp || fs::exists(cache_file(options, module))) continue;
      if (bytes >= kBatchBytes || list.empty()) {
        list.emplace_back();
        bytes = 0;
      }
      list.back().push_back(&module);
      bytes += module.text.size();
    }
  }
  return list;
}

std::string tool_version(const fs::path& folder) {
  const std::string log = read_file(folder / "yosys.log").value_or("");
  const std::size_t at = log.find("Yosys ");
  if (at == log.npos) return "yosys";
  return "yosys " + log.substr(at + 6, log.find(' ', at + 6) - at - 6);
}

}  // namespace

Usage& Usage::operator+=(const Usage& other) {
  lut += other.lut;
  ff += other.ff;
  dsp += other.dsp;
  bram18 += other.bram18;
  uram += other.uram;
  return *this;
}

Usage Usage::times(std::int64_t count) const {
  return {lut * count, ff * count, dsp * count, bram18 * count, uram * count};
}

Usage usage_of_cell(const std::string& type, const std::string& family) {
  struct Cell {
    std::string_view type;
    Usage usage;
  };
  static constexpr std::array kXilinx{
      Cell{"LUT1", {.lut = 1}},        Cell{"LUT2", {.lut = 1}},        Cell{"LUT3", {.lut = 1}},
      Cell{"LUT4", {.lut = 1}},        Cell{"LUT5", {.lut = 1}},        Cell{"LUT6", {.lut = 1}},
      Cell{"LUT6_2", {.lut = 1}},      Cell{"SRL16E", {.lut = 1}},      Cell{"SRLC32E", {.lut = 1}},
      Cell{"RAM32X1D", {.lut = 2}},    Cell{"RAM64X1D", {.lut = 2}},    Cell{"RAM128X1D", {.lut = 4}},
      Cell{"RAM32M", {.lut = 4}},      Cell{"RAM64M", {.lut = 4}},      Cell{"RAM32M16", {.lut = 8}},
      Cell{"RAM64M8", {.lut = 8}},     Cell{"RAM256X1D", {.lut = 8}},   Cell{"RAM32X1S", {.lut = 1}},
      Cell{"RAM64X1S", {.lut = 1}},    Cell{"RAM128X1S", {.lut = 2}},   Cell{"RAM256X1S", {.lut = 4}},
      Cell{"RAM512X1S", {.lut = 8}},   Cell{"RAM32X16DR8", {.lut = 8}}, Cell{"RAM64X8SW", {.lut = 8}},
      Cell{"FDRE", {.ff = 1}},         Cell{"FDSE", {.ff = 1}},         Cell{"FDCE", {.ff = 1}},
      Cell{"FDPE", {.ff = 1}},         Cell{"DSP48E1", {.dsp = 1}},     Cell{"DSP48E2", {.dsp = 1}},
      Cell{"RAMB18E1", {.bram18 = 1}}, Cell{"RAMB18E2", {.bram18 = 1}}, Cell{"RAMB36E1", {.bram18 = 2}},
      Cell{"RAMB36E2", {.bram18 = 2}}, Cell{"URAM288", {.uram = 1}}};
  // A TRELLIS_DPR16X4 fills two slices of two LUTs and the write port of a third.
  static constexpr std::array kEcp5{Cell{"LUT4", {.lut = 1}},       Cell{"CCU2C", {.lut = 2}},
                                    Cell{"TRELLIS_FF", {.ff = 1}},  Cell{"TRELLIS_DPR16X4", {.lut = 6}},
                                    Cell{"MULT18X18D", {.dsp = 1}}, Cell{"DP16KD", {.bram18 = 1}},
                                    Cell{"PDPW16KD", {.bram18 = 1}}};
  const auto find = [&](const auto& cells) {
    const auto* it = std::ranges::find(cells, std::string_view(type), &Cell::type);
    return it == cells.end() ? Usage{} : it->usage;
  };
  return family == "ecp5" ? find(kEcp5) : find(kXilinx);
}

Result<Synthesis> synthesise(const overlay::Overlay& overlay, const SynthesisOptions& options) {
  std::error_code error;
  if (!fs::exists(options.yosys, error))
    return fail(
        {.code = "synth.yosys",
         .message = "yosys is missing: " + options.yosys,
         .hint = "python3 -m venv build/hardware && build/hardware/bin/pip install -r requirements-hardware.txt"});
  const auto design = elaborate(overlay, options);
  if (!design) return fail(design.error());
  const auto work = batches(options, *design);
  std::size_t missing = 0;
  for (const auto& batch : work) missing += batch.size();
  std::size_t done = design->size() - missing;
  if (options.progress) options.progress(done, design->size());
  for (const auto& batch : work) {
    if (Status ran = synthesise_batch(options, *design, batch); !ran) return fail(ran.error());
    done += batch.size();
    if (options.progress) options.progress(done, design->size());
  }

  Synthesis result{.overlay = overlay,
                   .family = options.family,
                   .tool = tool_version(fs::path(options.cache) / "elaborate"),
                   .total = {},
                   .modules = {}};
  std::map<std::string, ModuleUsage> by_name;
  for (const rtlil::Module& module : *design) {
    const auto cells = cached(options, module);
    if (!cells) return fail(cells.error());
    ModuleUsage& row = by_name[module.name];
    row.name = module.name;
    row.instances += module.instances;
    ++row.variants;
    for (const auto& [type, count] : *cells)
      row.usage += usage_of_cell(type, options.family).times(count * module.instances);
  }
  for (auto& [name, row] : by_name) {
    result.total += row.usage;
    result.modules.push_back(std::move(row));
  }
  return result;
}

}  // namespace heddle::hardware
