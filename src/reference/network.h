// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "ir/network.h"

/// The integer reference: executes a Network as it stands. Every backend must give exactly these integers.
namespace heddle::reference {

/// Contents of a feature map in channel, row, column order.
struct IntegerMap {
  std::int32_t channels = 0, height = 0, width = 0;
  std::vector<std::int16_t> values;

  [[nodiscard]] std::span<const std::int16_t> plane(std::int32_t channel) const {
    const auto size = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    return std::span(values).subspan(static_cast<std::size_t>(channel) * size, size);
  }
  friend bool operator==(const IntegerMap&, const IntegerMap&) = default;
};

/// An all-zero map of this size.
[[nodiscard]] IntegerMap make_map(std::int32_t channels, std::int32_t height, std::int32_t width);

struct NetworkRunOptions {
  bool all_maps = false;  ///< return every map, indexed by MapId, instead of the network's outputs in order
};

/// Runs one image. `inputs` are in the order of `network.inputs`. Errors: the network does not verify; inputs of wrong
/// number, size or range.
[[nodiscard]] Result<std::vector<IntegerMap>> run_network(const ir::Network& network,
                                                          std::span<const IntegerMap> inputs,
                                                          const NetworkRunOptions& options = {});

/// kernels::quantize_value: how a float image enters the network. `values` holds channels·height·width elements.
[[nodiscard]] IntegerMap quantize_map(const ir::FeatureMap& map, std::span<const float> values);
/// kernels::dequantize_value.
[[nodiscard]] std::vector<float> dequantize_map(const ir::FeatureMap& map, const IntegerMap& integers);

}  // namespace heddle::reference
