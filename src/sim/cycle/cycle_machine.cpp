// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/cycle_machine.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "sim/cycle/account.h"
#include "sim/cycle/fetch.h"
#include "sim/cycle/ports.h"
#include "sim/cycle/sharing.h"

namespace heddle::sim::cycle {
namespace {

using isa::Engine;
using isa::Field;
using isa::Opcode;

constexpr double kSemaphoreDelay =
    3;                               ///< from `done` until another engine's `start_valid` (semaphores, engine_dispatch)
constexpr double kSettle = 2;        ///< from an instruction in set-up until its semaphores are known
constexpr double kAfterSpecial = 3;  ///< from a fence to the next instruction whose semaphores are known
constexpr double kEndDelay = 2;      ///< from the last `end` to the end of the run
constexpr double kLittle = 1e-6;     ///< work below this is done

/// What was signalled and not yet taken, in order.
struct Semaphore {
  struct Token {
    double visible;
    std::size_t giver;
  };
  std::vector<Token> tokens;
  std::size_t taken = 0;
};

/// When each of the two semaphores that are waited for is there, and who gives it.
struct Met {
  std::array<double, 2> when{0, 0};
  std::array<std::size_t, 2> giver{0, 0};
  [[nodiscard]] double both() const { return std::max(when[0], when[1]); }
};

/// An instruction in execution.
struct Task {
  std::size_t index = 0;
  const Timing* timing = nullptr;
  double start = 0, flows_from = 0, left = 0;
  bool flowing = false;
  Beats beats{};         ///< of a transfer
  double done = kNever;  ///< known when its work is over
};

struct EngineState {
  explicit EngineState(Category rest) : account(rest) {}

  std::size_t next = 0;  ///< instruction that is taken next
  // The instruction in set-up.
  bool pending = false;
  std::size_t pending_index = 0;
  double arrived = 0, settled = 0, ready = 0;
  double setup_free = 0, after_special = 0;
  // Those in execution, the oldest first.
  std::array<Task, 2> tasks;
  int running = 0;
  double free_from = 0;  ///< cycle behind the last `done`
  std::size_t turn = 0;  ///< port that gets the next piece
  double post_free = 0;  ///< CONV: when POST is through with the instruction before
  bool ended = false;
  Account account;
};

class Simulation {
 public:
  explicit Simulation(const TimedSegment& segment);
  Report run();

 private:
  [[nodiscard]] const isa::Instruction& instruction(std::size_t e, std::size_t i) const {
    return segment_.streams[e][i];
  }
  [[nodiscard]] Met met(const isa::Instruction& instruction) const;
  void take_semaphores(const isa::Instruction& instruction);
  void give_semaphores(std::size_t e, const isa::Instruction& instruction, double now);
  [[nodiscard]] double front_ready(const EngineState& state, std::size_t e) const;
  [[nodiscard]] double start_time(std::size_t e) const;
  [[nodiscard]] double take_time(std::size_t e) const;
  [[nodiscard]] double special_time(std::size_t e) const;
  [[nodiscard]] double next_event() const;
  [[nodiscard]] bool may_flow(const EngineState& state, int k) const;
  [[nodiscard]] double time_left(std::size_t e, int k) const;
  void progress(std::size_t e, double cycles);
  void process(std::size_t e);
  void begin_flow(std::size_t e);
  void end_flow(std::size_t e, Task& task);
  void complete(std::size_t e);
  void start(std::size_t e);
  void take(std::size_t e);
  void execute_special(std::size_t e);
  void book_gap(EngineState& state, const Met& met, double end);
  void share_rates();
  [[nodiscard]] double outstanding(std::size_t port, std::size_t self) const;
  [[nodiscard]] double others_rate() const;
  [[nodiscard]] double backlog(std::size_t port, std::size_t self) const;
  [[nodiscard]] Report report() const;

