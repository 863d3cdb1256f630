// SPDX-License-Identifier: Apache-2.0
#include "codegen/synchronize.h"

#include <algorithm>
#include <optional>

#include "codegen/hazards.h"

namespace heddle::codegen {
namespace {

using isa::Engine;
using isa::Field;

/// Back-pressure: a producer's signal number n waits until wait number n − kAhead has happened, checked at every
/// kEvery-th signal, so that a counter never exceeds kAhead + kEvery.
constexpr std::size_t kAhead = 128, kEvery = 64;
static_assert(kAhead + kEvery <= isa::kSemaphoreMax);

/// Instruction `from` of one engine completes before instruction `to` of another starts.
struct Edge {
  std::int32_t from = 0, to = 0;
};

/// Edges of all pairs of engines. Within a pair both ends rise strictly, so that the k-th signal meets the k-th wait.
class Edges {
 public:
  std::vector<Edge>& of(std::size_t producer, std::size_t consumer) {
    return edges_[producer * isa::kEngines + consumer];
  }
  void add(std::size_t producer, std::size_t consumer, Edge edge);

 private:
  std::array<std::vector<Edge>, isa::kEngines * isa::kEngines> edges_;
};

/// Inserts an edge and keeps both ends rising: drops edges that it implies, and itself if it is implied.
void Edges::add(std::size_t producer, std::size_t consumer, Edge edge) {
  auto& list = of(producer, consumer);
  const auto next = std::ranges::lower_bound(list, edge.from, {}, &Edge::from);
  if (next != list.end() && next->to <= edge.to) return;  // a later signal already reaches an earlier wait
  auto first = next;
  while (first != list.begin() && std::prev(first)->to >= edge.to) --first;
  auto last = next;
  if (last != list.end() && last->from == edge.from) ++last;
  list.insert(list.erase(first, last), edge);
}

/// Does an instruction touch what the engine's previous one writes, so that it must not start before that one's end?
/// Reads and writes of CONV and STENCIL are in order among themselves; LOAD's and SAVE's writes are not.
bool follows_up(const Listing& listing, const Entry& previous, const Entry& next) {
  const bool ordered_writes = next.engine == Engine::conv || next.engine == Engine::stencil;
  const auto region = [&](const Access& access) { return listing.regions[static_cast<std::size_t>(access.region)]; };
  const auto same_memory = [&](const Access& a, const Access& b) {
    if (a.region == b.region) return a.box.overlaps(b.box);
    const Region x = region(a), y = region(b);
    return x.space == y.space && x.begin < y.end && y.begin < x.end;
  };
  for (const Access& written : listing.accesses_of(previous))
    for (const Access& access : listing.accesses_of(next))
      if (written.write && !(access.write && ordered_writes) && same_memory(written, access)) return true;
  return false;
}

class Synchronizer {
 public:
  explicit Synchronizer(const Listing& listing) : listing_(listing) {}

  Result<Streams> run();

 private:
  void order(const Entry& entry);
  [[nodiscard]] bool add_back_pressure();
  [[nodiscard]] bool limit(std::size_t producer, std::size_t consumer);
  [[nodiscard]] Streams write() const;
  [[nodiscard]] const Entry& entry_of(std::size_t engine, std::size_t index) const {
    return listing_.entries[static_cast<std::size_t>(events_[engine][index].serial)];
  }

  /// An engine's instruction: its place in the serial program, and what is known to be complete when it starts.
  struct Event {
    std::int32_t serial = 0;
    Progress known{};
  };

