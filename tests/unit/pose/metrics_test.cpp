// SPDX-License-Identifier: Apache-2.0
#include "pose/metrics.h"

#include <gtest/gtest.h>

namespace heddle::pose {
namespace {

/// A person whose joints lie on a diagonal from (x, y), relative coordinates.
Person diagonal(float x, float y) {
  Person person;
  for (std::size_t j = 0; j < kJoints; ++j)
    person.joints[j] = {true, x + 0.01F * static_cast<float>(j), y + 0.02F * static_cast<float>(j), 1};
  return person;
}

TEST(Agreement, IsCompleteWithItself) {
  const std::vector<Person> people{diagonal(0.1F, 0.1F), diagonal(0.6F, 0.2F)};
  EXPECT_EQ(agreement(people, people, 400, 300).right, 36);
  EXPECT_EQ(agreement(people, people, 400, 300).share(), 1.0);
}

TEST(Agreement, LostPeopleAndJointsAreMisses) {
  const std::vector<Person> reference{diagonal(0.1F, 0.1F), diagonal(0.6F, 0.2F)};
  std::vector<Person> people{diagonal(0.6F, 0.2F)};
  people[0].joints[3].found = false;
  const Score score = agreement(reference, people, 400, 300);
  EXPECT_EQ(score.right, 17);
  EXPECT_EQ(score.all, 36);
}

TEST(Agreement, ToleranceIsRelativeToTheLargerSide) {
  // The box is 0.17·100 wide and 0.34·100 high: 2 % of 34 pixels is 0.68 pixel.
  const std::vector<Person> reference{diagonal(0.1F, 0.1F)};
  std::vector<Person> near = reference, far = reference;
  near[0].joints[5].x += 0.006F;
  far[0].joints[5].x += 0.008F;
  EXPECT_EQ(agreement(reference, near, 100, 100).right, 18);
  EXPECT_EQ(agreement(reference, far, 100, 100).right, 17);
}

TEST(Pck, MatchesOneToOneByOverlap) {
  TruePerson truth;
  truth.box = {10, 10, 60, 110};
  truth.joints = diagonal(0, 0).joints;
  for (std::size_t j = 0; j < kJoints; ++j)
    truth.joints[j] = {true, 10 + 2 * static_cast<float>(j), 10 + 5 * static_cast<float>(j), 1};
  truth.joints[17].found = false;  // hidden joints do not count
  Person right, wrong = diagonal(0.9F, 0.5F);
  for (std::size_t j = 0; j < kJoints; ++j)
    right.joints[j] = {true, truth.joints[j].x / 200 + 0.04F, truth.joints[j].y / 200, 1};
  EXPECT_EQ(total(pck(std::vector{truth}, std::vector{wrong, right}, 200, 200)).right, 17);
  EXPECT_EQ(total(pck(std::vector{truth}, std::vector{wrong}, 200, 200)).right, 0);
  EXPECT_EQ(total(pck(std::vector{truth}, std::vector{wrong}, 200, 200)).all, 17);
}

TEST(Pck, CountsEachJointByItself) {
  TruePerson truth;
  truth.box = {0, 0, 100, 100};
  truth.joints = diagonal(0, 0).joints;
  Person found = diagonal(0, 0);
  for (Joint& joint : truth.joints) {
    joint.x *= 100;
    joint.y *= 100;
  }
  found.joints[4].x += 0.2F;
  const JointScores scores = pck(std::vector{truth}, std::vector{found}, 100, 100);
  for (std::size_t j = 0; j < kJoints; ++j) {
    EXPECT_EQ(scores[j].all, 1);
    EXPECT_EQ(scores[j].right, j == 4 ? 0 : 1);
  }
}

TEST(SamePeople, AreAsManyAtTheSamePlaces) {
  const std::vector<Person> reference{diagonal(0.1F, 0.1F), diagonal(0.6F, 0.2F)};
  const std::vector<Person> turned{reference[1], reference[0]}, one{reference[0]};
  const std::vector<Person> moved{reference[0], diagonal(0.7F, 0.4F)};
  EXPECT_TRUE(same_people(reference, turned));
  EXPECT_FALSE(same_people(reference, one));
  EXPECT_FALSE(same_people(reference, moved));
  EXPECT_FALSE(same_people(one, reference));
  EXPECT_TRUE(same_people({}, {}));
}

TEST(Pck, NobodyExpectedIsFullScore) {
  EXPECT_EQ(total(pck({}, {}, 10, 10)).share(), 1.0);
}

}  // namespace
}  // namespace heddle::pose
