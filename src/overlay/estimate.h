// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "overlay/overlay.h"

namespace heddle::overlay {

/// First-order use of a device by an overlay. An estimate from the design's counts, not fitted to synthesis.
struct Resources {
  std::int64_t dsp = 0;
  std::int64_t bram18 = 0;  ///< blocks of 18 kb; two of them are a BRAM36
  std::int64_t uram = 0;    ///< blocks of 288 kb
};

/// Precondition: check(overlay) holds. Feature memory, then weight memory go to URAM where the device has enough.
[[nodiscard]] Resources estimate(const Overlay& overlay, const Device& device);
/// Block RAMs of 18 kb for a memory with one read and one write port: the cheapest of the blocks' aspect ratios.
[[nodiscard]] std::int64_t block_rams(std::int64_t width_bits, std::int64_t words);

}  // namespace heddle::overlay
