// SPDX-License-Identifier: Apache-2.0
#include "compiler/reduce.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/command.h"
#include "cli/model_options.h"
#include "cli/progress.h"
#include "compiler/validate.h"
#include "frontend/onnx.h"
#include "numpy/npy.h"
#include "quant/quantize.h"
#include "runtime/backends.h"

namespace heddle::cli {
namespace {

struct ReduceOptions {
  ModelOptions model;
  std::string overlay = "zcu102", input, output, command;
};

/// A failure is a difference between reference and program, or an error on the way there.
bool program_differs(const compiler::Reproducer& candidate, const overlay::Overlay& overlay) {
  compiler::Model model;
  model.graph = candidate.graph;
  const std::vector<compiler::Sample> samples{{"candidate", candidate.inputs}};
  const Result<compiler::Quantized> quantized =
      compiler::quantize_model(std::move(model), samples, {.precision = quant::Precision::int8});
  if (!quantized) return exit_code(quantized.error()) == 2;
  Result<std::shared_ptr<runtime::Device>> device = runtime::make_device("functional", overlay);
  if (!device) return false;
  const Result<compiler::ValidationReport> report =
      compiler::validate(quantized->float_graph, quantized->deployment, overlay, *device, candidate.inputs);
  return report ? report->first_difference() != nullptr : exit_code(report.error()) == 2;
}

Status save(const compiler::Reproducer& reproducer, const std::string& model_path) {
  if (const Status written = frontend::write_onnx(reproducer.graph, model_path); !written) return written;
  numpy::Arrays arrays;
  for (std::size_t i = 0; i < reproducer.inputs.size(); ++i)
    arrays.emplace_back(reproducer.graph.value(reproducer.graph.inputs[i]).name, reproducer.inputs[i]);
  return numpy::write_npz(arrays, std::filesystem::path(model_path).replace_extension(".npz").string());
}

/// The user's own test: exit code 0 means "still fails". It finds the candidate in $MODEL and $INPUT.
bool command_fails(const compiler::Reproducer& candidate, const std::string& command) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("heddle-reduce-{}", getpid());
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string model = (folder / "candidate.onnx").string();
  if (!save(candidate, model)) return false;
  setenv("MODEL", model.c_str(), 1);
  setenv("INPUT", (folder / "candidate.npz").c_str(), 1);
  const int state = std::system(command.c_str());  // NOLINT: the user's own command line
  std::filesystem::remove_all(folder, error);
  return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

Result<int> reduce_model(const ReduceOptions& options) {
  const Result<overlay::Overlay> overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  Result<compiler::Model> model = load(options.model);
  if (!model) return fail(std::move(model.error()));
  compiler::Reproducer failing{model->graph, {}};
  if (options.input.empty()) {
    failing.inputs = compiler::noise_samples(model->graph).front().tensors;
  } else {
    Result<std::vector<compiler::Sample>> samples =
        compiler::read_samples(options.input, compiler::input_specs(model->graph), model->preprocessing, 1);
    if (!samples) return fail(std::move(samples.error()));
    failing.inputs = samples->front().tensors;
  }
  const compiler::StillFails still_fails = [&](const compiler::Reproducer& candidate) {
    return options.command.empty() ? program_differs(candidate, *overlay) : command_fails(candidate, options.command);
  };
  if (!still_fails(failing))
    return fail({.code = "reduce.passes",
                 .message = "this model does not fail: there is nothing to shrink",
                 .file = options.model.model,
                 .hint = "give the input that fails with --input, or your own test with --command"});
  Progress progress("reducing", static_cast<std::int64_t>(failing.graph.nodes.size()));
  const Result<compiler::Reproducer> small = compiler::reduce(failing, still_fails, [&] { progress.step(); });
  if (!small) return fail(small.error());
  if (const Status written = save(*small, options.output); !written) return fail(written.error());
  fmt::print("{} of {} nodes are left: {}\n", small->graph.nodes.size(), failing.graph.nodes.size(), options.output);
  return 0;
}

}  // namespace

void add_reduce(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<ReduceOptions>();
  CLI::App* command = add_command(app, outcome, "reduce",
                                  "Shrink a model on which program and reference differ to the few nodes that show it; "
                                  "writes them with their input (.npz).",
                                  reduce_model, options);
  add_model_options(*command, options->model);
  add_overlay_option(*command, options->overlay);
  command->add_option("--input", options->input, "the input that fails (default: seeded noise)");
  command->add_option("-o,--output", options->output, "ONNX file to write")->required();
  command->add_option(
      "--command", options->command,
      "another test than `validate`: a shell command that exits with 0 while $MODEL on $INPUT still fails");
}

}  // namespace heddle::cli
