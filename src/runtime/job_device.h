// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "runtime/device.h"

namespace heddle::runtime {

/// A machine on this computer that executes overlay segments in host memory. All functions may be called concurrently.
class Executor {
 public:
  /// What an executor keeps of a resident segment.
  struct Prepared {
    virtual ~Prepared() = default;
    /// Bytes behind each base register that the segment touches, where that is more than the segment states.
    std::array<std::int64_t, isa::kBaseRegisters> extent{};
  };
  using Memory = std::array<std::span<std::byte>, isa::kBaseRegisters>;

  virtual ~Executor() = default;
  /// The segment has passed the verifier and outlives the result.
  [[nodiscard]] virtual Result<std::shared_ptr<const Prepared>> prepare(const isa::OverlaySegment& segment) = 0;
  /// One run. `memory` holds the buffers of the base registers; that of the constants is empty.
  [[nodiscard]] virtual Result<Completion> execute(const isa::OverlaySegment& segment, const Prepared& prepared,
                                                   const Memory& memory) = 0;
};

struct JobDeviceOptions {
  std::string backend;
  std::uint64_t memory_bytes = 0;  ///< allocations beyond are refused; 0: unlimited
  int workers = 1;                 ///< submissions that are executed at once
};

/// The Device interface around an executor: buffers, resident segments, and a queue of submissions.
[[nodiscard]] std::shared_ptr<Device> make_job_device(const overlay::Overlay& overlay, const JobDeviceOptions& options,
                                                      std::unique_ptr<Executor> executor);

}  // namespace heddle::runtime
