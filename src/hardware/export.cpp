// SPDX-License-Identifier: Apache-2.0
#include "hardware/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "hardware/packages.h"
#include "hardware/registers.h"

namespace heddle::hardware {
namespace {

namespace fs = std::filesystem;

/// What vendor tools call a device of ours.
struct VendorNames {
  std::string_view device, part, board, board_part;
  bool card = false;  ///< an accelerator card under XRT, not a board with a processing system
};
constexpr std::array kVendorNames{
    VendorNames{"zu9", "xczu9eg-ffvb1156-2-e", "zcu102", "xilinx.com:zcu102:part0:*"},
    VendorNames{"k26", "xck26-sfvc784-2LV-c", "kv260", "xilinx.com:kv260_som:part0:*"},
    VendorNames{"vu9p", "xcu200-fsgd2104-2-e", "u200", "xilinx.com:au200:part0:*", true},
};

const VendorNames* vendor_names(const std::string& device) {
  const auto it = std::ranges::find(kVendorNames, device, &VendorNames::device);
  return it == kVendorNames.end() ? nullptr : &*it;
}

Result<std::string> read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) return fail({.code = "file.read", .message = "cannot be read", .file = path.string()});
  return text;
}

std::string xml_ports(const overlay::Overlay& o) {
  std::string out;
  for (int q = 0; q < o.axi_ports; ++q)
    out += fmt::format(
        "      <port name=\"m{:02}_axi\" mode=\"master\" range=\"0xFFFFFFFFFFFFFFFF\" dataWidth=\"{}\" "
        "portType=\"addressable\" base=\"0x0\"/>\n",
        q, 8 * o.axi_bytes);
  return out;
}

std::string xml_arguments(const overlay::Overlay& o) {
  std::string out;
  for (int q = 0; q < o.axi_ports; ++q)
    out += fmt::format(
        "      <arg name=\"memory{0}\" addressQualifier=\"1\" id=\"{0}\" port=\"m{0:02}_axi\" size=\"0x8\" "
        "offset=\"{1:#x}\" hostOffset=\"0x0\" hostSize=\"0x8\" type=\"void*\"/>\n",
        q, registers::kBase.at(static_cast<std::size_t>(q)));
  return out;
}

std::map<std::string, std::string> values(const overlay::Overlay& o, const VendorNames* vendor) {
  std::string links;
  for (int q = 0; q < o.axi_ports; ++q)
    links += fmt::format("{}--connectivity.sp heddle_ip_1.m{:02}_axi:DDR[{}]", q == 0 ? "" : " ", q, q);
  return {{"OVERLAY", o.name},
          {"CLOCK_MHZ", fmt::format("{:g}", o.clock_mhz)},
          {"CLOCK_MHZ_INT", fmt::format("{:.0f}", o.clock_mhz)},
          {"PERIOD_NS", fmt::format("{:.3f}", 1e3 / o.clock_mhz)},
          {"PORTS", std::to_string(o.axi_ports)},
          {"PART", std::string(vendor == nullptr ? "" : vendor->part)},
          {"BOARD", std::string(vendor == nullptr ? "" : vendor->board)},
          {"BOARD_PART", std::string(vendor == nullptr ? "" : vendor->board_part)},
          {"XML_PORTS", xml_ports(o)},
          {"XML_ARGS", xml_arguments(o)},
          {"LINK_OPTIONS", links}};
}

std::string fill(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) {
    const std::string mark = "@" + key + "@";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
      text.replace(at, mark.size(), value);
  }
  return text;
}

/// Packages in the order in which they need each other, then all other sources by path.
std::vector<ExportedFile> generated(const overlay::Overlay& o, const overlay::Device& device) {
  return {{"rtl/packages/overlay_pkg.sv", overlay_package(o, &device)},
          {"rtl/packages/isa_pkg.sv", isa_package()},
          {"rtl/packages/registers_pkg.sv", registers_package()}};
}

/// Folders of `rtl/device` with the cells of a family.
std::vector<std::string_view> device_folders(const std::string& family) {
  if (family == "xcup" || family == "xc7") return {"dsp48", family == "xcup" ? "xcup" : "xc7"};
  if (family == "ecp5") return {"ecp5"};
  return {};
}

/// Is it hardware of this family? Proofs are none, nor are models of primitives.
bool belongs(const fs::path& relative, const std::string& family) {
  const std::string top = relative.begin()->string();
  if (top != "device") return top != "formal";
  const auto folders = device_folders(family);
  return std::ranges::find(folders, relative.parent_path().filename().string()) != folders.end();
}

/// Sources by path, packages first. A module of the family's folders stands in for the portable one of the same name.
Result<std::vector<fs::path>> source_paths(const fs::path& folder, const std::string& family) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const fs::path relative = fs::relative(it->path(), folder);
    const bool source = relative.extension() == ".sv" || relative.extension() == ".svh";
    if (source && belongs(relative, family)) paths.push_back(relative);
  }
  if (error || paths.empty())
    return fail({.code = "rtl.sources", .message = "holds no SystemVerilog sources", .file = folder.string()});
  const auto is_device = [](const fs::path& path) { return *path.begin() == "device"; };
  std::set<fs::path> variants;
  for (const fs::path& path : paths)
    if (is_device(path)) variants.insert(path.filename());
  std::erase_if(paths, [&](const fs::path& path) { return !is_device(path) && variants.contains(path.filename()); });
  std::ranges::sort(paths, {}, [](const fs::path& path) {
    const bool package = path.stem().string().ends_with("_pkg");
    return std::pair(!package, path);
  });
  return paths;
}

