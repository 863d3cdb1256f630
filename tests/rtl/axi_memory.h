// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// A memory behind AXI4 ports, cycle by cycle, for benches and co-simulation.
namespace heddle::rtl {

inline constexpr std::size_t kMaxBeatBytes = 128;
using AxiBeat = std::array<std::byte, kMaxBeatBytes>;

enum class AxiResponse : std::uint8_t { okay = 0, slave_error = 2, decode_error = 3 };

/// What the master drives in a cycle.
struct AxiMaster {
  bool ar_valid = false;
  std::uint64_t ar_address = 0;
  std::uint8_t ar_len = 0, ar_id = 0;
  bool r_ready = false;
  bool aw_valid = false;
  std::uint64_t aw_address = 0;
  std::uint8_t aw_len = 0, aw_id = 0;
  bool w_valid = false;
  AxiBeat w_data{};
  std::bitset<kMaxBeatBytes> w_strobe;
  bool w_last = false;
  bool b_ready = false;
};

/// What the memory drives in a cycle.
struct AxiSlave {
  bool ar_ready = false;
  bool r_valid = false;
  AxiBeat r_data{};
  AxiResponse r_response = AxiResponse::okay;
  bool r_last = false;
  std::uint8_t r_id = 0;
  bool aw_ready = false, w_ready = false;
  bool b_valid = false;
  AxiResponse b_response = AxiResponse::okay;
  std::uint8_t b_id = 0;
};

struct AxiMemoryOptions {
  int beat_bytes = 16;
  std::uint64_t base = 0;  ///< address of the first byte
  /// Cycles from the address to the first beat, and from the last beat to the write response: uniform in this range.
  int min_latency = 1, max_latency = 1;
  double stall = 0;                ///< chance, each cycle, that a channel pauses (each of the five on its own)
  bool interleave = false;         ///< beats of bursts with different IDs mix, and bursts overtake each other
  double bytes_per_cycle = 0;      ///< of all ports together, reads and writes; 0: a beat a cycle on every channel
  std::size_t outstanding = 1024;  ///< bursts that a port takes before it answers, in each direction
  std::uint32_t seed = 1;
};

/// Bytes outside the span are answered with DECERR and not written. Breaches of the protocol are collected in
/// `violations`: a burst across 4 KB, an address between beats, a payload that changes or is withdrawn before it is
/// taken, a wrong `last`.
class AxiMemory {
 public:
  /// Called for every beat; anything but okay spoils the beat (a write is not done).
  using Fault = std::function<AxiResponse(std::uint64_t address, bool write)>;

  AxiMemory(std::span<std::byte> bytes, int ports, const AxiMemoryOptions& options)
      : bytes_(bytes), options_(options), random_(options.seed), ports_(static_cast<std::size_t>(ports)) {}

  /// What the memory drives on this port now.
  [[nodiscard]] const AxiSlave& outputs(int port) const { return at(port).out; }
  /// One rising edge: `in` is what the master drove while the memory drove `outputs`. Once a cycle for every port.
  void clock(int port, const AxiMaster& in) {
    Port& p = ports_[static_cast<std::size_t>(port)];
    check_stable(p, in);
    ++p.cycle;
    add_credit(p);
    take_addresses(p, in);
    take_data(p, in);
    answer_reads(p, in);
    answer_writes(p, in);
    p.out.ar_ready = p.reads.size() < options_.outstanding && !chance(options_.stall);
    p.out.aw_ready = p.writes.size() + p.responses.size() < options_.outstanding && !chance(options_.stall);
    p.out.w_ready = p.early.size() < 2 && !chance(options_.stall) && can_spend(p);
  }
  void set_fault(Fault fault) { fault_ = std::move(fault); }
  /// Forgets all transfers, like a reset of both sides.
  void reset() {
    for (Port& p : ports_) p = Port{};
  }

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  /// No transfer is under way.
  [[nodiscard]] bool idle() const {
    return std::all_of(ports_.begin(), ports_.end(), [](const Port& p) {
      return p.reads.empty() && p.writes.empty() && p.early.empty() && p.responses.empty() && !p.out.r_valid &&
             !p.out.b_valid;
    });
  }
  /// Beats that were transferred.
  [[nodiscard]] std::int64_t read_beats(int port) const { return at(port).read_beats; }
  [[nodiscard]] std::int64_t write_beats(int port) const { return at(port).write_beats; }

