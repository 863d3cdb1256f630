// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule.h"

#include <algorithm>
#include <string>

namespace heddle::sim {
namespace {

using isa::Engine;
using isa::Field;

using Counters = std::array<std::int64_t, isa::kSemaphores>;

/// Consumers before producers.
constexpr std::array kPriority{Engine::save, Engine::stencil, Engine::conv, Engine::load_weights,
                               Engine::load_features};

bool ready(const isa::Instruction& i, const Counters& counters) {
  const auto a = static_cast<std::size_t>(i[Field::wait0]), b = static_cast<std::size_t>(i[Field::wait1]);
  if (a == b && a != 0) return counters[a] >= 2;
  return (a == 0 || counters[a] > 0) && (b == 0 || counters[b] > 0);
}

void step(const isa::Instruction& i, Counters& counters) {
  const auto move = [&](Field field, std::int64_t by) {
    if (i[field] != 0) counters[static_cast<std::size_t>(i[field])] += by;
  };
  move(Field::wait0, -1);
  move(Field::wait1, -1);
  move(Field::signal0, 1);
  move(Field::signal1, 1);
}

Diagnostic finding(const char* code, std::string node, std::string message) {
  Diagnostic d;
  d.code = code;
  d.node = std::move(node);
  d.message = std::move(message);
  return d;
}

std::string place(Engine engine, std::size_t index) {
  return std::string(isa::name(engine)) + "[" + std::to_string(index) + "]";
}

Diagnostics unfinished(const Streams& streams, const std::array<std::size_t, isa::kEngines>& next) {
  Diagnostics found;
  for (std::size_t e = 0; e < isa::kEngines; ++e) {
    const auto engine = static_cast<Engine>(e);
    if (next[e] < streams[e].size())
      found.push_back(finding("machine.deadlock", place(engine, next[e]), "waits for a semaphore that nobody signals"));
  }
  return found;
}

Diagnostics left_over(const Streams& streams, const Counters& counters) {
  Diagnostics found;
  for (std::size_t e = 0; e < isa::kEngines; ++e)
    if (streams[e].empty() || streams[e].back().opcode != isa::Opcode::end)
      found.push_back(
          finding("machine.end", std::string(isa::name(static_cast<Engine>(e))), "the stream does not end with 'end'"));
  for (std::size_t s = 1; s < counters.size(); ++s)
    if (counters[s] != 0)
      found.push_back(finding("machine.semaphore", "semaphore " + std::to_string(s),
                              "is " + std::to_string(counters[s]) + " at the end of the run, not 0"));
  return found;
}

}  // namespace

Result<std::vector<StreamPosition>> serial_order(const Streams& streams) {
  Counters counters{};
  std::array<std::size_t, isa::kEngines> next{};
  std::vector<StreamPosition> order;
  const auto runnable = [&](Engine engine) {
    const auto e = static_cast<std::size_t>(engine);
    return next[e] < streams[e].size() && ready(streams[e][next[e]], counters);
  };
  while (true) {
    const auto engine = std::ranges::find_if(kPriority, runnable);
    if (engine == kPriority.end()) break;
    const auto e = static_cast<std::size_t>(*engine);
    order.push_back({*engine, next[e]});
    step(streams[e][next[e]++], counters);
  }
  Diagnostics found = unfinished(streams, next);
  if (found.empty()) found = left_over(streams, counters);
  if (!found.empty()) return fail(std::move(found));
  return order;
}

}  // namespace heddle::sim
