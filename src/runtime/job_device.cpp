// SPDX-License-Identifier: Apache-2.0
#include "runtime/job_device.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "isa/verifier.h"
#include "runtime/work_queue.h"

namespace heddle::runtime {
namespace {

/// Zero-filled memory that takes physical pages only where it is touched.
struct Buffer {
  explicit Buffer(std::uint64_t count)
      : size(count), bytes(static_cast<std::byte*>(std::calloc(std::max<std::uint64_t>(count, 1), 1)), std::free) {}
  [[nodiscard]] std::span<std::byte> span() const { return {bytes.get(), size}; }

  std::uint64_t size;
  std::unique_ptr<std::byte, decltype(&std::free)> bytes;
};

struct Loaded {
  std::shared_ptr<const isa::OverlaySegment> segment;
  std::shared_ptr<const Executor::Prepared> prepared;
};

/// One submission. Holds what it uses, so that releases and unloads while it runs do no harm.
struct Job {
  std::shared_ptr<const Loaded> program;
  std::array<std::shared_ptr<Buffer>, isa::kBaseRegisters> buffers;
  bool done = false;  ///< guarded by the device's mutex, like result
  Result<Completion> result;
};

Diagnostic finding(const char* code, std::string message, std::string hint = "") {
  Diagnostic d;
  d.code = code;
  d.message = std::move(message);
  d.hint = std::move(hint);
  return d;
}

tl::unexpected<Diagnostics> refused(const char* code, std::string message, std::string hint = "") {
  return fail(finding(code, std::move(message), std::move(hint)));
}

template <class Id>
std::string number(Id id) {
  return std::to_string(static_cast<std::uint64_t>(id));
}

class JobDevice final : public Device {
 public:
  JobDevice(const overlay::Overlay& overlay, const JobDeviceOptions& options, std::unique_ptr<Executor> executor)
      : overlay_(overlay), options_(options), executor_(std::move(executor)), workers_(options.workers) {}

  [[nodiscard]] DeviceProperties properties() const override {
    return {options_.backend, overlay_, options_.memory_bytes};
  }
  [[nodiscard]] Result<BufferId> allocate(std::uint64_t bytes) override;
  Status release(BufferId buffer) override;
  Status copy_to(BufferId buffer, std::uint64_t offset, std::span<const std::byte> source) override;
  Status copy_from(BufferId buffer, std::uint64_t offset, std::span<std::byte> target) override;
  [[nodiscard]] Result<LoadedId> load(std::shared_ptr<const isa::OverlaySegment> segment) override;
  Status unload(LoadedId id) override;
  [[nodiscard]] Result<Ticket> submit(LoadedId id, const Bases& bases) override;
  [[nodiscard]] Result<Completion> wait(Ticket ticket) override;
  [[nodiscard]] Result<bool> query(Ticket ticket) override;

 private:
  std::shared_ptr<Buffer> find_buffer(BufferId id);
  Result<std::shared_ptr<Buffer>> range(BufferId id, std::uint64_t offset, std::uint64_t size);
  Status bind(Job& job, const Bases& bases);
  void run(Job& job);
  Result<Completion> execute(const Job& job);

  const overlay::Overlay overlay_;
  const JobDeviceOptions options_;
  const std::unique_ptr<Executor> executor_;

  std::mutex mutex_;
  std::condition_variable finished_;
  std::uint64_t next_id_ = 1, allocated_ = 0;
  std::map<BufferId, std::shared_ptr<Buffer>> buffers_;
  std::map<LoadedId, std::shared_ptr<const Loaded>> programs_;
  std::map<Ticket, std::shared_ptr<Job>> jobs_;

