// SPDX-License-Identifier: Apache-2.0
#include "runtime/functional_device.h"

#include <tbb/task_arena.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include "base/own_threads.h"
#include "isa/codec.h"
#include "runtime/functional_executor.h"
#include "sim/functional_machine.h"

namespace heddle::runtime {
namespace {

struct PreparedForSim final : Executor::Prepared {
  explicit PreparedForSim(sim::PreparedSegment prepared) : segment(std::move(prepared)) { extent = segment.extent; }
  sim::PreparedSegment segment;
};

class FunctionalExecutor final : public Executor {
 public:
  FunctionalExecutor(const overlay::Overlay& overlay, const FunctionalOptions& options)
      : overlay_(overlay), options_(options), arena_(options.threads) {}

  Result<std::shared_ptr<const Prepared>> prepare(const isa::OverlaySegment& segment) override {
    const auto streams = decode_streams(segment);
    if (!streams) return fail(streams.error());
    const auto execution = options_.reference ? sim::Execution::reference : sim::Execution::fast;
    auto prepared = sim::prepare(*streams, segment.constants, overlay_, execution);
    if (!prepared) return fail(std::move(prepared.error()));
    return std::make_shared<const PreparedForSim>(std::move(*prepared));
  }

  Result<Completion> execute(const isa::OverlaySegment& segment, const Prepared& prepared,
                             const Memory& memory) override {
    auto machine = take_machine();
    const auto run = [&] {
      return machine->run(static_cast<const PreparedForSim&>(prepared).segment, segment.constants, memory);
    };
    const Status status = kOwnThreads ? run() : arena_.execute(run);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(machine));
    if (!status) return fail(status.error());
    return Completion{};
  }

 private:
  std::unique_ptr<sim::FunctionalMachine> take_machine() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<sim::FunctionalMachine>(overlay_);
    auto machine = std::move(idle_.back());
    idle_.pop_back();
    return machine;
  }

  const overlay::Overlay overlay_;
  const FunctionalOptions options_;
  tbb::task_arena arena_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<sim::FunctionalMachine>> idle_;
};

}  // namespace

Result<sim::Streams> decode_streams(const isa::OverlaySegment& segment) {
  sim::Streams streams;
  Diagnostics found;
  for (std::size_t e = 0; e < isa::kEngines; ++e)
    for (const isa::Word& word : segment.streams[e]) {
      auto instruction = isa::decode(word);
      if (instruction)
        streams[e].push_back(*instruction);
      else
        found.insert(found.end(), instruction.error().begin(), instruction.error().end());
    }
  if (!found.empty()) return fail(std::move(found));
  return streams;
}

FunctionalOptions with_threads(FunctionalOptions options) {
  if (options.threads <= 0) options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return options;
}

std::unique_ptr<Executor> make_functional_executor(const overlay::Overlay& overlay, const FunctionalOptions& options) {
  return std::make_unique<FunctionalExecutor>(overlay, options);
}

std::shared_ptr<Device> make_functional_device(const overlay::Overlay& overlay, const FunctionalOptions& options) {
  const FunctionalOptions settled = with_threads(options);
  return make_job_device(overlay,
                         {.backend = "functional", .memory_bytes = settled.memory_bytes, .workers = settled.threads},
                         make_functional_executor(overlay, settled));
}

}  // namespace heddle::runtime
