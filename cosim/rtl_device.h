// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "cosim/build_model.h"
#include "cosim/machine.h"
#include "overlay/overlay.h"
#include "runtime/job_device.h"

namespace heddle::cosim {

struct RtlOptions {
  ModelOptions model;
  MachineOptions machine;  ///< ports and beats are the overlay's
  bool build = true;       ///< build the model if there is none
  /// Told before something that takes long.
  std::function<void(const std::string&)> notice;
};

/// A memory with the overlay's DDR speed (ddr_gb_per_s · ddr_efficiency) and 150 ns of latency.
[[nodiscard]] DdrOptions ddr_options(const overlay::Overlay& overlay);
/// `machine.ddr` is that of the overlay.
[[nodiscard]] RtlOptions rtl_options(const overlay::Overlay& overlay);

/// The overlay's model, found or built (`options.model`, `build`, `notice`).
[[nodiscard]] Result<ModelLibrary> open_model(const overlay::Overlay& overlay, const RtlOptions& options);

/// Runs segments on the Verilated overlay; for runtime::make_job_device. The model is built (once) when the first
/// segment is prepared. Errors: no model and no means to build one.
[[nodiscard]] Result<std::unique_ptr<runtime::Executor>> make_rtl_executor(const overlay::Overlay& overlay,
                                                                           RtlOptions options);

}  // namespace heddle::cosim
