// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>

#include "cli/command.h"
#include "cli/execution.h"
#include "cli/json.h"
#include "cli/model_options.h"
#include "cli/progress.h"
#include "cli/timing.h"
#include "isa/container.h"
#include "numpy/npy.h"
#include "quant/lower.h"

namespace heddle::cli {
namespace {

struct RunOptions {
  ModelOptions model;
  QuantizeFlags quantize;
  std::string overlay = "zcu102", backend = "functional", input, output;
  int threads = 0, top = 5, repeat = 1;
  bool json = false, timing_only = false;
};

/// Everything that running needs, from a model or from a program file.
struct Prepared {
  std::vector<compiler::InputSpec> inputs;
  std::vector<std::string> output_names, labels;
  std::vector<compiler::Sample> samples;
  Execute execute;
  std::shared_ptr<const isa::Program> program;  ///< if it runs on a device
  Json details = Json::object();
};

/// Which operators of the model the overlay computes, and how many MACs.
Json coverage_json(const ir::Deployment& deployment) {
  const quant::Coverage coverage = quant::summarize(deployment);
  std::vector<std::string> operators;
  for (const auto& part : deployment.parts)
    if (const auto* overlay = std::get_if<ir::OverlayPart>(&part))
      for (const int node : overlay->nodes)
        operators.push_back(deployment.graph.nodes[static_cast<std::size_t>(node)].op);
  return {{"overlay_nodes", coverage.overlay_nodes},
          {"host_nodes", coverage.host_nodes},
          {"overlay_macs", coverage.overlay_macs},
          {"macs", coverage.macs},
          {"overlay_ops", operators}};
}

Result<Prepared> prepare_model(const RunOptions& options) {
  Result<compiler::Model> model = load(options.model);
  if (!model) return fail(std::move(model.error()));
  Prepared prepared;
  prepared.inputs = compiler::input_specs(model->graph);
  for (const ir::ValueId id : model->graph.outputs) prepared.output_names.push_back(model->graph.value(id).name);
  prepared.labels = model->labels;
  Result<std::vector<compiler::Sample>> samples =
      compiler::read_samples(options.input, prepared.inputs, model->preprocessing);
  if (!samples) return fail(std::move(samples.error()));
  prepared.samples = std::move(*samples);
  if (options.backend == "float" && !model->quantized) {
    prepared.execute = execute_float(std::move(model->graph));
    return prepared;
  }
  Result<compiler::Quantized> quantized = quantize(std::move(*model), options.quantize, prepared.samples);
  if (!quantized) return fail(std::move(quantized.error()));
  prepared.details = coverage_json(quantized->deployment);
  if (options.backend == "float") {
    prepared.execute = execute_float(std::move(quantized->float_graph));
    return prepared;
  }
  if (options.backend == "reference") {
    prepared.execute = execute_reference(std::move(quantized->deployment));
    return prepared;
  }
  const Result<overlay::Overlay> overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  Result<compiler::Built> built = compiler::compile_model(*quantized, *overlay);
  if (!built) return fail(std::move(built.error()));
  prepared.program = std::make_shared<const isa::Program>(std::move(built->program));
  Result<Execute> execute = execute_program(prepared.program, options.backend, options.threads);
  if (!execute) return fail(std::move(execute.error()));
  prepared.execute = std::move(*execute);
  return prepared;
}

Result<Prepared> prepare_program(const RunOptions& options) {
  if (options.backend == "float" || options.backend == "reference")
    return fail({.code = "usage.backend",
                 .message = "a program file runs on devices only",
                 .field = "--backend",
                 .hint = "give the model instead of the program"});
  Result<isa::Program> read = isa::read_program(options.model.model);
  if (!read) return fail(std::move(read.error()));
  auto program = std::make_shared<const isa::Program>(std::move(*read));
  Prepared prepared;
  prepared.program = program;
  for (const std::string& name : program->inputs)
    for (const isa::ProgramTensor& tensor : program->tensors)
      if (tensor.name == name) prepared.inputs.push_back({name, tensor.type, tensor.shape});
  prepared.output_names = program->outputs;
  prepared.labels = program->labels;
  Result<std::vector<compiler::Sample>> samples =
      compiler::read_samples(options.input, prepared.inputs, program->preprocessing.value_or(isa::Preprocessing{}));
  if (!samples) return fail(std::move(samples.error()));
  prepared.samples = std::move(*samples);
  Result<Execute> execute = execute_program(program, options.backend, options.threads);
  if (!execute) return fail(std::move(execute.error()));
  prepared.execute = std::move(*execute);
  return prepared;
}

/// The classes with the highest scores of a vector of f32 (any shape with one axis longer than 1).
Json top_classes(const Tensor& tensor, std::size_t count, const std::vector<std::string>& labels) {
  const std::span<const float> scores = tensor.data<float>();
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  count = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  Json rows = Json::array();
  for (std::size_t i = 0; i < count; ++i)
    rows.push_back({{"class", order[i]},
                    {"label", order[i] < labels.size() ? labels[order[i]] : ""},
                    {"score", scores[order[i]]}});
  return rows;
}

bool is_vector_of_scores(const Tensor& tensor) {
  return tensor.type() == DataType::f32 && tensor.size() > 1 &&
         std::count_if(tensor.shape().begin(), tensor.shape().end(), [](std::int64_t d) { return d > 1; }) == 1;
}

Json summary(const Prepared& prepared, const compiler::Sample& sample, const std::vector<Tensor>& outputs, int top) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Json row{{"name", prepared.output_names[i]}, {"type", name(outputs[i].type())}, {"shape", outputs[i].shape()}};
    if (is_vector_of_scores(outputs[i]))
      row["top"] = top_classes(outputs[i], static_cast<std::size_t>(top), prepared.labels);
    rows.push_back(std::move(row));
  }
  return {{"input", sample.file}, {"outputs", std::move(rows)}};
}

