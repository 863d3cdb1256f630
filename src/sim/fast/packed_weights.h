// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "isa/instruction.h"
#include "overlay/overlay.h"
#include "sim/fast/kernels.h"

namespace heddle::sim::fast {

/// Where kTapChannels source channels of one kernel position lie: channels 4·quad … 4·quad + 3 of slot block `block`.
struct Tap {
  std::int32_t block, quad, ky, kx;
};

/// Taps [begin, end) whose sums fit 32 bits for every output channel and every legal source.
struct TapRange {
  std::int64_t begin = 0, end = 0;
};

/// The weights of one conv instruction, re-ordered for the register blocks. At 8 bits they take as much memory as in
/// the constant image; taps whose weights are all 0 (holes, unused lanes of a first layer) are left out.
struct PackedWeights {
  std::vector<Tap> taps;
  std::vector<std::byte> bytes;  ///< [panel of kLanes outputs][tap][pair][kLanes][2]
  std::int64_t panels = 0, panel_bytes = 0, tap_bytes = 0;
  struct Pass {
    WeightPass kind = WeightPass::bytes;
    int shift = 0;  ///< the pass counts 2^shift times
    std::vector<TapRange> ranges;
  };
  std::vector<Pass> passes;

  /// One pass over one range: 32-bit accumulators hold the result.
  [[nodiscard]] bool fits_32() const { return passes.size() == 1 && passes[0].ranges.size() <= 1; }
  /// The same for the passes over the lower and the upper bytes.
  [[nodiscard]] bool splits() const {
    return passes.size() == 2 && passes[0].ranges.size() <= 1 && passes[1].ranges.size() <= 1;
  }
};

/// Lanes of a slot in the int16 form that the kernels read: a multiple of kTapChannels.
[[nodiscard]] std::int64_t padded_lanes(DataType type, std::int64_t slot_bytes);

/// `weights` begins at the instruction's weight_address.
[[nodiscard]] PackedWeights pack_weights(const isa::Instruction& instruction, const overlay::Overlay& overlay,
                                         std::span<const std::byte> weights);

}  // namespace heddle::sim::fast
