// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "isa/instruction.h"

/// The AXI4-Lite registers of the overlay: the one definition for `registers_pkg.sv`, drivers and
/// docs/hardware/registers.md.
namespace heddle::hardware {

enum class Access : std::uint8_t {
  read_only,
  read_write,
  trigger,        ///< writing 1 to a bit does something; reads as 0
  write_1_clear,  ///< writing 1 to a bit clears it
};

struct RegisterField {
  std::string_view name;
  int bit = 0, width = 1;
  std::string_view doc;
};

/// A register, or `count` equal ones `stride` bytes apart. 64-bit registers are two words, the low one first.
struct Register {
  std::string_view name;
  std::uint32_t offset = 0;
  int width = 32;
  Access access = Access::read_only;
  std::uint64_t reset = 0;
  std::string_view doc;
  std::span<const RegisterField> fields{};
  int count = 1, stride = 0;

  [[nodiscard]] constexpr std::uint32_t at(std::size_t index) const {
    return offset + static_cast<std::uint32_t>(index) * static_cast<std::uint32_t>(stride);
  }
};

inline constexpr int kRegisterAddressBits = 12;
inline constexpr std::uint32_t kIdentity = 0x6c646468;  ///< "hddl"
inline constexpr std::uint32_t kRegisterMapVersion = 1;

namespace control_bits {
inline constexpr std::uint32_t kStart = 1U << 0, kStop = 1U << 1;
}
namespace interrupt_bits {
inline constexpr std::uint32_t kDone = 1U << 0, kError = 1U << 1;
}

/// Why a run ended early: `cause` of the status register (error_e of heddle_pkg).
enum class ErrorCause : std::uint8_t { none, crc, opcode, axi_slave, axi_decode, watchdog, semaphore };
[[nodiscard]] std::string_view name(ErrorCause cause);

/// The status register, taken apart.
struct RunStatus {
  bool running = false;  ///< from `start` until the machine is idle again
  bool done = false;     ///< all streams have ended
  bool error = false, stopped = false;
  ErrorCause cause = ErrorCause::none;
  isa::Engine engine = isa::Engine::load_features;
};
[[nodiscard]] RunStatus run_status(std::uint32_t word);

namespace registers {
extern const Register kIdentification, kVersion, kFingerprint, kControl, kStatus, kErrorInstruction, kInterruptEnable,
    kInterruptStatus, kWatchdog, kCycles, kReadBeats, kWriteBeats, kStreamAddress, kStreamWords, kDoneCount, kBase,
    kCounters;
}

/// All of them, by offset.
[[nodiscard]] std::span<const Register* const> all_registers();

/// What a cycle of an engine is: each cycle of a run is exactly one of these.
inline constexpr int kCategories = 15;
inline constexpr int kCounterStride = 128;  ///< bytes from one engine's counters to the next engine's
/// "conv.busy", "conv.wait.save", "conv.stall.ddr" …
[[nodiscard]] std::string counter_name(isa::Engine engine, int category);
/// Address of the low word of that counter.
[[nodiscard]] std::uint32_t counter_address(isa::Engine engine, int category);
[[nodiscard]] std::string_view counter_doc(int category);

/// `registers_pkg.sv`: addresses, bits of fields, codes of categories.
[[nodiscard]] std::string registers_package();
/// docs/hardware/registers.md.
[[nodiscard]] std::string registers_page();

}  // namespace heddle::hardware
