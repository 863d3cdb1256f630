// SPDX-License-Identifier: Apache-2.0
// The vector clocks against brute force: small random programs are run in every possible order.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "isa/verifier.h"
#include "tests/unit/isa/sample.h"

namespace heddle::isa {
namespace {

using F = Field;
using sample::of;
using sample::Streams;

/// Two engines touch a few single slots with random semaphores: load_features writes slots, save reads them.
struct Toy {
  std::vector<Instruction> load, save;
};

Instruction touch(Opcode opcode, std::int64_t slot, std::int64_t wait, std::int64_t signal) {
  Instruction i = sample::make(
      opcode, {{F::ddr_base, opcode == Opcode::load ? kInputs : kScratch}, {F::wait0, wait}, {F::signal0, signal}});
  i[opcode == Opcode::load ? F::dst_word : F::src_word] = slot;
  return i;
}

/// As many signals as waits of one semaphore, at random places.
void connect(std::vector<Instruction>& from, std::vector<Instruction>& to, std::int64_t semaphore, std::size_t count,
             std::mt19937& random) {
  std::vector<std::size_t> places(from.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::shuffle(places.begin(), places.end(), random);
  for (std::size_t k = 0; k < count; ++k) from[places[k]][F::signal0] = semaphore;
  std::shuffle(places.begin(), places.end(), random);
  for (std::size_t k = 0; k < count; ++k) to[places[k]][F::wait0] = semaphore;
}

Toy random_toy(std::mt19937& random) {
  Toy toy;
  for (int i = 0; i < 3; ++i) {
    toy.load.push_back(touch(Opcode::load, random() % 2, 0, 0));
    toy.save.push_back(touch(Opcode::save, random() % 2, 0, 0));
    toy.save.back()[F::ddr_offset] = std::int64_t{4} * i;
  }
  connect(toy.load, toy.save, 1, 1 + random() % 3, random);
  connect(toy.save, toy.load, 2, random() % 4, random);
  return toy;
}

/// Explores all interleavings in which an instruction starts and completes as separate steps.
class Explorer {
 public:
  explicit Explorer(const Toy& toy) : streams_{&toy.load, &toy.save} {}

  /// Can every order finish, with all semaphores 0 and without two conflicting instructions in flight together or a
  /// read of something that was not written in *this* order?
  bool harmless() {
    visit({});
    return good_;
  }

 private:
  struct State {
    std::array<int, 2> next{};      ///< instructions started
    std::array<bool, 2> running{};  ///< the last one started is not complete
    std::array<int, 3> semaphore{};
    std::array<int, 2> writer{-1, -1};  ///< per slot: which load wrote it
    auto operator<=>(const State&) const = default;
  };

  void visit(const State& s) {
    if (!good_ || !seen_.insert(s).second) return;
    bool moved = false;
    for (std::size_t e = 0; e < 2; ++e) {
      if (s.running[e]) {
        State t = s;
        const Instruction& i = current(s, e);
        t.running[e] = false;
        if (i[F::signal0] != 0) ++t.semaphore[static_cast<std::size_t>(i[F::signal0])];
        visit(t);
        moved = true;
      } else if (static_cast<std::size_t>(s.next[e]) < streams_[e]->size()) {
        moved |= start(s, e);
      }
    }
    if (!moved) good_ = good_ && finished(s);
  }

  bool start(State t, std::size_t e) {
    const Instruction& i = (*streams_[e])[static_cast<std::size_t>(t.next[e])];
    const auto wait = static_cast<std::size_t>(i[F::wait0]);
    if (wait != 0 && t.semaphore[wait] == 0) return false;
    if (wait != 0) --t.semaphore[wait];
    ++t.next[e];
    t.running[e] = true;
    if (t.running[0] && t.running[1] && slot(current(t, 0)) == slot(current(t, 1))) good_ = false;
    if (e == 0) {
      t.writer[slot(i)] = t.next[0] - 1;
    } else {
      if (t.writer[slot(i)] < 0) good_ = false;
      // The same save must read the same load's value in every order.
      const auto [known, added] = read_from_.try_emplace(t.next[1] - 1, t.writer[slot(i)]);
      if (known->second != t.writer[slot(i)]) good_ = false;
    }
    visit(t);
    return true;
  }

  [[nodiscard]] const Instruction& current(const State& s, std::size_t e) const {
    return (*streams_[e])[static_cast<std::size_t>(s.next[e] - 1)];
  }
  [[nodiscard]] static std::size_t slot(const Instruction& i) {
    return static_cast<std::size_t>(i.opcode == Opcode::load ? i[F::dst_word] : i[F::src_word]);
  }
  [[nodiscard]] bool finished(const State& s) const {
    return static_cast<std::size_t>(s.next[0]) == streams_[0]->size() &&
           static_cast<std::size_t>(s.next[1]) == streams_[1]->size() && s.semaphore[1] == 0 && s.semaphore[2] == 0;
  }

  std::array<const std::vector<Instruction>*, 2> streams_;
  std::set<State> seen_{};
  std::map<int, int> read_from_{};
  bool good_ = true;
};

TEST(VerifierOracle, AgreesWithAllInterleavings) {
  std::mt19937 random(7);
  int harmless = 0;
  for (int round = 0; round < 6000; ++round) {
    const Toy toy = random_toy(random);
    Streams streams;
    of(streams, Engine::load_features) = toy.load;
    of(streams, Engine::save) = toy.save;
    for (auto& stream : streams) stream.push_back(sample::make(Opcode::end, {}));
    OverlaySegment segment = sample::segment(streams);
    segment.spans = {};
    segment.outputs = {};
    segment.scratch_bytes = 16;
    const bool expected = Explorer(toy).harmless();
    const Status status = verify(segment, sample::small_overlay());
    ASSERT_EQ(status.has_value(), expected)
        << "round " << round << (status ? "" : ": " + status.error().front().text());
    harmless += expected ? 1 : 0;
  }
  EXPECT_GT(harmless, 100) << "the comparison needs both kinds";
  EXPECT_LT(harmless, 3000);
}

}  // namespace
}  // namespace heddle::isa
