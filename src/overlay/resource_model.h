// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "overlay/overlay.h"

/// LUT and FF of an overlay: for each block of the hardware a sum of a few numbers of the design (how many lanes,
/// banks, ports …) times coefficients that were fitted to synthesised sizes (`heddle bench resources --fit`,
/// docs/hardware/resources.md).
namespace heddle::overlay {

enum class Block : std::uint8_t {
  array,
  dots,
  weights,
  conv,
  drain,
  lanes,
  post,
  stencil,
  memory,
  dma,
  control,
  queues
};
inline constexpr std::size_t kBlocks = 12;
inline constexpr std::size_t kFeatures = 5;  ///< of a block, the unused ones 0

using Features = std::array<double, kFeatures>;
/// LUT and FF of one block: coefficients of its features.
struct BlockCoefficients {
  Features lut{}, ff{};
};
using ModelCoefficients = std::array<BlockCoefficients, kBlocks>;

[[nodiscard]] std::string_view name(Block block);
/// The block to which a module of rtl/ belongs.
[[nodiscard]] Block block_of(std::string_view module);
/// What a block's size depends on. `device` decides what is in DSPs.
[[nodiscard]] Features features(Block block, const Overlay& overlay, const Device& device);

/// The fitted model of a family, as generated; zero where the family was not synthesised.
[[nodiscard]] const ModelCoefficients& coefficients(std::string_view family);
/// Names of the synthesised sizes to which it was fitted ("NAME-FAMILY").
[[nodiscard]] std::span<const std::string_view> fitted_sizes();

struct LogicEstimate {
  double lut = 0, ff = 0;
};
/// One core; 0 for floating-point overlays, which have no hardware yet.
[[nodiscard]] LogicEstimate estimate_logic(const Overlay& overlay, const Device& device,
                                           const ModelCoefficients& model);

}  // namespace heddle::overlay
