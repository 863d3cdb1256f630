// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "base/diagnostic.h"
#include "hardware/registers.h"
#include "isa/program.h"
#include "overlay/overlay.h"

/// How software runs a segment on an overlay, through its registers: the one protocol for cards and simulations
/// (docs/hardware/registers.md).
namespace heddle::hardware {

/// Where an overlay's registers can be reached.
class RegisterPort {
 public:
  virtual ~RegisterPort() = default;
  virtual Status write_register(std::uint32_t address, std::uint32_t value) = 0;
  [[nodiscard]] virtual Result<std::uint32_t> read_register(std::uint32_t address) = 0;
};

/// Where the overlay finds a run's memory. Addresses are multiples of 4,096.
struct RunPlaces {
  struct Stream {
    std::uint64_t address = 0;
    std::uint32_t words = 0;
  };
  std::array<std::uint64_t, isa::kBaseRegisters> bases{};
  std::array<Stream, isa::kEngines> streams{};
};

/// What the registers say after a run.
struct RunReport {
  RunStatus status;
  std::uint32_t error_instruction = 0;
  std::map<std::string, std::uint64_t> counters;  ///< "cycles", "ddr.read_bytes", "conv.busy" …
};

/// Errors: no overlay answers, or one with another register map or fingerprint.
Status check_identity(RegisterPort& port, const overlay::Overlay& overlay);
/// Writes bases, streams and the watchdog (cycles; 0: none), enables the interrupt, and starts.
Status start_run(RegisterPort& port, const RunPlaces& places, std::uint32_t watchdog);
[[nodiscard]] Result<RunReport> read_report(RegisterPort& port, int beat_bytes);
/// What a run that did not end with `done` says of the segment.
[[nodiscard]] Diagnostic run_error(const isa::OverlaySegment& segment, const RunReport& report);

}  // namespace heddle::hardware
