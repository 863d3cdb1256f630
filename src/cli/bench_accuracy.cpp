// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/bench.h"
#include "cli/execution.h"
#include "cli/json.h"
#include "cli/people.h"
#include "cli/progress.h"
#include "pose/metrics.h"
#include "quant/lower.h"

namespace heddle::cli {
namespace {

namespace fs = std::filesystem;

using People = std::vector<pose::Person>;

/// A pose network with float results for all samples.
struct PoseCase {
  compiler::Model model;
  std::vector<compiler::Sample> samples;
  std::vector<Tensor> maps;    ///< float output per sample
  std::vector<People> people;  ///< decoded from it
  std::int64_t height = 0, width = 0;
};

Result<PoseCase> prepare(const std::string& path, const std::string& images) {
  compiler::LoadOptions load;
  load.path = path;
  load.preprocessing.channels = "bgr";
  load.preprocessing.resize = "bicubic";
  Result<compiler::Model> model = compiler::load_model(load);
  if (!model) return fail(std::move(model.error()));
  PoseCase pose{std::move(*model), {}, {}, {}, 0, 0};
  const std::vector<compiler::InputSpec> inputs = compiler::input_specs(pose.model.graph);
  Result<std::vector<compiler::Sample>> samples = compiler::read_samples(images, inputs, pose.model.preprocessing);
  if (!samples) return fail(std::move(samples.error()));
  pose.samples = std::move(*samples);
  pose.height = inputs.front().shape.at(2);
  pose.width = inputs.front().shape.at(3);
  const Execute execute = execute_float(pose.model.graph);
  for (const compiler::Sample& sample : pose.samples) {
    Result<std::vector<Tensor>> outputs = execute(sample.tensors);
    if (!outputs) return fail(std::move(outputs.error()));
    Result<People> people = decode_output(outputs->front());
    if (!people) return fail(std::move(people.error()));
    pose.maps.push_back(outputs->front());
    pose.people.push_back(std::move(*people));
  }
  return pose;
}

struct Quality {
  double sqnr = 0;        ///< mean over the samples, dB
  double wide_share = 0;  ///< MACs with a 16-bit operand
  std::vector<People> people;
};

/// Runs the program of the quantised model over all samples.
Result<Quality> measure(const PoseCase& pose, const std::vector<compiler::Sample>& calibration,
                        const quant::QuantizeOptions& options, const overlay::Overlay& overlay) {
  const Result<compiler::Quantized> quantized = compiler::quantize_model(pose.model, calibration, options);
  if (!quantized) return fail(quantized.error());
  Result<compiler::Built> built = compiler::compile_model(*quantized, overlay);
  if (!built) return fail(std::move(built.error()));
  const Result<Execute> execute =
      execute_program(std::make_shared<const isa::Program>(std::move(built->program)), "functional", 0);
  if (!execute) return fail(execute.error());
  Quality quality;
  quality.wide_share = quant::summarize(quantized->deployment).wide_share();
  Progress progress("functional machine", static_cast<std::int64_t>(pose.samples.size()));
  for (std::size_t i = 0; i < pose.samples.size(); ++i) {
    const Result<std::vector<Tensor>> outputs = (*execute)(pose.samples[i].tensors);
    if (!outputs) return fail(outputs.error());
    quality.sqnr += quant::sqnr(pose.maps[i].data<float>(), outputs->front().data<float>()) /
                    static_cast<double>(pose.samples.size());
    Result<People> people = decode_output(outputs->front());
    if (!people) return fail(std::move(people.error()));
    quality.people.push_back(std::move(*people));
    progress.step();
  }
  return quality;
}

/// People per photo in reference.json beside the model, for the network's size.
Result<Json> read_reference(const std::string& model) {
  const std::string path = (fs::path(model).parent_path() / "reference.json").string();
  std::ifstream file(path);
  Json reference = Json::parse(file, nullptr, false);
  if (!file || reference.is_discarded())
    return fail({.code = "bench.reference", .message = "cannot read the reference people", .file = path});
  return reference;
}

/// Photos on which as many people were found as the reference names.
double right_photos(const PoseCase& pose, const Quality& quality, const Json& reference) {
  const std::string size = fmt::format("{}x{}", pose.height, pose.width);
  double right = 0;
  for (std::size_t i = 0; i < pose.samples.size(); ++i) {
    const std::string photo = fs::path(pose.samples[i].file).filename().string();
    if (reference.contains(photo) && reference[photo].contains(size) &&
        reference[photo][size].size() == quality.people[i].size())
      ++right;
  }
  return right;
}

double joint_share(const PoseCase& pose, const Quality& quality) {
  pose::Score score;
  for (std::size_t i = 0; i < pose.samples.size(); ++i)
    score += pose::agreement(pose.people[i], quality.people[i], static_cast<float>(pose.width),
                             static_cast<float>(pose.height));
  return score.share();
}

Status add_real_rows(const std::string& path, const BenchOptions& options, const overlay::Overlay& overlay,
                     std::vector<BenchRow>& rows) {
  const Result<PoseCase> pose = prepare(path, options.images);
  if (!pose) return fail(pose.error());
  const Result<Json> reference = read_reference(path);
  if (!reference) return fail(reference.error());
  const auto photos = static_cast<double>(pose->samples.size());
  const std::string name = fs::path(path).stem().string();
  struct Variant {
    const char* name;
    double target, least;
  };
  for (const Variant& variant : {Variant{"25db", 25, 25}, Variant{"default", 20, 18}}) {
    const Result<Quality> quality = measure(*pose, pose->samples, {.target_sqnr = variant.target}, overlay);
    if (!quality) return fail(quality.error());
    const std::string id = fmt::format("{}-{}", name, variant.name);
    rows.push_back({id + "-sqnr", "dB", {}, variant.least, true, quality->sqnr, "functional"});
    rows.push_back(
        {id + "-photos", "photos", photos, photos, true, right_photos(*pose, *quality, *reference), "functional"});
    rows.push_back({id + "-joints", "share", 1.0, variant.target == 25 ? std::optional(0.95) : std::nullopt, true,
                    joint_share(*pose, *quality), "functional"});
    rows.push_back({id + "-wide-macs",
                    "share",
                    {},
                    variant.target == 20 ? std::optional(0.80) : std::nullopt,
                    false,
                    quality->wide_share,
                    "functional"});
  }
  return {};
}

/// truth.json of models/render.py: pictures and their people, in the pictures' order.
Result<std::vector<std::vector<pose::TruePerson>>> read_truth(const std::string& folder) {
  std::ifstream file(fs::path(folder) / "truth.json");
  const Json truth = Json::parse(file, nullptr, false);
  if (!file || truth.is_discarded())
    return fail({.code = "bench.truth", .message = "cannot read truth.json", .file = folder});
  std::vector<std::pair<std::string, std::vector<pose::TruePerson>>> pictures;
  for (const Json& picture : truth) {
    std::vector<pose::TruePerson> people;
    for (const Json& person : picture["people"]) {
      pose::TruePerson one;
      for (std::size_t i = 0; i < 4; ++i) one.box[i] = person["box"][i].get<float>();
      for (std::size_t j = 0; j < pose::kJoints; ++j) {
        const Json& joint = person["joints"][j];
        one.joints[j] = {joint[2].get<double>() != 0, joint[0].get<float>(), joint[1].get<float>(), 1};
      }
      people.push_back(one);
    }
    pictures.emplace_back(picture["file"].get<std::string>(), std::move(people));
  }
  std::sort(pictures.begin(), pictures.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::vector<pose::TruePerson>> result;
  for (auto& [name, people] : pictures) result.push_back(std::move(people));
  return result;
}

Result<std::string> render(const std::string& split, int count) {
  const std::string folder = fmt::format("{}/{}-{}", bench_folder(), split, count);
  if (fs::exists(fs::path(folder) / "truth.json")) return folder;
  Result<std::string> done = run_python(
      {"models/render.py", "--split", split, "--count", std::to_string(count), "--size", "192", "--out", folder});
  if (!done) return done;
  return folder;
}

double pck(const PoseCase& pose, const std::vector<std::vector<pose::TruePerson>>& truth,
           const std::vector<People>& people) {
  pose::Score score;
  for (std::size_t i = 0; i < truth.size(); ++i)
    score += pose::pck(truth[i], people[i], static_cast<float>(pose.width), static_cast<float>(pose.height));
  return score.share();
}

Status add_demo_rows(const BenchOptions& options, const overlay::Overlay& overlay, std::vector<BenchRow>& rows) {
  const Result<std::string> test = render("test", options.pictures);
  if (!test) return fail(test.error());
  const Result<std::string> calibration = render("calibration", 32);
  if (!calibration) return fail(calibration.error());
  const Result<std::vector<std::vector<pose::TruePerson>>> truth = read_truth(*test);
  if (!truth) return fail(truth.error());
  const std::string path = (fs::path(HEDDLE_SOURCE_DIR) / "models/demo_pose.onnx").string();
  const Result<PoseCase> pose = prepare(path, *test);
  if (!pose) return fail(pose.error());
  const Result<std::vector<compiler::Sample>> samples =
      compiler::read_samples(*calibration, compiler::input_specs(pose->model.graph), pose->model.preprocessing);
  if (!samples) return fail(samples.error());
  const Result<Quality> quality = measure(*pose, *samples, {.precision = quant::Precision::int8}, overlay);
  if (!quality) return fail(quality.error());
  const double float_pck = pck(*pose, *truth, pose->people), int8_pck = pck(*pose, *truth, quality->people);
  rows.push_back({"demo-pck-float", "PCK@0.1", {}, 0.80, true, float_pck, "functional"});
  rows.push_back({"demo-pck-int8", "PCK@0.1", float_pck, float_pck - 0.01, true, int8_pck, "functional"});
  rows.push_back({"demo-sqnr-int8", "dB", {}, {}, true, quality->sqnr, "functional"});
  return {};
}

}  // namespace

BenchTable bench_accuracy(const BenchOptions& options) {
  const Result<overlay::Overlay> overlay = overlay::find_overlay(options.overlay);
  if (!overlay) return fail(overlay.error());
  if (!options.pose_models.empty() && options.images.empty())
    return fail({.code = "usage.images", .message = "is needed with --pose-model", .field = "--images"});
  std::vector<BenchRow> rows;
  if (const Status added = add_demo_rows(options, *overlay, rows); !added) return fail(added.error());
  for (const std::string& model : options.pose_models)
    if (const Status added = add_real_rows(model, options, *overlay, rows); !added) return fail(added.error());
  return rows;
}

}  // namespace heddle::cli
