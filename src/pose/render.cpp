// SPDX-License-Identifier: Apache-2.0
#include "pose/render.h"

#include <algorithm>
#include <cmath>

namespace heddle::pose {
namespace {

/// Fully saturated colours around the colour circle, so that neighbouring limbs differ.
image::Color hue(std::size_t index, std::size_t count) {
  const float h = 6.0F * static_cast<float>(index) / static_cast<float>(count);
  const auto channel = [h](float shift) {
    const float k = std::fmod(h + shift, 6.0F);
    return static_cast<std::uint8_t>(std::lround(255.0F * std::clamp(std::abs(k - 3.0F) - 1.0F, 0.0F, 1.0F)));
  };
  return {channel(0), channel(4), channel(2)};
}

}  // namespace

image::Image draw(const image::Image& picture, std::span<const Person> people) {
  image::Image result = picture;
  const auto width = static_cast<float>(picture.width), height = static_cast<float>(picture.height);
  const float thickness = std::max(2.0F, std::min(width, height) / 120.0F);
  for (const Person& person : people) {
    // The last two limbs (shoulder to ear) only help the assembly; drawn they would hide the face.
    for (std::size_t l = 0; l + 2 < kLimbs; ++l) {
      const Joint &a = person.joints[limbs()[l].from], &b = person.joints[limbs()[l].to];
      if (a.found && b.found)
        image::draw_line(result, a.x * width, a.y * height, b.x * width, b.y * height, thickness, hue(l, kLimbs));
    }
    for (std::size_t j = 0; j < kJoints; ++j)
      if (person.joints[j].found)
        image::draw_disc(result, person.joints[j].x * width, person.joints[j].y * height, thickness, hue(j, kJoints));
  }
  return result;
}

}  // namespace heddle::pose
