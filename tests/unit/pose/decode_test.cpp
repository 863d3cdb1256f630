// SPDX-License-Identifier: Apache-2.0
#include "pose/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "pose/peaks.h"
#include "pose/render.h"

namespace heddle::pose {
namespace {

constexpr std::int32_t kHeight = 46, kWidth = 54;
using Figure = std::array<std::pair<float, float>, kJoints>;  // x, y in map pixels

/// A standing figure around (cx, cy), about 28 pixels tall.
Figure standing(float cx, float cy) {
  const std::array<std::pair<float, float>, kJoints> offsets{{{0, -12},
                                                              {0, -8},
                                                              {-4, -8},
                                                              {-5, -3},
                                                              {-6, 2},
                                                              {4, -8},
                                                              {5, -3},
                                                              {6, 2},
                                                              {-2, 1},
                                                              {-2, 8},
                                                              {-2, 14},
                                                              {2, 1},
                                                              {2, 8},
                                                              {2, 14},
                                                              {-1, -13},
                                                              {1, -13},
                                                              {-2, -12},
                                                              {2, -12}}};
  Figure figure;
  for (std::size_t j = 0; j < kJoints; ++j) figure[j] = {cx + offsets[j].first, cy + offsets[j].second};
  return figure;
}

/// Ideal network outputs: Gaussians at joints, unit vectors along limbs.
std::vector<float> ideal_maps(const std::vector<Figure>& figures) {
  std::vector<float> maps(kMaps * kHeight * kWidth, 0.0F);
  const auto at = [&](std::size_t channel, std::int32_t y, std::int32_t x) -> float& {
    return maps[(channel * kHeight + static_cast<std::size_t>(y)) * kWidth + static_cast<std::size_t>(x)];
  };
  for (const Figure& figure : figures)
    for (std::int32_t y = 0; y < kHeight; ++y)
      for (std::int32_t x = 0; x < kWidth; ++x) {
        const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
        for (std::size_t j = 0; j < kJoints; ++j)
          at(j, y, x) =
              std::max(at(j, y, x),
                       std::exp(-(std::pow(fx - figure[j].first, 2.0F) + std::pow(fy - figure[j].second, 2.0F)) / 2));
        for (const Limb& limb : limbs()) {
          const auto [ax, ay] = figure[limb.from];
          const auto [bx, by] = figure[limb.to];
          const float length = std::hypot(bx - ax, by - ay), vx = (bx - ax) / length, vy = (by - ay) / length;
          const float along = (fx - ax) * vx + (fy - ay) * vy, across = std::abs((fx - ax) * vy - (fy - ay) * vx);
          if (along < -1 || along > length + 1 || across > 1.2F) continue;
          at(kHeatMaps + limb.x_channel, y, x) = vx;
          at(kHeatMaps + limb.y_channel, y, x) = vy;
        }
      }
  return maps;
}

TEST(Decode, FindsEveryJointOfOnePersonWithinAPixel) {
  const Figure figure = standing(25.0F, 22.0F);
  const std::vector<Person> people = decode(ideal_maps({figure}), kHeight, kWidth);
  ASSERT_EQ(people.size(), 1U);
  for (std::size_t j = 0; j < kJoints; ++j) {
    ASSERT_TRUE(people[0].joints[j].found) << joint_name(j);
    EXPECT_NEAR(people[0].joints[j].x * kWidth, figure[j].first + 0.5F, 1.0F) << joint_name(j);
    EXPECT_NEAR(people[0].joints[j].y * kHeight, figure[j].second + 0.5F, 1.0F) << joint_name(j);
  }
  EXPECT_GT(people[0].score, 0.8F);
}

TEST(Decode, KeepsTwoPeopleApart) {
  const std::vector<Person> people =
      decode(ideal_maps({standing(14.0F, 22.0F), standing(38.0F, 24.0F)}), kHeight, kWidth);
  ASSERT_EQ(people.size(), 2U);
  const auto neck_x = [&](std::size_t i) { return people[i].joints[1].x * kWidth; };
  EXPECT_GT(std::abs(neck_x(0) - neck_x(1)), 20.0F);
  for (const Person& person : people)
    for (const Joint& joint : person.joints) EXPECT_NEAR(joint.x * kWidth, person.joints[1].x * kWidth, 9.0F);
}

TEST(Decode, EmptyMapsHaveNobody) {
  EXPECT_TRUE(decode(std::vector<float>(kMaps * kHeight * kWidth, 0.0F), kHeight, kWidth).empty());
}

TEST(Decode, PeaksWithoutFieldsAreNobody) {
  std::vector<float> maps = ideal_maps({standing(25.0F, 22.0F)});
  std::fill(maps.begin() + kHeatMaps * kHeight * kWidth, maps.end(), 0.0F);
  EXPECT_TRUE(decode(maps, kHeight, kWidth).empty());
}

/// Takes a joint out of the heat maps.
void hide(std::vector<float>& maps, std::size_t joint) {
  std::fill_n(maps.begin() + static_cast<std::ptrdiff_t>(joint * kHeight * kWidth), kHeight * kWidth, 0.0F);
}

TEST(Decode, AnArmAndAnEarAreNobody) {
  std::vector<float> maps = ideal_maps({standing(25.0F, 22.0F)});
  for (std::size_t joint = 0; joint < kJoints; ++joint)
    if (joint != 5 && joint != 6 && joint != 7 && joint != 17) hide(maps, joint);
  EXPECT_TRUE(decode(maps, kHeight, kWidth).empty());
  EXPECT_EQ(decode(maps, kHeight, kWidth, {.least_joints = 3}).size(), 1U);
}

TEST(Decode, TheShoulderFindsTheEarOfWhoLooksAway) {
  std::vector<float> maps = ideal_maps({standing(25.0F, 22.0F)});
  for (const std::size_t joint : {0U, 14U, 15U}) hide(maps, joint);
  const std::vector<Person> people = decode(maps, kHeight, kWidth);
  ASSERT_EQ(people.size(), 1U);
  EXPECT_TRUE(people[0].joints[16].found && people[0].joints[17].found);
}

TEST(Decode, SubpixelRefinementComesCloserThanWholePixels) {
  const Figure figure = standing(25.3F, 22.4F);
  const auto error = [&](bool subpixel) {
    const std::vector<Person> people = decode(ideal_maps({figure}), kHeight, kWidth, {.subpixel = subpixel});
    // Enlarging by 4 puts the centre of map pixel p at 4p + 1.5.
    return std::abs(people.at(0).joints[1].x * kWidth * 4 - (figure[1].first * 4 + 1.5F));
  };
  EXPECT_LE(error(true), error(false) + 0.26F);
}

TEST(Smooth, KeepsTheSumInside) {
  Plane plane{64, 64, std::vector<float>(64 * 64, 0.0F)};
  plane.values[32 * 64 + 32] = 1;
  const Plane result = smooth(plane);
  float sum = 0;
  for (const float v : result.values) sum += v;
  EXPECT_NEAR(sum, 1.0F, 1e-4F);
  EXPECT_FLOAT_EQ(result.at(32, 20), result.at(32, 44));
  EXPECT_EQ(result.at(32, 19), 0.0F);
}

TEST(Peaks, APlateauGivesOnePeak) {
  Plane plane{9, 9, std::vector<float>(81, 0.0F)};
  for (const int i : {30, 31, 39, 40}) plane.values[static_cast<std::size_t>(i)] = 1;
  EXPECT_EQ(find_peaks(plane, plane, {}).size(), 1U);
}

TEST(Draw, MarksTheFoundJointsOnly) {
  const image::Image black(kHeight * 4, kWidth * 4);
  EXPECT_EQ(draw(black, {}).rgb, black.rgb);
  const std::vector<Person> people = decode(ideal_maps({standing(25.0F, 22.0F)}), kHeight, kWidth);
  const image::Image drawn = draw(black, people);
  const auto& neck = people.at(0).joints[1];
  const std::uint8_t* pixel =
      drawn.pixel(static_cast<std::int32_t>(neck.y * kHeight * 4), static_cast<std::int32_t>(neck.x * kWidth * 4));
  EXPECT_GT(pixel[0] + pixel[1] + pixel[2], 100);
}

}  // namespace
}  // namespace heddle::pose