 private:
  struct Burst {
    std::uint64_t address = 0;
    int beats = 0;  ///< that remain
    std::uint8_t id = 0;
    std::int64_t ready = 0;  ///< cycle of the first answer
    AxiResponse response = AxiResponse::okay;
  };
  struct WriteBeat {
    AxiBeat data{};
    std::bitset<kMaxBeatBytes> strobe;
    bool last = false;
  };
  struct Port {
    AxiSlave out;
    AxiMaster held;  ///< valid: offered and not taken in the last cycle
    std::deque<Burst> reads, writes, responses;
    std::deque<WriteBeat> early;  ///< data that wait for their address
    std::int64_t cycle = 0, read_beats = 0, write_beats = 0;
    double credit = 0;  ///< bytes
  };

  [[nodiscard]] const Port& at(int port) const { return ports_[static_cast<std::size_t>(port)]; }
  bool chance(double probability) {
    return probability > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < probability;
  }
  std::int64_t latency() {
    return std::uniform_int_distribution<std::int64_t>(options_.min_latency, options_.max_latency)(random_);
  }

  // --- Bandwidth: every port has its share; what it leaves serves the others.
  void add_credit(Port& p) {
    if (options_.bytes_per_cycle <= 0) return;
    const double most = 2.0 * options_.beat_bytes, ports = static_cast<double>(ports_.size());
    p.credit += options_.bytes_per_cycle / ports;
    if (p.credit > most) pool_ = std::min(pool_ + p.credit - most, most * ports);
    p.credit = std::min(p.credit, most);
  }
  [[nodiscard]] bool can_spend(const Port& p) const {
    return options_.bytes_per_cycle <= 0 || p.credit + pool_ >= options_.beat_bytes;
  }
  void spend(Port& p) {
    if (options_.bytes_per_cycle <= 0) return;
    const double own = std::min(p.credit, static_cast<double>(options_.beat_bytes));
    p.credit -= own;
    pool_ -= options_.beat_bytes - own;
  }

  // --- Rules
  void check_stable(Port& p, const AxiMaster& in) {
    const AxiMaster& was = p.held;
    if (was.ar_valid &&
        !(in.ar_valid && in.ar_address == was.ar_address && in.ar_len == was.ar_len && in.ar_id == was.ar_id))
      violations_.emplace_back("AR: changed or withdrawn before it was taken");
    if (was.aw_valid &&
        !(in.aw_valid && in.aw_address == was.aw_address && in.aw_len == was.aw_len && in.aw_id == was.aw_id))
      violations_.emplace_back("AW: changed or withdrawn before it was taken");
    if (was.w_valid &&
        !(in.w_valid && in.w_data == was.w_data && in.w_strobe == was.w_strobe && in.w_last == was.w_last))
      violations_.emplace_back("W: changed or withdrawn before it was taken");
    p.held = in;
    p.held.ar_valid = in.ar_valid && !p.out.ar_ready;
    p.held.aw_valid = in.aw_valid && !p.out.aw_ready;
    p.held.w_valid = in.w_valid && !p.out.w_ready;
  }
  void check_burst(const std::string& channel, std::uint64_t address, int beats) {
    const auto beat = static_cast<std::uint64_t>(options_.beat_bytes);
    if (address % beat != 0) violations_.push_back(channel + ": the address lies between beats");
    if (address % 4096 + static_cast<std::uint64_t>(beats) * beat > 4096)
      violations_.push_back(channel + ": the burst crosses a 4 KB boundary");
  }

  // --- Transfers
  [[nodiscard]] AxiResponse response_at(std::uint64_t address, bool write) const {
    const std::uint64_t offset = address - options_.base;
    if (address < options_.base || offset + static_cast<std::uint64_t>(options_.beat_bytes) > bytes_.size())
      return AxiResponse::decode_error;
    return fault_ ? fault_(address, write) : AxiResponse::okay;
  }
  [[nodiscard]] std::span<std::byte> beat_at(std::uint64_t address) const {
    return bytes_.subspan(static_cast<std::size_t>(address - options_.base),
                          static_cast<std::size_t>(options_.beat_bytes));
  }

