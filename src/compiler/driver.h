// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/program_builder.h"
#include "compiler/samples.h"
#include "ir/deployment.h"
#include "passes/pass.h"
#include "quant/quantize.h"

/// The whole chain as a library: file, graph, quantised graph, deployment, program. Every front door uses it.
namespace heddle::compiler {

struct LoadOptions {
  std::string path;
  std::map<std::string, Shape> shapes;  ///< bindings of dynamic dimensions
  passes::PassOptions passes;
  isa::Preprocessing preprocessing;  ///< where there is no TOML file beside the model
  std::string labels;                ///< text file with one class name a line, or ""
  /// Pictures or arrays whose statistics freeze batch normalisation in training mode.
  std::optional<std::string> freeze_batchnorm;
  /// Changes what the TOML file beside the model says.
  std::function<Status(isa::Preprocessing&)> adjust_preprocessing;
};

/// A graph after the standard passes. `quantized` is set if the file brought scales along (QDQ).
struct Model {
  ir::Graph graph;
  bool quantized = false;
  isa::Preprocessing preprocessing;
  std::vector<std::string> labels;
  std::uint64_t hash = 0;  ///< of the file, for provenance
};

/// Reads an ONNX file, runs the passes, reads preprocessing from `MODEL.toml` (the model's name with .toml) if there is
/// one. Errors: everything of the front end and of the passes; batch normalisation in training mode without
/// `freeze_batchnorm` (unsupported).
[[nodiscard]] Result<Model> load_model(const LoadOptions& options);

[[nodiscard]] std::vector<InputSpec> input_specs(const ir::Graph& graph);

/// Seeded noise of the inputs' shapes, for models without calibration data.
[[nodiscard]] std::vector<Sample> noise_samples(const ir::Graph& graph);

/// The quantised model, cut into parts, and the report of its quantisation (empty if the file was quantised).
struct Quantized {
  Model model;
  ir::Graph float_graph;  ///< as it was before, for comparisons
  ir::Deployment deployment;
  std::optional<quant::QuantizationReport> report;
};

[[nodiscard]] Result<Quantized> quantize_model(Model model, const std::vector<Sample>& samples,
                                               const quant::QuantizeOptions& options);

/// Program for an overlay, with preprocessing, labels and provenance filled in.
[[nodiscard]] Result<Built> compile_model(const Quantized& quantized, const overlay::Overlay& overlay,
                                          const BuildOptions& options = {});

}  // namespace heddle::compiler
