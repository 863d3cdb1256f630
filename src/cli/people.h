// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/tensor.h"
#include "cli/json.h"
#include "pose/decode.h"

namespace heddle::cli {

/// People as JSON: joints numbered as in `pose::joint_name`, `[x, y, score]` relative to the picture.
[[nodiscard]] Json people_json(std::span<const pose::Person> people);
/// People from such JSON; nullopt if it is none. Their scores are left 0.
[[nodiscard]] std::optional<std::vector<pose::Person>> people_from_json(const Json& people);
/// The maps of a pose network's single output (1×57×H×W). Errors: other shapes or types, naming the shape.
[[nodiscard]] Result<std::vector<pose::Person>> decode_output(const Tensor& output);

}  // namespace heddle::cli
