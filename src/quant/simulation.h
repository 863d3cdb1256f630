// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <vector>

#include "quant/execution.h"
#include "quant/formats.h"

/// What a choice of widths costs in accuracy, found by float runs with rounding in between. Close to the integers
/// (requantisers round once more), and fast enough to try hundreds of choices.
namespace heddle::quant {

/// What counts as the signal of an output.
enum class Signal : std::uint8_t {
  total,   ///< Σf²
  spread,  ///< Σ(f − mean of its channel)²: never larger, so that a target which it meets is met by the total too
};

class Simulation {
 public:
  /// All referenced objects must outlive the simulation.
  Simulation(const ir::Graph& graph, const Plan& plan, GroupFormats formats);

  using Sample = std::vector<Tensor>;
  /// Signal to noise at the outputs: per sample the worst output, in dB, averaged over the samples.
  [[nodiscard]] Result<double> evaluate(const Widths& widths, std::span<const Sample> samples,
                                        Signal signal = Signal::spread);
  /// Noise that each unit alone would add if it were narrow: largest Σ(f−q)²/Σf² of an output, averaged over samples.
  [[nodiscard]] Result<std::vector<double>> unit_noise(std::span<const Sample> samples);

  /// Signal to noise of every point's value (by ValueId; values that are no points: 200 dB), averaged over samples.
  [[nodiscard]] Result<std::vector<double>> value_quality(const Widths& widths, std::span<const Sample> samples);

  /// The value as the integers would hold it, if it is a point.
  [[nodiscard]] Tensor quantized(ir::ValueId id, const Tensor& tensor, const Widths& widths) const;
  /// Puts rounded weights into `values`, where they replace the constants.
  void place_weights(const Widths& widths, Values& values);
  [[nodiscard]] const GroupFormats& formats() const { return formats_; }
  /// Forgets rounded weights, after the graph's constants have changed.
  void refresh_weights();

 private:
  const Tensor& rounded_weights(std::size_t dense, bool wide);
  Result<Values> run_quantized(const Widths& widths, const Sample& sample, bool keep_all);
  Result<std::vector<Tensor>> reference_outputs(const Sample& sample);
  Result<double> noise_of(int unit, const Values& base, const Widths& narrow);

  const ir::Graph& graph_;
  const Plan& plan_;
  GroupFormats formats_;
  std::vector<Tensor> narrow_weights_, wide_weights_;
  std::vector<std::pair<const void*, std::vector<Tensor>>> references_;  ///< float outputs by sample
};

/// Σ(f−q)² / Σf², at least 1e-20; 1e-20 where both are 0.
[[nodiscard]] double noise_ratio(std::span<const float> reference, std::span<const float> quantized);
/// The same with each channel's mean over the pixels taken off first (outputs of 16 pixels and more): a map that is
/// nearly constant, such as a background class, would otherwise drown what the others say.
[[nodiscard]] double spread_noise_ratio(const Tensor& reference, const Tensor& quantized);

}  // namespace heddle::quant
