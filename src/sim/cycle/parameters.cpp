// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/parameters.h"

#include <cmath>

namespace heddle::sim::cycle {

Parameters parameters_of(const overlay::Overlay& overlay) {
  return {
      .banks = overlay.P,
      .channels_out = overlay.M,
      .channels_in = overlay.N,
      .acc_depth = overlay.acc_depth,
      .weight_cycles = overlay.weight_cycles,
      .stencil_pixels = overlay.stencil_pixels,
      .post_pixels = overlay.post_lanes / overlay.N,
      .regions = overlay.regions,
      .region_words = overlay.region_words,
      .ports = overlay.axi_ports,
      .beat_bytes = overlay.axi_bytes,
      .weight_word_bytes = overlay.weight_word_bytes(),
      .has_table = overlay.has_unit("table"),
      .has_average = overlay.has_unit("average"),
      .has_upsample = overlay.has_unit("upsample"),
      .memory = {.latency = std::ceil(kLatencyMicroseconds * overlay.clock_mhz),
                 .bytes_per_cycle = overlay.ddr_gb_per_s * 1000 / overlay.clock_mhz * overlay.ddr_efficiency},
  };
}

}  // namespace heddle::sim::cycle
