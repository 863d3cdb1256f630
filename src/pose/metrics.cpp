// SPDX-License-Identifier: Apache-2.0
#include "pose/metrics.h"

#include <algorithm>
#include <cmath>

namespace heddle::pose {
namespace {

using Box = std::array<float, 4>;

float overlap(const Box& a, const Box& b) {
  const float width = std::min(a[2], b[2]) - std::max(a[0], b[0]);
  const float height = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const auto area = [](const Box& box) { return (box[2] - box[0]) * (box[3] - box[1]); };
  return width * height / (area(a) + area(b) - width * height);
}

Person in_pixels(const Person& person, float width, float height) {
  Person result = person;
  for (Joint& joint : result.joints) {
    joint.x *= width;
    joint.y *= height;
  }
  return result;
}

constexpr std::size_t kUnmatched = static_cast<std::size_t>(-1);

/// For each true box the index of its partner, greedily by falling overlap.
std::vector<std::size_t> match(const std::vector<Box>& truth, const std::vector<Box>& found) {
  struct Pair {
    float overlap;
    std::size_t truth, found;
  };
  std::vector<Pair> pairs;
  for (std::size_t t = 0; t < truth.size(); ++t)
    for (std::size_t f = 0; f < found.size(); ++f)
      if (const float o = overlap(truth[t], found[f]); o > 0) pairs.push_back({o, t, f});
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.overlap > b.overlap; });
  std::vector<std::size_t> partner(truth.size(), kUnmatched);
  std::vector<bool> taken(found.size(), false);
  for (const Pair& pair : pairs) {
    if (partner[pair.truth] != kUnmatched || taken[pair.found]) continue;
    partner[pair.truth] = pair.found;
    taken[pair.found] = true;
  }
  return partner;
}

template <class People>
std::vector<Box> joint_boxes(const People& people) {
  std::vector<Box> boxes;
  for (const auto& person : people) boxes.push_back(joint_box(person.joints));
  return boxes;
}

JointScores compare(std::span<const TruePerson> truth, std::span<const Person> people, float tolerance) {
  const std::vector<std::size_t> partner = match(joint_boxes(truth), joint_boxes(people));
  JointScores scores{};
  for (std::size_t t = 0; t < truth.size(); ++t) {
    const Box& box = truth[t].box;
    const float reach = tolerance * std::max(box[2] - box[0], box[3] - box[1]);
    for (std::size_t j = 0; j < kJoints; ++j) {
      const Joint& wanted = truth[t].joints[j];
      if (!wanted.found) continue;
      ++scores[j].all;
      if (partner[t] == kUnmatched) continue;
      const Joint& got = people[partner[t]].joints[j];
      if (got.found && std::hypot(got.x - wanted.x, got.y - wanted.y) <= reach) ++scores[j].right;
    }
  }
  return scores;
}

}  // namespace

Score total(const JointScores& scores) {
  Score sum;
  for (const Score& score : scores) sum += score;
  return sum;
}

std::array<float, 4> joint_box(const std::array<Joint, kJoints>& joints) {
  Box box{1e30F, 1e30F, -1e30F, -1e30F};
  for (const Joint& joint : joints) {
    if (!joint.found) continue;
    box = {std::min(box[0], joint.x), std::min(box[1], joint.y), std::max(box[2], joint.x), std::max(box[3], joint.y)};
  }
  return box[0] > box[2] ? Box{} : box;
}

JointScores pck(std::span<const TruePerson> truth, std::span<const Person> people, float width, float height,
                float tolerance) {
  std::vector<Person> pixels;
  for (const Person& person : people) pixels.push_back(in_pixels(person, width, height));
  return compare(truth, pixels, tolerance);
}

Score agreement(std::span<const Person> reference, std::span<const Person> people, float width, float height,
                float tolerance) {
  std::vector<TruePerson> truth;
  for (const Person& person : reference) {
    const Person pixels = in_pixels(person, width, height);
    truth.push_back({joint_box(pixels.joints), pixels.joints});
  }
  return total(pck(truth, people, width, height, tolerance));
}

bool same_people(std::span<const Person> reference, std::span<const Person> people, float least) {
  if (reference.size() != people.size()) return false;
  const std::vector<Box> wanted = joint_boxes(reference), got = joint_boxes(people);
  const std::vector<std::size_t> partner = match(wanted, got);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (partner[i] == kUnmatched || overlap(wanted[i], got[partner[i]]) < least) return false;
  return true;
}

}  // namespace heddle::pose
