// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/driver.h"
#include "compiler/samples.h"

/// Options that several commands share: which model, how pictures become its input, how it is quantised.
namespace heddle::cli {

struct PictureOptions {
  std::string size, resize, fit, channels, layout;
  std::vector<float> mean, scale;
};

struct QuantizeFlags {
  std::string precision = "auto", method = "default", calibration;
  double target_sqnr = 20;
  bool no_equalization = false, no_bias_correction = false;
};

struct ModelOptions {
  std::string model;
  std::vector<std::string> shapes, dump_ir, disable_pass;
  std::string freeze_batchnorm, labels;
  PictureOptions picture;
  isa::Preprocessing preprocessing;  ///< where neither a file nor an option says otherwise
};

void add_model_options(CLI::App& command, ModelOptions& options);
void add_picture_options(CLI::App& command, PictureOptions& options);
void add_quantize_options(CLI::App& command, QuantizeFlags& flags);
void add_overlay_option(CLI::App& command, std::string& overlay);

/// Reads the model and runs the passes, as the options say. `calibration` is only needed to freeze batch normalisation
/// when `--freeze-batchnorm` is absent.
[[nodiscard]] Result<compiler::Model> load(const ModelOptions& options);

/// Quantises the model unless it came quantised. Samples: `--calibration` if given, else `given` (the inputs of this
/// very run), else seeded noise; the last two with a warning on standard error.
[[nodiscard]] Result<compiler::Quantized> quantize(compiler::Model model, const QuantizeFlags& flags,
                                                   const std::vector<compiler::Sample>& given);

/// A warning on standard error.
void warn(const std::string& text);

}  // namespace heddle::cli
