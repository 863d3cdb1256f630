// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/ports.h"

#include <algorithm>

namespace heddle::sim::cycle {
namespace {

/// Pieces that a port takes before the first of them is through: those that its room holds, and one or two in
/// burst_splitter.
constexpr double kAhead = 4;
/// Transfers of more pieces spread evenly.
constexpr double kMany = 256;

}  // namespace

PortBeats deal(const Timing& timing, std::size_t ports, std::size_t& turn) {
  PortBeats beats{};
  if (timing.one_port) {
    beats[0] = timing.work;
    if (ports > 1) turn = 1;
    return beats;
  }
  const double pieces = timing.runs * (timing.run_pieces + 1);
  if (pieces > kMany) {
    std::fill_n(beats.begin(), ports, timing.work / static_cast<double>(ports));
    turn = (turn + static_cast<std::size_t>(pieces)) % ports;
    return beats;
  }
  double dealt = 0;
  for (double run = 0; run < timing.runs; ++run)
    for (double piece = 0; piece <= timing.run_pieces; ++piece, ++dealt) {
      std::size_t port = turn;
      if (dealt >= kAhead * static_cast<double>(ports))
        port = static_cast<std::size_t>(
            std::min_element(beats.begin(), beats.begin() + static_cast<std::ptrdiff_t>(ports)) - beats.begin());
      beats[port] += piece < timing.run_pieces ? timing.piece_beats : timing.rest_beats;
      turn = port + 1 == ports ? 0 : port + 1;
    }
  return beats;
}

}  // namespace heddle::sim::cycle
