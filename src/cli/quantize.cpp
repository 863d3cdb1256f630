// SPDX-License-Identifier: Apache-2.0
#include "quant/quantize.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/model_options.h"
#include "frontend/onnx.h"

namespace heddle::cli {
namespace {

struct QuantizeOptions {
  ModelOptions model;
  QuantizeFlags quantize;
  std::string output;
  bool json = false;
};

Json report_json(const quant::QuantizationReport& report) {
  Json layers = Json::array();
  for (const quant::LayerQuality& layer : report.layers)
    layers.push_back({{"node", layer.node},
                      {"op", layer.op},
                      {"activation_bits", layer.activation_bits},
                      {"weight_bits", layer.weight_bits},
                      {"macs", layer.macs},
                      {"sqnr_db", layer.sqnr}});
  return {{"method", quant::name(report.method)},
          {"sqnr_db", report.output_sqnr},
          {"target_reached", report.target_reached},
          {"wide_macs_share", report.wide_share},
          {"layers", std::move(layers)}};
}

void print_report(const quant::QuantizationReport& report) {
  fmt::print("{:<44} {:<14} {:>10} {:>8} {:>10} {:>9}\n", "node", "operator", "activation", "weights", "MMAC",
             "SQNR dB");
  for (const quant::LayerQuality& layer : report.layers)
    fmt::print("{:<44.44} {:<14} {:>10} {:>8} {:>10.3f} {:>9.1f}\n", layer.node, layer.op, layer.activation_bits,
               layer.weight_bits, static_cast<double>(layer.macs) / 1e6, layer.sqnr);
  fmt::print(
      "\nworst output: {:.1f} dB on the calibration inputs ({} ranges); {:.1f} % of the MACs have a 16-bit operand\n",
      report.output_sqnr, quant::name(report.method), 100 * report.wide_share);
}

Result<int> quantize_file(const QuantizeOptions& options) {
  Result<compiler::Model> model = load(options.model);
  if (!model) return fail(std::move(model.error()));
  if (model->quantized)
    return fail({.code = "quantize.done", .message = "this model is quantised already", .file = options.model.model});
  const Result<compiler::Quantized> quantized = quantize(std::move(*model), options.quantize, {});
  if (!quantized) return fail(quantized.error());
  if (!options.output.empty())
    if (const Status written = frontend::write_onnx(quant::to_qdq(quantized->model.graph), options.output); !written)
      return fail(written.error());
  if (!quantized->report) return 0;
  if (options.json)
    print_json(report_json(*quantized->report));
  else
    print_report(*quantized->report);
  if (!quantized->report->target_reached)
    warn(fmt::format("the target of {} dB was not reached", options.quantize.target_sqnr));
  return 0;
}

}  // namespace

void add_quantize(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<QuantizeOptions>();
  CLI::App* command =
      add_command(app, outcome, "quantize",
                  "Post-training quantisation: int8, and int16 where a layer needs it; writes standard QDQ "
                  "ONNX and prints the error of every layer.",
                  quantize_file, options);
  add_model_options(*command, options->model);
  add_quantize_options(*command, options->quantize);
  command->add_option("-o,--output", options->output, "QDQ ONNX file to write");
  command->add_flag("--json", options->json, "print JSON");
}

}  // namespace heddle::cli
