// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_cosim.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <filesystem>

#include "cli/execution.h"
#include "compiler/driver.h"
#include "isa/container.h"
#include "runtime/cycle_device.h"
#include "runtime/functional_device.h"
#include "runtime/job_device.h"
#include "runtime/session.h"

namespace heddle::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kMiddle = "kv260";  ///< an overlay of 1,792 MACs: pose networks, speed of the simulation

/// Passes runs on to the Verilated overlay and adds up their cycles.
class CountingExecutor final : public runtime::Executor {
 public:
  CountingExecutor(std::unique_ptr<Executor> executor, std::shared_ptr<std::uint64_t> cycles)
      : executor_(std::move(executor)), cycles_(std::move(cycles)) {}

  Result<std::shared_ptr<const Prepared>> prepare(const isa::OverlaySegment& segment) override {
    return executor_->prepare(segment);
  }
  Result<runtime::Completion> execute(const isa::OverlaySegment& segment, const Prepared& prepared,
                                      const Memory& memory) override {
    auto completion = executor_->execute(segment, prepared, memory);
    if (completion) *cycles_ += completion->counters.at("cycles");
    return completion;
  }

 private:
  std::unique_ptr<Executor> executor_;
  std::shared_ptr<std::uint64_t> cycles_;
};

struct Run {
  std::vector<Tensor> outputs;
  std::uint64_t cycles = 0;
  double seconds = 0;
};

Result<Run> run_on(std::shared_ptr<runtime::Device> device, const std::shared_ptr<const isa::Program>& program,
                   const std::vector<Tensor>& inputs) {
  Result<runtime::Session> session = runtime::Session::create(program, std::move(device));
  if (!session) return fail(std::move(session.error()));
  const Clock::time_point start = Clock::now();
  Result<std::vector<Tensor>> outputs = session->run(inputs);
  if (!outputs) return fail(std::move(outputs.error()));
  return Run{.outputs = std::move(*outputs), .seconds = std::chrono::duration<double>(Clock::now() - start).count()};
}

Result<Run> run_in_rtl(const overlay::Overlay& overlay, const std::shared_ptr<const isa::Program>& program,
                       const std::vector<Tensor>& inputs) {
  auto executor = cosim::make_rtl_executor(overlay, cosim::rtl_options(overlay));
  if (!executor) return fail(std::move(executor.error()));
  const auto cycles = std::make_shared<std::uint64_t>(0);
  auto device = runtime::make_job_device(overlay, {.backend = "rtl"},
                                         std::make_unique<CountingExecutor>(std::move(*executor), cycles));
  Result<Run> run = run_on(std::move(device), program, inputs);
  if (run) run->cycles = *cycles;
  return run;
}

/// Elements whose bits are not the same.
double differing(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::span<const std::byte> x = a[i].bytes(), y = b[i].bytes();
    const std::size_t element = static_cast<std::size_t>(bits(a[i].type()) / 8);
    for (std::size_t at = 0; at + element <= x.size(); at += element)
      if (!std::equal(x.begin() + static_cast<std::ptrdiff_t>(at),
                      x.begin() + static_cast<std::ptrdiff_t>(at + element),
                      y.begin() + static_cast<std::ptrdiff_t>(at)))
        ++count;
  }
  return count;
}

/// Cycles of all overlay segments by the cycle machine.
Result<std::uint64_t> count_cycles(const isa::Program& program, const overlay::Overlay& overlay) {
  std::uint64_t cycles = 0;
  for (const isa::Segment& segment : program.segments)
    if (const auto* streams = std::get_if<isa::OverlaySegment>(&segment)) {
      const auto timed = runtime::time_segment(*streams, overlay);
      if (!timed) return fail(timed.error());
      cycles += sim::cycle::simulate(*timed).cycles;
    }
  return cycles;
}

struct Network {
  std::shared_ptr<const isa::Program> program;
  std::vector<Tensor> inputs;
};

Result<Network> compile_network(const std::string& path, const std::string& pictures, const overlay::Overlay& overlay) {
  compiler::LoadOptions load;
  load.path = path;
  Result<compiler::Model> model = compiler::load_model(load);
  if (!model) return fail(std::move(model.error()));
  Result<std::vector<compiler::Sample>> samples = compiler::noise_samples(model->graph);
  if (!pictures.empty())
    samples = compiler::read_samples(pictures, compiler::input_specs(model->graph), model->preprocessing);
  if (!samples) return fail(std::move(samples.error()));
  const std::vector<Tensor> inputs = samples->front().tensors;
  const Result<compiler::Quantized> quantized = compiler::quantize_model(std::move(*model), *samples, {});
  if (!quantized) return fail(quantized.error());
  Result<compiler::Built> built = compiler::compile_model(*quantized, overlay);
  if (!built) return fail(std::move(built.error()));
  return Network{std::make_shared<const isa::Program>(std::move(built->program)), inputs};
}

