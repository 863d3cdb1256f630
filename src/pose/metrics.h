// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "pose/decode.h"

/// How well found people agree with true ones.
namespace heddle::pose {

/// A true person in pixels.
struct TruePerson {
  std::array<float, 4> box{};           ///< left, top, right, bottom
  std::array<Joint, kJoints> joints{};  ///< `found` means visible; x and y in pixels
};

struct Score {
  std::int64_t right = 0, all = 0;
  [[nodiscard]] double share() const { return all == 0 ? 1.0 : static_cast<double>(right) / static_cast<double>(all); }
  Score& operator+=(const Score& other) {
    right += other.right;
    all += other.all;
    return *this;
  }
};

/// One score for each of the 18 joints.
using JointScores = std::array<Score, kJoints>;
[[nodiscard]] Score total(const JointScores& scores);

/// Smallest box around the found joints: left, top, right, bottom.
[[nodiscard]] std::array<float, 4> joint_box(const std::array<Joint, kJoints>& joints);

/// PCK: visible joints of all true people that were found within `tolerance` of the larger side of the true box. People
/// are matched one to one by the overlap (intersection over union) of their joint boxes, best first; the joints of
/// unmatched people count as misses. `people` are relative to a picture of `width` × `height` pixels.
[[nodiscard]] JointScores pck(std::span<const TruePerson> truth, std::span<const Person> people, float width,
                              float height, float tolerance = 0.1F);

/// Agreement of two decodings of the same picture: joints of `reference` that `people` has within `tolerance` of the
/// larger side of the reference person's joint box, in pixels of a picture of `width` × `height`; matched as for `pck`.
[[nodiscard]] Score agreement(std::span<const Person> reference, std::span<const Person> people, float width,
                              float height, float tolerance = 0.02F);

/// Do both show the same people: as many, and each of the reference has a partner (as for `pck`) whose joint box
/// overlaps its own by `least`, intersection over union?
[[nodiscard]] bool same_people(std::span<const Person> reference, std::span<const Person> people, float least = 0.5F);

}  // namespace heddle::pose