void print_summary(const Json& row) {
  fmt::print("{}\n", row["input"].get<std::string>());
  for (const Json& output : row["outputs"]) {
    fmt::print("  {} {} {}\n", output["name"].get<std::string>(), output["type"].get<std::string>(),
               output["shape"].dump());
    if (!output.contains("top")) continue;
    for (const Json& c : output["top"])
      fmt::print("    {:>6} {:<30} {:.4f}\n", c["class"].get<std::size_t>(), c["label"].get<std::string>(),
                 c["score"].get<float>());
  }
}

/// One input: the file named. Several: a folder with one file per input, named after it.
Status write_outputs(const RunOptions& options, const Prepared& prepared, const compiler::Sample& sample,
                     const std::vector<Tensor>& outputs) {
  namespace fs = std::filesystem;
  if (options.output.empty()) return {};
  std::string path = options.output;
  if (prepared.samples.size() > 1) {
    std::error_code error;
    fs::create_directories(path, error);
    path = (fs::path(path) / fs::path(sample.file).stem()).string() + ".npz";
  }
  if (path.ends_with(".npy")) {
    if (outputs.size() != 1)
      return fail({.code = "usage.output",
                   .message = fmt::format("the model has {} outputs", outputs.size()),
                   .field = "--output",
                   .hint = "write an .npz file"});
    return numpy::write_npy(outputs[0], path);
  }
  if (!path.ends_with(".npz"))
    return fail({.code = "usage.output", .message = "outputs are written as .npz or .npy", .field = "--output"});
  numpy::Arrays arrays;
  for (std::size_t i = 0; i < outputs.size(); ++i) arrays.emplace_back(prepared.output_names[i], outputs[i]);
  return numpy::write_npz(arrays, path);
}

/// Median seconds of `repeat` runs of the first sample.
Result<double> time_runs(const Prepared& prepared, int repeat) {
  std::vector<double> seconds;
  for (int i = 0; i < repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Result<std::vector<Tensor>> outputs = prepared.execute(prepared.samples.front().tensors);
    if (!outputs) return fail(outputs.error());
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + repeat / 2, seconds.end());
  return seconds[static_cast<std::size_t>(repeat / 2)];
}

