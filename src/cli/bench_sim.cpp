// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "cli/bench.h"
#include "cli/execution.h"
#include "cli/json.h"
#include "cli/program_report.h"
#include "isa/container.h"

namespace heddle::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A network of the speed table.
struct Case {
  const char* name;
  const char* options;  ///< further words for tests.zoo.build
  double slower;        ///< goal: at most this many times ONNX Runtime's latency (0: not timed)
  double compile;       ///< goal: seconds to compile (0: not timed)
};
constexpr Case kCases[] = {{"resnet50", "", 2.0, 2.0},
                           {"mobilenetv2", "", 3.0, 2.0},
                           {"openpose_v2", "", 3.0, 2.0},
                           {"inception_v4", "", 0, 10.0}};

/// The QDQ model of ONNX Runtime's own quantize_static, made once.
Result<std::string> qdq_model(const Case& network) {
  const std::string path = fmt::format("{}/{}_qdq.onnx", bench_folder(), network.name);
  if (fs::exists(path)) return path;
  Result<std::string> built = run_python({"-m", "tests.zoo.build", network.name, "--qdq", "--out", path});
  if (!built) return built;
  return path;
}

Result<double> onnxruntime_seconds(const std::string& model, int threads) {
  Result<std::string> text = run_python({"bench/onnxruntime_latency.py", model, "--threads", std::to_string(threads)});
  if (!text) return fail(std::move(text.error()));
  const Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded())
    return fail(Diagnostic{.code = "bench.python", .message = "no JSON from ONNX Runtime's side"});
  return json["median_seconds"].get<double>();
}

struct Compiled {
  compiler::Model model;
  std::shared_ptr<const isa::Program> program;
  double seconds = 0;  ///< from the ONNX file to the program file, one thread
};

/// With the pre-processing of the published pose networks; the others are measured on noise.
Result<compiler::Model> load_bench_model(const std::string& path) {
  compiler::LoadOptions load;
  load.path = path;
  load.preprocessing.channels = "bgr";
  load.preprocessing.resize = "bicubic";
  return compiler::load_model(load);
}

Result<Compiled> compile_file(const std::string& path, const overlay::Overlay& overlay,
                              const std::vector<compiler::Sample>& samples = {}) {
  const tbb::global_control one_thread(tbb::global_control::max_allowed_parallelism, 1);
  const Clock::time_point start = Clock::now();
  Result<compiler::Model> model = load_bench_model(path);
  if (!model) return fail(std::move(model.error()));
  Compiled compiled{*model, nullptr, 0};
  Result<compiler::Quantized> quantized = compiler::quantize_model(std::move(*model), samples, {});
  if (!quantized) return fail(std::move(quantized.error()));
  Result<compiler::Built> built = compiler::compile_model(*quantized, overlay);
  if (!built) return fail(std::move(built.error()));
  compiled.program = std::make_shared<const isa::Program>(std::move(built->program));
  if (const Status written = isa::write_program(*compiled.program, bench_folder() + "/program.heddle"); !written)
    return fail(written.error());
  compiled.seconds = seconds_since(start);
  return compiled;
}

Result<double> heddle_seconds(const Compiled& compiled, int threads) {
  const Result<Execute> execute = execute_program(compiled.program, "functional", threads);
  if (!execute) return fail(execute.error());
  const std::vector<Tensor> inputs = compiler::noise_samples(compiled.model.graph).front().tensors;
  std::vector<double> times;
  for (int run = 0; run < 12; ++run) {
    const Clock::time_point start = Clock::now();
    const Result<std::vector<Tensor>> outputs = (*execute)(inputs);
    if (!outputs) return fail(outputs.error());
    if (run >= 2) times.push_back(seconds_since(start));
  }
  std::nth_element(times.begin(), times.begin() + 5, times.end());
  return times[5];
}

/// Three rounds in turn, because the machine's speed drifts; the median of the ratios counts.
Status add_speed_rows(const std::string& name, const std::string& model, const Compiled& compiled, double goal,
                      std::vector<BenchRow>& rows) {
  for (const int threads : {1, 2}) {
    std::vector<double> ratios, ours, theirs;
    for (int round = 0; round < 3; ++round) {
      const Result<double> there = onnxruntime_seconds(model, threads);
      if (!there) return fail(there.error());
      const Result<double> here = heddle_seconds(compiled, threads);
      if (!here) return fail(here.error());
      ours.push_back(*here);
      theirs.push_back(*there);
      ratios.push_back(*here / *there);
    }
    for (std::vector<double>* list : {&ratios, &ours, &theirs}) std::sort(list->begin(), list->end());
    rows.push_back(
        {fmt::format("{}-latency-ratio-{}t", name, threads), "times", 1.0, goal, false, ratios[1], "wall clock"});
    rows.push_back(
        {fmt::format("{}-latency-{}t", name, threads), "ms", theirs[1] * 1e3, {}, false, ours[1] * 1e3, "wall clock"});
  }
  return {};
}

Status add_case(const Case& network, const overlay::Overlay& overlay, std::vector<BenchRow>& rows) {
  const Result<std::string> path = qdq_model(network);
  if (!path) return fail(path.error());
  const Result<Compiled> compiled = compile_file(*path, overlay);
  if (!compiled) return fail(compiled.error());
  rows.push_back(
      {fmt::format("{}-compile-time", network.name), "s", {}, network.compile, false, compiled->seconds, "wall clock"});
  const ProgramTotals sum = totals(*compiled->program);
  const double share =
      static_cast<double>(sum.instructions * isa::kInstructionBytes) / static_cast<double>(sum.constant_bytes);
  rows.push_back({fmt::format("{}-program-size", network.name),
                  "share",
                  {},
                  std::string(network.name) == "resnet50" ? std::optional(0.05) : std::nullopt,
                  false,
                  share,
                  "functional"});
  if (network.slower == 0) return {};
  return add_speed_rows(network.name, *path, *compiled, network.slower, rows);
}

/// The real pose network at mixed precision against ONNX Runtime on its int8 form.
Status add_pose(const std::string& model, const BenchOptions& options, const overlay::Overlay& overlay,
                std::vector<BenchRow>& rows) {
  const std::string name = fs::path(model).stem().string(), qdq = fmt::format("{}/{}_qdq.onnx", bench_folder(), name);
  if (!fs::exists(qdq))
    if (const Result<std::string> made = run_python({"-m", "tests.zoo.qdq", model, qdq}); !made)
      return fail(made.error());
  const Result<compiler::Model> loaded = load_bench_model(model);
  if (!loaded) return fail(loaded.error());
  const Result<std::vector<compiler::Sample>> samples =
      compiler::read_samples(options.images, compiler::input_specs(loaded->graph), loaded->preprocessing);
  if (!samples) return fail(samples.error());
  const Result<Compiled> compiled = compile_file(model, overlay, *samples);
  if (!compiled) return fail(compiled.error());
  return add_speed_rows(name + "-mixed", qdq, *compiled, 5.0, rows);
}

}  // namespace

BenchTable bench_sim(const BenchOptions& options) {
  const Result<overlay::Overlay> overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  std::vector<BenchRow> rows;
  for (const Case& network : kCases)
    if (const Status added = add_case(network, *overlay, rows); !added) return fail(added.error());
  for (const std::string& model : options.pose_models)
    if (const Status added = add_pose(model, options, *overlay, rows); !added) return fail(added.error());
  return rows;
}

}  // namespace heddle::cli
