// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "cli/bench.h"
#include "cli/json.h"
#include "cli/people.h"
#include "cli/pose_quality.h"
#include "pose/metrics.h"

namespace heddle::cli {
namespace {

namespace fs = std::filesystem;

/// People per photo in reference.json beside the model, for the network's size.
Result<Json> read_reference(const std::string& model) {
  const std::string path = (fs::path(model).parent_path() / "reference.json").string();
  std::ifstream file(path);
  Json reference = Json::parse(file, nullptr, false);
  if (!file || reference.is_discarded())
    return fail({.code = "bench.reference", .message = "cannot read the reference people", .file = path});
  return reference;
}

/// Photos on which the same people were found as the reference has.
double right_photos(const PoseCase& pose, const PoseQuality& quality, const Json& reference) {
  const std::string size = fmt::format("{}x{}", pose.height, pose.width);
  double right = 0;
  for (std::size_t i = 0; i < pose.samples.size(); ++i) {
    const auto photo = reference.find(fs::path(pose.samples[i].file).filename().string());
    if (photo == reference.end() || !photo->contains(size)) continue;
    const auto people = people_from_json((*photo)[size]);
    if (people && pose::same_people(*people, quality.people[i])) ++right;
  }
  return right;
}

double joint_share(const PoseCase& pose, const PoseQuality& quality) {
  pose::Score score;
  for (std::size_t i = 0; i < pose.samples.size(); ++i)
    score += pose::agreement(pose.people[i], quality.people[i], static_cast<float>(pose.width),
                             static_cast<float>(pose.height));
  return score.share();
}

Status add_real_rows(const std::string& path, const BenchOptions& options, const overlay::Overlay& overlay,
                     std::vector<BenchRow>& rows) {
  const Result<PoseCase> pose = prepare_pose(path, options.images);
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
    const Result<PoseQuality> quality = measure_pose(*pose, pose->samples, {.target_sqnr = variant.target}, overlay);
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

using Truth = std::vector<std::vector<pose::TruePerson>>;  ///< true people by picture

/// truth.json of models/render.py, in the pictures' order.
Result<Truth> read_truth(const std::string& folder) {
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
  Truth result;
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

pose::JointScores pck(const PoseCase& pose, const Truth& truth, const std::vector<People>& people) {
  pose::JointScores scores{};
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const pose::JointScores own =
        pose::pck(truth[i], people[i], static_cast<float>(pose.width), static_cast<float>(pose.height));
    for (std::size_t j = 0; j < pose::kJoints; ++j) scores[j] += own[j];
  }
  return scores;
}

/// Joints that are reported together.
struct BodyPart {
  const char* name;
  std::vector<std::size_t> joints;
};
const std::array<BodyPart, 8> kBodyParts{{{"head", {0, 14, 15, 16, 17}},
                                          {"neck", {1}},
                                          {"shoulders", {2, 5}},
                                          {"elbows", {3, 6}},
                                          {"wrists", {4, 7}},
                                          {"hips", {8, 11}},
                                          {"knees", {9, 12}},
                                          {"ankles", {10, 13}}}};

/// Rows that only report: each part of the body, and how many people were found less those that are there.
void add_part_rows(const std::string& precision, const Truth& truth, const std::vector<People>& people,
                   const pose::JointScores& scores, std::vector<BenchRow>& rows) {
  for (const BodyPart& part : kBodyParts) {
    pose::Score sum;
    for (const std::size_t joint : part.joints) sum += scores[joint];
    rows.push_back(
        {fmt::format("demo-pck-{}-{}", precision, part.name), "PCK@0.1", {}, {}, true, sum.share(), "functional"});
  }
  double surplus = 0;
  for (std::size_t i = 0; i < truth.size(); ++i)
    surplus += static_cast<double>(people[i].size()) - static_cast<double>(truth[i].size());
  rows.push_back({fmt::format("demo-surplus-{}", precision), "people", {}, {}, true, surplus, "functional"});
}

Status add_demo_rows(const BenchOptions& options, const overlay::Overlay& overlay, std::vector<BenchRow>& rows) {
  const Result<std::string> test = render(options.split, options.pictures);
  if (!test) return fail(test.error());
  const Result<std::string> calibration = render("calibration", 32);
  if (!calibration) return fail(calibration.error());
  const Result<Truth> truth = read_truth(*test);
  if (!truth) return fail(truth.error());
  const std::string path = options.demo_model.empty() ? (fs::path(HEDDLE_SOURCE_DIR) / "models/demo_pose.onnx").string()
                                                      : options.demo_model;
  const Result<PoseCase> pose = prepare_pose(path, *test);
  if (!pose) return fail(pose.error());
  const Result<std::vector<compiler::Sample>> samples =
      compiler::read_samples(*calibration, compiler::input_specs(pose->model.graph), pose->model.preprocessing);
  if (!samples) return fail(samples.error());
  const Result<PoseQuality> quality = measure_pose(*pose, *samples, {.precision = quant::Precision::int8}, overlay);
  if (!quality) return fail(quality.error());
  const pose::JointScores in_float = pck(*pose, *truth, pose->people), in_int8 = pck(*pose, *truth, quality->people);
  const double float_pck = pose::total(in_float).share(), int8_pck = pose::total(in_int8).share();
  rows.push_back({"demo-pck-float", "PCK@0.1", {}, 0.80, true, float_pck, "functional"});
  rows.push_back({"demo-pck-int8", "PCK@0.1", float_pck, float_pck - 0.01, true, int8_pck, "functional"});
  rows.push_back({"demo-sqnr-int8", "dB", {}, {}, true, quality->sqnr, "functional"});
  add_part_rows("float", *truth, pose->people, in_float, rows);
  add_part_rows("int8", *truth, quality->people, in_int8, rows);
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
