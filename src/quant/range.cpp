// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "quant/calibrate.h"

namespace heddle::quant {
namespace {

constexpr double kTail = 1e-5;  ///< share of the values that `percentile` gives up at each end

Range everything(const Observation& o) {
  return {std::min(0.0, double{o.low}), std::max(0.0, double{o.high})};
}

double center(const Observation& o, std::size_t bin) {
  return double{o.low} + (static_cast<double>(bin) + 0.5) * o.bin_width();
}

Range percentile(const Observation& o) {
  const auto allowed = static_cast<std::uint64_t>(kTail * static_cast<double>(o.count));
  std::size_t first = 0, last = o.bins.size() - 1;
  for (std::uint64_t sum = o.bins[first]; sum <= allowed && first < last;) sum += o.bins[++first];
  for (std::uint64_t sum = o.bins[last]; sum <= allowed && last > first;) sum += o.bins[--last];
  const double width = o.bin_width();
  return {std::min(0.0, double{o.low} + static_cast<double>(first) * width),
          std::max(0.0, double{o.low} + static_cast<double>(last + 1) * width)};
}

/// Cumulative moments of a histogram, so that the error of clipping a tail is one expression.
class Moments {
 public:
  explicit Moments(const Observation& o) : observation_(o), sums_(o.bins.size() + 1) {
    for (std::size_t b = 0; b < o.bins.size(); ++b) {
      const double x = center(o, b);
      auto n = static_cast<double>(o.bins[b]);
      // What an activation has set to exactly 0 is represented without any error.
      if (o.low == 0 && b == 0) n = 0;
      sums_[b + 1] = {sums_[b][0] + n, sums_[b][1] + n * x, sums_[b][2] + n * x * x};
    }
  }

  /// Expected squared error of rounding within [low, high] in steps and clipping outside.
  [[nodiscard]] double error(const Range& range, int levels) const {
    const std::size_t first = bin(range.low), last = bin(range.high);
    const double step = (range.high - range.low) / (levels - 1);
    const double inside = sums_[last][0] - sums_[first][0];
    return inside * step * step / 12 + tail({0, first}, range.low) + tail({last, sums_.size() - 1}, range.high);
  }

 private:
  struct Span {
    std::size_t begin, end;
  };
  [[nodiscard]] std::size_t bin(double x) const {
    const double at = (x - double{observation_.low}) / observation_.bin_width();
    return static_cast<std::size_t>(std::clamp(std::round(at), 0.0, static_cast<double>(sums_.size() - 1)));
  }
  [[nodiscard]] double tail(Span s, double bound) const {
    const double n = sums_[s.end][0] - sums_[s.begin][0], x = sums_[s.end][1] - sums_[s.begin][1],
                 xx = sums_[s.end][2] - sums_[s.begin][2];
    return std::max(0.0, xx - 2 * bound * x + bound * bound * n);
  }

  const Observation& observation_;
  std::vector<std::array<double, 3>> sums_;
};

/// Both ends are tried at 64 positions each, from all of it to 1/64.
Range least_squares(const Observation& o, int levels) {
  constexpr int kSteps = 64;
  const Moments moments(o);
  const Range full = everything(o);
  Range best = full;
  double least = moments.error(full, levels);
  for (int l = 1; l <= kSteps; ++l)
    for (int h = 1; h <= kSteps; ++h) {
      const Range range{full.low * l / kSteps, full.high * h / kSteps};
      if (range.high - range.low <= 0) continue;
      const double error = moments.error(range, levels);
      if (error < least) {
        least = error;
        best = range;
      }
    }
  return best;
}

/// Divergence of the clipped histogram from itself in `levels` steps (Migacz: outliers belong to the edge bins).
double divergence(const Observation& o, const Range& range, int levels) {
  std::vector<double> clipped(o.bins.size(), 0.0);
  std::vector<int> level(o.bins.size(), 0);
  std::vector<double> mass(static_cast<std::size_t>(levels), 0.0), occupied(static_cast<std::size_t>(levels), 0.0);
  const double step = (range.high - range.low) / levels;
  const auto bin_of = [&](double x) {
    const double at = (x - double{o.low}) / o.bin_width();
    return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(o.bins.size() - 1)));
  };
  const std::size_t first = bin_of(range.low), last = bin_of(range.high - o.bin_width() / 2);
  double total = 0;
  for (std::size_t b = 0; b < o.bins.size(); ++b) {
    const auto n = static_cast<double>(o.bins[b]);
    const std::size_t to = std::clamp(b, first, last);
    clipped[to] += n;
    total += n;
    if (to != b) continue;  // outliers count in the reference, not in what is represented
    const int at = std::clamp(static_cast<int>((center(o, b) - range.low) / step), 0, levels - 1);
    level[b] = at;
    mass[static_cast<std::size_t>(at)] += n;
    occupied[static_cast<std::size_t>(at)] += n > 0 ? 1 : 0;
  }
  double inside = 0, sum = 0;
  for (const double m : mass) inside += m;
  for (std::size_t b = first; b <= last; ++b) {
    if (clipped[b] <= 0) continue;
    const auto at = static_cast<std::size_t>(level[b]);
    const double q = o.bins[b] > 0 ? mass[at] / occupied[at] / inside : 1e-12;
    sum += clipped[b] / total * std::log(clipped[b] / total / q);
  }
  return sum;
}

Range least_divergence(const Observation& o, int levels) {
  constexpr int kSteps = 40;
  const Range full = everything(o);
  Range best = full;
  double least = std::numeric_limits<double>::infinity();
  for (int k = kSteps; k >= 4; --k) {
    const Range range{full.low * k / kSteps, full.high * k / kSteps};
    const double value = divergence(o, range, levels);
    if (value < least) {
      least = value;
      best = range;
    }
  }
  return best;
}

}  // namespace

std::string_view name(RangeMethod method) {
  switch (method) {
    case RangeMethod::minmax:
      return "minmax";
    case RangeMethod::percentile:
      return "percentile";
    case RangeMethod::mse:
      return "mse";
    case RangeMethod::entropy:
      return "entropy";
  }
  return "?";
}

std::optional<RangeMethod> range_method_from_name(std::string_view text) {
  for (const RangeMethod method :
       {RangeMethod::minmax, RangeMethod::percentile, RangeMethod::mse, RangeMethod::entropy})
    if (text == name(method)) return method;
  return std::nullopt;
}

Range choose_range(const Observation& observation, RangeMethod method, int levels) {
  if (observation.bins.empty() || levels > 256) return everything(observation);
  switch (method) {
    case RangeMethod::minmax:
      break;
    case RangeMethod::percentile:
      return percentile(observation);
    case RangeMethod::mse:
      return least_squares(observation, levels);
    case RangeMethod::entropy:
      return least_divergence(observation, levels);
  }
  return everything(observation);
}

}  // namespace heddle::quant
