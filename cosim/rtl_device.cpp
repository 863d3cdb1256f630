// SPDX-License-Identifier: Apache-2.0
#include "cosim/rtl_device.h"

#include <fmt/format.h>

#include <cmath>
#include <mutex>
#include <optional>
#include <vector>

#include "isa/names.h"

namespace heddle::cosim {
namespace {

constexpr double kDdrLatencyMicroseconds = 0.15;

std::string_view explanation(hardware::ErrorCause cause) {
  using hardware::ErrorCause;
  switch (cause) {
    case ErrorCause::none:
      return "ended without a cause";
    case ErrorCause::crc:
      return "the CRC of the instruction does not hold";
    case ErrorCause::opcode:
      return "the engine does not execute this opcode";
    case ErrorCause::axi_slave:
      return "DDR answered with SLVERR";
    case ErrorCause::axi_decode:
      return "DDR answered with DECERR";
    case ErrorCause::watchdog:
      return "no progress until the watchdog ended the run";
    case ErrorCause::semaphore:
      return "a semaphore left the range 0 ... 255";
  }
  return "";
}

/// What the status register says about a run that did not end as it should.
Diagnostic run_error(const isa::OverlaySegment& segment, const RunReport& report) {
  Diagnostic d;
  d.code = "device.run." + std::string(name(report.status.cause));
  d.node = isa::instruction_name(report.status.engine, report.error_instruction);
  d.message = explanation(report.status.cause);
  const auto index = static_cast<std::int64_t>(report.error_instruction);
  for (const isa::LayerSpan& span : segment.spans.at(static_cast<std::size_t>(report.status.engine)))
    if (span.begin <= index && index < span.end && static_cast<std::size_t>(span.layer) < segment.layers.size())
      d.message += " (layer '" + segment.layers[static_cast<std::size_t>(span.layer)].name + "')";
  return d;
}

class RtlExecutor final : public runtime::Executor {
 public:
  RtlExecutor(const overlay::Overlay& overlay, RtlOptions options) : overlay_(overlay), options_(std::move(options)) {}

  Status find() {
    auto name = model_name(overlay_, options_.model);
    if (!name) return fail(std::move(name.error()));
    name_ = std::move(*name);
    path_ = find_model(name_);
    if (!path_.empty() || (options_.build && can_build_models())) return {};
    return fail({.error_class = ErrorClass::unsupported,
                 .code = "cosim.model",
                 .message = fmt::format("there is no model '{}' of the overlay '{}'", name_, overlay_.name),
                 .hint = "install Verilator 5, make and a C++ compiler: it is built when it is needed; or set "
                         "HEDDLE_COSIM_DIR to where it lies"});
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
    if (path_.empty()) {
      if (options_.notice)
        options_.notice(fmt::format("building the model of '{}' (once; this takes minutes)", overlay_.name));
      auto built = build_model(overlay_, options_.model, model_folders().back());
      if (!built) return fail(std::move(built.error()));
      path_ = std::move(*built);
    }
    auto library = ModelLibrary::open(path_);
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
  std::string name_, path_;
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

Result<std::unique_ptr<runtime::Executor>> make_rtl_executor(const overlay::Overlay& overlay, RtlOptions options) {
  auto executor = std::make_unique<RtlExecutor>(overlay, std::move(options));
  if (Status status = executor->find(); !status) return fail(std::move(status.error()));
  return executor;
}

}  // namespace heddle::cosim
