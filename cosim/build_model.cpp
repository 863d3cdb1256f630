// SPDX-License-Identifier: Apache-2.0
#include "cosim/build_model.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/shared_library.h"
#include "cosim/model_api.h"
#include "cosim/run_command.h"
#include "hardware/packages.h"
#include "hardware/registers.h"
#include "overlay/data.h"

namespace heddle::cosim {
namespace {

namespace fs = std::filesystem;

/// Raise it whenever the commands below change.
constexpr int kRecipe = 3;

Diagnostic refused(std::string message, std::string hint = "") {
  Diagnostic d;
  d.error_class = ErrorClass::unsupported;
  d.code = "cosim.model";
  d.message = std::move(message);
  d.hint = std::move(hint);
  return d;
}

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

struct Sources {
  fs::path rtl, cosim;
  std::vector<fs::path> folders;  ///< of rtl, sorted
  std::vector<fs::path> files;    ///< all that the model is made of, sorted
};

Result<Sources> find_sources() {
  const auto rtl = overlay::find_data_folder("rtl");
  const auto cosim = overlay::find_data_folder("cosim");
  if (!rtl) return fail(rtl.error());
  if (!cosim) return fail(cosim.error());
  Sources sources{.rtl = *rtl, .cosim = *cosim, .folders = {}, .files = {}};
  std::error_code error;
  for (const auto& folder : fs::directory_iterator(sources.rtl, error)) {
    if (!folder.is_directory() || folder.path().filename() == "formal" || folder.path().filename() == "device")
      continue;
    sources.folders.push_back(folder.path());
    for (const auto& file : fs::directory_iterator(folder.path(), error))
      if (file.path().extension() == ".sv" || file.path().extension() == ".svh") sources.files.push_back(file.path());
  }
  for (const char* name : {"fast_verilated.h", "model.vlt", "model_api.h", "model_wrapper.cpp", "coverage.h"})
    sources.files.push_back(sources.cosim / name);
  std::ranges::sort(sources.folders);
  std::ranges::sort(sources.files);
  return sources;
}

/// The generated packages by file name; the overlay's name is no part of the model.
std::vector<std::pair<std::string, std::string>> packages(overlay::Overlay overlay) {
  overlay.name = "overlay";
  return {{"overlay_pkg.sv", hardware::overlay_package(overlay)},
          {"isa_pkg.sv", hardware::isa_package()},
          {"registers_pkg.sv", hardware::registers_package()}};
}

/// What -march=native depends on: models are for the processor that they were built on.
std::string processor() {
  std::ifstream stream("/proc/cpuinfo");
  std::string text;
  for (std::string line; std::getline(stream, line) && !line.empty();)
    if (line.starts_with("model name") || line.starts_with("flags") || line.starts_with("Features")) text += line;
  return text;
}

std::uint64_t key_of(const overlay::Overlay& overlay, const ModelOptions& options, const Sources& sources) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  const auto mix = [&](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hash = (hash ^ 0xff) * 0x100000001b3;
  };
  mix(fmt::format("{} {} {} {}", kRecipe, kModelApiVersion, options.assertions, options.coverage));
  if (!options.assertions) mix(processor());
  for (const auto& [name, text] : packages(overlay)) mix(text);
  for (const fs::path& file : sources.files) {
    mix(file.filename().string());
    mix(read_file(file));
  }
  return hash;
}

/// What Verilator's make file says about where it is installed.
std::string verilator_root(const fs::path& make_file) {
  const std::string text = read_file(make_file);
  const std::string key = "VERILATOR_ROOT = ";
  const auto at = text.find("\n" + key);
  if (at == std::string::npos) return "/usr/share/verilator";
  const auto begin = at + 1 + key.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

bool on_path(const std::string& program) {
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(':'), rest.size());
    if (access((fs::path(rest.substr(0, end)) / program).c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

std::string compiler() {
  const char* cxx = std::getenv("CXX");
  return cxx != nullptr && *cxx != '\0' ? cxx : "c++";
}

std::vector<std::string> verilator_command(const Sources& sources, const fs::path& work, const ModelOptions& options) {
  std::vector<std::string> command{"verilator",      "--cc",     "-O3",        "-Wno-fatal",
                                   "-Wno-lint",      "--prefix", "Vdut",       "--top-module",
                                   "heddle_overlay", "--Mdir",   work.string()};
  const auto add = [&](std::initializer_list<const char*> more) {
    command.insert(command.end(), more.begin(), more.end());
  };
  if (options.assertions)
    add({"--assert", "--x-assign", "unique", "--x-initial", "unique"});
  else
    add({"--noassert", "--x-assign", "fast", "--x-initial", "fast"});
  if (options.coverage) add({"--coverage"});
  for (const fs::path& folder : sources.folders) {
    command.insert(command.end(), {"-y", folder.string()});
    command.push_back("-I" + folder.string());
  }
  command.push_back((sources.cosim / "model.vlt").string());
  for (const char* package : {"overlay_pkg.sv", "isa_pkg.sv", "registers_pkg.sv"})
    command.push_back((work / package).string());
  command.push_back((sources.rtl / "packages" / "heddle_pkg.sv").string());
  command.push_back((sources.rtl / "top" / "heddle_overlay.sv").string());
  return command;
}

/// Compiles what Verilator wrote. Assertion models are small and short-lived. -O1: a large overlay is a hundred
/// thousand lines, of which each cycle executes a part once.
std::vector<std::string> make_command(const Sources& sources, const fs::path& work, const ModelOptions& options) {
  const int jobs =
      options.jobs > 0 ? options.jobs : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::string> command{"make",
                                   "-s",
                                   "-C",
                                   work.string(),
                                   "-f",
                                   "Vdut.mk",
                                   "-j",
                                   std::to_string(jobs),
                                   "VM_PARALLEL_BUILDS=1",
                                   "OPT_SLOW=-O0 -fPIC",
                                   "OPT_GLOBAL=-O1 -fPIC",
                                   options.coverage     ? "OPT_FAST=-O0 -fPIC"
                                   : options.assertions ? "OPT_FAST=-O1 -fPIC"
                                                        : "OPT_FAST=-O1 -fPIC -march=native",
                                   "USER_CPPFLAGS=-include " + (sources.cosim / "fast_verilated.h").string(),
                                   "Vdut__ALL.a"};
  if (on_path("ccache")) command.emplace_back("OBJCACHE=ccache");
  return command;
}

std::vector<std::string> link_command(const overlay::Overlay& overlay, const ModelOptions& options,
                                      const Sources& sources, const fs::path& work, const fs::path& library) {
  const std::string root = verilator_root(work / "Vdut.mk");
  std::vector<std::string> command{compiler(),
                                   "-std=c++20",
                                   "-O2",
                                   "-fPIC",
                                   "-shared",
                                   "-fvisibility=hidden",
                                   "-Wl,-Bsymbolic",
                                   "-w",
                                   fmt::format("-DHEDDLE_AXI_PORTS={}", overlay.axi_ports),
                                   fmt::format("-DHEDDLE_AXI_BYTES={}", overlay.axi_bytes),
                                   "-I" + work.string(),
                                   "-I" + sources.cosim.parent_path().string(),
                                   "-I" + root + "/include",
                                   "-I" + root + "/include/vltstd",
                                   (sources.cosim / "model_wrapper.cpp").string(),
                                   root + "/include/verilated.cpp",
                                   root + "/include/verilated_threads.cpp",
                                   (work / "Vdut__ALL.a").string(),
                                   "-o",
                                   library.string()};
  if (options.coverage) command.insert(command.end(), {"-DVM_COVERAGE=1", root + "/include/verilated_cov.cpp"});
  return command;
}

Status write_packages(const overlay::Overlay& overlay, const fs::path& folder) {
  for (const auto& [name, text] : packages(overlay))
    if (!(std::ofstream(folder / name) << text)) return fail(refused("cannot write " + (folder / name).string()));
  return {};
}

Status build_in(const overlay::Overlay& overlay, const ModelOptions& options, const Sources& sources,
                const fs::path& work, const fs::path& library) {
  const std::string log = (work / "build.log").string();
  if (Status status = write_packages(overlay, work); !status) return status;
  Status status = run_command(verilator_command(sources, work, options), log);
  if (!status) {
    status.error().front().hint = "the models need Verilator 5 and a C++ compiler (Debian: verilator, g++, make)";
    return status;
  }
  if (status = run_command(make_command(sources, work, options), log); !status) return status;
  return run_command(link_command(overlay, options, sources, work, library), log);
}

}  // namespace

Result<std::string> model_name(const overlay::Overlay& overlay, const ModelOptions& options) {
  const auto sources = find_sources();
  if (!sources) return fail(sources.error());
  std::string label;
  for (const char c : overlay.name) label += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  return fmt::format("cosim_{}{}_{:016x}.so", label, options.assertions ? "-checked" : "",
                     key_of(overlay, options, *sources));
}

std::vector<std::string> model_folders() {
  std::vector<std::string> folders;
  if (const char* folder = std::getenv("HEDDLE_COSIM_DIR"); folder != nullptr && *folder != '\0')
    folders.emplace_back(folder);
  if (const fs::path own = executable_folder(); !own.empty()) folders.push_back((own / "cosim").string());
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0')
    folders.push_back((fs::path(cache) / "heddle" / "cosim").string());
  else if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    folders.push_back((fs::path(home) / ".cache" / "heddle" / "cosim").string());
  return folders;
}

std::string find_model(const std::string& name) {
  for (const std::string& folder : model_folders())
    if (std::error_code error; fs::is_regular_file(fs::path(folder) / name, error))
      return (fs::path(folder) / name).string();
  return "";
}

bool can_build_models() {
  return on_path("verilator") && on_path("make") && on_path(compiler());
}

Result<std::string> build_model(const overlay::Overlay& overlay, const ModelOptions& options,
                                const std::string& folder) {
  const auto sources = find_sources();
  const auto name = model_name(overlay, options);
  if (!sources) return fail(sources.error());
  if (!name) return fail(name.error());
  const fs::path library = fs::path(folder) / *name;
  std::error_code error;
  if (fs::is_regular_file(library, error)) return library.string();
  const fs::path work = fs::path(folder) / fmt::format("{}.{}.tmp", *name, getpid());
  fs::create_directories(work, error);
  if (error) return fail(refused("cannot make the folder " + work.string() + ": " + error.message()));
  const fs::path built = work / *name;
  if (Status status = build_in(overlay, options, *sources, work, built); !status)
    return fail(std::move(status.error()));
  fs::rename(built, library, error);  // at once, so that nobody sees half a library
  if (error) return fail(refused("cannot write " + library.string() + ": " + error.message()));
  fs::remove_all(work, error);
  return library.string();
}

}  // namespace heddle::cosim