  void take_addresses(Port& p, const AxiMaster& in) {
    if (in.ar_valid && p.out.ar_ready) {
      check_burst("AR", in.ar_address, in.ar_len + 1);
      p.reads.push_back(
          {.address = in.ar_address, .beats = in.ar_len + 1, .id = in.ar_id, .ready = p.cycle - 1 + latency()});
    }
    if (in.aw_valid && p.out.aw_ready) {
      check_burst("AW", in.aw_address, in.aw_len + 1);
      p.writes.push_back({.address = in.aw_address, .beats = in.aw_len + 1, .id = in.aw_id});
    }
  }

  void take_data(Port& p, const AxiMaster& in) {
    if (in.w_valid && p.out.w_ready) {
      spend(p);
      p.early.push_back({in.w_data, in.w_strobe, in.w_last});
      ++p.write_beats;
    }
    while (!p.early.empty() && !p.writes.empty()) {
      write_beat(p.writes.front(), p.early.front());
      p.early.pop_front();
      if (p.writes.front().beats > 0) continue;
      p.writes.front().ready = p.cycle - 1 + latency();
      p.responses.push_back(p.writes.front());
      p.writes.pop_front();
    }
  }
  void write_beat(Burst& burst, const WriteBeat& beat) {
    if (beat.last != (burst.beats == 1)) violations_.emplace_back("W: last is wrong");
    const AxiResponse response = response_at(burst.address, true);
    if (response == AxiResponse::okay) {
      const std::span<std::byte> to = beat_at(burst.address);
      for (std::size_t i = 0; i < to.size(); ++i)
        if (beat.strobe[i]) to[i] = beat.data[i];
    }
    burst.response = std::max(burst.response, response);
    burst.address += static_cast<std::uint64_t>(options_.beat_bytes);
    --burst.beats;
  }

  void answer_reads(Port& p, const AxiMaster& in) {
    AxiSlave& out = p.out;
    if (out.r_valid && in.r_ready) ++p.read_beats;
    if (out.r_valid && !in.r_ready) return;
    out.r_valid = false;
    if (p.reads.empty() || !can_spend(p) || chance(options_.stall)) return;
    const std::size_t chosen = choose_read(p);
    Burst& burst = p.reads[chosen];
    if (burst.ready > p.cycle) return;
    spend(p);
    out.r_valid = true;
    out.r_response = response_at(burst.address, false);
    if (out.r_response == AxiResponse::okay) std::ranges::copy(beat_at(burst.address), out.r_data.begin());
    out.r_id = burst.id;
    out.r_last = burst.beats == 1;
    burst.address += static_cast<std::uint64_t>(options_.beat_bytes);
    if (--burst.beats == 0) p.reads.erase(p.reads.begin() + static_cast<std::ptrdiff_t>(chosen));
  }
  /// The oldest burst, or with `interleave` the oldest of an ID that is drawn among those that wait.
  std::size_t choose_read(const Port& p) {
    if (!options_.interleave) return 0;
    const std::uint8_t id = p.reads[random_() % p.reads.size()].id;
    const auto first = std::ranges::find(p.reads, id, &Burst::id);
    return static_cast<std::size_t>(first - p.reads.begin());
  }

  void answer_writes(Port& p, const AxiMaster& in) {
    AxiSlave& out = p.out;
    if (out.b_valid && !in.b_ready) return;
    out.b_valid = false;
    if (p.responses.empty() || p.responses.front().ready > p.cycle || chance(options_.stall)) return;
    out.b_valid = true;
    out.b_response = p.responses.front().response;
    out.b_id = p.responses.front().id;
    p.responses.pop_front();
  }

  std::span<std::byte> bytes_;
  AxiMemoryOptions options_;
  std::mt19937 random_;
  std::vector<Port> ports_;
  Fault fault_;
  double pool_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace heddle::rtl
