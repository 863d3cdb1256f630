// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "cli/command.h"
#include "cli/json.h"
#include "overlay/overlay.h"
#include "runtime/backends.h"

namespace heddle::cli {
namespace {

struct DoctorOptions {
  bool json = false;
};

/// One thing that may be there: what it is for, and how to get it.
struct Finding {
  std::string what;
  bool present = false;
  std::string detail;
};

bool on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (std::filesystem::exists(std::filesystem::path(folder) / program)) return true;
  }
  return false;
}

std::string simd() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vnni") != 0) return "AVX-512 VNNI";
  if (__builtin_cpu_supports("avx2") != 0) return "AVX2";
#endif
  return "portable code only";
}

Finding python_module(const std::string& module, const std::string& purpose, const std::string& how) {
  const std::filesystem::path python = std::filesystem::path(HEDDLE_SOURCE_DIR) / ".venv/bin/python";
  const bool here = std::filesystem::exists(python);
  const std::string probe = (here ? python.string() : std::string("python3")) +
                            " -c \"import importlib.util,sys; sys.exit(importlib.util.find_spec('" + module +
                            "') is None)\" 2>/dev/null";
  const bool present = std::system(probe.c_str()) == 0;  // NOLINT: a fixed command line
  return {"Python module " + module, present, purpose + (present ? "" : "; without it everything else works; " + how)};
}

std::vector<Finding> look() {
  std::vector<Finding> findings;
  const std::size_t overlays = overlay::all_overlays().size(), devices = overlay::all_devices().size();
  findings.push_back({"overlay and device files", overlays > 0 && devices > 0,
                      overlays > 0 ? fmt::format("{} overlays, {} devices", overlays, devices)
                                   : "set HEDDLE_DATA to the folder that holds overlays/ and devices/"});
  findings.push_back({"processor", true, fmt::format("{} threads, {}", std::thread::hardware_concurrency(), simd())});
  const std::string demo = std::string(HEDDLE_SOURCE_DIR) + "/models/demo_pose.onnx";
  findings.push_back({"demo model", std::filesystem::exists(demo), "for `heddle pose` without --model"});
  for (const std::string_view backend : runtime::backend_names()) {
    const Result<overlay::Overlay> overlay = overlay::find_overlay("zcu102");
    const auto device = overlay ? runtime::make_device(backend, *overlay)
                                : Result<std::shared_ptr<runtime::Device>>(fail(overlay.error()));
    findings.push_back(
        {fmt::format("backend {}", backend), device.has_value(), device ? "ready" : device.error().front().message});
  }
  findings.push_back(python_module("onnxruntime", "for `heddle bench sim`", "./check installs it"));
  findings.push_back(
      python_module("tf2onnx", "for `heddle convert`", "pip install -r requirements-tensorflow.txt into .venv"));
  findings.push_back({"git", on_path("git"), "for developers"});
  return findings;
}

Result<int> examine(const DoctorOptions& options) {
  Json rows = Json::array();
  for (const Finding& finding : look()) {
    if (options.json)
      rows.push_back({{"what", finding.what}, {"present", finding.present}, {"detail", finding.detail}});
    else
      fmt::print("{:<8} {:<28} {}\n", finding.present ? "yes" : "missing", finding.what, finding.detail);
  }
  if (options.json) print_json({{"version", HEDDLE_VERSION}, {"findings", std::move(rows)}});
  return 0;
}

}  // namespace

void add_doctor(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<DoctorOptions>();
  add_command(app, outcome, "doctor", "What is installed, what is missing, and what works without it.", examine,
              options)
      ->add_flag("--json", options->json, "print JSON");
}

}  // namespace heddle::cli
