// SPDX-License-Identifier: Apache-2.0
#include "hardware/run.h"

#include <fmt/format.h>

#include "isa/names.h"

namespace heddle::hardware {
namespace {

namespace regs = registers;

Status write_wide(RegisterPort& port, std::uint32_t address, std::uint64_t value) {
  if (Status status = port.write_register(address, static_cast<std::uint32_t>(value)); !status) return status;
  return port.write_register(address + 4, static_cast<std::uint32_t>(value >> 32));
}

Result<std::uint64_t> read_wide(RegisterPort& port, std::uint32_t address) {
  const auto low = port.read_register(address);
  if (!low) return fail(low.error());
  const auto high = port.read_register(address + 4);
  if (!high) return fail(high.error());
  return *low | std::uint64_t{*high} << 32;
}

std::string_view explanation(ErrorCause cause) {
  switch (cause) {
    case ErrorCause::none:
      return "ended without a cause";
    case ErrorCause::crc:
      return "the CRC of the instruction does not hold";
    case ErrorCause::opcode:
      return "the engine does not execute this opcode";
    case ErrorCause::axi_slave:
      return "DDR answered with SLVERR";
    case ErrorCause::axi_decode:
      return "DDR answered with DECERR";
    case ErrorCause::watchdog:
      return "no progress until the watchdog ended the run";
    case ErrorCause::semaphore:
      return "a semaphore left the range 0 ... 255";
  }
  return "";
}

Status mismatch(std::string_view what, std::uint64_t found, std::uint64_t expected, std::string hint) {
  return fail({.code = "device.identity",
               .message = fmt::format("{} is {:#x} instead of {:#x}", what, found, expected),
               .hint = std::move(hint)});
}

}  // namespace

Status check_identity(RegisterPort& port, const overlay::Overlay& overlay) {
  const auto identification = port.read_register(regs::kIdentification.offset);
  if (!identification) return fail(identification.error());
  if (*identification != kIdentity)
    return mismatch("the identification register", *identification, kIdentity, "this is no overlay of heddle");
  const auto version = port.read_register(regs::kVersion.offset);
  if (!version) return fail(version.error());
  if (*version != kRegisterMapVersion)
    return mismatch("the version of the register map", *version, kRegisterMapVersion,
                    "build the card's binary from what `heddle rtl` of this version writes");
  const auto found = read_wide(port, regs::kFingerprint.offset);
  if (!found) return fail(found.error());
  if (*found != fingerprint(overlay))
    return mismatch("the overlay's fingerprint", *found, fingerprint(overlay),
                    fmt::format("the hardware was made from another file than '{}'", overlay.name));
  return {};
}

Status start_run(RegisterPort& port, const RunPlaces& places, std::uint32_t watchdog) {
  Status status;
  for (std::size_t base = 0; base < isa::kBaseRegisters && status; ++base)
    status = write_wide(port, regs::kBase.at(base), places.bases.at(base));
  for (std::size_t engine = 0; engine < isa::kEngines && status; ++engine) {
    const RunPlaces::Stream& stream = places.streams.at(engine);
    status = write_wide(port, regs::kStreamAddress.at(engine), stream.address);
    if (status) status = port.write_register(regs::kStreamWords.at(engine), stream.words);
  }
  const std::uint32_t events = interrupt_bits::kDone | interrupt_bits::kError;
  if (status) status = port.write_register(regs::kWatchdog.offset, watchdog);
  if (status) status = port.write_register(regs::kInterruptStatus.offset, events);
  if (status) status = port.write_register(regs::kInterruptEnable.offset, events);
  if (status) status = port.write_register(regs::kControl.offset, control_bits::kStart);
  return status;
}

Result<RunReport> read_report(RegisterPort& port, int beat_bytes) {
  const auto status = port.read_register(regs::kStatus.offset);
  if (!status) return fail(status.error());
  const auto instruction = port.read_register(regs::kErrorInstruction.offset);
  if (!instruction) return fail(instruction.error());
  RunReport report{.status = run_status(*status), .error_instruction = *instruction, .counters = {}};
  Status read;
  const auto count = [&](const std::string& name, std::uint32_t address, std::uint64_t factor = 1) {
    if (!read) return;
    const auto value = read_wide(port, address);
    if (value)
      report.counters[name] = *value * factor;
    else
      read = fail(value.error());
  };
  const auto beat = static_cast<std::uint64_t>(beat_bytes);
  count("cycles", regs::kCycles.offset);
  count("ddr.read_bytes", regs::kReadBeats.offset, beat);
  count("ddr.write_bytes", regs::kWriteBeats.offset, beat);
  for (const isa::Engine engine : isa::kAllEngines)
    for (int category = 0; category < kCategories; ++category)
      count(counter_name(engine, category), counter_address(engine, category));
  if (!read) return fail(read.error());
  return report;
}

Diagnostic run_error(const isa::OverlaySegment& segment, const RunReport& report) {
  Diagnostic d;
  d.code = "device.run." + std::string(name(report.status.cause));
  d.node = isa::instruction_name(report.status.engine, report.error_instruction);
  d.message = explanation(report.status.cause);
  const auto index = static_cast<std::int64_t>(report.error_instruction);
  for (const isa::LayerSpan& span : segment.spans.at(static_cast<std::size_t>(report.status.engine)))
    if (span.begin <= index && index < span.end && static_cast<std::size_t>(span.layer) < segment.layers.size())
      d.message += " (layer '" + segment.layers[static_cast<std::size_t>(span.layer)].name + "')";
  return d;
}

}  // namespace heddle::hardware
