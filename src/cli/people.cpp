// SPDX-License-Identifier: Apache-2.0
#include "cli/people.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace heddle::cli {

Json people_json(std::span<const pose::Person> people) {
  Json rows = Json::array();
  for (const pose::Person& person : people) {
    Json joints = Json::object();
    for (std::size_t j = 0; j < pose::kJoints; ++j) {
      const pose::Joint& joint = person.joints[j];
      if (joint.found) joints[std::to_string(j)] = {joint.x, joint.y, joint.score};
    }
    rows.push_back({{"score", person.score}, {"joints", std::move(joints)}});
  }
  return rows;
}

Result<std::vector<pose::Person>> decode_output(const Tensor& output) {
  if (output.type() != DataType::f32 || output.rank() != 4 || output.dim(0) != 1 || output.dim(1) != pose::kMaps)
    return fail({.code = "pose.output",
                 .message = fmt::format("a pose network gives f32 of 1x{}xHxW, this one gives {} of {}", pose::kMaps,
                                        name(output.type()), fmt::join(output.shape(), "x"))});
  return pose::decode(output.data<float>(), static_cast<std::int32_t>(output.dim(2)),
                      static_cast<std::int32_t>(output.dim(3)));
}

}  // namespace heddle::cli
