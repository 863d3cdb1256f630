// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/command.h"
#include "overlay/overlay.h"

namespace heddle::cli {
namespace {

struct ConvertOptions {
  std::string model, output, inputs, outputs;
};

/// The project's interpreter with tf2onnx if there is one, else whatever `python3` is.
std::string python() {
  const std::filesystem::path project = std::filesystem::path(HEDDLE_SOURCE_DIR) / ".venv/bin/python";
  return std::filesystem::exists(project) ? project.string() : "python3";
}

Result<int> convert(const ConvertOptions& options) {
  if (!std::filesystem::exists(options.model))
    return fail({.code = "file.open", .message = "no such file or directory", .file = options.model});
  std::vector<std::string> words{python(), "-m", "heddle.convert", options.model, "-o", options.output};
  if (!options.inputs.empty()) words.insert(words.end(), {"--inputs", options.inputs});
  if (!options.outputs.empty()) words.insert(words.end(), {"--outputs", options.outputs});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string package = std::string(HEDDLE_SOURCE_DIR) + "/python";
  const pid_t child = fork();
  if (child == 0) {
    setenv("PYTHONPATH", package.c_str(), 1);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  int state = 0;
  if (child < 0 || waitpid(child, &state, 0) != child || !WIFEXITED(state) || WEXITSTATUS(state) == 127)
    return fail({.error_class = ErrorClass::internal, .code = "convert.python", .message = "cannot run " + words[0]});
  return WEXITSTATUS(state);
}

}  // namespace

void add_convert(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<ConvertOptions>();
  CLI::App* command = add_command(
      app, outcome, "convert",
      "TensorFlow frozen graph, SavedModel or Keras file to ONNX (through Python and tf2onnx).", convert, options);
  command->add_option("model", options->model, "frozen graph (.pb), SavedModel directory, .keras or .h5")->required();
  command->add_option("-o,--output", options->output, "ONNX file to write")->required();
  command->add_option("--inputs", options->inputs,
                      "input tensors of a frozen graph, comma separated (default: its placeholders)");
  command->add_option("--outputs", options->outputs,
                      "output tensors of a frozen graph (default: those that nobody reads)");
}

}  // namespace heddle::cli
