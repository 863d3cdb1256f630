// SPDX-License-Identifier: Apache-2.0
#include "compiler/driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "compiler/preprocess.h"
#include "frontend/onnx.h"
#include "passes/freeze_batchnorm.h"
#include "quant/lower.h"

namespace heddle::compiler {
namespace {

namespace fs = std::filesystem;

Diagnostics in_file(Diagnostics diagnostics, const std::string& path) {
  for (Diagnostic& d : diagnostics)
    if (d.file.empty()) d.file = path;
  return diagnostics;
}

Result<isa::Preprocessing> find_preprocessing(const LoadOptions& options) {
  isa::Preprocessing preprocessing = options.preprocessing;
  const std::string beside = fs::path(options.path).replace_extension(".toml").string();
  if (fs::exists(beside)) {
    Result<isa::Preprocessing> read = read_preprocessing(beside);
    if (!read) return fail(std::move(read.error()));
    preprocessing = std::move(*read);
  }
  if (options.adjust_preprocessing)
    if (Status adjusted = options.adjust_preprocessing(preprocessing); !adjusted)
      return fail(std::move(adjusted.error()));
  if (Status legal = check(preprocessing); !legal) return fail(std::move(legal.error()));
  return preprocessing;
}

Result<std::vector<std::string>> read_labels(const std::string& path) {
  std::vector<std::string> labels;
  if (path.empty()) return labels;
  std::ifstream file(path);
  if (!file) return fail({.code = "file.open", .message = "cannot open the labels", .file = path, .field = "--labels"});
  for (std::string line; std::getline(file, line);) labels.push_back(line);
  return labels;
}

/// Makes batch normalisation that would use each image's own statistics an ordinary one, or refuses the model.
Status freeze(Model& model, const LoadOptions& options) {
  Diagnostics refused = passes::refuse_training_batch_norms(model.graph);
  if (refused.empty()) return {};
  if (!options.freeze_batchnorm) return fail(std::move(refused));
  const Result<std::vector<Sample>> samples =
      read_samples(*options.freeze_batchnorm, input_specs(model.graph), model.preprocessing);
  if (!samples) return fail(samples.error());
  std::vector<std::vector<Tensor>> inputs;
  for (const Sample& sample : *samples) inputs.push_back(sample.tensors);
  const auto statistics = quant::collect_batchnorm_statistics(model.graph, inputs);
  if (!statistics) return fail(statistics.error());
  return passes::freeze_batchnorm(model.graph, *statistics);
}

std::uint64_t hash_file(const std::string& path) {
  // FNV-1a: names the file in provenance, protects nothing.
  std::ifstream file(path, std::ios::binary);
  std::uint64_t hash = 0xcbf29ce484222325;
  std::vector<char> block(std::size_t{1} << 20);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
    for (std::streamsize i = 0; i < file.gcount(); ++i)
      hash = (hash ^ static_cast<unsigned char>(block[static_cast<std::size_t>(i)])) * 0x100000001b3;
  return hash;
}

}  // namespace

Result<Model> load_model(const LoadOptions& options) {
  Result<isa::Preprocessing> preprocessing = find_preprocessing(options);
  if (!preprocessing) return fail(std::move(preprocessing.error()));
  Result<std::vector<std::string>> labels = read_labels(options.labels);
  if (!labels) return fail(std::move(labels.error()));
  Result<ir::Graph> graph = frontend::read_onnx(options.path, {.shapes = options.shapes});
  if (!graph) return fail(in_file(std::move(graph.error()), options.path));
  Model model{std::move(*graph), false, std::move(*preprocessing), std::move(*labels), hash_file(options.path)};
  // Freezing comes first: afterwards the normalisation folds into convolutions like any other.
  if (Status frozen = freeze(model, options); !frozen) return fail(in_file(std::move(frozen.error()), options.path));
  if (Status done = passes::run_pipeline(model.graph, passes::standard_pipeline(), options.passes); !done)
    return fail(in_file(std::move(done.error()), options.path));
  model.quantized = std::any_of(model.graph.values.begin(), model.graph.values.end(),
                                [](const ir::Value& v) { return v.quantization.has_value(); });
  return model;
}

std::vector<InputSpec> input_specs(const ir::Graph& graph) {
  std::vector<InputSpec> specs;
  for (const ir::ValueId id : graph.inputs) {
    const ir::Value& value = graph.value(id);
    specs.push_back({value.name, value.type, value.shape});
  }
  return specs;
}

std::vector<Sample> noise_samples(const ir::Graph& graph) {
  std::vector<Sample> samples;
  for (std::vector<Tensor>& tensors : quant::seeded_noise(graph, 4))
    samples.push_back({"seeded noise", std::move(tensors)});
  return samples;
}

Result<Quantized> quantize_model(Model model, const std::vector<Sample>& samples,
                                 const quant::QuantizeOptions& options) {
  Quantized quantized{std::move(model), {}, {}, std::nullopt};
  quantized.float_graph = quantized.model.graph;
  if (!quantized.model.quantized) {
    std::vector<std::vector<Tensor>> inputs;
    for (const Sample& sample : samples) inputs.push_back(sample.tensors);
    Result<quant::QuantizationReport> report = quant::quantize(quantized.model.graph, inputs, options);
    if (!report) return fail(std::move(report.error()));
    quantized.report = std::move(*report);
  }
  Result<ir::Deployment> deployment = quant::lower(quantized.model.graph);
  if (!deployment) return fail(std::move(deployment.error()));
  quantized.deployment = std::move(*deployment);
  return quantized;
}

Result<Built> compile_model(const Quantized& quantized, const overlay::Overlay& overlay, const BuildOptions& options) {
  Result<Built> built = build_program(quantized.deployment, overlay, options);
  if (!built) return built;
  built->program.preprocessing = quantized.model.preprocessing;
  built->program.labels = quantized.model.labels;
  built->program.provenance["compiler"] = "heddle " HEDDLE_VERSION;
  built->program.provenance["model_hash"] = fmt::format("{:016x}", quantized.model.hash);
  built->program.provenance["overlay"] = overlay.name;
  return built;
}

}  // namespace heddle::compiler
