// SPDX-License-Identifier: Apache-2.0
#include "kernels/resize.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/convert.h"

namespace heddle::kernels {
namespace {

constexpr std::array<std::string_view, 3> kModes{"nearest", "linear", "cubic"};
constexpr std::array<std::string_view, 4> kNearest{"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
constexpr std::array<std::string_view, 6> kCoordinates{"half_pixel",    "half_pixel_symmetric", "pytorch_half_pixel",
                                                       "align_corners", "asymmetric",           "tf_crop_and_resize"};
enum class Policy : std::uint8_t { stretch, not_larger, not_smaller };
constexpr std::array<std::string_view, 3> kPolicies{"stretch", "not_larger", "not_smaller"};

constexpr std::size_t kRoi = 1, kScales = 2, kSizes = 3;

/// The operand is there and not the empty tensor that older models put in its place.
bool given(const Check& check, std::size_t index) {
  return check.has(index) && count_of(check.shape(index)) != 0;
}

std::optional<std::vector<double>> reals(const Check& check, std::size_t index) {
  if (check.in(index).value == nullptr) return std::nullopt;
  const Tensor wide = cast(*check.in(index).value, DataType::f64);
  const auto values = wide.data<double>();
  return std::vector<double>(values.begin(), values.end());
}

bool read_modes(Check& check, ResizePlan& plan) {
  const auto mode = check.choice("mode", "nearest", kModes);
  const auto nearest_mode = check.choice("nearest_mode", "round_prefer_floor", kNearest);
  const auto coordinates = check.choice("coordinate_transformation_mode", "half_pixel", kCoordinates);
  if (!mode || !nearest_mode || !coordinates) return false;
  plan.mode = static_cast<ResizeMode>(*mode);
  plan.nearest = static_cast<NearestMode>(*nearest_mode);
  plan.coordinates = static_cast<CoordinateMode>(*coordinates);
  plan.exclude_outside = get_int(check.attributes(), "exclude_outside", 0) != 0;
  plan.antialias = get_int(check.attributes(), "antialias", 0) != 0;
  plan.cubic_a = get_float(check.attributes(), "cubic_coeff_a", -0.75F);
  plan.extrapolation = get_float(check.attributes(), "extrapolation_value", 0.0F);
  if (plan.antialias && plan.mode == ResizeMode::nearest) {
    check.error("op.attribute", "antialias", "antialiasing needs the mode linear or cubic");
    return false;
  }
  return true;
}

bool apply_scales(Check& check, const std::vector<std::int64_t>& axes, ResizePlan& plan) {
  const auto scales = reals(check, kScales);
  if (!scales) return false;
  if (!check.same_dim("scales", static_cast<std::int64_t>(scales->size()), static_cast<std::int64_t>(axes.size()),
                      "entries"))
    return false;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    ResizeAxis& axis = plan.axes[static_cast<std::size_t>(axes[i])];
    const double scale = (*scales)[i];
    if (!(scale > 0) || !std::isfinite(scale)) {
      check.error("op.parameter", "scales",
                  text("the scale ", scale, " of axis ", axes[i], " is not a positive number"));
      return false;
    }
    axis.scale = scale;
    if (axis.in == kUnknown) continue;
    // In single precision, like ONNX's own shape inference: 0.7·10 is 7 there.
    const double out = std::floor(static_cast<double>(static_cast<float>(axis.in) * static_cast<float>(scale)));
    if (out > static_cast<double>(kMaxTensorBytes)) {
      check.error("op.size", "scales", text("axis ", axes[i], " would have ", out, " elements"));
      return false;
    }
    axis.out = static_cast<std::int64_t>(out);
  }
  return true;
}

bool apply_sizes(Check& check, const std::vector<std::int64_t>& axes, ResizePlan& plan) {
  const auto sizes = check.ints(kSizes);
  const auto choice = check.choice("keep_aspect_ratio_policy", "stretch", kPolicies);
  if (!sizes || !choice) return false;
  const auto policy = static_cast<Policy>(*choice);
  if (!check.same_dim("sizes", static_cast<std::int64_t>(sizes->size()), static_cast<std::int64_t>(axes.size()),
                      "entries"))
    return false;
  double common = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    ResizeAxis& axis = plan.axes[static_cast<std::size_t>(axes[i])];
    if ((*sizes)[i] < 0 || (*sizes)[i] > kMaxTensorBytes) {
      check.error("op.parameter", "sizes", text("the size ", (*sizes)[i], " of axis ", axes[i], " is out of range"));
      return false;
    }
    axis.out = (*sizes)[i];
    if (axis.in == kUnknown) continue;
    axis.scale = axis.in == 0 ? 1.0 : static_cast<double>(axis.out) / static_cast<double>(axis.in);
    const bool replaces = policy == Policy::not_larger ? axis.scale < common : axis.scale > common;
    if (i == 0 || replaces) common = axis.scale;
  }
  if (policy == Policy::stretch) return true;
  for (const std::int64_t a : axes) {
    ResizeAxis& axis = plan.axes[static_cast<std::size_t>(a)];
    if (axis.in == kUnknown) continue;
    axis.scale = common;
    axis.out = static_cast<std::int64_t>(common * static_cast<double>(axis.in) + 0.5);
  }
  return true;
}

bool apply_roi(Check& check, const std::vector<std::int64_t>& axes, ResizePlan& plan) {
  if (plan.coordinates != CoordinateMode::tf_crop_and_resize) return true;
  if (!given(check, kRoi)) {
    check.error("op.input.missing", "roi", "tf_crop_and_resize needs the region of interest");
    return false;
  }
  const auto roi = reals(check, kRoi);
  if (!roi) return false;
  if (!check.same_dim("roi", static_cast<std::int64_t>(roi->size()), 2 * static_cast<std::int64_t>(axes.size()),
                      "entries"))
    return false;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    ResizeAxis& axis = plan.axes[static_cast<std::size_t>(axes[i])];
    axis.roi_start = (*roi)[i];
    axis.roi_end = (*roi)[axes.size() + i];
    if (!std::isfinite(axis.roi_start) || !std::isfinite(axis.roi_end)) {
      check.error("op.parameter", "roi", text("the region of axis ", axes[i], " is not finite"));
      return false;
    }
  }
  return true;
}

