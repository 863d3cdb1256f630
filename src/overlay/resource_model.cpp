// SPDX-License-Identifier: Apache-2.0
#include "overlay/resource_model.h"

#include <algorithm>

#include "overlay/estimate.h"

namespace heddle::overlay {
namespace {

struct ModuleBlock {
  std::string_view prefix;
  Block block;
};
/// The first prefix that fits counts.
constexpr std::array kModuleBlocks{
    ModuleBlock{"array_row", Block::array},
    ModuleBlock{"dot_", Block::dots},
    ModuleBlock{"packed_sums", Block::dots},
    ModuleBlock{"mac_cell", Block::dots},
    ModuleBlock{"conv_weights", Block::weights},
    ModuleBlock{"conv_drain", Block::drain},
    ModuleBlock{"conv_chunks", Block::drain},
    ModuleBlock{"conv_results", Block::drain},
    ModuleBlock{"conv_operand", Block::drain},
    ModuleBlock{"conv_reader", Block::lanes},
    ModuleBlock{"pixel_walker", Block::lanes},
    ModuleBlock{"gather", Block::lanes},
    ModuleBlock{"bank_", Block::lanes},
    ModuleBlock{"conv", Block::conv},
    ModuleBlock{"requantize", Block::post},
    ModuleBlock{"residual_add", Block::post},
    ModuleBlock{"post", Block::post},
    ModuleBlock{"table_memory", Block::post},
    ModuleBlock{"delay_line", Block::post},
    ModuleBlock{"multiply_lut", Block::post},
    ModuleBlock{"stencil", Block::stencil},
    ModuleBlock{"feature_", Block::memory},
    ModuleBlock{"region_arbiter", Block::memory},
    ModuleBlock{"weight_memory", Block::memory},
    ModuleBlock{"param_memory", Block::memory},
    ModuleBlock{"coefficient_memory", Block::memory},
    ModuleBlock{"ram", Block::memory},
    ModuleBlock{"fifo", Block::queues},
    ModuleBlock{"control", Block::control},
    ModuleBlock{"engine_", Block::control},
    ModuleBlock{"sequencer", Block::control},
    ModuleBlock{"semaphores", Block::control},
    ModuleBlock{"instruction_", Block::control},
    ModuleBlock{"crc16", Block::control},
    ModuleBlock{"heddle_overlay", Block::control},
    ModuleBlock{"", Block::dma},
};

/// Numbers of the design that several blocks depend on.
struct Sizes {
  double banks, outputs, inputs, post_pixels, post_lanes, stencil_lanes, regions, ports, beat;
};
Sizes sizes_of(const Overlay& o) {
  return {.banks = static_cast<double>(o.P),
          .outputs = static_cast<double>(o.M),
          .inputs = static_cast<double>(o.N),
          .post_pixels = static_cast<double>(o.post_lanes) / o.N,
          .post_lanes = static_cast<double>(o.post_lanes),
          .stencil_lanes = static_cast<double>(o.stencil_pixels) * o.N,
          .regions = static_cast<double>(o.regions),
          .ports = static_cast<double>(o.axi_ports),
          .beat = static_cast<double>(o.axi_bytes)};
}

Features post_features(const Sizes& s, const DspPlan& plan) {
  const double lanes = s.post_lanes + s.stencil_lanes;
  const double requantised = plan.stencil_post ? 0 : s.stencil_lanes;  // in LUTs
  const double rest = (plan.post ? 0 : s.post_lanes) + requantised;
  return {1, lanes, requantised, rest, 0};
}

}  // namespace

std::string_view name(Block block) {
  constexpr std::array<std::string_view, kBlocks> kNames{"array", "dots",    "weights", "conv", "drain",   "lanes",
                                                         "post",  "stencil", "memory",  "dma",  "control", "queues"};
  return kNames.at(static_cast<std::size_t>(block));
}

Block block_of(std::string_view module) {
  return std::ranges::find_if(kModuleBlocks, [&](const ModuleBlock& m) { return module.starts_with(m.prefix); })->block;
}

Features features(Block block, const Overlay& o, const Device& device) {
  const Sizes s = sizes_of(o);
  const DspPlan plan = plan_dsps(o, device);
  const double slots = s.banks * s.inputs;  // bytes of all banks' slots
  switch (block) {
    case Block::array:
      return {s.banks * s.outputs, s.banks * s.outputs * o.acc_depth / 64, slots, 0, 0};
    case Block::dots:
      return {s.banks * s.outputs, s.banks * s.outputs * s.inputs, s.outputs * s.inputs, slots, 0};
    case Block::weights:
      return {1, s.outputs * s.inputs, 0, 0, 0};
    case Block::conv:
      return {1, s.inputs, s.banks, 0, 0};
    case Block::drain:
      return {1, s.post_lanes * s.banks, s.post_lanes, s.post_pixels * s.banks, s.banks};
    case Block::lanes:
      return {1, s.banks, s.banks * s.banks, s.banks * slots, slots};
    case Block::post:
      return post_features(s, plan);
    case Block::stencil:
      return {1, s.stencil_lanes, plan.stencil ? 0 : s.stencil_lanes, slots, static_cast<double>(o.stencil_pixels)};
    case Block::memory:
      return {1, s.regions * slots, s.regions * s.banks, s.ports * s.outputs * s.inputs / o.weight_cycles, slots};
    case Block::dma:
      return {1, s.ports, s.ports * s.beat, slots, s.ports * s.inputs};
    case Block::control:
      return {1, s.beat, 0, 0, 0};
    case Block::queues:
      return {1, s.ports, s.ports * s.beat, s.post_lanes, s.stencil_lanes};
  }
  return {};
}

LogicEstimate estimate_logic(const Overlay& overlay, const Device& device, const ModelCoefficients& model) {
  LogicEstimate sum;
  if (overlay.format != NumberFormat::integer) return sum;
  for (std::size_t b = 0; b < kBlocks; ++b) {
    const Features f = features(static_cast<Block>(b), overlay, device);
    for (std::size_t i = 0; i < kFeatures; ++i) {
      sum.lut += f[i] * model[b].lut[i];
      sum.ff += f[i] * model[b].ff[i];
    }
  }
  return sum;
}

}  // namespace heddle::overlay
