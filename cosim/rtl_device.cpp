// SPDX-License-Identifier: Apache-2.0
#include "cosim/rtl_device.h"

#include <fmt/format.h>

#include <cmath>
#include <mutex>
#include <optional>
#include <vector>

namespace heddle::cosim {
namespace {

constexpr double kDdrLatencyMicroseconds = 0.15;

/// The path of the model, or "" if it must be built. Errors: nor can it be built.
Result<std::string> find_or_refuse(const overlay::Overlay& overlay, const RtlOptions& options) {
  const auto name = model_name(overlay, options.model);
  if (!name) return fail(name.error());
  std::string path = find_model(*name);
  if (!path.empty() || (options.build && can_build_models())) return path;
  return fail({.error_class = ErrorClass::unsupported,
               .code = "cosim.model",
               .message = fmt::format("there is no model '{}' of the overlay '{}'", *name, overlay.name),
               .hint = "install Verilator 5, make and a C++ compiler: it is built when it is needed; or set "
                       "HEDDLE_COSIM_DIR to where it lies"});
}

class RtlExecutor final : public runtime::Executor {
 public:
  RtlExecutor(const overlay::Overlay& overlay, RtlOptions options) : overlay_(overlay), options_(std::move(options)) {}

  /// Is there a model, or means to build one?
  Status find() {
    const auto found = find_or_refuse(overlay_, options_);
    return found ? Status{} : fail(found.error());
  }

  Result<std::shared_ptr<const Prepared>> prepare(const isa::OverlaySegment&) override {
    const std::lock_guard lock(mutex_);
    if (!library_)
      if (Status status = open(); !status) return fail(std::move(status.error()));
    return std::make_shared<const Prepared>();
  }

  Result<runtime::Completion> execute(const isa::OverlaySegment& segment, const Prepared&,
                                      const Memory& memory) override {
    Job job{.streams = {}, .constants = segment.constants, .bases = memory};
    for (std::size_t e = 0; e < isa::kEngines; ++e) job.streams[e] = segment.streams[e];
    auto machine = take_machine();
    auto report = machine->run(job);
    if (!report) return fail(std::move(report.error()));  // such a machine is not used again
    if (report->status.done || !report->status.running) give_back(std::move(machine));
    if (!report->status.done) return fail(run_error(segment, *report));
    return runtime::Completion{.counters = std::move(report->counters)};
  }

 private:
  Status open() {
    auto library = open_model(overlay_, options_);
    if (!library) return fail(std::move(library.error()));
    library_ = std::move(*library);
    return {};
  }

  std::unique_ptr<Machine> take_machine() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Machine>(*library_, options_.machine);
    auto machine = std::move(idle_.back());
    idle_.pop_back();
    return machine;
  }
  void give_back(std::unique_ptr<Machine> machine) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(machine));
  }

  const overlay::Overlay overlay_;
  const RtlOptions options_;
  std::mutex mutex_;
  std::optional<ModelLibrary> library_;
  std::vector<std::unique_ptr<Machine>> idle_;
};

}  // namespace

DdrOptions ddr_options(const overlay::Overlay& overlay) {
  DdrOptions options{.ports = overlay.axi_ports, .beat_bytes = overlay.axi_bytes};
  options.min_latency = options.max_latency = static_cast<int>(std::ceil(kDdrLatencyMicroseconds * overlay.clock_mhz));
  options.bytes_per_cycle = overlay.ddr_gb_per_s * 1000 / overlay.clock_mhz * overlay.ddr_efficiency;
  return options;
}

RtlOptions rtl_options(const overlay::Overlay& overlay) {
  RtlOptions options;
  options.machine.ddr = ddr_options(overlay);
  return options;
}

Result<ModelLibrary> open_model(const overlay::Overlay& overlay, const RtlOptions& options) {
  auto path = find_or_refuse(overlay, options);
  if (!path) return fail(std::move(path.error()));
  if (path->empty()) {
    if (options.notice)
      options.notice(fmt::format("building the model of '{}' (once; this takes minutes)", overlay.name));
    path = build_model(overlay, options.model, model_folders().back());
    if (!path) return fail(std::move(path.error()));
  }
  return ModelLibrary::open(*path);
}

Result<std::unique_ptr<runtime::Executor>> make_rtl_executor(const overlay::Overlay& overlay, RtlOptions options) {
  auto executor = std::make_unique<RtlExecutor>(overlay, std::move(options));
  if (Status status = executor->find(); !status) return fail(std::move(status.error()));
  return executor;
}

}  // namespace heddle::cosim
