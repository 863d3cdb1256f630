// SPDX-License-Identifier: Apache-2.0
#include "cli/model_options.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>

namespace heddle::cli {
namespace {

Diagnostic bad_option(const std::string& option, std::string message, std::string hint = "") {
  return {.code = "usage.value", .message = std::move(message), .field = option, .hint = std::move(hint)};
}

/// "1x3x224x224" to dimensions; empty on anything else.
Shape parse_dimensions(std::string_view text) {
  Shape shape;
  while (!text.empty()) {
    std::int64_t dimension = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dimension);
    if (error != std::errc{} || dimension < 1) return {};
    shape.push_back(dimension);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) break;
    if (text.front() != 'x' || text.size() == 1) return {};
    text.remove_prefix(1);
  }
  return shape;
}

Result<std::map<std::string, Shape>> parse_shapes(const std::vector<std::string>& texts) {
  std::map<std::string, Shape> shapes;
  for (const std::string& text : texts) {
    const std::size_t equals = text.rfind('=');
    const Shape shape =
        equals == std::string::npos ? Shape{} : parse_dimensions(std::string_view(text).substr(equals + 1));
    if (shape.empty())
      return fail(bad_option("--shape", fmt::format("'{}' is not NAME=DIMxDIMx…", text),
                             "for example --shape image=1x3x384x384"));
    shapes[text.substr(0, equals)] = shape;
  }
  return shapes;
}

Status spread(const std::vector<float>& values, std::array<float, 3>& out, const char* option) {
  if (values.empty()) return {};
  if (values.size() != 1 && values.size() != 3) return fail(bad_option(option, "takes one number or three"));
  for (std::size_t i = 0; i < 3; ++i) out[i] = values[values.size() == 1 ? 0 : i];
  return {};
}

Status adjust(const PictureOptions& options, isa::Preprocessing& p) {
  if (!options.size.empty()) {
    const Shape size = parse_dimensions(options.size);
    if (size.size() != 2) return fail(bad_option("--size", "is HEIGHTxWIDTH", "for example --size 384x384"));
    p.height = static_cast<std::int32_t>(size[0]);
    p.width = static_cast<std::int32_t>(size[1]);
  }
  const auto set = [](const std::string& from, std::string& to) {
    if (!from.empty()) to = from;
  };
  set(options.resize, p.resize);
  set(options.fit, p.fit);
  set(options.channels, p.channels);
  set(options.layout, p.layout);
  if (Status s = spread(options.mean, p.mean, "--mean"); !s) return s;
  return spread(options.scale, p.scale, "--scale");
}

Result<quant::Precision> precision_of(const std::string& word) {
  if (word == "int8") return quant::Precision::int8;
  if (word == "int16") return quant::Precision::int16;
  if (word == "auto") return quant::Precision::automatic;
  return fail(bad_option("--precision", fmt::format("'{}' is not int8, int16 or auto", word)));
}

Result<quant::QuantizeOptions> quantize_options(const QuantizeFlags& flags) {
  quant::QuantizeOptions options;
  const Result<quant::Precision> precision = precision_of(flags.precision);
  if (!precision) return fail(precision.error());
  options.precision = *precision;
  options.target_sqnr = flags.target_sqnr;
  options.equalize = !flags.no_equalization;
  options.correct_bias = !flags.no_bias_correction;
  if (flags.method != "default") {
    const auto method = quant::range_method_from_name(flags.method);
    if (!method)
      return fail(bad_option("--method", fmt::format("'{}' is not minmax, percentile, mse or entropy", flags.method)));
    options.method = *method;
  }
  return options;
}

}  // namespace

void warn(const std::string& text) {
  std::fputs(("warning: " + text + "\n").c_str(), stderr);
}

void add_model_options(CLI::App& command, ModelOptions& options) {
  command.add_option("model", options.model, "ONNX file (float, or quantised with Q/DQ nodes)")->required();
  command.add_option("--shape", options.shapes, "bind dynamic dimensions: NAME=1x3x224x224 (repeatable)");
  command.add_option(
      "--freeze-batchnorm", options.freeze_batchnorm,
      "pictures or arrays (file or folder) whose statistics freeze batch normalisation in training mode");
  command.add_option("--labels", options.labels, "text file with one class name a line");
  command.add_option("--dump-ir", options.dump_ir, "print the graph after this pass, or after 'all' (repeatable)");
  command.add_option("--disable-pass", options.disable_pass, "leave out this pass (repeatable)");
  add_picture_options(command, options.picture);
}

