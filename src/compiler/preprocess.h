// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "image/image.h"
#include "isa/program.h"

/// Pictures to input tensors, as `isa::Preprocessing` says.
namespace heddle::compiler {

/// The table [preprocessing] of a TOML file, with the keys size, resize, fit, channels, layout, mean and scale; what it
/// leaves out keeps its default. Other tables of the file are somebody else's.
[[nodiscard]] Result<isa::Preprocessing> read_preprocessing(const std::string& path);
/// Checks the words in it (resize, fit, channels, layout).
[[nodiscard]] Status check(const isa::Preprocessing& preprocessing);
/// The tensor of `shape` (1×C×H×W or 1×H×W×C by `layout`) and `type` (f32 or u8). Errors: the shape is not a picture's.
[[nodiscard]] Result<Tensor> to_tensor(const image::Image& picture, const isa::Preprocessing& preprocessing,
                                       const Shape& shape, DataType type = DataType::f32);

}  // namespace heddle::compiler
