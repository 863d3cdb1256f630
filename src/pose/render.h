// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "image/image.h"
#include "pose/decode.h"

namespace heddle::pose {

/// Draws limbs and joints of all people on a copy of the picture; line width follows the picture's size.
[[nodiscard]] image::Image draw(const image::Image& picture, std::span<const Person> people);

}  // namespace heddle::pose
