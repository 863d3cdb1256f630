// SPDX-License-Identifier: Apache-2.0
#include "compiler/samples.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <optional>

#include "compiler/preprocess.h"
#include "numpy/npy.h"

namespace heddle::compiler {
namespace {

namespace fs = std::filesystem;

Diagnostic about(const std::string& file, const std::string& field, std::string message, std::string hint = "") {
  return {.code = "input.tensor", .message = std::move(message), .file = file, .field = field, .hint = std::move(hint)};
}

/// Integers that NumPy's files hold as bytes.
bool is_small_integer(DataType type) {
  return bits(type) < 8;
}

Tensor retyped(const Tensor& tensor, DataType type) {
  Tensor result(type, tensor.shape());
  std::copy(tensor.bytes().begin(), tensor.bytes().end(), result.mutable_bytes().begin());
  return result;
}

/// float32 to bfloat16, by cutting: what such files hold was bfloat16 before.
Tensor shortened(const Tensor& tensor) {
  Tensor result(DataType::bf16, tensor.shape());
  std::transform(tensor.data<float>().begin(), tensor.data<float>().end(), result.mutable_data<std::uint16_t>().begin(),
                 [](float v) { return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(v) >> 16); });
  return result;
}

/// Accepts exactly the input's type and shape; a missing batch dimension of 1 and f64 for f32 are mended.
Result<Tensor> fit_to(const InputSpec& spec, Tensor tensor, const std::string& file) {
  if (tensor.type() == DataType::f64 && spec.type == DataType::f32) {
    Tensor single(DataType::f32, tensor.shape());
    std::transform(tensor.data<double>().begin(), tensor.data<double>().end(), single.mutable_data<float>().begin(),
                   [](double v) { return static_cast<float>(v); });
    tensor = std::move(single);
  }
  if (is_small_integer(spec.type) && host_bytes(tensor.type()) == 1) tensor = retyped(tensor, spec.type);
  if (spec.type == DataType::bf16 && tensor.type() == DataType::f32) tensor = shortened(tensor);
  if (tensor.type() != spec.type)
    return fail(about(file, spec.name, fmt::format("is {}, the model wants {}", name(tensor.type()), name(spec.type))));
  if (tensor.shape() == spec.shape) return tensor;
  Shape batched = tensor.shape();
  batched.insert(batched.begin(), 1);
  if (batched == spec.shape) return tensor.reshaped(batched);
  return fail(about(
      file, spec.name,
      fmt::format("has shape [{}], the model wants [{}]", fmt::join(tensor.shape(), ", "), fmt::join(spec.shape, ", ")),
      "bind another shape with --shape, or change the array"));
}

Result<Sample> read_archive(const std::string& file, const std::vector<InputSpec>& inputs) {
  Result<numpy::Arrays> arrays = numpy::read_npz(file);
  if (!arrays) return fail(std::move(arrays.error()));
  Sample sample{file, {}};
  Diagnostics found;
  std::vector<std::string> names;
  for (const InputSpec& spec : inputs) names.push_back(spec.name);
  for (const auto& [name, tensor] : *arrays)
    if (std::find(names.begin(), names.end(), name) == names.end())
      found.push_back(
          about(file, name, "is no input of the model", fmt::format("the inputs are: {}", fmt::join(names, ", "))));
  for (const InputSpec& spec : inputs) {
    const auto at = std::find_if(arrays->begin(), arrays->end(), [&](const auto& a) { return a.first == spec.name; });
    if (at == arrays->end()) {
      found.push_back(about(file, spec.name, "is missing: the model needs it"));
      continue;
    }
    Result<Tensor> tensor = fit_to(spec, at->second, file);
    if (tensor)
      sample.tensors.push_back(std::move(*tensor));
    else
      found.insert(found.end(), tensor.error().begin(), tensor.error().end());
  }
  if (!found.empty()) return fail(std::move(found));
  return sample;
}

Result<Sample> read_single(const std::string& file, const std::vector<InputSpec>& inputs,
                           const isa::Preprocessing& preprocessing) {
  if (inputs.size() != 1)
    return fail(about(file, "", fmt::format("the model has {} inputs", inputs.size()),
                      "give an .npz file with one array per input"));
  Result<Tensor> tensor = [&]() -> Result<Tensor> {
    if (file.ends_with(".npy")) return numpy::read_npy(file);
    const Result<image::Image> picture = image::read(file);
    if (!picture) return fail(picture.error());
    return to_tensor(*picture, preprocessing, inputs[0].shape, inputs[0].type);
  }();
  if (!tensor) {
    for (Diagnostic& d : tensor.error())
      if (d.file.empty()) d.file = file;
    return fail(std::move(tensor.error()));
  }
  Result<Tensor> fitted = fit_to(inputs[0], std::move(*tensor), file);
  if (!fitted) return fail(std::move(fitted.error()));
  return Sample{file, {std::move(*fitted)}};
}

Result<Sample> read_sample(const std::string& file, const std::vector<InputSpec>& inputs,
                           const isa::Preprocessing& preprocessing) {
  return file.ends_with(".npz") ? read_archive(file, inputs) : read_single(file, inputs, preprocessing);
}

bool is_sample_path(const std::string& path) {
  return path.ends_with(".npz") || path.ends_with(".npy") || image::is_image_path(path);
}

}  // namespace

Result<std::vector<Sample>> read_samples(const std::string& path, const std::vector<InputSpec>& inputs,
                                         const isa::Preprocessing& preprocessing, std::size_t most) {
  std::error_code error;
  std::vector<std::string> files;
  if (fs::is_directory(path, error)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error))
      if (is_sample_path(entry.path().string())) files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    if (files.empty()) return fail(about(path, "", "holds no .npz, .npy, .png, .jpg or .bmp file"));
  } else if (fs::exists(path, error)) {
    files.push_back(path);
  } else {
    return fail({.code = "file.open", .message = "no such file or directory", .file = path});
  }
  if (most != 0 && files.size() > most) files.resize(most);
  std::vector<Sample> samples;
  Diagnostics found;
  for (const std::string& file : files) {
    Result<Sample> sample = read_sample(file, inputs, preprocessing);
    if (sample)
      samples.push_back(std::move(*sample));
    else
      found.insert(found.end(), sample.error().begin(), sample.error().end());
  }
  if (!found.empty()) return fail(std::move(found));
  return samples;
}

}  // namespace heddle::compiler
