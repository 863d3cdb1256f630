// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "overlay/overlay.h"

/// What the overlay's parameters come to in cycles. Names and values of constants are those of
/// rtl/packages/heddle_pkg.sv and of the modules that are named beside them.
namespace heddle::sim::cycle {

/// DDR as the overlay sees it.
struct Memory {
  double latency = 50;         ///< cycles from an address to its first beat, from a last beat to its response
  double bytes_per_cycle = 0;  ///< of all ports, reads and writes together; 0: a beat a cycle on every channel
};

struct Parameters {
  std::int64_t banks = 7, channels_out = 32, channels_in = 16;  ///< P, M, N
  std::int64_t acc_depth = 64, weight_cycles = 1;
  std::int64_t stencil_pixels = 4, post_pixels = 4;
  std::int64_t regions = 8, region_words = 2048;
  std::int64_t ports = 4, beat_bytes = 16;
  std::int64_t weight_word_bytes = 512;
  bool has_table = true, has_average = true, has_upsample = true;
  Memory memory;

  /// Cycles through POST, from its operands to its results.
  [[nodiscard]] std::int64_t post_latency() const { return 8 + (has_table ? 5 : 0) + 7; }
  /// Beats a cycle that DDR moves, all ports and directions together.
  [[nodiscard]] double ddr_beats() const {
    return memory.bytes_per_cycle > 0 ? memory.bytes_per_cycle / static_cast<double>(beat_bytes)
                                      : 2.0 * static_cast<double>(ports);
  }
  /// Bytes of a piece of a box (box_walker, load_weights).
  [[nodiscard]] std::int64_t piece_bytes() const { return beat_bytes < 32 ? 64 * beat_bytes : 2048; }
};

inline constexpr std::int64_t kRoomBeats = 256;       ///< of each read port, for each engine (burst_reader)
inline constexpr std::int64_t kPieces = 32;           ///< of each read port on their way (load_features, load_weights)
inline constexpr std::int64_t kWriteBursts = 16;      ///< whose data are still to be sent (axi_write_port)
inline constexpr double kLatencyMicroseconds = 0.15;  ///< of the memory that co-simulation models, too

/// The overlay with the memory that it states: ddr_gb_per_s · ddr_efficiency and 150 ns.
[[nodiscard]] Parameters parameters_of(const overlay::Overlay& overlay);

}  // namespace heddle::sim::cycle