Result<std::vector<ExportedFile>> sources(const fs::path& folder, const std::string& family) {
  const auto paths = source_paths(folder, family);
  if (!paths) return fail(paths.error());
  std::vector<ExportedFile> files;
  for (const fs::path& path : *paths) {
    auto text = read_file(folder / path);
    if (!text) return fail(text.error());
    files.push_back({"rtl/" + path.generic_string(), std::move(*text)});
  }
  return files;
}

/// Behaviour of the primitives that the family's cells use, for simulators.
Result<std::vector<ExportedFile>> models(const fs::path& folder, const std::string& family) {
  std::vector<ExportedFile> files;
  const std::string_view name = family == "xcup"   ? "DSP48E2"
                                : family == "xc7"  ? "DSP48E1"
                                : family == "ecp5" ? "MULT18X18D"
                                                   : "";
  if (name.empty()) return files;
  auto text = read_file(folder / "device" / "model" / fmt::format("{}.sv", name));
  if (!text) return fail(text.error());
  files.push_back({fmt::format("sim/{}.sv", name), std::move(*text)});
  return files;
}

struct Script {
  std::string_view source, target;
};

/// Scripts for the device: those of Vivado for boards with a processing system, and of XRT for cards; yosys for ECP5.
std::vector<Script> scripts(const overlay::Device& device, const VendorNames* vendor) {
  if (device.family == "ecp5") return {{"ecp5/build.sh", "ecp5/build.sh"}};
  std::vector<Script> list{{"vivado/package_ip.tcl", "vivado/package_ip.tcl"},
                           {"vivado/constraints.xdc", "constraints.xdc"}};
  if (vendor != nullptr && vendor->card)
    list.insert(list.end(), {{"xrt/kernel.xml", "xrt/kernel.xml"},
                             {"xrt/package_kernel.tcl", "xrt/package_kernel.tcl"},
                             {"xrt/build.sh", "xrt/build.sh"}});
  else if (vendor != nullptr)
    list.push_back({"vivado/block_design.tcl", "vivado/block_design.tcl"});
  return list;
}

std::string file_list(const std::vector<ExportedFile>& files) {
  std::string out;
  for (const ExportedFile& file : files)
    if (!file.path.ends_with(".svh")) out += file.path + "\n";
  return out;
}

std::string readme(const overlay::Overlay& o, const overlay::Device& device, const std::vector<Script>& list) {
  std::string out = fmt::format(
      "# Overlay {} for {} ({})\n\nP {}, M {}, N {}: {} MAC a cycle; {} AXI ports of {} bytes; {:g} MHz (a goal: only "
      "place and "
      "route can show it).\n\n- `rtl/`: the sources; `sources.f`: all of them in the order of compilation.\n"
      "- `rtl/heddle_ip.v`: the top for block designs; `rtl/top/heddle_overlay.sv`: the overlay itself.\n"
      "- `sim/`: behaviour of the device's primitives, for simulators only.\n- `overlay.toml`: what it was made "
      "from.\n\nScripts:\n\n",
      o.name, device.part, device.board, o.P, o.M, o.N, std::int64_t{o.P} * o.M * o.N, o.axi_ports, o.axi_bytes,
      o.clock_mhz);
  for (const Script& script : list) out += fmt::format("- `{}`\n", script.target);
  if (device.family == "ecp5") return out + "\nThe script runs open tools only.\n";
  return out +
         "\n**Not run**: these scripts need vendor tools, which the tests of heddle do not have. The sources are "
         "checked "
         "by Verilator,\nby yosys-slang and in simulation.\n";
}

}  // namespace

Result<std::vector<ExportedFile>> export_overlay(const overlay::Overlay& overlay, const overlay::Device& device,
                                                 const std::string& rtl_folder) {
  std::vector<ExportedFile> files = generated(overlay, device);
  auto copied = sources(rtl_folder, device.family);
  if (!copied) return fail(copied.error());
  std::ranges::move(*copied, std::back_inserter(files));
  files.push_back({"rtl/heddle_ip.v", ip_wrapper(overlay)});
  files.push_back({"sources.f", file_list(files)});
  auto primitives = models(rtl_folder, device.family);
  if (!primitives) return fail(primitives.error());
  std::ranges::move(*primitives, std::back_inserter(files));
  files.push_back({"overlay.toml", to_toml(overlay)});
  const VendorNames* vendor = vendor_names(device.name);
  const std::vector<Script> list = scripts(device, vendor);
  for (const Script& script : list) {
    auto text = read_file(fs::path(rtl_folder) / "vendor" / script.source);
    if (!text) return fail(text.error());
    files.push_back({std::string(script.target), fill(std::move(*text), values(overlay, vendor))});
  }
  files.push_back({"README.md", readme(overlay, device, list)});
  return files;
}

}  // namespace heddle::hardware