  const Listing& listing_;
  std::array<std::vector<Event>, isa::kEngines> events_;
  Progress empty_{};
  Edges edges_;
  std::optional<HazardTracker> hazards_;
};

void Synchronizer::order(const Entry& entry) {
  const auto self = static_cast<std::size_t>(entry.engine);
  const auto index = static_cast<std::int32_t>(events_[self].size());
  Progress needed{};
  for (const Access& access : listing_.accesses_of(entry))
    needed = later(needed, hazards_->before(entry.engine, access));

  Progress known = events_[self].empty() ? empty_ : events_[self].back().known;
  // The newest producer first: it may imply the others.
  std::array<std::size_t, isa::kEngines> producers{0, 1, 2, 3, 4};
  const auto serial_of = [&](std::size_t engine) {
    return needed[engine] == 0 ? -1 : events_[engine][static_cast<std::size_t>(needed[engine] - 1)].serial;
  };
  std::ranges::sort(producers, std::greater<>(), serial_of);
  for (const std::size_t producer : producers) {
    if (producer == self || needed[producer] <= known[producer]) continue;
    const std::int32_t from = needed[producer] - 1;
    edges_.of(producer, self).push_back({from, index});
    known = later(known, events_[producer][static_cast<std::size_t>(from)].known);
    known[producer] = std::max(known[producer], needed[producer]);
  }
  known[self] = index;
  events_[self].push_back({static_cast<std::int32_t>(&entry - listing_.entries.data()), known});
  for (const Access& access : listing_.accesses_of(entry)) hazards_->record(entry.engine, index, access);
}

/// Holds the producer back where the consumer's progress does not. False if that would need an edge against the
/// serial order.
bool Synchronizer::limit(std::size_t producer, std::size_t consumer) {
  const std::vector<Edge> list = edges_.of(producer, consumer);
  for (std::size_t n = kAhead; n < list.size(); n += kEvery) {
    const std::int32_t waiter = list[n - kAhead].to, signaller = list[n].from;
    const Event& event = events_[producer][static_cast<std::size_t>(signaller)];
    if (event.known[consumer] > waiter) continue;
    if (events_[consumer][static_cast<std::size_t>(waiter)].serial >= event.serial) return false;
    edges_.add(consumer, producer, {waiter, signaller});
  }
  return true;
}

bool Synchronizer::add_back_pressure() {
  for (std::size_t producer = 0; producer < isa::kEngines; ++producer)
    for (std::size_t consumer = 0; consumer < isa::kEngines; ++consumer)
      if (!limit(producer, consumer)) return false;
  return true;
}

std::int64_t semaphore(std::size_t producer, std::size_t consumer) {
  return static_cast<std::int64_t>(1 + producer * isa::kEngines + consumer);
}
static_assert(isa::kEngines * isa::kEngines < isa::kSemaphores);

/// Semaphores of one instruction.
struct Links {
  std::vector<std::int64_t> waits, signals;
};

/// The instruction with its semaphores; what exceeds two waits goes to fences before it, two signals to fences behind.
void append(Stream& stream, isa::Instruction instruction, const Links& links, std::int32_t layer) {
  const auto fence = [&](std::span<const std::int64_t> numbers, Field first, Field second) {
    isa::Instruction f{.opcode = isa::Opcode::fence};
    f[first] = numbers[0];
    f[second] = numbers.size() > 1 ? numbers[1] : 0;
    stream.instructions.push_back(f);
    stream.layers.push_back(layer);
  };
  std::span<const std::int64_t> waits = links.waits, signals = links.signals;
  for (; waits.size() > 2; waits = waits.subspan(2)) fence(waits.first(2), Field::wait0, Field::wait1);
  if (!waits.empty()) instruction[Field::wait0] = waits[0];
  if (waits.size() > 1) instruction[Field::wait1] = waits[1];
  if (!signals.empty()) instruction[Field::signal0] = signals[0];
  if (signals.size() > 1) instruction[Field::signal1] = signals[1];
  stream.instructions.push_back(instruction);
  stream.layers.push_back(layer);
  for (signals = signals.subspan(std::min<std::size_t>(2, signals.size())); !signals.empty();
       signals = signals.subspan(std::min<std::size_t>(2, signals.size())))
    fence(signals.first(std::min<std::size_t>(2, signals.size())), Field::signal0, Field::signal1);
}

Streams Synchronizer::write() const {
  std::array<std::vector<Links>, isa::kEngines> links;
  for (std::size_t engine = 0; engine < isa::kEngines; ++engine) links[engine].resize(events_[engine].size());
  Edges edges = edges_;
  for (std::size_t producer = 0; producer < isa::kEngines; ++producer)
    for (std::size_t consumer = 0; consumer < isa::kEngines; ++consumer)
      for (const Edge& edge : edges.of(producer, consumer)) {
        links[producer][static_cast<std::size_t>(edge.from)].signals.push_back(semaphore(producer, consumer));
        links[consumer][static_cast<std::size_t>(edge.to)].waits.push_back(semaphore(producer, consumer));
      }
  Streams streams;
  for (std::size_t engine = 0; engine < isa::kEngines; ++engine)
    for (std::size_t i = 0; i < events_[engine].size(); ++i) {
      const Entry& entry = entry_of(engine, i);
      isa::Instruction instruction = entry.instruction;
      instruction[Field::overlap] = i == 0 || follows_up(listing_, entry_of(engine, i - 1), entry) ? 0 : 1;
      append(streams[engine], instruction, links[engine][i], entry.layer);
    }
  return streams;
}

Result<Streams> Synchronizer::run() {
  hazards_.emplace(listing_);
  for (const Entry& entry : listing_.entries) order(entry);
  if (!add_back_pressure())
    return fail(
        Diagnostic{.error_class = ErrorClass::internal,
                   .code = "codegen.semaphores",
                   .message = "a semaphore would overflow: too many signals before their waits in program order",
                   .file = {},
                   .node = {},
                   .op = {},
                   .field = {},
                   .hint = {}});
  return write();
}

}  // namespace

Result<Streams> synchronize(const Listing& listing) {
  return Synchronizer(listing).run();
}

}  // namespace heddle::codegen
