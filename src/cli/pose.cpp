// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/command.h"
#include "cli/execution.h"
#include "cli/json.h"
#include "cli/model_options.h"
#include "cli/people.h"
#include "cli/program_report.h"
#include "cli/progress.h"
#include "isa/container.h"
#include "pose/render.h"

namespace heddle::cli {
namespace {

namespace fs = std::filesystem;

struct PoseOptions {
  ModelOptions model;
  QuantizeFlags quantize;
  std::vector<std::string> pictures;
  std::string overlay = "zcu102", backend = "functional", output;
  int threads = 0;
  bool json = false, boards = false;
};

/// The project's own network, beside the source tree.
std::string demo_model() {
  return (fs::path(HEDDLE_SOURCE_DIR) / "models/demo_pose.onnx").string();
}

Result<std::vector<std::string>> list_pictures(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  std::error_code error;
  for (const std::string& path : paths) {
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const std::size_t before = files.size();
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error))
      if (image::is_image_path(entry.path().string())) files.push_back(entry.path().string());
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
    if (files.size() == before)
      return fail({.code = "pose.folder", .message = "holds no .png, .jpg or .bmp file", .file = path});
  }
  return files;
}

/// Where the drawn picture goes: the named file for one picture, else a file of the same name in the named folder.
std::string drawing_path(const PoseOptions& options, const std::string& picture, bool single) {
  if (single && image::is_image_path(options.output)) return options.output;
  std::error_code error;
  fs::create_directories(options.output, error);
  return (fs::path(options.output) / fs::path(picture).stem()).string() + ".png";
}

Status write_text(const std::string& text, const std::string& path) {
  std::ofstream file(path);
  file << text << '\n';
  file.close();
  if (!file) return fail({.code = "file.write", .message = "cannot write", .file = path});
  return {};
}

/// What the same network would take on every known overlay.
Status print_boards(const compiler::Quantized& quantized) {
  fmt::print("\n{:<14} {:<10} {:>10} {:>12} {:>13}   (estimates, closed form)\n", "overlay", "device", "ms", "frames/s",
             "utilisation");
  for (const overlay::Overlay& overlay : overlay::all_overlays()) {
    const Result<compiler::Built> built = compiler::compile_model(quantized, overlay);
    if (!built) {
      fmt::print("{:<14} {:<10} does not fit: {}\n", overlay.name, overlay.device, built.error().front().message);
      continue;
    }
    const ProgramTotals sum = totals(built->program);
    const double ms = sum.milliseconds(overlay);
    fmt::print("{:<14} {:<10} {:>10.3f} {:>12.0f} {:>12.1f}%\n", overlay.name, overlay.device, ms, 1e3 / ms,
               100 * sum.utilisation(overlay));
  }
  return {};
}

/// The network, quantised on the given pictures unless --calibration says otherwise.
Result<compiler::Quantized> prepare(const PoseOptions& options, const std::vector<std::string>& files) {
  Result<compiler::Model> model = load(options.model);
  if (!model) return fail(std::move(model.error()));
  std::vector<compiler::Sample> samples;
  if (!model->quantized && options.quantize.calibration.empty())
    for (const std::string& file : files) {
      Result<std::vector<compiler::Sample>> read =
          compiler::read_samples(file, compiler::input_specs(model->graph), model->preprocessing);
      if (!read) return fail(std::move(read.error()));
      samples.push_back(std::move(read->front()));
    }
  return quantize(std::move(*model), options.quantize, samples);
}

Result<int> find_people(const PoseOptions& given) {
  PoseOptions options = given;
  if (options.model.model.empty()) options.model.model = demo_model();
  const Result<std::vector<std::string>> files = list_pictures(options.pictures);
  if (!files) return fail(files.error());
  const Result<overlay::Overlay> overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  const Result<compiler::Quantized> quantized = prepare(options, *files);
  if (!quantized) return fail(quantized.error());
  Result<compiler::Built> built = compiler::compile_model(*quantized, *overlay);
  if (!built) return fail(built.error());
  const auto program = std::make_shared<const isa::Program>(std::move(built->program));
  const Result<Execute> execute = execute_program(program, options.backend, options.threads);
  if (!execute) return fail(execute.error());

  Json all = Json::array();
  Progress progress("finding people", static_cast<std::int64_t>(files->size()));
  for (const std::string& file : *files) {
    const Result<image::Image> picture = image::read(file);
    if (!picture) return fail(picture.error());
    const Result<std::vector<compiler::Sample>> sample = compiler::read_samples(
        file, compiler::input_specs(quantized->deployment.graph), quantized->model.preprocessing);
    if (!sample) return fail(sample.error());
    const Result<std::vector<Tensor>> outputs = (*execute)(sample->front().tensors);
    if (!outputs) return fail(outputs.error());
    const Result<std::vector<pose::Person>> people = decode_output(outputs->front());
    if (!people) return fail(people.error());
    Json row{{"picture", file}, {"people", people_json(*people)}};
    std::string drawing;
    if (!options.output.empty()) {
      drawing = drawing_path(options, file, files->size() == 1);
      if (const Status written = image::write(pose::draw(*picture, *people), drawing); !written)
        return fail(written.error());
      const std::string joints = fs::path(drawing).replace_extension(".json").string();
      if (const Status written = write_text(row.dump(2), joints); !written) return fail(written.error());
    }
    if (!options.json)
      fmt::print("{}: {} {}{}\n", file, people->size(), people->size() == 1 ? "person" : "people",
                 drawing.empty() ? "" : " -> " + drawing);
    all.push_back(std::move(row));
    progress.step();
  }
  if (options.json) print_json(all);
  if (options.boards)
    if (const Status printed = print_boards(*quantized); !printed) return fail(printed.error());
  return 0;
}

}  // namespace

void add_pose(CLI::App& app, Outcome& outcome) {
  auto options = std::make_shared<PoseOptions>();
  // As the published OpenPose networks were trained.
  options->model.preprocessing.channels = "bgr";
  options->model.preprocessing.resize = "bicubic";
  CLI::App* command = add_command(app, outcome, "pose", "Find people and their joints in pictures, and draw them.",
                                  find_people, options);
  command->add_option("pictures", options->pictures, "pictures, or folders of them")->required();
  command->add_option("-o,--output", options->output,
                      "picture to write (one input), or folder for pictures and joints as JSON");
  command->add_option("--model", options->model.model,
                      "OpenPose network with 57 output maps (default: the demo model)");
  command->add_option("--shape", options->model.shapes, "bind dynamic dimensions: NAME=1x3x384x384");
  command->add_option("--freeze-batchnorm", options->model.freeze_batchnorm,
                      "pictures whose statistics freeze batch normalisation in training mode");
  add_picture_options(*command, options->model.picture);
  add_quantize_options(*command, options->quantize);
  add_overlay_option(*command, options->overlay);
  command->add_option("--backend", options->backend, "device that runs the program")->capture_default_str();
  command->add_option("--threads", options->threads, "threads of the functional machine; 0: all cores")
      ->capture_default_str();
  command->add_flag("--boards", options->boards, "also print what the network would take on every known overlay");
  command->add_flag("--json", options->json, "print JSON");
}

}  // namespace heddle::cli