  WorkQueue workers_;  ///< last: its threads end before what they use goes away
};

std::shared_ptr<Buffer> JobDevice::find_buffer(BufferId id) {
  const std::lock_guard lock(mutex_);
  const auto it = buffers_.find(id);
  return it == buffers_.end() ? nullptr : it->second;
}

Result<BufferId> JobDevice::allocate(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (options_.memory_bytes != 0 && bytes > options_.memory_bytes - std::min(allocated_, options_.memory_bytes))
    return refused("device.memory", std::to_string(bytes) + " bytes are more than the device has left of " +
                                        std::to_string(options_.memory_bytes));
  auto buffer = std::make_shared<Buffer>(bytes);
  if (buffer->bytes == nullptr) return refused("device.memory", std::to_string(bytes) + " bytes cannot be allocated");
  const BufferId id{next_id_++};
  buffers_[id] = std::move(buffer);
  allocated_ += bytes;
  return id;
}

Status JobDevice::release(BufferId buffer) {
  const std::lock_guard lock(mutex_);
  const auto it = buffers_.find(buffer);
  if (it == buffers_.end()) return refused("device.buffer.unknown", "there is no buffer " + number(buffer));
  allocated_ -= it->second->size;
  buffers_.erase(it);
  return {};
}

Result<std::shared_ptr<Buffer>> JobDevice::range(BufferId id, std::uint64_t offset, std::uint64_t size) {
  auto buffer = find_buffer(id);
  if (buffer == nullptr) return refused("device.buffer.unknown", "there is no buffer " + number(id));
  if (offset > buffer->size || size > buffer->size - offset)
    return refused("device.buffer.range", "bytes " + std::to_string(offset) + " to " + std::to_string(offset + size) +
                                              " are not inside a buffer of " + std::to_string(buffer->size) + " bytes");
  return buffer;
}

Status JobDevice::copy_to(BufferId buffer, std::uint64_t offset, std::span<const std::byte> source) {
  const auto target = range(buffer, offset, source.size());
  if (!target) return fail(target.error());
  std::ranges::copy(source, (*target)->span().begin() + static_cast<std::ptrdiff_t>(offset));
  return {};
}

Status JobDevice::copy_from(BufferId buffer, std::uint64_t offset, std::span<std::byte> target) {
  const auto source = range(buffer, offset, target.size());
  if (!source) return fail(source.error());
  std::ranges::copy((*source)->span().subspan(offset, target.size()), target.begin());
  return {};
}

Result<LoadedId> JobDevice::load(std::shared_ptr<const isa::OverlaySegment> segment) {
  if (Status status = isa::verify(*segment, overlay_); !status) return fail(std::move(status.error()));
  auto prepared = executor_->prepare(*segment);
  if (!prepared) return fail(std::move(prepared.error()));
  auto program = std::make_shared<const Loaded>(Loaded{std::move(segment), std::move(*prepared)});
  const std::lock_guard lock(mutex_);
  const LoadedId id{next_id_++};
  programs_[id] = std::move(program);
  return id;
}

Status JobDevice::unload(LoadedId id) {
  const std::lock_guard lock(mutex_);
  if (programs_.erase(id) == 0) return refused("device.program.unknown", "there is no loaded program " + number(id));
  return {};
}

/// Finds the buffers of a submission and compares their sizes with what the segment states and touches.
Status JobDevice::bind(Job& job, const Bases& bases) {
  const auto& segment = *job.program->segment;
  auto needed = job.program->prepared->extent;
  needed[isa::kConstants] = 0;
  const auto at_least = [&](std::size_t base, std::int64_t bytes) { needed[base] = std::max(needed[base], bytes); };
  at_least(isa::kScratch, segment.scratch_bytes);
  at_least(isa::kInputs, segment.input_bytes);
  at_least(isa::kOutputs, segment.output_bytes);
  Diagnostics found;
  for (std::size_t base = 0; base < needed.size(); ++base) {
    if (bases.buffer[base]) {
      job.buffers[base] = find_buffer(*bases.buffer[base]);
      if (job.buffers[base] == nullptr)
        found.push_back(finding("device.buffer.unknown", "there is no buffer " + number(*bases.buffer[base])));
    }
    const std::uint64_t size = job.buffers[base] == nullptr ? 0 : job.buffers[base]->size;
    if (size < static_cast<std::uint64_t>(needed[base]))
      found.push_back(finding("device.base.size", "base register " + std::to_string(base) + " has a buffer of " +
                                                      std::to_string(size) + " bytes, the program needs " +
                                                      std::to_string(needed[base])));
  }
  if (found.empty()) return {};
  return fail(std::move(found));
}

Result<Ticket> JobDevice::submit(LoadedId id, const Bases& bases) {
  auto job = std::make_shared<Job>();
  {
    const std::lock_guard lock(mutex_);
    const auto it = programs_.find(id);
    if (it == programs_.end()) return refused("device.program.unknown", "there is no loaded program " + number(id));
    job->program = it->second;
  }
  if (Status status = bind(*job, bases); !status) return fail(std::move(status.error()));
  Ticket ticket{};
  {
    const std::lock_guard lock(mutex_);
    ticket = Ticket{next_id_++};
    jobs_[ticket] = job;
  }
  workers_.push([this, job] { run(*job); });
  return ticket;
}

Result<Completion> JobDevice::execute(const Job& job) {
  Executor::Memory memory;
  for (std::size_t base = 0; base < memory.size(); ++base)
    if (job.buffers[base] != nullptr) memory[base] = job.buffers[base]->span();
  return executor_->execute(*job.program->segment, *job.program->prepared, memory);
}

void JobDevice::run(Job& job) {
  Result<Completion> result;
  try {
    result = execute(job);
  } catch (const std::exception& e) {
    result = refused("device.memory", std::string("the run ended with: ") + e.what());
  }
  {
    const std::lock_guard lock(mutex_);
    job.result = std::move(result);
    job.done = true;
  }
  finished_.notify_all();
}

Result<Completion> JobDevice::wait(Ticket ticket) {
  std::unique_lock lock(mutex_);
  const auto it = jobs_.find(ticket);
  if (it == jobs_.end())
    return refused("device.ticket.unknown", "there is no ticket " + number(ticket),
                   "each ticket can be waited for once");
  const auto job = it->second;
  jobs_.erase(it);
  finished_.wait(lock, [&] { return job->done; });
  return std::move(job->result);
}

Result<bool> JobDevice::query(Ticket ticket) {
  const std::lock_guard lock(mutex_);
  const auto it = jobs_.find(ticket);
  if (it == jobs_.end()) return refused("device.ticket.unknown", "there is no ticket " + number(ticket));
  return it->second->done;
}

}  // namespace

std::shared_ptr<Device> make_job_device(const overlay::Overlay& overlay, const JobDeviceOptions& options,
                                        std::unique_ptr<Executor> executor) {
  return std::make_shared<JobDevice>(overlay, options, std::move(executor));
}

}  // namespace heddle::runtime