double cubic(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

}  // namespace

std::optional<ResizePlan> resolve_resize(Check& check) {
  ResizePlan plan;
  if (!read_modes(check, plan)) return std::nullopt;
  for (const std::int64_t d : check.shape(0)) plan.axes.push_back({.in = d, .out = d});
  Shape all(check.shape(0).size());
  std::iota(all.begin(), all.end(), std::int64_t{0});
  const auto axes = check.axes("axes", get_ints(check.attributes(), "axes", all), check.rank(0));
  if (!axes) return std::nullopt;
  if (given(check, kScales) == given(check, kSizes)) {
    check.error("op.input.missing", "scales", "exactly one of scales and sizes must be given");
    return std::nullopt;
  }
  const bool done = given(check, kScales) ? apply_scales(check, *axes, plan) : apply_sizes(check, *axes, plan);
  if (!done || !apply_roi(check, *axes, plan)) return std::nullopt;
  for (const ResizeAxis& axis : plan.axes)
    if (axis.in == 0 && axis.out > 0) {
      check.error("op.shape", "X", "an empty axis cannot be enlarged");
      return std::nullopt;
    }
  return plan;
}

double resize_position(const ResizePlan& plan, const ResizeAxis& axis, std::int64_t o) {
  // The stated scale may give a fractional size; ONNX's definition uses that one, not the rounded size.
  const auto in = static_cast<double>(axis.in), x = static_cast<double>(o);
  const double out = axis.scale * in;
  double position = 0;
  switch (plan.coordinates) {
    case CoordinateMode::half_pixel:
      position = (x + 0.5) / axis.scale - 0.5;
      break;
    case CoordinateMode::half_pixel_symmetric:
      position = in / 2 * (1 - static_cast<double>(axis.out) / out) + (x + 0.5) / axis.scale - 0.5;
      break;
    case CoordinateMode::pytorch_half_pixel:
      position = out == 1.0 ? -0.5 : (x + 0.5) / axis.scale - 0.5;
      break;
    case CoordinateMode::align_corners:
      position = out == 1.0 ? 0 : x * (in - 1) / (out - 1);
      break;
    case CoordinateMode::asymmetric:
      position = x / axis.scale;
      break;
    case CoordinateMode::tf_crop_and_resize: {
      const double span = (axis.roi_end - axis.roi_start) * (in - 1);
      position = axis.roi_start * (in - 1) + (out == 1.0 ? span / 2 : x * span / (out - 1));
      break;
    }
  }
  // Far outside everything is the border anyway; this keeps the conversion to integers defined.
  return std::clamp(position, -1e12, 1e12);
}

std::int64_t nearest_index(const ResizePlan& plan, const ResizeAxis& axis, std::int64_t o) {
  const double position = resize_position(plan, axis, o), base = std::floor(position), part = position - base;
  bool up = false;
  switch (plan.nearest) {
    case NearestMode::round_prefer_floor:
      up = part > 0.5;
      break;
    case NearestMode::round_prefer_ceil:
      up = part >= 0.5;
      break;
    case NearestMode::floor:
      break;
    case NearestMode::ceil:
      up = part > 0;
      break;
  }
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(base) + (up ? 1 : 0), 0, axis.in - 1);
}

ResizeTaps resize_taps(const ResizePlan& plan, const ResizeAxis& axis, std::int64_t o) {
  const double position = resize_position(plan, axis, o);
  // Antialiasing widens the filter when the image shrinks.
  const double scale = plan.antialias ? std::min(axis.scale, 1.0) : 1.0;
  const double support = plan.mode == ResizeMode::cubic ? 2.0 : 1.0;
  const auto reach = -static_cast<std::int64_t>(std::floor(-support / scale));
  // The 2·reach elements around the position; at an integer position the left ones are preferred.
  const std::int64_t first = static_cast<std::int64_t>(std::ceil(position)) - reach;
  ResizeTaps taps;
  double sum = 0;
  for (std::int64_t i = first; i < first + 2 * reach; ++i) {
    const double distance = (static_cast<double>(i) - position) * scale;
    double weight = plan.mode == ResizeMode::cubic ? cubic(distance, static_cast<double>(plan.cubic_a))
                                                   : std::max(0.0, 1.0 - std::abs(distance));
    if (plan.exclude_outside && (i < 0 || i >= axis.in)) weight = 0;
    taps.index.push_back(std::clamp<std::int64_t>(i, 0, axis.in - 1));
    taps.weight.push_back(weight);
    sum += weight;
  }
  if ((plan.antialias || plan.exclude_outside) && sum != 0)
    for (double& w : taps.weight) w /= sum;
  return taps;
}

bool is_extrapolated(const ResizePlan& plan, const ResizeAxis& axis, std::int64_t o) {
  if (plan.coordinates != CoordinateMode::tf_crop_and_resize) return false;
  const double position = resize_position(plan, axis, o);
  return position < 0 || position > static_cast<double>(axis.in - 1);
}

}  // namespace heddle::kernels
