// SPDX-License-Identifier: Apache-2.0
#include "compiler/validate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/model_options.h"
#include "cli/progress.h"
#include "runtime/backends.h"

namespace heddle::cli {
namespace {

struct ValidateOptions {
  ModelOptions model;
  QuantizeFlags quantize;
  std::string overlay = "zcu102", backend = "functional", input;
  bool json = false;
};

Json layer_json(const compiler::LayerReport& layer) {
  Json row{
      {"layer", layer.layer}, {"kind", layer.kind}, {"nodes", layer.origins}, {"equal", !layer.difference.has_value()}};
  row["sqnr_db"] = layer.sqnr ? Json(*layer.sqnr) : Json(nullptr);
  if (layer.difference) {
    const compiler::Difference& d = *layer.difference;
    row["first_difference"] = {{"channel", d.channel},
                               {"row", d.row},
                               {"column", d.column},
                               {"reference", d.reference},
                               {"program", d.program}};
  }
  return row;
}

void print_report(const compiler::ValidationReport& report) {
  fmt::print("{:<44} {:<16} {:>9}  {}\n", "layer", "kind", "SQNR dB", "program = integer reference");
  for (const compiler::LayerReport& layer : report.layers)
    fmt::print("{:<44.44} {:<16} {:>9}  {}\n", layer.layer, layer.kind,
               layer.sqnr ? fmt::format("{:.1f}", *layer.sqnr) : "-", layer.difference ? "NO" : "yes");
  for (std::size_t i = 0; i < report.output_sqnr.size(); ++i)
    fmt::print("output {}: {:.1f} dB against float\n", i, report.output_sqnr[i]);
}

void print_first(const compiler::LayerReport& layer) {
  const compiler::Difference& d = *layer.difference;
  fmt::print(
      "first difference: layer {} (nodes {}), channel {}, row {}, column {}: the reference gives {}, the program {}\n",
      layer.layer, fmt::join(layer.origins, ", "), d.channel, d.row, d.column, d.reference, d.program);
}

Result<int> validate_model(const ValidateOptions& options) {
  const Result<overlay::Overlay> overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  Result<compiler::Model> model = load(options.model);
  if (!model) return fail(std::move(model.error()));
  std::vector<compiler::Sample> samples;
  if (options.input.empty()) {
    samples = compiler::noise_samples(model->graph);
    samples.resize(1);
  } else {
    Result<std::vector<compiler::Sample>> read =
        compiler::read_samples(options.input, compiler::input_specs(model->graph), model->preprocessing);
    if (!read) return fail(std::move(read.error()));
    samples = std::move(*read);
  }
  const Result<compiler::Quantized> quantized = quantize(std::move(*model), options.quantize, samples);
  if (!quantized) return fail(quantized.error());
  Result<std::shared_ptr<runtime::Device>> device = runtime::make_device(options.backend, *overlay);
  if (!device) return fail(std::move(device.error()));
  Json results = Json::array();
  bool equal = true;
  Progress progress("validating", static_cast<std::int64_t>(samples.size()));
  for (const compiler::Sample& sample : samples) {
    const Result<compiler::ValidationReport> report =
        compiler::validate(quantized->float_graph, quantized->deployment, *overlay, *device, sample.tensors);
    if (!report) return fail(report.error());
    progress.step();
    const compiler::LayerReport* different = report->first_difference();
    equal = equal && different == nullptr;
    if (options.json) {
      Json layers = Json::array();
      for (const compiler::LayerReport& layer : report->layers) layers.push_back(layer_json(layer));
      results.push_back({{"input", sample.file},
                         {"equal", different == nullptr},
                         {"output_sqnr_db", report->output_sqnr},
                         {"layers", std::move(layers)}});
      continue;
    }
    fmt::print("{}\n", sample.file);
    print_report(*report);
    if (different != nullptr) print_first(*different);
  }
  if (options.json)
    print_json({{"equal", equal}, {"overlay", overlay->name}, {"results", std::move(results)}});
  else
    fmt::print("{}\n", equal ? "all levels agree in every bit" : "the program differs from the integer reference");
  return equal ? 0 : 1;
}

}  // namespace

void add_validate(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<ValidateOptions>();
  CLI::App* command =
      add_command(app, outcome, "validate",
                  "Compare float reference, integer reference and program layer by layer; names the first "
                  "layer and element that differ (exit code 1).",
                  validate_model, options);
  add_model_options(*command, options->model);
  add_quantize_options(*command, options->quantize);
  add_overlay_option(*command, options->overlay);
  command->add_option("--input", options->input, "file or folder (default: seeded noise)");
  command->add_option("--backend", options->backend, "device that runs the program")->capture_default_str();
  command->add_flag("--json", options->json, "print JSON");
}

}  // namespace heddle::cli
