// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/fetch.h"

#include <algorithm>
#include <cmath>

namespace heddle::sim::cycle {
namespace {

constexpr std::size_t kBlock = 8, kOutstanding = 7;
constexpr double kRequestDelay = 3;  ///< from room to the address
constexpr double kAnswerDelay = 2;   ///< from a beat to the queue
constexpr double kBeatPart = 1e-3;   ///< of rounding

}  // namespace

Fetch::Fetch(const std::array<std::size_t, isa::kEngines>& words, const Parameters& parameters)
    : word_beats_(static_cast<double>(isa::kInstructionBytes) / static_cast<double>(parameters.beat_bytes)),
      word_cycles_(std::max(1.0, word_beats_)),
      latency_(parameters.memory.latency) {
  for (std::size_t e = 0; e < isa::kEngines; ++e) streams_[e].arrival.assign(words[e], kNever);
}

void Fetch::request(double now, double asked) {
  std::size_t refused = 0;
  while (refused < isa::kEngines && blocks_.size() < kOutstanding) {
    const std::size_t engine = turn_;
    Stream& stream = streams_[engine];
    turn_ = (turn_ + 1) % isa::kEngines;
    const std::size_t words = std::min(kBlock, stream.arrival.size() - stream.asked);
    if (words == 0 || stream.room < static_cast<std::int64_t>(words)) {
      ++refused;
      continue;
    }
    refused = 0;
    last_request_ = std::max(now + kRequestDelay, last_request_ + 1);
    blocks_.push_back({engine, stream.asked, words, last_request_ + latency_, asked});
    stream.asked += words;
    stream.room -= static_cast<std::int64_t>(words);
    beats_ += std::ceil(static_cast<double>(words) * word_beats_);
  }
}

void Fetch::serve(double now, double brought, double rate) {
  if (serving_ && free_ <= now) {
    blocks_.pop_front();
    serving_ = false;
  }
  if (serving_ || blocks_.empty()) return;
  const Block& block = blocks_.front();
  if (block.ready > now || block.behind > brought + kBeatPart) return;
  const double cycles = std::max(word_cycles_, word_beats_ / rate);
  for (std::size_t k = 0; k < block.words; ++k)
    streams_[block.engine].arrival[block.first + k] =
        std::ceil(now + static_cast<double>(k + 1) * cycles + kAnswerDelay);
  free_ = std::ceil(now + static_cast<double>(block.words) * cycles);
  serving_ = true;
}

double Fetch::next_event(double now, double brought, double others) const {
  if (serving_) return free_;
  if (blocks_.empty()) return kNever;
  const Block& block = blocks_.front();
  const double beats = block.behind - brought;
  if (beats <= kBeatPart) return std::max(now, block.ready);
  return others > 0 ? std::max(block.ready, now + beats / others) : kNever;
}

}  // namespace heddle::sim::cycle
