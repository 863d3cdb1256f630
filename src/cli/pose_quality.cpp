// SPDX-License-Identifier: Apache-2.0
#include "cli/pose_quality.h"

#include "cli/people.h"
#include "cli/progress.h"
#include "quant/lower.h"

namespace heddle::cli {

Result<PoseCase> prepare_pose(const std::string& model_path, const std::string& images) {
  compiler::LoadOptions load;
  load.path = model_path;
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

Result<PoseQuality> measure_pose(const PoseCase& pose, const std::vector<compiler::Sample>& calibration,
                                 const quant::QuantizeOptions& options, const overlay::Overlay& overlay) {
  const Result<compiler::Quantized> quantized = compiler::quantize_model(pose.model, calibration, options);
  if (!quantized) return fail(quantized.error());
  Result<compiler::Built> built = compiler::compile_model(*quantized, overlay);
  if (!built) return fail(std::move(built.error()));
  const Result<Execute> execute =
      execute_program(std::make_shared<const isa::Program>(std::move(built->program)), "functional", 0);
  if (!execute) return fail(execute.error());
  PoseQuality quality;
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

}  // namespace heddle::cli
