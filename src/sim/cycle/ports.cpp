// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/ports.h"

#include <algorithm>
#include <numeric>

namespace heddle::sim::cycle {
namespace {

/// Beats that a port takes before the first of them has come: its room, and what stands in burst_splitter.
double window(const Timing& timing) {
  return static_cast<double>(kRoomBeats) + 1.5 * timing.piece_beats;
}

}  // namespace

double Beats::sum() const {
  return std::accumulate(port.begin(), port.end(), pool);
}

Beats deal(const Timing& timing, std::size_t ports, std::size_t& turn) {
  Beats beats;
  if (timing.one_port) {
    beats.port[0] = timing.work;
    if (ports > 1) turn = 1;
    return beats;
  }
  const double room = window(timing);
  double left = timing.work;
  for (double run = 0; run < timing.runs; ++run)
    for (double piece = 0; piece <= timing.run_pieces; ++piece) {
      double& port = beats.port[turn];
      if (port >= room) {
        beats.pool = left;
        return beats;
      }
      const double size = std::min(left, piece < timing.run_pieces ? timing.piece_beats : timing.rest_beats);
      port += size;
      left -= size;
      turn = turn + 1 == ports ? 0 : turn + 1;
    }
  return beats;
}

void refill(Beats& beats, const Timing& timing, std::size_t ports) {
  if (beats.pool <= 0) return;
  double room = 0;
  for (std::size_t q = 0; q < ports; ++q) room += std::max(0.0, window(timing) - beats.port[q]);
  if (room <= 0) return;
  const double share = std::min(1.0, beats.pool / room);
  for (std::size_t q = 0; q < ports; ++q) beats.port[q] += share * std::max(0.0, window(timing) - beats.port[q]);
  beats.pool = share < 1 ? 0 : beats.pool - room;
}

}  // namespace heddle::sim::cycle
