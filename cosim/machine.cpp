// SPDX-License-Identifier: Apache-2.0
#include "cosim/machine.h"

#include <fmt/format.h>

#include "isa/names.h"

namespace heddle::cosim {
namespace {

namespace regs = hardware::registers;

/// Where the overlay sees a job's memory. Far apart, so that an access outside meets nothing.
constexpr std::uint64_t base_address(std::size_t base) {
  return (std::uint64_t{base} + 1) << 40;
}
constexpr std::uint64_t stream_address(std::size_t engine) {
  return (std::uint64_t{engine} + 1 + isa::kBaseRegisters) << 40;
}

/// The answer to a register access comes within this many cycles.
constexpr int kRegisterLatency = 64;
tl::unexpected<Diagnostics> broken(std::string message) {
  Diagnostic d;
  d.error_class = ErrorClass::internal;
  d.code = "cosim.overlay";
  d.message = std::move(message);
  return fail(std::move(d));
}

DdrOptions with_ports(DdrOptions options, const ModelLibrary& library) {
  options.ports = library.ports();
  options.beat_bytes = library.beat_bytes();
  return options;
}

std::span<std::byte> mutable_bytes(std::span<const std::byte> bytes) {
  // Only for windows that are not writable.
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

Machine::Machine(const ModelLibrary& library, const MachineOptions& options)
    : options_(options), model_(library, options.seed), ddr_(with_ports(options.ddr, library)) {
  reset();
}

void Machine::reset() {
  ddr_.reset();
  pins_ = {};
  pins_.rst = 1;
  for (int i = 0; i < 8; ++i) {
    model_.settle(pins_);
    (void)model_.clock();
  }
  pins_.rst = 0;
}

Status Machine::cycle() {
  ddr_.drive(pins_);
  model_.settle(pins_);
  ddr_.clock(pins_);
  ++cycles_;
  if (events_ != nullptr) record();
  if (watcher_) watcher_(pins_);
  if (!model_.clock()) return broken(fmt::format("an assertion of the overlay failed in cycle {}", cycles_));
  return {};
}

/// Events of the cycle whose pins were settled last.
void Machine::record() {
  if (pins_.running == 0) return;
  if ((pins_.taken | pins_.started | pins_.done) != 0)
    for (const isa::Engine engine : isa::kAllEngines) {
      const auto bit = static_cast<unsigned>(engine);
      const auto happened = [&](std::uint8_t mask, EngineEvent::Kind kind) {
        if ((mask >> bit & 1) != 0) events_->push_back({run_cycle_, engine, kind});
      };
      happened(pins_.done, EngineEvent::Kind::done);
      happened(pins_.started, EngineEvent::Kind::started);
      happened(pins_.taken, EngineEvent::Kind::taken);
    }
  ++run_cycle_;
}

Status Machine::write_register(std::uint32_t address, std::uint32_t value) {
  pins_.s_awvalid = pins_.s_wvalid = 1;
  pins_.s_awaddr = address;
  pins_.s_wdata = value;
  for (int i = 0; i < kRegisterLatency; ++i) {
    if (Status status = cycle(); !status) return status;
    if (pins_.s_awready != 0) pins_.s_awvalid = pins_.s_wvalid = 0;
    if (pins_.s_bvalid != 0) return {};
  }
  return broken(fmt::format("register {:#05x} cannot be written", address));
}

Result<std::uint32_t> Machine::read_register(std::uint32_t address) {
  pins_.s_arvalid = 1;
  pins_.s_araddr = address;
  for (int i = 0; i < kRegisterLatency; ++i) {
    if (Status status = cycle(); !status) return fail(std::move(status.error()));
    if (pins_.s_arready != 0) pins_.s_arvalid = 0;
    if (pins_.s_rvalid != 0) return pins_.s_rdata;
  }
  return broken(fmt::format("register {:#05x} cannot be read", address));
}

void Machine::load(const Job& job) {
  std::vector<DdrWindow> windows{{base_address(isa::kConstants), mutable_bytes(job.constants), false}};
  for (std::size_t base = 1; base < job.bases.size(); ++base)
    if (!job.bases[base].empty())
      windows.push_back({base_address(base), job.bases[base], base == isa::kScratch || base == isa::kOutputs});
  for (std::size_t engine = 0; engine < isa::kEngines; ++engine)
    windows.push_back({stream_address(engine), mutable_bytes(std::as_bytes(job.streams[engine])), false});
  ddr_.set_windows(std::move(windows));
}

Status Machine::start(const Job& job) {
  load(job);
  run_cycle_ = 0;
  if (events_ != nullptr) events_->clear();
  hardware::RunPlaces places;
  for (std::size_t base = 0; base < isa::kBaseRegisters; ++base) places.bases[base] = base_address(base);
  for (std::size_t engine = 0; engine < isa::kEngines; ++engine)
    places.streams[engine] = {stream_address(engine), static_cast<std::uint32_t>(job.streams[engine].size())};
  return hardware::start_run(*this, places, options_.watchdog);
}

Status Machine::wait_for_interrupt() {
  const std::uint64_t begin = cycles_;
  std::uint64_t look = begin + options_.status_cycles;
  bool draining = false;  // what it asked of DDR before an error is awaited
  while (pins_.irq == 0) {
    if (Status status = cycle(); !status) return status;
    if (options_.most_cycles != 0 && cycles_ - begin > options_.most_cycles)
      return broken(fmt::format("no end after {} cycles", options_.most_cycles));
    if (cycles_ < look) continue;
    const auto word = read_register(regs::kStatus.offset);
    if (!word) return fail(word.error());
    if (draining) return {};
    draining = hardware::run_status(*word).error;
    look = cycles_ + options_.status_cycles;
  }
  return {};
}

Result<RunReport> Machine::report() {
  return hardware::read_report(*this, ddr_.options().beat_bytes);
}

Result<RunReport> Machine::run(const Job& job) {
  if (Status status = start(job); !status) return fail(std::move(status.error()));
  if (Status status = wait_for_interrupt(); !status) return fail(std::move(status.error()));
  auto result = report();
  if (!ddr_.violations().empty()) return broken("the overlay breaks the rules of AXI: " + ddr_.violations().front());
  return result;
}

}  // namespace heddle::cosim
