// SPDX-License-Identifier: Apache-2.0
#include "pose/decode.h"

#include <algorithm>
#include <cmath>

#include "pose/peaks.h"

namespace heddle::pose {
namespace {

using PeakLists = std::array<std::vector<Peak>, kJoints>;

/// A possible limb between peak `from` of one joint and peak `to` of another.
struct Connection {
  std::size_t from = 0, to = 0;
  float score = 0;
};

/// Part affinity fields at the enlarged size, read without enlarging them.
class Fields {
 public:
  Fields(std::span<const float> maps, std::int32_t height, std::int32_t width, std::int32_t factor)
      : maps_(maps), height_(height), width_(width), factor_(factor) {}

  /// Field of a limb at an enlarged pixel, interpolated between cells: its projection on (vx, vy). Without
  /// interpolation a sample near the border of two cells flips with the slightest noise, and with it the vote.
  [[nodiscard]] float along(const Limb& limb, float x, float y, float vx, float vy) const {
    const auto factor = static_cast<float>(factor_);
    const float column = std::clamp((x + 0.5F) / factor - 0.5F, 0.0F, static_cast<float>(width_ - 1));
    const float row = std::clamp((y + 0.5F) / factor - 0.5F, 0.0F, static_cast<float>(height_ - 1));
    return vx * at(limb.x_channel, row, column) + vy * at(limb.y_channel, row, column);
  }
  [[nodiscard]] float enlarged_height() const { return static_cast<float>(height_ * factor_); }

 private:
  [[nodiscard]] float at(std::size_t channel, float row, float column) const {
    const std::size_t plane = static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_);
    const std::span<const float> map = maps_.subspan((kHeatMaps + channel) * plane, plane);
    const auto top = static_cast<std::int32_t>(row), left = static_cast<std::int32_t>(column);
    const std::int32_t bottom = std::min(top + 1, height_ - 1), right = std::min(left + 1, width_ - 1);
    const float fy = row - static_cast<float>(top), fx = column - static_cast<float>(left);
    const auto value = [&](std::int32_t y, std::int32_t x) { return map[static_cast<std::size_t>(y * width_ + x)]; };
    const float upper = value(top, left) * (1 - fx) + value(top, right) * fx;
    const float lower = value(bottom, left) * (1 - fx) + value(bottom, right) * fx;
    return upper * (1 - fy) + lower * fy;
  }

  std::span<const float> maps_;
  std::int32_t height_, width_, factor_;
};

/// Mean affinity along the line between two peaks, less a penalty for limbs longer than half the height; 0 if too few
/// points agree.
float limb_score(const Fields& fields, const Limb& limb, const Peak& a, const Peak& b, const DecodeOptions& options) {
  const auto dx = static_cast<float>(b.x - a.x), dy = static_cast<float>(b.y - a.y);
  const float length = std::hypot(dx, dy);
  if (length < 1e-6F) return 0;
  const auto samples = static_cast<float>(options.limb_samples);
  float sum = 0;
  std::int32_t votes = 0;
  for (std::int32_t i = 0; i < options.limb_samples; ++i) {
    const float t = static_cast<float>(i) / samples;
    const float affinity = fields.along(limb, static_cast<float>(a.x) + t * dx, static_cast<float>(a.y) + t * dy,
                                        dx / length, dy / length);
    if (affinity > options.limb_threshold) {
      sum += affinity;
      ++votes;
    }
  }
  if (votes <= options.limb_votes) return 0;
  return sum / samples + std::min(0.0F, 0.5F * fields.enlarged_height() / length - 1.0F);
}

/// Greedy matching, best score first; every peak is used once.
std::vector<Connection> connect(const Fields& fields, const Limb& limb, const PeakLists& peaks,
                                const DecodeOptions& options) {
  std::vector<Connection> candidates, chosen;
  const std::vector<Peak>&from = peaks[limb.from], &to = peaks[limb.to];
  for (std::size_t a = 0; a < from.size(); ++a)
    for (std::size_t b = 0; b < to.size(); ++b) {
      const float score = limb_score(fields, limb, from[a], to[b], options);
      if (score > 0) candidates.push_back({a, b, score});
    }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Connection& l, const Connection& r) { return l.score > r.score; });
  std::vector<bool> from_used(from.size()), to_used(to.size());
  for (const Connection& c : candidates) {
    if (from_used[c.from] || to_used[c.to]) continue;
    from_used[c.from] = to_used[c.to] = true;
    chosen.push_back(c);
  }
  return chosen;
}

