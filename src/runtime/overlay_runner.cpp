// SPDX-License-Identifier: Apache-2.0
#include "runtime/overlay_runner.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "runtime/border.h"

namespace heddle::runtime {

Result<std::unique_ptr<OverlayRunner>> OverlayRunner::create(std::shared_ptr<const isa::OverlaySegment> segment,
                                                             std::shared_ptr<Device> device) {
  const auto id = device->load(segment);
  if (!id) return fail(id.error());
  return std::unique_ptr<OverlayRunner>(new OverlayRunner(std::move(segment), std::move(device), *id));
}

OverlayRunner::~OverlayRunner() {
  for (const auto& slot : idle_)
    for (const BufferId buffer : {slot->scratch, slot->inputs, slot->outputs}) (void)device_->release(buffer);
  (void)device_->unload(id_);
}

Result<std::unique_ptr<OverlayRunner::Slot>> OverlayRunner::take_slot() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto slot = std::move(idle_.back());
      idle_.pop_back();
      return slot;
    }
  }
  auto slot = std::make_unique<Slot>();
  const std::array sizes{std::pair{&slot->scratch, segment_->scratch_bytes},
                         std::pair{&slot->inputs, segment_->input_bytes},
                         std::pair{&slot->outputs, segment_->output_bytes}};
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    const auto buffer = device_->allocate(static_cast<std::uint64_t>(sizes[k].second));
    if (!buffer) {
      for (std::size_t done = 0; done < k; ++done) (void)device_->release(*sizes[done].first);
      return fail(buffer.error());
    }
    *sizes[k].first = *buffer;
  }
  slot->staging_in.resize(static_cast<std::size_t>(segment_->input_bytes));
  slot->staging_out.resize(static_cast<std::size_t>(segment_->output_bytes));
  return slot;
}

void OverlayRunner::give_back(std::unique_ptr<Slot> slot) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(slot));
}

Result<OverlayRunner::Flight> OverlayRunner::start(const std::map<std::string, Tensor>& values, std::int64_t image) {
  auto slot = take_slot();
  if (!slot) return fail(std::move(slot.error()));
  const std::int64_t slot_bytes = device_->properties().overlay.N;
  for (const auto& binding : segment_->inputs)
    pack(binding, values.at(binding.tensor), image, slot_bytes, (*slot)->staging_in);
  Bases bases;
  bases.buffer[isa::kScratch] = (*slot)->scratch;
  bases.buffer[isa::kInputs] = (*slot)->inputs;
  bases.buffer[isa::kOutputs] = (*slot)->outputs;
  Status copied = device_->copy_to((*slot)->inputs, 0, (*slot)->staging_in);
  const auto ticket = copied ? device_->submit(id_, bases) : Result<Ticket>(fail(std::move(copied.error())));
  if (!ticket) {
    give_back(std::move(*slot));
    return fail(ticket.error());
  }
  return Flight{std::move(*slot), *ticket, image};
}

Status OverlayRunner::finish(Flight flight, std::map<std::string, Tensor>& values) {
  Status status;
  if (const auto completion = device_->wait(flight.ticket); !completion) status = fail(completion.error());
  if (status) status = device_->copy_from(flight.slot->outputs, 0, flight.slot->staging_out);
  if (status) {
    const std::int64_t slot_bytes = device_->properties().overlay.N;
    for (const auto& binding : segment_->outputs)
      unpack(binding, flight.slot->staging_out, slot_bytes, flight.image, values.at(binding.tensor));
  }
  give_back(std::move(flight.slot));
  return status;
}

Status OverlayRunner::run(std::map<std::string, Tensor>& values, std::int64_t images) {
  const std::size_t depth = std::max(2U, std::thread::hardware_concurrency());
  std::deque<Flight> flights;
  Status status;
  const auto finish_oldest = [&] {
    Status finished = finish(std::move(flights.front()), values);
    flights.pop_front();
    if (status) status = std::move(finished);
  };
  for (std::int64_t image = 0; image < images && status; ++image) {
    if (flights.size() == depth) finish_oldest();
    auto flight = start(values, image);
    if (flight)
      flights.push_back(std::move(*flight));
    else
      status = fail(std::move(flight.error()));
  }
  while (!flights.empty()) finish_oldest();
  return status;
}

}  // namespace heddle::runtime
