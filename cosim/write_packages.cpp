// SPDX-License-Identifier: Apache-2.0
// write_packages OVERLAY FOLDER: the generated packages, for builds that simulate the sources.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "hardware/packages.h"
#include "hardware/registers.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: write_packages OVERLAY FOLDER\n");
    return 1;
  }
  const auto overlay = heddle::overlay::find_overlay(argv[1]);
  if (!overlay) {
    for (const heddle::Diagnostic& d : overlay.error()) fmt::print(stderr, "{}: {}\n", argv[1], d.text());
    return 1;
  }
  const std::filesystem::path folder = argv[2];
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "overlay_pkg.sv") << heddle::hardware::overlay_package(*overlay);
  std::ofstream(folder / "isa_pkg.sv") << heddle::hardware::isa_package();
  std::ofstream(folder / "registers_pkg.sv") << heddle::hardware::registers_package();
  return 0;
}
