// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "cosim/model_api.h"

/// DDR memory behind the overlay's AXI ports, as they see it: latency, a shared bandwidth, bursts, back-pressure.
namespace heddle::cosim {

enum class Response : std::uint8_t { okay = 0, slave_error = 2, decode_error = 3 };

struct DdrOptions {
  int ports = 1, beat_bytes = 16;
  /// Cycles from an address to its first beat, and from a burst's last beat to its response; uniform in this range.
  int min_latency = 50, max_latency = 50;
  double bytes_per_cycle = 0;    ///< of all ports, reads and writes together; 0: a beat a cycle on every channel
  double stall = 0;              ///< chance, each cycle, that a channel pauses (each on its own)
  bool interleave = false;       ///< bursts with different IDs of a port may overtake each other
  std::size_t outstanding = 64;  ///< bursts that a port takes before it answers, in each direction
  std::uint32_t seed = 1;
};

/// Addresses [base, base + bytes.size()) of DDR. A last beat that is only partly inside reads 0 beyond.
struct DdrWindow {
  std::uint64_t base = 0;
  std::span<std::byte> bytes;
  bool writable = false;
};

/// Accesses outside all windows are answered with DECERR, writes to read-only ones with SLVERR; neither changes
/// anything. Breaches of the AXI rules by the overlay are collected in `violations`.
class DdrModel {
 public:
  /// Called for every beat if set; anything but okay spoils the beat.
  using Fault = std::function<Response(std::uint64_t address, bool write)>;
  /// Called for every burst if set: cycles by which its answer (its first beat, or its response) comes later; kLost:
  /// never. Bursts of the same ID and direction wait behind it.
  using Delay = std::function<std::uint64_t(std::uint64_t address, bool write)>;
  static constexpr std::uint64_t kLost = std::uint64_t{1} << 62;

  explicit DdrModel(const DdrOptions& options);

  void set_windows(std::vector<DdrWindow> windows);
  void set_fault(Fault fault) { fault_ = std::move(fault); }
  void set_delay(Delay delay) { delay_ = std::move(delay); }
  /// Decides what the memory drives in this cycle.
  void drive(Pins& pins);
  /// Takes part in the rising edge, with the pins as they were settled.
  void clock(const Pins& pins);
  /// Forgets all transfers, like a reset of both sides.
  void reset();

  [[nodiscard]] bool idle() const;
  [[nodiscard]] const DdrOptions& options() const { return options_; }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  [[nodiscard]] std::uint64_t read_bytes() const { return read_bytes_; }
  [[nodiscard]] std::uint64_t written_bytes() const { return written_bytes_; }

 private:
  struct Burst {
    std::uint64_t address = 0;
    int beats = 0;  ///< that remain
    std::uint8_t id = 0;
    std::uint64_t ready = 0;  ///< cycle of the first answer
    Response response = Response::okay;
  };
  struct Beat {
    std::array<std::uint8_t, kMaxBeatBytes> data;
    std::array<std::uint8_t, kMaxBeatBytes / 8> strobe;
    bool last = false;
  };
  struct Port {
    std::deque<Burst> reads, writes, responses;
    std::deque<Beat> early;  ///< data that wait for their address
  };

  [[nodiscard]] bool chance(double probability);
  [[nodiscard]] std::uint64_t ready_cycle(std::uint64_t address, bool write);
  [[nodiscard]] const DdrWindow* window_of(std::uint64_t address);
  [[nodiscard]] Response access(std::uint64_t address, bool write);
  void drive_read(int port, Pins& pins);
  void take_read_address(int port, const Pins& pins);
  void take_write(int port, const Pins& pins);
  void write_beat(Burst& burst, const Beat& beat);
  void check_burst(std::uint64_t address, int beats);
  void check_stable(const Pins& pins);
  void violation(const char* text);

  DdrOptions options_;
  std::mt19937 random_;
  std::vector<DdrWindow> windows_;
  std::size_t last_window_ = 0;
  Fault fault_;
  Delay delay_;
  std::vector<Port> ports_;
  std::uint64_t cycle_ = 0;
  int first_port_ = 0;  ///< who may spend first: the one behind that which did last
  // Bandwidth in 1/1024 byte: what may be spent now. Small debts are paid back before the next beat.
  std::int64_t credit_ = 0, income_ = 0, most_ = 0;
  std::uint32_t read_mask_ = 0, response_mask_ = 0;  ///< offered and not yet taken
  std::uint64_t read_bytes_ = 0, written_bytes_ = 0;
  Pins held_;  ///< addresses and data that were offered and not taken in the last cycle
  std::uint32_t held_ar_ = 0, held_aw_ = 0, held_w_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace heddle::cosim
