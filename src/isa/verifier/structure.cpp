// SPDX-License-Identifier: Apache-2.0
// Streams as such: which engine executes what, where they end, who waits for and who signals a semaphore.
#include <fmt/format.h>

#include "isa/names.h"
#include "isa/verifier/context.h"

namespace heddle::isa::verifier {
namespace {

void check_engines_and_ends(Context& c) {
  for (const Engine engine : kAllEngines) {
    const auto& stream = c.streams[static_cast<std::size_t>(engine)];
    for (std::size_t i = 0; i < stream.size(); ++i) {
      if (!executes(engine, stream[i].opcode))
        c.add({engine, i}, "isa.engine", "",
              fmt::format("{} does not execute {}", name(engine), name(stream[i].opcode)));
      if (stream[i].opcode == Opcode::end && i + 1 < stream.size())
        c.add({engine, i}, "isa.end", "", "instructions follow behind the end of the stream");
    }
    if (stream.empty() || stream.back().opcode != Opcode::end)
      c.add("isa.end", std::string(name(engine)), "the stream does not close with 'end'");
    else if (stream.back()[Field::signal0] != 0 || stream.back()[Field::signal1] != 0)
      c.add({engine, stream.size() - 1}, "isa.end", stream.back()[Field::signal0] != 0 ? "signal0" : "signal1",
            "'end' must not signal");
  }
}

/// Engine and count of all waits or all signals of one semaphore.
struct Users {
  bool used = false;
  Engine engine = Engine::load_features;
  std::int64_t count = 0;
};

void note(Context& c, Place place, Field field, std::array<Users, kSemaphores>& users, const char* verb) {
  const std::int64_t semaphore = c.at(place)[field];
  if (semaphore == 0) return;
  Users& u = users[static_cast<std::size_t>(semaphore)];
  if (u.used && u.engine != place.engine)
    c.add(place, "isa.semaphore.owner", name(field),
          fmt::format("semaphore {} is {} by {} and by {}", semaphore, verb, name(u.engine), name(place.engine)),
          "every semaphore has one waiting and one signalling engine");
  else
    u = {true, place.engine, u.count + 1};
}

void check_semaphores(Context& c) {
  std::array<Users, kSemaphores> waits, signals;
  for (const Engine engine : kAllEngines)
    for (std::size_t i = 0; i < c.streams[static_cast<std::size_t>(engine)].size(); ++i) {
      note(c, {engine, i}, Field::wait0, waits, "waited for");
      note(c, {engine, i}, Field::wait1, waits, "waited for");
      note(c, {engine, i}, Field::signal0, signals, "signalled");
      note(c, {engine, i}, Field::signal1, signals, "signalled");
    }
  for (std::size_t s = 1; s < kSemaphores; ++s)
    if (waits[s].count != signals[s].count)
      c.add("isa.semaphore.balance", fmt::format("semaphore {}", s),
            fmt::format("is signalled {} times and waited for {} times; it must end at 0", signals[s].count,
                        waits[s].count));
}

}  // namespace

void check_structure(Context& c) {
  check_engines_and_ends(c);
  check_semaphores(c);
}

}  // namespace heddle::isa::verifier