void add_picture_options(CLI::App& command, PictureOptions& options) {
  const std::string group = "Pictures as input (default: [preprocessing] of the TOML file beside the model)";
  command.add_option("--size", options.size, "HEIGHTxWIDTH of the network's input where it is dynamic")->group(group);
  command.add_option("--resize", options.resize, "nearest, bilinear or bicubic")->group(group);
  command.add_option("--fit", options.fit, "stretch, crop (short side, then centre) or pad (letterbox)")->group(group);
  command.add_option("--channels", options.channels, "rgb, bgr or gray")->group(group);
  command.add_option("--layout", options.layout, "nchw or nhwc")->group(group);
  command.add_option("--mean", options.mean, "subtracted from 0…255: one number, or three")
      ->delimiter(',')
      ->group(group);
  command.add_option("--scale", options.scale, "multiplied afterwards: one number, or three")
      ->delimiter(',')
      ->group(group);
}

void add_quantize_options(CLI::App& command, QuantizeFlags& flags) {
  const std::string group = "Quantisation (models without Q/DQ nodes)";
  command
      .add_option("--calibration", flags.calibration, "pictures or arrays, file or folder, that show typical inputs")
      ->group(group);
  command.add_option("--precision", flags.precision, "int8, int16 or auto: int8, and int16 where a layer needs it")
      ->capture_default_str()
      ->group(group);
  command.add_option("--target-sqnr", flags.target_sqnr, "dB that auto wants at the worst output")
      ->capture_default_str()
      ->group(group);
  command.add_option("--method", flags.method, "activation ranges: minmax, percentile, mse or entropy")
      ->capture_default_str()
      ->group(group);
  command.add_flag("--no-equalization", flags.no_equalization, "leave the channels of neighbouring layers as they are")
      ->group(group);
  command.add_flag("--no-bias-correction", flags.no_bias_correction, "do not correct the mean error of each layer")
      ->group(group);
}

void add_overlay_option(CLI::App& command, std::string& overlay) {
  command.add_option("--overlay", overlay, "name (see `heddle overlays`) or TOML file")->capture_default_str();
}

Result<compiler::Model> load(const ModelOptions& options) {
  Result<std::map<std::string, Shape>> shapes = parse_shapes(options.shapes);
  if (!shapes) return fail(std::move(shapes.error()));
  compiler::LoadOptions load_options;
  load_options.path = options.model;
  load_options.shapes = std::move(*shapes);
  load_options.labels = options.labels;
  load_options.preprocessing = options.preprocessing;
  if (!options.freeze_batchnorm.empty()) load_options.freeze_batchnorm = options.freeze_batchnorm;
  load_options.passes.dump_after = options.dump_ir;
  load_options.passes.disable = options.disable_pass;
  load_options.passes.sink = [](const std::string& text) { std::fputs(text.c_str(), stderr); };
  load_options.adjust_preprocessing = [&options](isa::Preprocessing& p) { return adjust(options.picture, p); };
  return compiler::load_model(load_options);
}

Result<compiler::Quantized> quantize(compiler::Model model, const QuantizeFlags& flags,
                                     const std::vector<compiler::Sample>& given) {
  const Result<quant::QuantizeOptions> options = quantize_options(flags);
  if (!options) return fail(options.error());
  std::vector<compiler::Sample> samples = given;
  if (!model.quantized) {
    if (!flags.calibration.empty()) {
      Result<std::vector<compiler::Sample>> read =
          compiler::read_samples(flags.calibration, compiler::input_specs(model.graph), model.preprocessing);
      if (!read) return fail(std::move(read.error()));
      samples = std::move(*read);
    } else if (!given.empty()) {
      warn("no --calibration data: activation ranges come from the given inputs");
    } else {
      warn("no --calibration data: activation ranges come from seeded noise; expect a poor accuracy");
      samples = compiler::noise_samples(model.graph);
    }
  }
  return compiler::quantize_model(std::move(model), samples, *options);
}

}  // namespace heddle::cli
