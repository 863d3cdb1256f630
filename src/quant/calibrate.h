// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "ir/graph.h"

/// Ranges of activations, from float runs over typical inputs.
namespace heddle::quant {

/// How a range is chosen from the observed values.
enum class RangeMethod : std::uint8_t {
  minmax,      ///< everything that occurred
  percentile,  ///< without the outermost 1e-5 of the values at each end
  mse,         ///< least mean squared error of rounding and clipping together
  entropy,     ///< least Kullback-Leibler divergence (Migacz, GTC 2017)
};
[[nodiscard]] std::string_view name(RangeMethod method);
[[nodiscard]] std::optional<RangeMethod> range_method_from_name(std::string_view text);

/// Chosen by measurement; the figures stand in docs/quantization.md.
inline constexpr RangeMethod kDefaultMethod = RangeMethod::mse;

/// What is known of one value's distribution over all samples.
struct Observation {
  static constexpr std::size_t kBins = 2048;

  float low = 0, high = 0;           ///< extremes
  std::vector<std::uint64_t> bins;   ///< counts between them, kBins of equal width (empty: constant)
  std::vector<double> channel_mean;  ///< per index of axis 1, over everything else; empty below rank 2
  std::vector<float> channel_reach;  ///< largest magnitude per index of axis 1; empty below rank 2
  std::uint64_t count = 0;

  [[nodiscard]] double bin_width() const { return (double{high} - double{low}) / static_cast<double>(kBins); }
};

/// A range of reals to be represented; contains 0.
struct Range {
  double low = 0, high = 0;
};
/// The range of a distribution for `levels` integers (256 or 65536).
[[nodiscard]] Range choose_range(const Observation& observation, RangeMethod method, int levels);

struct Calibration {
  std::vector<std::optional<Observation>> values;  ///< by ValueId; f32 activations only
};

/// Runs the float reference over the samples (twice: extremes, then histograms) and observes every f32 activation.
[[nodiscard]] Result<Calibration> calibrate(const ir::Graph& graph, std::span<const std::vector<Tensor>> samples);

}  // namespace heddle::quant
