// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

/// OpenPose decoding: heat maps and part affinity fields to people (Cao, Simon, Wei and Sheikh, CVPR 2017, section 2.3
/// and 2.4; the thresholds are those of the published mobile networks).
namespace heddle::pose {

inline constexpr std::size_t kJoints = 18;
inline constexpr std::size_t kLimbs = 19;
inline constexpr std::size_t kHeatMaps = 19;                  ///< 18 joints and the background
inline constexpr std::size_t kMaps = kHeatMaps + 2 * kLimbs;  ///< channels of the network's output

/// Names of the joints, in the order of the heat maps.
[[nodiscard]] std::string_view joint_name(std::size_t joint);

/// A limb: the joints that it connects, and the affinity channels of its direction (behind the heat maps).
struct Limb {
  std::size_t from, to;
  std::size_t x_channel, y_channel;
  bool evidence = true;  ///< false from shoulder to ear: it completes people who look away, but is no sign of a person
};
[[nodiscard]] std::span<const Limb, kLimbs> limbs();

/// A joint in coordinates relative to the picture: 0 … 1, left to right and top to bottom.
struct Joint {
  bool found = false;
  float x = 0, y = 0, score = 0;
};
struct Person {
  std::array<Joint, kJoints> joints{};
  float score = 0;  ///< mean score of joints and limbs
};

struct DecodeOptions {
  std::int32_t enlarge = 4;        ///< maps are enlarged by repetition before smoothing
  float peak_threshold = 0.05F;    ///< least heat of a joint
  float limb_threshold = 0.05F;    ///< least affinity at a sample point that counts
  std::int32_t limb_samples = 10;  ///< points along a limb
  std::int32_t limb_votes = 6;     ///< more than this many must count
  std::int32_t least_joints = 4;   ///< fewer are not a person (ears found by the shoulder do not count)
  float least_score = 0.3F;
  bool subpixel = true;  ///< refine peaks by a parabola through the smoothed neighbours
};

/// `maps`: kMaps × height × width, heat maps first. People with the best scores come first.
[[nodiscard]] std::vector<Person> decode(std::span<const float> maps, std::int32_t height, std::int32_t width,
                                         const DecodeOptions& options = {});

}  // namespace heddle::pose
