// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "overlay/overlay.h"

/// Finds and builds the Verilated overlays.
namespace heddle::cosim {

struct ModelOptions {
  bool assertions = false;  ///< check the sources' assertions and begin with random memories; slower
  bool coverage = false;    ///< count lines, branches and toggles (see coverage.h); slower
  int jobs = 0;             ///< compilers at once; 0: one a core
};

/// File name of the model: "cosim_<overlay>_<key>.so". The key is a hash over everything that the model is made of, so
/// that a model that was built from other sources is never found. Errors: the sources are not installed.
[[nodiscard]] Result<std::string> model_name(const overlay::Overlay& overlay, const ModelOptions& options);

/// Where models are looked for, in this order: $HEDDLE_COSIM_DIR, `cosim/` beside the executable, and the cache
/// ($XDG_CACHE_HOME or ~/.cache, /heddle/cosim).
[[nodiscard]] std::vector<std::string> model_folders();

/// The path of the model if it is there, otherwise "".
[[nodiscard]] std::string find_model(const std::string& name);

/// Are Verilator, make and a compiler there?
[[nodiscard]] bool can_build_models();

/// Verilates and compiles the overlay into `folder` (made if missing) unless it is there; returns the library's path.
/// Errors: Verilator or a compiler is missing or fails; the log stays in the folder.
[[nodiscard]] Result<std::string> build_model(const overlay::Overlay& overlay, const ModelOptions& options,
                                              const std::string& folder);

}  // namespace heddle::cosim
