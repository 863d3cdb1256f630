// SPDX-License-Identifier: Apache-2.0
#include "runtime/cycle_device.h"

#include <utility>

#include "hardware/registers.h"
#include "isa/names.h"
#include "runtime/functional_executor.h"

namespace heddle::runtime {
namespace {

struct PreparedForCycles final : Executor::Prepared {
  std::shared_ptr<const Prepared> functional;
  std::map<std::string, std::uint64_t> counters;
};

/// The functional machine with a clock.
class CycleExecutor final : public Executor {
 public:
  CycleExecutor(const overlay::Overlay& overlay, std::unique_ptr<Executor> functional)
      : overlay_(overlay), functional_(std::move(functional)) {}

  Result<std::shared_ptr<const Prepared>> prepare(const isa::OverlaySegment& segment) override {
    auto functional = functional_->prepare(segment);
    if (!functional) return fail(std::move(functional.error()));
    const auto timed = time_segment(segment, overlay_);
    if (!timed) return fail(timed.error());
    auto prepared = std::make_shared<PreparedForCycles>();
    prepared->extent = (*functional)->extent;
    prepared->functional = std::move(*functional);
    prepared->counters = cycle_counters(sim::cycle::simulate(*timed));
    return prepared;
  }

  Result<Completion> execute(const isa::OverlaySegment& segment, const Prepared& prepared,
                             const Memory& memory) override {
    const auto& own = static_cast<const PreparedForCycles&>(prepared);
    auto completion = functional_->execute(segment, *own.functional, memory);
    if (completion) completion->counters = own.counters;
    return completion;
  }

 private:
  const overlay::Overlay overlay_;
  const std::unique_ptr<Executor> functional_;
};

}  // namespace

std::map<std::string, std::uint64_t> cycle_counters(const sim::cycle::Report& report) {
  std::map<std::string, std::uint64_t> counters{
      {"cycles", report.cycles}, {"ddr.read_bytes", report.read_bytes}, {"ddr.write_bytes", report.write_bytes}};
  static_assert(sim::cycle::kCategories == hardware::kCategories);
  for (const isa::Engine engine : isa::kAllEngines)
    for (std::size_t category = 0; category < sim::cycle::kCategories; ++category)
      counters[hardware::counter_name(engine, static_cast<int>(category))] =
          report.counters[static_cast<std::size_t>(engine)][category];
  return counters;
}

Result<sim::cycle::TimedSegment> time_segment(const isa::OverlaySegment& segment, const overlay::Overlay& overlay) {
  auto streams = decode_streams(segment);
  if (!streams) return fail(std::move(streams.error()));
  return sim::cycle::make_timed_segment(std::move(*streams), sim::cycle::parameters_of(overlay));
}

std::shared_ptr<Device> make_cycle_device(const overlay::Overlay& overlay, const FunctionalOptions& options) {
  const FunctionalOptions settled = with_threads(options);
  return make_job_device(overlay,
                         {.backend = "cycle", .memory_bytes = settled.memory_bytes, .workers = settled.threads},
                         std::make_unique<CycleExecutor>(overlay, make_functional_executor(overlay, settled)));
}

}  // namespace heddle::runtime
