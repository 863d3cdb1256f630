// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "runtime/device.h"

namespace heddle::runtime {

/// One overlay segment of a session: resident on the device, with buffers for the images in flight. Thread-safe.
class OverlayRunner {
 public:
  /// Loads the segment. Errors: what the device refuses.
  [[nodiscard]] static Result<std::unique_ptr<OverlayRunner>> create(std::shared_ptr<const isa::OverlaySegment> segment,
                                                                     std::shared_ptr<Device> device);
  ~OverlayRunner();
  OverlayRunner(const OverlayRunner&) = delete;
  OverlayRunner& operator=(const OverlayRunner&) = delete;

  /// Runs `images` images: reads the segment's input tensors from `values`, fills its output tensors, which are there
  /// with their types and shapes.
  Status run(std::map<std::string, Tensor>& values, std::int64_t images);

 private:
  /// Device buffers and host staging memory of one image in flight.
  struct Slot {
    BufferId scratch{}, inputs{}, outputs{};
    std::vector<std::byte> staging_in, staging_out;
  };
  struct Flight {
    std::unique_ptr<Slot> slot;
    Ticket ticket{};
    std::int64_t image = 0;
  };

  OverlayRunner(std::shared_ptr<const isa::OverlaySegment> segment, std::shared_ptr<Device> device, LoadedId id)
      : segment_(std::move(segment)), device_(std::move(device)), id_(id) {}
  Result<std::unique_ptr<Slot>> take_slot();
  void give_back(std::unique_ptr<Slot> slot);
  Result<Flight> start(const std::map<std::string, Tensor>& values, std::int64_t image);
  Status finish(Flight flight, std::map<std::string, Tensor>& values);

  std::shared_ptr<const isa::OverlaySegment> segment_;
  std::shared_ptr<Device> device_;
  LoadedId id_{};
  std::mutex mutex_;
  std::vector<std::unique_ptr<Slot>> idle_;
};

}  // namespace heddle::runtime
