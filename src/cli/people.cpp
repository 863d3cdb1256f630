// SPDX-License-Identifier: Apache-2.0
#include "cli/people.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

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

std::optional<std::vector<pose::Person>> people_from_json(const Json& people) {
  std::vector<pose::Person> result;
  if (!people.is_array()) return std::nullopt;
  for (const Json& entry : people) {
    const auto joints = entry.find("joints");
    if (joints == entry.end() || !joints->is_object()) return std::nullopt;
    pose::Person& person = result.emplace_back();
    for (std::size_t j = 0; j < pose::kJoints; ++j) {
      const auto joint = joints->find(std::to_string(j));
      if (joint == joints->end()) continue;
      const auto is_number = [](const Json& value) { return value.is_number(); };
      if (!joint->is_array() || joint->size() != 3 || !std::all_of(joint->begin(), joint->end(), is_number))
        return std::nullopt;
      person.joints[j] = {true, (*joint)[0].get<float>(), (*joint)[1].get<float>(), (*joint)[2].get<float>()};
    }
  }
  return result;
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
