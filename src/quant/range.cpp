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

/// Divergence of the clipped histogram from itself in `levels` steps (Migacz: outliers belong to the edge bins). What
/// an activation has set to exactly its limit (0 of Relu, 6 of Relu6) is represented exactly and stays out of it.
class Divergence {
 public:
  Divergence(const Observation& o, const Range& range, int levels)
      : o_(o),
        range_(range),
        first_(bin_of(range.low)),
        last_(bin_of(range.high - o.bin_width() / 2)),
        mass_(static_cast<std::size_t>(levels)),
        occupied_(static_cast<std::size_t>(levels)) {
    for (std::size_t b = first_; b <= last_; ++b) {
      inside_ += count(b);
      mass_[level(b)] += count(b);
      occupied_[level(b)] += count(b) > 0 ? 1 : 0;
    }
    for (std::size_t b = 0; b < first_; ++b) below_ += count(b);
    for (std::size_t b = last_ + 1; b < o.bins.size(); ++b) above_ += count(b);
  }

  [[nodiscard]] double value() const {
    const double total = inside_ + below_ + above_;
    double sum = 0;
    for (std::size_t b = first_; b <= last_; ++b) {
      const double clipped = count(b) + (b == first_ ? below_ : 0) + (b == last_ ? above_ : 0);
      if (clipped <= 0) continue;
      const double q = count(b) > 0 ? mass_[level(b)] / occupied_[level(b)] / inside_ : 1e-12;
      sum += clipped / total * std::log(clipped / total / q);
    }
    return sum;
  }

 private:
  [[nodiscard]] std::size_t bin_of(double x) const {
    const double at = (x - double{o_.low}) / o_.bin_width();
    return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(o_.bins.size() - 1)));
  }
  [[nodiscard]] std::size_t level(std::size_t b) const {
    const double step = (range_.high - range_.low) / static_cast<double>(mass_.size());
    return static_cast<std::size_t>(
        std::clamp((center(o_, b) - range_.low) / step, 0.0, static_cast<double>(mass_.size() - 1)));
  }
  [[nodiscard]] double count(std::size_t b) const {
    const bool exact = (b == 0 && o_.low == 0) || (b + 1 == o_.bins.size() && b == last_);
    return exact ? 0 : static_cast<double>(o_.bins[b]);
  }

  const Observation& o_;
  Range range_;
  std::size_t first_, last_;
  std::vector<double> mass_, occupied_;
  double inside_ = 0, below_ = 0, above_ = 0;
};

/// First the upper end, then the lower one, each from all of it to a tenth.
Range least_divergence(const Observation& o, int levels) {
  constexpr int kSteps = 40;
  const Range full = everything(o);
  Range best = full;
  double least = std::numeric_limits<double>::infinity();
  const auto consider = [&](const Range& range) {
    if (range.high - range.low <= 0) return;
    const double value = Divergence(o, range, levels).value();
    if (value >= least) return;
    least = value;
    best = range;
  };
  for (int k = kSteps; k >= kSteps / 10; --k) consider({full.low, full.high * k / kSteps});
  const double high = best.high;
  for (int k = kSteps; k >= kSteps / 10; --k) consider({full.low * k / kSteps, high});
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