/// A published network with seeded weights, quantised by ONNX Runtime; made once.
Result<std::string> zoo_model(const std::string& name) {
  const std::string path = fmt::format("{}/{}_qdq.onnx", bench_folder(), name);
  if (fs::exists(path)) return path;
  Result<std::string> built = run_python({"-m", "tests.zoo.build", name, "--qdq", "--out", path});
  if (!built) return built;
  return path;
}

Status add_zoo_rows(const BenchOptions& options, std::vector<BenchRow>& rows) {
  const Result<overlay::Overlay> overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  for (const char* name : {"mobilenetv2", "resnet50"}) {
    const Result<std::string> path = zoo_model(name);
    if (!path) return fail(path.error());
    if (const Status added = add_network_rows(name, *path, "", *overlay, rows); !added) return added;
  }
  return {};
}

}  // namespace

Result<BenchModel> open_bench_model(const std::string& overlay) {
  Result<overlay::Overlay> found = overlay::find_overlay(overlay);
  if (!found) return fail(std::move(found.error()));
  cosim::RtlOptions options = cosim::rtl_options(*found);
  options.notice = [](const std::string& text) { fmt::print(stderr, "{}\n", text); };
  Result<cosim::ModelLibrary> library = cosim::open_model(*found, options);
  if (!library) return fail(std::move(library.error()));
  return BenchModel{std::move(*found), std::move(*library)};
}

Status add_network_rows(const std::string& name, const std::string& model, const std::string& pictures,
                        const overlay::Overlay& overlay, std::vector<BenchRow>& rows) {
  const Result<Network> network = compile_network(model, pictures, overlay);
  if (!network) return fail(network.error());
  const Result<Run> expected = run_on(runtime::make_functional_device(overlay), network->program, network->inputs);
  if (!expected) return fail(expected.error());
  const Result<Run> actual = run_in_rtl(overlay, network->program, network->inputs);
  if (!actual) return fail(actual.error());
  const std::string id = fmt::format("{}-{}", name, overlay.name);
  rows.push_back({id + "-differing", "values", 0, 0, false, differing(actual->outputs, expected->outputs), "rtl"});
  rows.push_back({id + "-cycles", "cycles", {}, {}, false, static_cast<double>(actual->cycles), "rtl"});
  const Result<std::uint64_t> counted = count_cycles(*network->program, overlay);
  if (!counted) return fail(counted.error());
  const double apart = 100 * (static_cast<double>(*counted) / static_cast<double>(actual->cycles) - 1);
  rows.push_back({id + "-cycle-machine", "% off RTL", {}, 2, false, std::abs(apart), "cycle"});
  rows.push_back({id + "-time", "s", {}, {}, false, actual->seconds, "wall clock"});
  return {};
}

BenchTable bench_cosim(const BenchOptions& options) {
  std::vector<BenchRow> rows;
  const Result<BenchModel> middle = open_bench_model(kMiddle);
  if (!middle) return fail(middle.error());
  if (const Status added = add_rtl_speed_rows(*middle, rows); !added) return fail(added.error());
  if (const Status added = add_layer_rows(*middle, rows); !added) return fail(added.error());
  const fs::path source = HEDDLE_SOURCE_DIR;
  const std::string demo =
      options.demo_model.empty() ? (source / "models/demo_pose.onnx").string() : options.demo_model;
  if (const Status added =
          add_network_rows("demo-pose", demo, (source / "models/pictures").string(), middle->overlay, rows);
      !added)
    return fail(added.error());
  for (const std::string& pose : options.pose_models)
    if (const Status added =
            add_network_rows(fs::path(pose).stem().string(), pose, options.images, middle->overlay, rows);
        !added)
      return fail(added.error());
  if (!options.full) return rows;
  const Result<BenchModel> large = open_bench_model(options.overlay);
  if (!large) return fail(large.error());
  if (const Status added = add_layer_rows(*large, rows); !added) return fail(added.error());
  if (const Status added = add_zoo_rows(options, rows); !added) return fail(added.error());
  return rows;
}

}  // namespace heddle::cli
