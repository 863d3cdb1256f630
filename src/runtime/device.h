// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/diagnostic.h"
#include "isa/program.h"
#include "overlay/overlay.h"

/// The one interface to anything that executes overlay streams: functional machine, cycle machine, Verilated RTL, a
/// card.
namespace heddle::runtime {

enum class BufferId : std::uint64_t {};
enum class LoadedId : std::uint64_t {};  ///< an overlay segment made resident (verified, constants in device memory)
enum class Ticket : std::uint64_t {};

/// Bases of one submission, by register number; `kConstants` is filled in by the device.
struct Bases {
  std::array<std::optional<BufferId>, isa::kBaseRegisters> buffer{};
};

/// What a finished submission reports; the keys of `counters` are the RTL's counter names ("conv.busy", …).
struct Completion {
  std::map<std::string, std::uint64_t> counters;
};

struct DeviceProperties {
  std::string backend;  ///< "functional", "cycle", "rtl", "xrt"
  overlay::Overlay overlay;
  std::uint64_t memory_bytes = 0;  ///< 0: unlimited
};

/// Thread-safe. Every failure is a value; nothing throws. Submissions may be in flight together; each has its own
/// bases.
class Device {
 public:
  virtual ~Device() = default;
  [[nodiscard]] virtual DeviceProperties properties() const = 0;
  /// Device memory of `bytes` bytes, zero-filled. Errors: out of memory.
  [[nodiscard]] virtual Result<BufferId> allocate(std::uint64_t bytes) = 0;
  virtual Status release(BufferId buffer) = 0;
  virtual Status copy_to(BufferId buffer, std::uint64_t offset, std::span<const std::byte> source) = 0;
  virtual Status copy_from(BufferId buffer, std::uint64_t offset, std::span<std::byte> target) = 0;
  /// Verifies the segment (no unverified program reaches a machine) and makes it resident. The segment must outlive it.
  [[nodiscard]] virtual Result<LoadedId> load(std::shared_ptr<const isa::OverlaySegment> segment) = 0;
  virtual Status unload(LoadedId id) = 0;
  /// Starts one run and returns at once. Errors: unknown ids, buffers smaller than the segment states.
  [[nodiscard]] virtual Result<Ticket> submit(LoadedId id, const Bases& bases) = 0;
  /// Blocks until the run is done. Each ticket can be waited for once.
  [[nodiscard]] virtual Result<Completion> wait(Ticket ticket) = 0;
  /// True if `wait` would not block.
  [[nodiscard]] virtual Result<bool> query(Ticket ticket) = 0;
};

}  // namespace heddle::runtime
