// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "cli/command.h"
#include "hardware/export.h"
#include "overlay/data.h"

namespace heddle::cli {
namespace {

namespace fs = std::filesystem;

struct RtlOptions {
  std::string overlay = "zcu102", output;
  bool force = false;
};

Status write(const fs::path& folder, const hardware::ExportedFile& file) {
  const fs::path path = folder / file.path;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream stream(path, std::ios::binary);
  stream << file.text;
  stream.close();
  if (!stream) return fail({.code = "file.write", .message = "cannot be written", .file = path.string()});
  if (path.extension() == ".sh")
    fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add,
                    error);
  return {};
}

Result<int> run(const RtlOptions& options) {
  const auto overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  const auto device = overlay::find_device(overlay->device);
  if (!device) return fail(device.error());
  const auto rtl = overlay::find_data_folder("rtl");
  if (!rtl) return fail(rtl.error());
  const fs::path folder = options.output.empty() ? fs::path("heddle_" + overlay->name) : fs::path(options.output);
  std::error_code error;
  if (!options.force && fs::exists(folder, error) && !fs::is_empty(folder, error))
    return fail({.code = "rtl.output",
                 .message = "exists and is not empty",
                 .file = folder.string(),
                 .hint = "choose another folder, or --force to write into it"});
  const auto files = hardware::export_overlay(*overlay, *device, *rtl);
  if (!files) return fail(files.error());
  for (const hardware::ExportedFile& file : *files)
    if (Status written = write(folder, file); !written) return fail(written.error());
  fmt::print("{}: {} files, {} MAC a cycle for {} ({})\n", folder.string(), files->size(),
             std::int64_t{overlay->P} * overlay->M * overlay->N, device->part, device->board);
  if (device->family != "ecp5")
    fmt::print("Not run: the scripts for Vivado and XRT; no tool of heddle can run them. See {}\n",
               (folder / "README.md").string());
  return 0;
}

}  // namespace

void add_rtl(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<RtlOptions>();
  CLI::App* command = add_command(
      app, outcome, "rtl", "Write an overlay's hardware: SystemVerilog, constraints, build scripts.", run, options);
  command->add_option("overlay", options->overlay, "overlay: a known name or a TOML file (default zcu102)");
  command->add_option("-o,--output", options->output, "folder to write (default heddle_OVERLAY)");
  command->add_flag("--force", options->force, "write into a folder that is not empty");
}

}  // namespace heddle::cli
