// SPDX-License-Identifier: Apache-2.0
#include "quant/formats.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace heddle::quant {
namespace {

/// Elements of one index of an axis: `outer` runs of `inner` elements.
struct Axis {
  std::size_t outer = 1, count = 1, inner = 1;

  Axis(const Shape& shape, int axis) {
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const auto n = static_cast<std::size_t>(shape[d]);
      (static_cast<int>(d) < axis ? outer : static_cast<int>(d) == axis ? count : inner) *= n;
    }
  }
  template <class Visit>
  void visit(std::size_t index, const Visit& visit) const {
    for (std::size_t o = 0; o < outer; ++o)
      for (std::size_t i = 0; i < inner; ++i) visit((o * count + index) * inner + i);
  }
};

/// Sum of squared rounding errors of 8-bit weights. Eight partial sums, so that the loop vectorises.
float squared_error(std::span<const float> values, float scale) {
  std::array<float, 8> sums{};
  const float inverse = 1 / scale;
  // Adding and subtracting 1.5·2^23 rounds to an integer, half to even.
  constexpr float kRound = 12582912.0F;
  const auto error = [&](float v) {
    const float rounded = (std::clamp(v * inverse, -127.0F, 127.0F) + kRound) - kRound;
    return v - rounded * scale;
  };
  const std::size_t whole = values.size() / sums.size() * sums.size();
  for (std::size_t i = 0; i < whole; i += sums.size())
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += error(values[i + k]) * error(values[i + k]);
  float rest = 0;
  for (std::size_t i = whole; i < values.size(); ++i) rest += error(values[i]) * error(values[i]);
  return std::accumulate(sums.begin(), sums.end(), rest);
}

/// Clipping the largest weights a little can lower the total error of 8-bit weights; it is tried down to two thirds.
float best_narrow_scale(std::span<const float> values, float largest) {
  float best = largest / 127, least = squared_error(values, best);
  for (int k = 1; k <= 16; ++k) {
    const float scale = largest * (1 - static_cast<float>(k) / 48) / 127;
    const float error = squared_error(values, scale);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

}  // namespace

Format narrow_format(const Range& range) {
  const double width = range.high - range.low;
  if (width < 1e-30) return {};  // always 0: any scale will do
  const auto scale = static_cast<float>(width / 255);
  const double zero = std::clamp(std::nearbyint(-128 - range.low / double{scale}), -128.0, 127.0);
  return {DataType::i8, scale, static_cast<std::int32_t>(zero)};
}

Format wide_format(const Range& range) {
  const double largest = std::max(-range.low, range.high);
  if (largest < 1e-30) return {DataType::i16, 1.0F, 0};
  return {DataType::i16, static_cast<float>(1.25 * largest / 32767), 0};
}

GroupFormats group_formats(const Plan& plan, const Calibration& calibration, RangeMethod method) {
  GroupFormats formats;
  formats.narrow.resize(plan.groups.size());
  formats.wide.resize(plan.groups.size());
  tbb::parallel_for(std::size_t{0}, plan.groups.size(), [&](std::size_t g) {
    Range narrow, wide;
    const auto extend = [](Range& range, const Range& by) {
      range.low = std::min(range.low, by.low);
      range.high = std::max(range.high, by.high);
    };
    for (const ir::ValueId id : plan.groups[g].values) {
      const auto& observation = calibration.values[static_cast<std::size_t>(id)];
      if (!observation) continue;
      extend(narrow, choose_range(*observation, method, 256));
      extend(wide, choose_range(*observation, RangeMethod::minmax, 65536));
    }
    formats.narrow[g] = narrow_format(narrow);
    formats.wide[g] = wide_format(wide);
  });
  return formats;
}

void bound_ratios(const ir::Graph& graph, const Plan& plan, GroupFormats& formats) {
  constexpr float kLargest = 8192;  // half of what the requantiser can do, so that headroom elsewhere does no harm
  for (const Dense& d : plan.dense) {
    const int from = plan.group_of[static_cast<std::size_t>(d.input)],
              to = plan.group_of[static_cast<std::size_t>(d.result)];
    if (from < 0 || to < 0) continue;
    const auto scales = weight_scales(*ir::constant_of(graph, d.weight), d.channel_axis, false);
    const float product = formats.of(from, false).scale * *std::ranges::max_element(scales);
    for (auto* list : {&formats.narrow, &formats.wide}) {
      float& scale = (*list)[static_cast<std::size_t>(to)].scale;
      scale = std::max(scale, product / kLargest);
    }
  }
}

std::vector<float> weight_scales(const Tensor& weights, int axis, bool wide) {
  const Axis channels(weights.shape(), axis);
  const auto values = weights.data<float>();
  std::vector<float> scales(channels.count);
  tbb::parallel_for(std::size_t{0}, channels.count, [&](std::size_t c) {
    std::vector<float> own;
    own.reserve(channels.outer * channels.inner);
    float largest = 0;
    channels.visit(c, [&](std::size_t i) {
      own.push_back(values[i]);
      largest = std::max(largest, std::abs(values[i]));
    });
    // A channel of zeros needs some scale; its bias decides how fine (bounded when the parameters are derived).
    if (largest < 1e-30F) largest = 1e-8F;
    scales[c] = wide ? largest / 32767 : best_narrow_scale(own, largest);
  });
  return scales;
}

Tensor fake_quantize_weights(const Tensor& weights, int axis, std::span<const float> scales, bool wide) {
  const Axis channels(weights.shape(), axis);
  const auto values = weights.data<float>();
  Tensor result(DataType::f32, weights.shape());
  const auto to = result.mutable_data<float>();
  const float top = wide ? 32767.0F : 127.0F;
  for (std::size_t c = 0; c < channels.count; ++c)
    channels.visit(
        c, [&](std::size_t i) { to[i] = std::clamp(std::nearbyint(values[i] / scales[c]), -top, top) * scales[c]; });
  return result;
}

}  // namespace heddle::quant
