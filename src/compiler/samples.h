// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "isa/program.h"

/// Inputs from files: `.npz` keyed by input name, `.npy` and pictures for models with one input, or folders of these.
namespace heddle::compiler {

/// What the model wants: one entry per input, in its order.
struct InputSpec {
  std::string name;
  DataType type = DataType::f32;
  Shape shape;
};

/// One complete set of inputs, and the file that it came from.
struct Sample {
  std::string file;
  std::vector<Tensor> tensors;
};

/// Reads a file or every suitable file of a folder (sorted by name). Errors name the file and the input: missing or
/// unknown names, other shapes, other types (numbers are never converted silently; f64 becomes f32).
[[nodiscard]] Result<std::vector<Sample>> read_samples(const std::string& path, const std::vector<InputSpec>& inputs,
                                                       const isa::Preprocessing& preprocessing, std::size_t most = 0);

}  // namespace heddle::compiler
