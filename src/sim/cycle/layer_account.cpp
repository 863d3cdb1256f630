// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/layer_account.h"

#include <algorithm>

namespace heddle::sim::cycle {

std::vector<std::uint64_t> layer_cycles(const isa::OverlaySegment& segment,
                                        const std::array<std::vector<std::uint64_t>, isa::kEngines>& done) {
  std::vector<std::uint64_t> over(segment.layers.size(), 0);
  for (std::size_t e = 0; e < isa::kEngines; ++e)
    for (const isa::LayerSpan& span : segment.spans[e])
      for (auto i = static_cast<std::size_t>(span.begin);
           i < std::min(static_cast<std::size_t>(span.end), done[e].size()); ++i)
        if (const auto layer = static_cast<std::size_t>(span.layer); layer < over.size())
          over[layer] = std::max(over[layer], done[e][i] + 1);
  std::uint64_t before = 0;
  for (std::uint64_t& layer : over) {
    const std::uint64_t end = std::max(before, layer);
    layer = end - before;
    before = end;
  }
  return over;
}

std::array<std::vector<std::uint64_t>, isa::kEngines> with_specials(
    const isa::OverlaySegment& segment, const std::array<std::vector<std::uint64_t>, isa::kEngines>& pulses) {
  std::array<std::vector<std::uint64_t>, isa::kEngines> done;
  for (std::size_t e = 0; e < isa::kEngines; ++e) {
    std::size_t next = 0;
    std::uint64_t last = 0;
    for (const isa::Word& word : segment.streams[e]) {
      const auto opcode = static_cast<isa::Opcode>(word[0]);
      if (opcode != isa::Opcode::end && opcode != isa::Opcode::fence && next < pulses[e].size())
        last = pulses[e][next++];
      done[e].push_back(last);
    }
  }
  return done;
}

}  // namespace heddle::sim::cycle
