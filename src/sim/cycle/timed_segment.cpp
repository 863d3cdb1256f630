// SPDX-License-Identifier: Apache-2.0
#include <unordered_map>
#include <utility>

#include "sim/cycle/cycle_machine.h"

namespace heddle::sim::cycle {
namespace {

using isa::Field;

/// Instructions that differ only in these take the same time.
constexpr std::array kIrrelevant{Field::wait0,
                                 Field::wait1,
                                 Field::signal0,
                                 Field::signal1,
                                 Field::overlap,
                                 Field::weight_address,
                                 Field::address,
                                 Field::param_address,
                                 Field::pad_value,
                                 Field::ddr_base,
                                 Field::coefficient_address};

struct Hash {
  std::size_t operator()(const isa::Instruction& i) const {
    std::uint64_t hash = 0xcbf29ce484222325 ^ static_cast<std::uint64_t>(i.opcode);
    for (const std::int64_t value : i.values) hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(hash ^ hash >> 29);
  }
};

}  // namespace

Result<TimedSegment> make_timed_segment(Streams streams, const Parameters& parameters) {
  if (const auto order = serial_order(streams); !order) return fail(order.error());
  TimedSegment segment{.parameters = parameters, .streams = std::move(streams), .distinct = {}, .timings = {}};
  std::unordered_map<isa::Instruction, const Timing*, Hash> known;
  for (std::size_t e = 0; e < isa::kEngines; ++e)
    for (const isa::Instruction& i : segment.streams[e]) {
      const Timing* timing = nullptr;
      if (i.opcode != isa::Opcode::end && i.opcode != isa::Opcode::fence) {
        isa::Instruction key = i;
        for (const Field field : kIrrelevant) key[field] = 0;
        const Timing*& slot = known[key];
        if (slot == nullptr)
          slot = segment.distinct.emplace_back(std::make_unique<const Timing>(timing_of(i, parameters))).get();
        timing = slot;
      }
      segment.timings[e].push_back(timing);
    }
  return segment;
}

}  // namespace heddle::sim::cycle