/// The program of a model or of a program file, for its timing alone.
Result<isa::Program> program_of(const RunOptions& options) {
  if (!options.model.model.ends_with(".onnx")) return isa::read_program(options.model.model);
  Result<compiler::Model> model = load(options.model);
  if (!model) return fail(std::move(model.error()));
  const Result<compiler::Quantized> quantized = quantize(std::move(*model), options.quantize, {});
  if (!quantized) return fail(quantized.error());
  const Result<overlay::Overlay> overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  Result<compiler::Built> built = compiler::compile_model(*quantized, *overlay);
  if (!built) return fail(std::move(built.error()));
  return std::move(built->program);
}

Result<int> run_timing(const RunOptions& options) {
  const Result<isa::Program> program = program_of(options);
  if (!program) return fail(program.error());
  const Result<Json> timing = timing_json(*program);
  if (!timing) return fail(timing.error());
  if (options.json)
    print_json(*timing);
  else
    print_timing(*timing);
  return 0;
}

Result<int> run(const RunOptions& options) {
  if (options.timing_only) return run_timing(options);
  if (options.input.empty())
    return fail({.code = "usage.input",
                 .message = "there is nothing to run on",
                 .field = "--input",
                 .hint = "give --input, or --timing-only"});
  Result<Prepared> prepared =
      options.model.model.ends_with(".onnx") ? prepare_model(options) : prepare_program(options);
  if (!prepared) return fail(std::move(prepared.error()));
  Json rows = Json::array();
  Progress progress("running", static_cast<std::int64_t>(prepared->samples.size()));
  for (const compiler::Sample& sample : prepared->samples) {
    const Result<std::vector<Tensor>> outputs = prepared->execute(sample.tensors);
    if (!outputs) return fail(outputs.error());
    if (const Status written = write_outputs(options, *prepared, sample, *outputs); !written)
      return fail(written.error());
    rows.push_back(summary(*prepared, sample, *outputs, options.top));
    progress.step();
  }
  Json result = std::move(prepared->details);
  result["backend"] = options.backend;
  if (options.repeat > 1) {
    const Result<double> seconds = time_runs(*prepared, options.repeat);
    if (!seconds) return fail(seconds.error());
    result["median_seconds"] = *seconds;
  }
  result["results"] = rows;
  if (options.backend == "cycle" && prepared->program) {
    Result<Json> timing = timing_json(*prepared->program);
    if (!timing) return fail(std::move(timing.error()));
    result["timing"] = std::move(*timing);
  }
  if (options.json) {
    print_json(result);
    return 0;
  }
  for (const Json& row : rows) print_summary(row);
  if (result.contains("timing")) print_timing(result["timing"]);
  if (options.repeat > 1)
    fmt::print("median of {} runs: {:.3f} ms\n", options.repeat, result["median_seconds"].get<double>() * 1e3);
  return 0;
}

}  // namespace

void add_run(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = add_command(app, outcome, "run", "Execute a model (.onnx) or a compiled program.", run, options);
  add_model_options(*command, options->model);
  add_quantize_options(*command, options->quantize);
  add_overlay_option(*command, options->overlay);
  command->add_option("--input", options->input, ".npz keyed by input name, .npy, picture, or a folder of these");
  command->add_option("--output", options->output, ".npz or .npy file; a folder when there are several inputs");
  command->add_option("--backend", options->backend, "float, reference (integers), functional, cycle, rtl or xrt")
      ->capture_default_str();
  command->add_flag("--timing-only", options->timing_only,
                    "cycles by the cycle machine, without data: no --input, no outputs");
  command->add_option("--threads", options->threads, "threads of the functional machine; 0: all cores")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  command->add_option("--top", options->top, "classes to print of a vector of scores")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command->add_option("--repeat", options->repeat, "time this many further runs of the first input")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command->add_flag("--json", options->json, "print JSON");
}

}  // namespace heddle::cli
