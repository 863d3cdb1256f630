// SPDX-License-Identifier: Apache-2.0
// Runs the streams once, greedily. Programs are branch-free and every semaphore has one waiting engine, so this run
// gets stuck exactly if every run does. Vector clocks tell which accesses are ordered in *all* runs.
#include <fmt/format.h>

#include <algorithm>

#include "isa/names.h"
#include "isa/verifier/context.h"
#include "isa/verifier/memories.h"

namespace heddle::isa::verifier {
namespace {

/// A counting semaphore. The k-th wait takes the k-th signal, because either side is one engine that runs in order.
struct Semaphore {
  std::vector<Clock> signals;  ///< clocks at the completion of the signalling instructions
  std::size_t taken = 0;       ///< waits so far
  Engine waiter = Engine::load_features;
  std::vector<std::uint32_t> waits;  ///< index of the waiting instruction, per wait
  std::size_t surely_taken = 0;      ///< waits that are complete for the signaller, whatever the timing
};

class Schedule {
 public:
  Schedule(Context& context, const Bounds& bounds) : c_(context), memories_(context, bounds) { collect_waits(); }

  void run() {
    bool moved = true;
    while (moved && c_.findings.empty()) {
      moved = false;
      for (const Engine engine : kAllEngines)
        while (c_.findings.empty() && ready(engine)) {
          step(engine);
          moved = true;
        }
    }
    if (!c_.findings.empty()) return;
    report_deadlock();
    if (c_.findings.empty()) memories_.check_outputs();
  }

 private:
  [[nodiscard]] std::size_t& next(Engine engine) { return next_[static_cast<std::size_t>(engine)]; }

  void collect_waits() {
    for (const Engine engine : kAllEngines) {
      const auto& stream = c_.streams[static_cast<std::size_t>(engine)];
      for (std::size_t i = 0; i < stream.size(); ++i)
        for (const Field f : {Field::wait0, Field::wait1}) {
          Semaphore& s = semaphores_[static_cast<std::size_t>(stream[i][f])];
          s.waiter = engine;
          s.waits.push_back(static_cast<std::uint32_t>(i));
        }
    }
  }

  bool available(std::int64_t semaphore, std::size_t count) const {
    const Semaphore& s = semaphores_[static_cast<std::size_t>(semaphore)];
    return semaphore == 0 || s.signals.size() >= s.taken + count;
  }

  bool ready(Engine engine) {
    const auto& stream = c_.streams[static_cast<std::size_t>(engine)];
    if (next(engine) >= stream.size()) return false;
    const Instruction& i = stream[next(engine)];
    const std::int64_t a = i[Field::wait0], b = i[Field::wait1];
    return a == b ? available(a, 2) : available(a, 1) && available(b, 1);
  }

  void wait(std::int64_t semaphore, Clock& clock) {
    if (semaphore == 0) return;
    Semaphore& s = semaphores_[static_cast<std::size_t>(semaphore)];
    clock.join(s.signals[s.taken++]);
  }

  /// What the instruction may rely on when it starts with `overlap`, if its waits say `waited`: the previous one may
  /// still be in execution. An engine's reads and writes of feature memory are in order, so that only reading what
  /// the previous one writes is a hazard; what LOAD and SAVE write takes several ways and may arrive in any order.
  Observer overlapping(Place place, Observer who, const Clock& waited) {
    const auto e = static_cast<std::size_t>(place.engine);
    const auto& stream = c_.streams[e];
    const bool follows = place.index > 0 && stream[place.index - 1].opcode != Opcode::fence;
    if (stream[place.index][Field::overlap] == 0 || !follows) return who;
    who.clock.done[e] = std::max(static_cast<std::uint32_t>(place.index - 1), waited.done[e]);
    if (place.engine != Engine::conv && place.engine != Engine::stencil) who.write_clock = who.clock;
    return who;
  }

  void signal(Place place, Field field, const Clock& completion) {
    const std::int64_t number = c_.at(place)[field];
    if (number == 0) return;
    Semaphore& s = semaphores_[static_cast<std::size_t>(number)];
    s.signals.push_back(completion);
    const std::uint32_t complete = completion.done[static_cast<std::size_t>(s.waiter)];
    while (s.surely_taken < s.waits.size() && s.waits[s.surely_taken] < complete) ++s.surely_taken;
    if (s.signals.size() - s.surely_taken > static_cast<std::size_t>(kSemaphoreMax))
      c_.add(place, "isa.semaphore.overflow", name(field),
             fmt::format("semaphore {} may exceed {} if {} is late", number, kSemaphoreMax, name(s.waiter)));
  }

  void step(Engine engine) {
    const Place place{engine, next(engine)++};
    const auto e = static_cast<std::size_t>(engine);
    const Instruction& i = c_.at(place);
    Clock& clock = clocks_[e];
    Clock waited;
    wait(i[Field::wait0], waited);
    wait(i[Field::wait1], waited);
    clock.join(waited);
    memories_.access(place, overlapping(place, {Stamp(engine, place.index), clock, clock}, waited));
    clock.done[e] = static_cast<std::uint32_t>(place.index + 1);
    signal(place, Field::signal0, clock);
    signal(place, Field::signal1, clock);
  }

  void report_deadlock() {
    for (const Engine engine : kAllEngines) {
      const Place place{engine, next(engine)};
      if (place.index >= c_.streams[static_cast<std::size_t>(engine)].size()) continue;
      const Field field = available(c_.at(place)[Field::wait0], 1) ? Field::wait1 : Field::wait0;
      c_.add(place, "isa.deadlock", name(field), fmt::format("waits for semaphore {} for ever", c_.at(place)[field]));
    }
  }

  Context& c_;
  Memories memories_;
  std::array<Semaphore, kSemaphores> semaphores_{};
  std::array<std::size_t, kEngines> next_{};
  std::array<Clock, kEngines> clocks_{};
};

}  // namespace

void check_schedule(Context& context, const Bounds& bounds) {
  Schedule(context, bounds).run();
}

}  // namespace heddle::isa::verifier
