// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "cosim/ddr_model.h"
#include "cosim/model.h"
#include "hardware/run.h"
#include "isa/program.h"

/// A Verilated overlay with its memory, driven like the hardware: through registers, DDR and the interrupt.
namespace heddle::cosim {

struct MachineOptions {
  DdrOptions ddr;
  std::uint32_t seed = 1;             ///< of memories that are not reset, if the model randomises them
  std::uint32_t watchdog = 1U << 17;  ///< cycles without progress of an engine
  std::uint64_t most_cycles = 0;      ///< of one run; 0: no limit
  /// How often the status is read during a run, and how long what was asked of DDR before an error may take: an overlay
  /// that waits for ever for an answer gives no interrupt.
  std::uint64_t status_cycles = 100'000;
};

/// One run. The memory must outlive it.
struct Job {
  std::array<std::span<const isa::Word>, isa::kEngines> streams;
  std::span<const std::byte> constants;                         ///< behind base register 0
  std::array<std::span<std::byte>, isa::kBaseRegisters> bases;  ///< of the other registers; empty: none
};

/// What an engine did with its next instruction, in a cycle of the run (counted from 0).
struct EngineEvent {
  enum class Kind : std::uint8_t { taken, started, done };
  std::uint64_t cycle = 0;
  isa::Engine engine = isa::Engine::load_features;
  Kind kind = Kind::taken;
};

using hardware::RunReport;

class Machine final : public hardware::RegisterPort {
 public:
  Machine(const ModelLibrary& library, const MachineOptions& options);

  /// Runs to the end or to an error that the hardware reports. Errors: the overlay breaks AXI rules, hangs or fails
  /// an assertion; such a machine is of no further use.
  [[nodiscard]] Result<RunReport> run(const Job& job);

  // Access to single registers and cycles, for tests.
  Status write_register(std::uint32_t address, std::uint32_t value) override;
  [[nodiscard]] Result<std::uint32_t> read_register(std::uint32_t address) override;
  Status cycle();
  void reset();
  void load(const Job& job);     ///< makes the job's memory visible behind the AXI ports
  Status start(const Job& job);  ///< writes the registers and starts
  [[nodiscard]] Result<RunReport> report();
  [[nodiscard]] bool interrupt() const { return pins_.irq != 0; }
  [[nodiscard]] DdrModel& ddr() { return ddr_; }
  /// Where the events of each run are written from now on (cleared at its start); null: nowhere.
  void trace(std::vector<EngineEvent>* events) { events_ = events; }
  /// Called with the pins of every cycle from now on.
  void watch(std::function<void(const Pins&)> watcher) { watcher_ = std::move(watcher); }
  [[nodiscard]] std::uint64_t cycles() const { return cycles_; }

 private:
  Status wait_for_interrupt();
  void record();

  MachineOptions options_;
  Model model_;
  DdrModel ddr_;
  Pins pins_;
  std::uint64_t cycles_ = 0;
  std::vector<EngineEvent>* events_ = nullptr;
  std::uint64_t run_cycle_ = 0;
  std::function<void(const Pins&)> watcher_;
};

}  // namespace heddle::cosim