  const TimedSegment& segment_;
  Fetch fetch_;
  std::array<Semaphore, isa::kSemaphores> semaphores_;
  std::array<EngineState, isa::kEngines> engines_;
  std::size_t ports_;
  // The rates, and what they were found for.
  Rates rates_;
  Flows flows_{};
  bool fetching_ = false, shared_ = false;
  double now_ = 0, end_ = 0;
  double brought_ = 0;  ///< beats that port 0 brought to others than the fetch
  std::array<std::vector<std::uint64_t>, isa::kEngines> started_, done_;
};

std::array<std::size_t, isa::kEngines> sizes(const Streams& streams) {
  std::array<std::size_t, isa::kEngines> all{};
  for (std::size_t e = 0; e < isa::kEngines; ++e) all[e] = streams[e].size();
  return all;
}

Simulation::Simulation(const TimedSegment& segment)
    : segment_(segment),
      fetch_(sizes(segment.streams), segment.parameters),
      engines_{EngineState(Category::ddr), EngineState(Category::ddr), EngineState(Category::post),
               EngineState(Category::post), EngineState(Category::ddr)},
      ports_(static_cast<std::size_t>(segment.parameters.ports)) {
  for (std::size_t e = 0; e < isa::kEngines; ++e) {
    started_[e].assign(segment.streams[e].size(), 0);
    done_[e].assign(segment.streams[e].size(), 0);
  }
}

Met Simulation::met(const isa::Instruction& i) const {
  Met met;
  const auto a = static_cast<std::size_t>(i[Field::wait0]), b = static_cast<std::size_t>(i[Field::wait1]);
  const auto look = [&](std::size_t which, std::size_t s, std::size_t skip) {
    if (s == 0) return;
    const Semaphore& semaphore = semaphores_[s];
    met.when[which] = kNever;
    if (semaphore.taken + skip >= semaphore.tokens.size()) return;
    const Semaphore::Token& token = semaphore.tokens[semaphore.taken + skip];
    met.when[which] = token.visible;
    met.giver[which] = token.giver;
  };
  look(0, a, 0);
  look(1, b, a == b ? 1 : 0);
  return met;
}

void Simulation::take_semaphores(const isa::Instruction& i) {
  for (const Field field : {Field::wait0, Field::wait1})
    if (i[field] != 0) ++semaphores_[static_cast<std::size_t>(i[field])].taken;
}

void Simulation::give_semaphores(std::size_t e, const isa::Instruction& i, double now) {
  for (const Field field : {Field::signal0, Field::signal1})
    if (i[field] != 0) semaphores_[static_cast<std::size_t>(i[field])].tokens.push_back({now + kSemaphoreDelay, e});
}

/// When the newest instruction in execution leaves room for another one.
double Simulation::front_ready(const EngineState& state, std::size_t e) const {
  const Task& last = state.tasks[static_cast<std::size_t>(state.running - 1)];
  const double earliest = last.start + std::max(1.0, last.timing->front_cycles);
  if (last.left <= last.timing->front) return earliest;
  const Task& first = state.tasks[0];
  if (!last.flowing || rates_.rate[e] <= 0 || (state.running == 2 && first.flowing)) return kNever;
  return std::max(earliest, now_ + (last.left - last.timing->front) / rates_.rate[e]);
}

double Simulation::start_time(std::size_t e) const {
  const EngineState& state = engines_[e];
  if (!state.pending) return kNever;
  double when = std::max({state.settled, state.ready, state.free_from});
  if (state.running > 0) {
    const Timing& mine = *segment_.timings[e][state.pending_index];
    const Timing& other = *state.tasks[0].timing;
    if (state.running == 2 || instruction(e, state.pending_index)[Field::overlap] == 0 || mine.chain != other.chain ||
        mine.chain == Chain::alone)
      return kNever;
    when = std::max(when, front_ready(state, e));
  }
  return std::max(when, met(instruction(e, state.pending_index)).both());
}

bool is_special(const isa::Instruction& i) {
  return i.opcode == Opcode::end || i.opcode == Opcode::fence;
}

double Simulation::take_time(std::size_t e) const {
  const EngineState& state = engines_[e];
  if (state.pending || state.next >= segment_.streams[e].size() || is_special(instruction(e, state.next)))
    return kNever;
  return std::max(fetch_.arrival(e, state.next), state.setup_free);
}

double Simulation::special_time(std::size_t e) const {
  const EngineState& state = engines_[e];
  if (state.pending || state.running > 0 || state.ended || state.next >= segment_.streams[e].size() ||
      !is_special(instruction(e, state.next)))
    return kNever;
  return std::max(
      {fetch_.arrival(e, state.next), state.free_from, state.after_special, met(instruction(e, state.next)).both()});
}

double Simulation::next_event() const {
  double next = fetch_.next_event(now_, brought_, others_rate());
  for (std::size_t e = 0; e < isa::kEngines; ++e) {
    const EngineState& state = engines_[e];
    if (state.ended) continue;
    for (int k = 0; k < state.running; ++k) {
      const Task& task = state.tasks[static_cast<std::size_t>(k)];
      next = std::min(next, task.done);
      if (!task.flowing && task.done == kNever && may_flow(state, k)) next = std::min(next, task.flows_from);
      if (task.flowing) next = std::min(next, now_ + time_left(e, k));
    }
    next = std::min({next, start_time(e), take_time(e), special_time(e)});
  }
  return next;
}

/// Transfers move side by side on their ports, everything else one behind the other.
bool Simulation::may_flow(const EngineState& state, int k) const {
  return k == 0 || state.tasks[0].done != kNever || state.tasks[0].timing->transfers();
}

/// Does port q move beats of this task, the k-th of its engine?
bool moves(const EngineState& state, int k, std::size_t q) {
  const Task& task = state.tasks[static_cast<std::size_t>(k)];
  return task.flowing && task.beats.port[q] > 0 && (k == 0 || state.tasks[0].beats.port[q] <= 0);
}

/// Cycles until the task's work, or what one port has of it, is over.
double Simulation::time_left(std::size_t e, int k) const {
  const EngineState& state = engines_[e];
  const Task& task = state.tasks[static_cast<std::size_t>(k)];
  if (!task.timing->transfers()) return rates_.rate[e] > 0 ? task.left / rates_.rate[e] : kNever;
  double cycles = kNever;
  for (std::size_t q = 0; q < ports_; ++q)
    if (moves(state, k, q) && rates_.port[e][q] > 0) cycles = std::min(cycles, task.beats.port[q] / rates_.port[e][q]);
  return cycles;
}

/// Time goes by.
void Simulation::progress(std::size_t e, double cycles) {
  EngineState& state = engines_[e];
  std::uint64_t moved = 0;
  for (int k = 0; k < state.running; ++k) {
    Task& task = state.tasks[static_cast<std::size_t>(k)];
    if (!task.flowing) continue;
    const Timing& timing = *task.timing;
    if (timing.transfers()) {
      for (std::size_t q = 0; q < ports_; ++q) {
        if ((moved >> q & 1) != 0 || !moves(state, k, q)) continue;
        const double beats = std::min(task.beats.port[q], rates_.port[e][q] * cycles);
        task.beats.port[q] -= beats;
        if (task.beats.port[q] < kLittle) task.beats.port[q] = 0;
        moved |= std::uint64_t{1} << q;
      }
      refill(task.beats, timing, ports_);
      task.left = task.beats.sum();
      continue;
    }
    const double units = std::min(task.left, rates_.rate[e] * cycles);
    task.left -= units;
    const double share = units / timing.work;
    state.account.add(Category::busy, timing.busy * share);
    state.account.add(Category::weights, timing.weights * share);
    state.account.add(Category::bank, timing.bank * share);
    state.account.add(Category::port, rates_.lost[e] * cycles);
  }
  if (moved != 0) state.account.add(Category::busy, std::min(1.0, rates_.rate[e]) * cycles);
}

void Simulation::begin_flow(std::size_t e) {
  EngineState& state = engines_[e];
  for (int k = 0; k < state.running; ++k) {
    Task& task = state.tasks[static_cast<std::size_t>(k)];
    if (task.done == kNever && task.flows_from <= now_ && may_flow(state, k)) task.flowing = true;
  }
}

void Simulation::end_flow(std::size_t e, Task& task) {
  EngineState& state = engines_[e];
  const Timing& timing = *task.timing;
  task.flowing = false;
  task.left = 0;
  double done = now_ + timing.tail;
  if (timing.drain > 0) {
    // POST takes up an instruction behind the one before, and needs its parameters first.
    const double drained = std::max({now_ + timing.tail - timing.drain_tail,
                                     std::max(state.post_free, task.start) + timing.drain_lead + timing.drain});
    state.post_free = drained;
    done = drained + timing.drain_tail;
  }
  task.done = std::ceil(done - kLittle);
}

void Simulation::complete(std::size_t e) {
  EngineState& state = engines_[e];
  const Task task = state.tasks[0];
  done_[e][task.index] = static_cast<std::uint64_t>(task.done);
  give_semaphores(e, instruction(e, task.index), task.done);
  state.tasks[0] = state.tasks[1];
  if (state.tasks[0].done != kNever) state.tasks[0].done = std::max(state.tasks[0].done, task.done + 1);  // in order
  --state.running;
  state.free_from = task.done + 1;
  if (state.running == 0) state.account.finish(task.done + 1);
}

/// Nothing is in execution up to cycle `end`: why?
void Simulation::book_gap(EngineState& state, const Met& met, double end) {
  state.account.book(Category::fetch, std::min(end, state.arrived));
  state.account.book(Category::setup, std::min(end, state.settled));
  for (std::size_t which = 0; which < 2; ++which)
    state.account.book(Category::wait, std::min(end, met.when[which]), met.giver[which]);
  state.account.book(Category::setup, end);
}

void Simulation::start(std::size_t e) {
  EngineState& state = engines_[e];
  const isa::Instruction& i = instruction(e, state.pending_index);
  const Timing& timing = *segment_.timings[e][state.pending_index];
  if (state.running == 0) book_gap(state, met(i), now_ + 1);
  take_semaphores(i);
  started_[e][state.pending_index] = static_cast<std::uint64_t>(now_);
  state.tasks[static_cast<std::size_t>(state.running++)] = {
      .index = state.pending_index,
      .timing = &timing,
      .start = now_,
      .flows_from = now_ + timing.lead,
      .left = timing.work,
  };
  if (timing.transfers()) {
    Task& task = state.tasks[static_cast<std::size_t>(state.running - 1)];
    task.beats = deal(timing, ports_, state.turn);
    double behind = 0;
    for (std::size_t q = 0; timing.reads_ddr && q < ports_; ++q)
      if (task.beats.port[q] > 0) behind = std::max(behind, backlog(q, e));
    task.flows_from += behind;
    task.left = task.beats.sum();
  }
  state.pending = false;
  state.setup_free = now_ + 1;
}

void Simulation::take(std::size_t e) {
  EngineState& state = engines_[e];
  state.pending = true;
  state.pending_index = state.next;
  state.arrived = fetch_.arrival(e, state.next);
  state.settled = std::max(now_ + kSettle, state.after_special);
  state.ready = now_ + segment_.timings[e][state.next]->setup;
  ++state.next;
  fetch_.pop(e);
}

void Simulation::execute_special(std::size_t e) {
  EngineState& state = engines_[e];
  const isa::Instruction& i = instruction(e, state.next);
  state.arrived = fetch_.arrival(e, state.next);
  state.settled = std::max(state.arrived, state.after_special);
  book_gap(state, met(i), now_ + 1);
  take_semaphores(i);
  started_[e][state.next] = done_[e][state.next] = static_cast<std::uint64_t>(now_);
  give_semaphores(e, i, now_);
  state.after_special = now_ + kAfterSpecial;
  state.setup_free = state.free_from = now_ + 1;
  state.ended = i.opcode == Opcode::end;
  end_ = std::max(end_, now_);
  ++state.next;
  fetch_.pop(e);
}

void Simulation::process(std::size_t e) {
  EngineState& state = engines_[e];
  for (int k = 0; k < state.running; ++k) {
    Task& task = state.tasks[static_cast<std::size_t>(k)];
    if (task.flowing && task.left <= kLittle) end_flow(e, task);
  }
  while (state.running > 0 && state.tasks[0].done <= now_) complete(e);
  begin_flow(e);
  if (start_time(e) <= now_) start(e);
  if (take_time(e) <= now_) take(e);
  if (special_time(e) <= now_) execute_special(e);
}

void Simulation::share_rates() {
  Flows flows{};
  for (std::size_t e = 0; e < isa::kEngines; ++e)
    for (int k = 0; k < engines_[e].running; ++k) {
      const Task& task = engines_[e].tasks[static_cast<std::size_t>(k)];
      if (!task.flowing) continue;
      if (flows[e].timing == nullptr) flows[e].timing = task.timing;
      if (!task.timing->transfers()) continue;
      double ports = 0;
      for (std::size_t q = 0; q < ports_; ++q) ports += moves(engines_[e], k, q) ? 1 : 0;
      for (std::size_t q = 0; q < ports_; ++q)
        if (moves(engines_[e], k, q)) flows[e].wanted[q] = task.timing->top_rate / ports;
    }
  const bool fetching = fetch_.busy(now_);
  if (shared_ && flows == flows_ && fetching == fetching_) return;
  shared_ = true;
  flows_ = flows;
  fetching_ = fetching;
  share(flows, fetching, segment_.parameters, rates_);
}

/// Beats of a port that others than engine `self` have asked for and that have not come.
double Simulation::outstanding(std::size_t port, std::size_t self) const {
  double beats = 0;
  for (const Engine engine : {Engine::load_features, Engine::load_weights}) {
    const auto e = static_cast<std::size_t>(engine);
    if (e == self) continue;
    double left = 0;
    for (int k = 0; k < engines_[e].running; ++k)
      left += engines_[e].tasks[static_cast<std::size_t>(k)].beats.port[port];
    beats += std::min(left, static_cast<double>(kRoomBeats));
  }
  return beats;
}

/// Beats a cycle that port 0 brings to others than the fetch.
double Simulation::others_rate() const {
  return rates_.port[static_cast<std::size_t>(Engine::load_features)][0] +
         rates_.port[static_cast<std::size_t>(Engine::load_weights)][0];
}

/// Cycles until a port has brought what others than engine `self` asked for: answers come in the order of the requests.
double Simulation::backlog(std::size_t port, std::size_t self) const {
  return std::max(0.0, outstanding(port, self) / rates_.fetch - segment_.parameters.memory.latency);
}

Report Simulation::run() {
  fetch_.request(0, 0);
  share_rates();
  while (!std::ranges::all_of(engines_, &EngineState::ended)) {
    const double next = std::max(now_ + 1, std::ceil(next_event()));
    assert(next != kNever);  // serial_order found that everything can run
    if (next == kNever) break;
    brought_ += others_rate() * (next - now_);
    for (std::size_t e = 0; e < isa::kEngines; ++e) progress(e, next - now_);
    now_ = next;
    for (std::size_t e = 0; e < isa::kEngines; ++e) process(e);
    share_rates();
    const bool fetching = fetch_.busy(now_);
    fetch_.serve(now_, brought_, rates_.fetch);
    fetch_.request(now_, brought_ + outstanding(0, isa::kEngines));
    if (fetch_.busy(now_) != fetching) share_rates();
  }
  return report();
}

Report Simulation::report() const {
  Report report;
  report.cycles = static_cast<std::uint64_t>(end_ + kEndDelay);
  double reads = fetch_.beats(), writes = 0;
  for (std::size_t e = 0; e < isa::kEngines; ++e) {
    Account account = engines_[e].account;
    account.book(Category::idle, static_cast<double>(report.cycles));
    report.counters[e] = account.counters(report.cycles);
    for (const Timing* timing : segment_.timings[e]) {
      if (timing == nullptr) continue;
      if (timing->reads_ddr) reads += timing->work;
      if (timing->writes_ddr) writes += timing->work;
    }
  }
  const auto beat = static_cast<double>(segment_.parameters.beat_bytes);
  report.read_bytes = static_cast<std::uint64_t>(reads * beat);
  report.write_bytes = static_cast<std::uint64_t>(writes * beat);
  report.started = started_;
  report.done = done_;
  return report;
}

}  // namespace

Report simulate(const TimedSegment& segment) {
  return Simulation(segment).run();
}

}  // namespace heddle::sim::cycle
