// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "runtime/device.h"
#include "runtime/functional_device.h"
#include "sim/cycle/cycle_machine.h"

namespace heddle::runtime {

/// The counters of a run by the hardware's names: "cycles", "ddr.read_bytes", "conv.busy", "conv.wait.save" …
[[nodiscard]] std::map<std::string, std::uint64_t> cycle_counters(const sim::cycle::Report& report);

/// The decoded streams of a segment with their timing on the overlay. Errors: illegal instructions, deadlock.
[[nodiscard]] Result<sim::cycle::TimedSegment> time_segment(const isa::OverlaySegment& segment,
                                                            const overlay::Overlay& overlay);

/// The cycle machine behind the Device interface: data by the functional machine, `Completion::counters` by
/// sim/cycle. A segment's cycles do not depend on its data, so they are found when it is loaded.
[[nodiscard]] std::shared_ptr<Device> make_cycle_device(const overlay::Overlay& overlay,
                                                        const FunctionalOptions& options = {});

}  // namespace heddle::runtime
