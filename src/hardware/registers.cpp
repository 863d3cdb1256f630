// SPDX-License-Identifier: Apache-2.0
#include "hardware/registers.h"

#include <algorithm>

#include "isa/names.h"

namespace heddle::hardware {
namespace {

constexpr std::array kControlFields{
    RegisterField{"start", 0, 1,
                  "begin a run: all streams, bases and lengths are taken as they are; ignored while running"},
    RegisterField{"stop", 1, 1,
                  "end the run: nothing more starts, AXI transfers in flight are drained, engines are reset"},
};
constexpr std::array kStatusFields{
    RegisterField{"running", 0, 1, "from `start` until the machine is idle again"},
    RegisterField{"done", 1, 1, "all five streams have ended"},
    RegisterField{"error", 2, 1, "the run ended early; `cause`, `engine` and `error_instruction` say why"},
    RegisterField{"stopped", 3, 1, "the run ended early, on `stop`"},
    RegisterField{"draining", 4, 1, "after an error or stop: AXI transfers are still in flight"},
    RegisterField{"cause", 8, 4,
                  "0 none, 1 crc, 2 opcode, 3 axi_slave (SLVERR), 4 axi_decode (DECERR), 5 watchdog, 6 semaphore"},
    RegisterField{"engine", 12, 3, "0 load_features, 1 load_weights, 2 conv, 3 stencil, 4 save"},
};
constexpr std::array kInterruptFields{
    RegisterField{"done", 0, 1, "a run ended as it should"},
    RegisterField{"error", 1, 1, "a run ended early, and the machine is idle again"},
};

}  // namespace

namespace registers {

constexpr int kEngineCount = static_cast<int>(isa::kEngines);

const Register kIdentification{
    .name = "identification", .offset = 0x000, .reset = kIdentity, .doc = "the letters \"hddl\""};
const Register kVersion{
    .name = "version", .offset = 0x004, .reset = kRegisterMapVersion, .doc = "of this register map"};
const Register kFingerprint{.name = "fingerprint",
                            .offset = 0x008,
                            .width = 64,
                            .doc = "of the overlay; programs state for which they are made"};
const Register kControl{
    .name = "control", .offset = 0x010, .access = Access::trigger, .doc = "", .fields = kControlFields};
const Register kStatus{.name = "status", .offset = 0x014, .doc = "of the last run", .fields = kStatusFields};
const Register kErrorInstruction{
    .name = "error_instruction",
    .offset = 0x018,
    .doc = "after an error: index in its stream of the oldest instruction of that engine that was not complete"};
const Register kInterruptEnable{.name = "interrupt_enable",
                                .offset = 0x01c,
                                .access = Access::read_write,
                                .doc = "which events raise the interrupt (level)",
                                .fields = kInterruptFields};
const Register kInterruptStatus{.name = "interrupt_status",
                                .offset = 0x020,
                                .access = Access::write_1_clear,
                                .doc = "events since they were cleared",
                                .fields = kInterruptFields};
const Register kWatchdog{.name = "watchdog",
                         .offset = 0x024,
                         .access = Access::read_write,
                         .reset = 1U << 20,
                         .doc = "cycles without progress of an engine that are an error; 0: never"};
const Register kCycles{.name = "cycles", .offset = 0x028, .width = 64, .doc = "cycles of the run"};
const Register kReadBeats{
    .name = "read_beats", .offset = 0x030, .width = 64, .doc = "beats read in the run, all AXI ports together"};
const Register kWriteBeats{
    .name = "write_beats", .offset = 0x038, .width = 64, .doc = "beats written in the run, all AXI ports together"};
const Register kStreamAddress{.name = "stream_address",
                              .offset = 0x040,
                              .width = 64,
                              .access = Access::read_write,
                              .doc = "where each engine's stream begins; a multiple of 4,096",
                              .count = kEngineCount,
                              .stride = 16};
const Register kStreamWords{.name = "stream_words",
                            .offset = 0x048,
                            .access = Access::read_write,
                            .doc = "instructions of each stream",
                            .count = kEngineCount,
                            .stride = 16};
const Register kDoneCount{.name = "done_count",
                          .offset = 0x04c,
                          .doc = "instructions of each stream that are complete",
                          .count = kEngineCount,
                          .stride = 16};
const Register kBase{.name = "base",
                     .offset = 0x100,
                     .width = 64,
                     .access = Access::read_write,
                     .doc = "DDR base registers; multiples of 4,096",
                     .count = isa::kBaseRegisters,
                     .stride = 8};
const Register kCounters{.name = "counters",
                         .offset = 0x400,
                         .width = 64,
                         .doc = "cycles of the run by what the engine did, see below; complete when the run is over",
                         .count = kEngineCount,
                         .stride = kCounterStride};

}  // namespace registers

std::span<const Register* const> all_registers() {
  using namespace registers;
  static const std::array all{
      &kIdentification,  &kVersion,         &kFingerprint, &kControl, &kStatus,    &kErrorInstruction,
      &kInterruptEnable, &kInterruptStatus, &kWatchdog,    &kCycles,  &kReadBeats, &kWriteBeats,
      &kStreamAddress,   &kStreamWords,     &kDoneCount,   &kBase,    &kCounters};
  return all;
}

std::string_view name(ErrorCause cause) {
  switch (cause) {
    case ErrorCause::none:
      return "none";
    case ErrorCause::crc:
      return "crc";
    case ErrorCause::opcode:
      return "opcode";
    case ErrorCause::axi_slave:
      return "axi_slave";
    case ErrorCause::axi_decode:
      return "axi_decode";
    case ErrorCause::watchdog:
      return "watchdog";
    case ErrorCause::semaphore:
      return "semaphore";
  }
  return "";
}

RunStatus run_status(std::uint32_t word) {
  const auto bit = [&](int n) { return (word >> n & 1) != 0; };
  return {.running = bit(0),
          .done = bit(1),
          .error = bit(2),
          .stopped = bit(3),
          .cause = static_cast<ErrorCause>(word >> 8 & 15),
          .engine = static_cast<isa::Engine>(word >> 12 & 7)};
}

namespace {

/// The part of a counter's name behind the engine.
struct Category {
  std::string_view name, doc;
};
constexpr std::array kCategoryTable{
    Category{"idle", "its stream has ended, other engines still work"},
    Category{"busy", "an instruction is in execution and makes progress"},
    Category{"setup", "none is in execution; the next one is made ready"},
    Category{"fetch", "none is in execution; the next one has not arrived from DDR"},
    Category{"wait.load_features", "none is in execution; waits for a semaphore that this engine gives"},
    Category{"wait.load_weights", "the same"},
    Category{"wait.conv", "the same"},
    Category{"wait.stencil", "the same"},
    Category{"wait.save", "the same"},
    Category{"stall.weights", "in execution: waits for weights or parameters from their memories"},
    Category{"stall.port", "in execution: lost the arbitration for feature memory"},
    Category{"stall.post", "in execution: results cannot be taken fast enough"},
    Category{"stall.hazard", "in execution: waits for earlier work of its own"},
    Category{"stall.bank", "in execution: several pixels lie in one bank"},
    Category{"stall.ddr", "in execution: waits for DDR"},
};
static_assert(kCategoryTable.size() == kCategories);

}  // namespace

std::string counter_name(isa::Engine engine, int category) {
  return std::string(name(engine)) + "." + std::string(kCategoryTable.at(static_cast<std::size_t>(category)).name);
}

std::string_view counter_doc(int category) {
  return kCategoryTable.at(static_cast<std::size_t>(category)).doc;
}

std::uint32_t counter_address(isa::Engine engine, int category) {
  return registers::kCounters.at(static_cast<std::size_t>(engine)) + 8 * static_cast<std::uint32_t>(category);
}

}  // namespace heddle::hardware
