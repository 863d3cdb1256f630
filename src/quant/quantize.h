// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "ir/graph.h"
#include "passes/freeze_batchnorm.h"
#include "quant/calibrate.h"

/// Post-training quantisation: chooses the integers that stand for a float network's values (docs/quantization.md).
namespace heddle::quant {

enum class Precision : std::uint8_t {
  int8,
  int16,
  automatic,  ///< int8, and 16 bits where the target asks for it
};
[[nodiscard]] std::string_view name(Precision precision);

/// Bits of one node; 0 leaves the choice open.
struct NodeBits {
  int activation = 0, weight = 0;
};

struct QuantizeOptions {
  Precision precision = Precision::automatic;
  RangeMethod method = kDefaultMethod;
  double target_sqnr = 20.0;  ///< dB at the worst output, averaged over the samples (automatic only)
  bool equalize = true;       ///< cross-layer equalisation
  bool correct_bias = true;
  std::map<std::string, NodeBits> bits{};  ///< by node name; wins over `precision`
};

/// How well one node came out.
struct LayerQuality {
  std::string node, op;
  int activation_bits = 8, weight_bits = 0;  ///< 0: it has no weights
  std::int64_t macs = 0;
  double sqnr = 0;  ///< dB of its result, quantised against float, everything before it quantised too
};

struct QuantizationReport {
  RangeMethod method = kDefaultMethod;
  std::vector<LayerQuality> layers;
  double output_sqnr = 0;  ///< dB at the worst output, averaged over the samples
  double wide_share = 0;   ///< share of the MACs with an operand of more than 8 bits
  bool target_reached = true;
};

/// Chooses `Value::quantization` of every activation and every weight that the overlay can use; weights and biases may
/// change within what equalisation and bias correction allow. `samples` holds one entry per calibration input, the
/// tensors of the graph's inputs in order. The graph has been through passes::standard_pipeline.
/// Errors: no samples, wrong types or shapes, values that are not finite.
[[nodiscard]] Result<QuantizationReport> quantize(ir::Graph& graph, std::span<const std::vector<Tensor>> samples,
                                                  const QuantizeOptions& options = {});

/// The graph with QuantizeLinear and DequantizeLinear around everything that is quantised: standard ONNX.
[[nodiscard]] ir::Graph to_qdq(const ir::Graph& graph);

/// Mean and variance of what each BatchNormalization in training mode normalises, over all samples, for
/// passes::freeze_batchnorm. Nodes behind others see data that was normalised by its own statistics.
[[nodiscard]] Result<std::vector<passes::BatchNormStatistics>> collect_batchnorm_statistics(
    const ir::Graph& graph, std::span<const std::vector<Tensor>> samples);

/// `count` inputs of the graph's shapes: normal noise from a fixed seed (integers for integer inputs).
[[nodiscard]] std::vector<std::vector<Tensor>> seeded_noise(const ir::Graph& graph, int count, std::uint32_t seed = 1);

/// 10·log10(Σ f² / Σ (f − q)²) dB, bounded to ±200; 200 where both sums are 0.
[[nodiscard]] double sqnr(std::span<const float> reference, std::span<const float> quantized);

}  // namespace heddle::quant
