// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "overlay/overlay.h"

namespace heddle::overlay {

/// Use of a device by an overlay: DSPs and memory blocks from the design's counts, LUT and FF from the model that is
/// fitted to open synthesis (resource_model.h).
struct Resources {
  std::int64_t lut = 0, ff = 0;
  std::int64_t dsp = 0;
  std::int64_t bram18 = 0;  ///< blocks of 18 kb; two of them are a BRAM36
  std::int64_t uram = 0;    ///< blocks of 288 kb
};

/// Which multipliers of an integer overlay are DSPs: the array's and those of CONV's requantiser always; then, while
/// the device has DSPs for all of them, the rest of CONV's POST, STENCIL's POST, STENCIL's products. The others are
/// LUTs.
struct DspPlan {
  bool post = false, stencil_post = false, stencil = false;
  std::int64_t required = 0;  ///< array and requantiser
  std::int64_t total = 0;     ///< with the optional ones
};
[[nodiscard]] DspPlan plan_dsps(const Overlay& overlay, const Device& device);

/// Precondition: check(overlay) holds. Feature memory, then weight memory go to URAM where the device has enough.
[[nodiscard]] Resources estimate(const Overlay& overlay, const Device& device);
/// Block RAMs of 18 kb for a memory with one read and one write port: the cheapest of the blocks' aspect ratios.
[[nodiscard]] std::int64_t block_rams(std::int64_t width_bits, std::int64_t words);

}  // namespace heddle::overlay
