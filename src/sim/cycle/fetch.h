// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

#include "isa/instruction.h"
#include "sim/cycle/parameters.h"

namespace heddle::sim::cycle {

inline constexpr double kNever = std::numeric_limits<double>::infinity();

/// When instructions arrive (instruction_fetch): blocks of 8 through AXI port 0, whenever a queue of 32 has room for
/// one. The port answers in the order of the requests: a block comes when what others asked for before it has come.
class Fetch {
 public:
  Fetch(const std::array<std::size_t, isa::kEngines>& words, const Parameters& parameters);

  /// Cycle from which on the instruction is in its queue; kNever: not on its way yet.
  [[nodiscard]] double arrival(std::size_t engine, std::size_t index) const { return streams_[engine].arrival[index]; }
  /// The engine took an instruction from its queue.
  void pop(std::size_t engine) { ++streams_[engine].room; }
  /// Asks for what has room. `asked`: beats of the port that others have asked for, since the start of the run.
  void request(double now, double asked);
  /// Begins with the next block if it is its turn. `brought`: of what others asked for; `rate`: beats a cycle for it.
  void serve(double now, double brought, double rate);
  /// Do instructions come through the port now?
  [[nodiscard]] bool busy(double now) const { return now < free_; }
  /// When that may change; `others`: beats a cycle that the port brings to others.
  [[nodiscard]] double next_event(double now, double brought, double others) const;
  [[nodiscard]] double beats() const { return beats_; }

 private:
  struct Stream {
    std::size_t asked = 0;
    std::int64_t room = 32;
    std::vector<double> arrival;
  };
  struct Block {
    std::size_t engine, first, words;
    double ready, behind;  ///< first beat at the earliest; beats of others before it
  };

  std::array<Stream, isa::kEngines> streams_;
  double word_beats_, word_cycles_, latency_;
  double last_request_ = 0, free_ = 0, beats_ = 0;
  std::deque<Block> blocks_;  ///< on their way, the one that comes now first
  bool serving_ = false;
  std::size_t turn_ = 0;
};

}  // namespace heddle::sim::cycle