constexpr std::int32_t kNone = -1;

/// A person under assembly: the peak of each joint.
struct Assembly {
  std::array<std::int32_t, kJoints> peak;
  float score = 0;
  std::int32_t joints = 0;
  Assembly() { peak.fill(kNone); }
};

bool disjoint(const Assembly& a, const Assembly& b) {
  for (std::size_t j = 0; j < kJoints; ++j)
    if (a.peak[j] != kNone && b.peak[j] != kNone) return false;
  return true;
}

void set_joint(Assembly& person, std::size_t joint, std::size_t peak, float score, bool counts) {
  person.peak[joint] = static_cast<std::int32_t>(peak);
  if (!counts) return;
  person.score += score;
  ++person.joints;
}

/// Adds a limb to the person that has one of its ends, joins two people that it connects, or starts a new one. A limb
/// that is no evidence starts nobody, and the joint that it adds does not count: otherwise an arm that came off its
/// person and an ear that is hardly there would be somebody.
void add_connection(std::vector<Assembly>& people, const Limb& limb, const Connection& c, const PeakLists& peaks) {
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < people.size() && owners.size() < 2; ++i)
    if (people[i].peak[limb.from] == static_cast<std::int32_t>(c.from) ||
        people[i].peak[limb.to] == static_cast<std::int32_t>(c.to))
      owners.push_back(i);
  const float from_score = peaks[limb.from][c.from].score, to_score = peaks[limb.to][c.to].score;
  if (owners.empty()) {
    if (!limb.evidence) return;
    Assembly person;
    set_joint(person, limb.from, c.from, from_score, true);
    set_joint(person, limb.to, c.to, to_score + c.score, true);
    people.push_back(person);
    return;
  }
  Assembly& first = people[owners[0]];
  if (owners.size() == 2 && disjoint(first, people[owners[1]])) {
    const Assembly& second = people[owners[1]];
    for (std::size_t j = 0; j < kJoints; ++j)
      if (second.peak[j] != kNone) first.peak[j] = second.peak[j];
    first.joints += second.joints;
    first.score += second.score + c.score;
    people.erase(people.begin() + static_cast<std::ptrdiff_t>(owners[1]));
    return;
  }
  if (first.peak[limb.to] == kNone)
    set_joint(first, limb.to, c.to, to_score + c.score, limb.evidence);
  else if (first.peak[limb.from] == kNone)
    set_joint(first, limb.from, c.from, from_score + c.score, limb.evidence);
}

Person finish(const Assembly& assembly, const PeakLists& peaks, float width, float height) {
  Person person;
  person.score = assembly.score / static_cast<float>(assembly.joints);
  for (std::size_t j = 0; j < kJoints; ++j) {
    if (assembly.peak[j] == kNone) continue;
    const Peak& peak = peaks[j][static_cast<std::size_t>(assembly.peak[j])];
    person.joints[j] = {true, peak.refined_x / width, peak.refined_y / height, peak.score};
  }
  return person;
}

}  // namespace

std::vector<Person> decode(std::span<const float> maps, std::int32_t height, std::int32_t width,
                           const DecodeOptions& options) {
  const std::size_t plane = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  PeakLists peaks;
  for (std::size_t j = 0; j < kJoints; ++j) {
    const Plane raw = enlarge(maps.subspan(j * plane, plane), height, width, options.enlarge);
    peaks[j] = find_peaks(raw, smooth(raw), options);
  }
  const Fields fields(maps, height, width, options.enlarge);
  std::vector<Assembly> assemblies;
  for (const Limb& limb : limbs())
    for (const Connection& c : connect(fields, limb, peaks, options)) add_connection(assemblies, limb, c, peaks);

  std::vector<Person> people;
  for (const Assembly& a : assemblies) {
    if (a.joints < options.least_joints || a.score / static_cast<float>(a.joints) < options.least_score) continue;
    people.push_back(
        finish(a, peaks, static_cast<float>(width * options.enlarge), static_cast<float>(height * options.enlarge)));
  }
  std::stable_sort(people.begin(), people.end(), [](const Person& a, const Person& b) { return a.score > b.score; });
  return people;
}

}  // namespace heddle::pose
