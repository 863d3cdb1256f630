// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "quant/lowering/rules.h"

// Resize: the machine's fixed-point positions are used only where they prove to give ONNX's pixels.
namespace heddle::quant {
namespace {

/// One axis of a Resize node.
struct ResizeSpec {
  std::string mode, transform, nearest;
  std::int64_t in = 1, out = 1;
  double scale = 1;

  /// ONNX's source coordinate of output `o`.
  [[nodiscard]] double position(std::int64_t o) const {
    const auto x = static_cast<double>(o);
    if (transform == "asymmetric") return x / scale;
    if (transform == "align_corners")
      return out == 1 ? 0 : x * static_cast<double>(in - 1) / static_cast<double>(out - 1);
    if (transform == "pytorch_half_pixel" && out == 1) return 0;
    if (transform == "half_pixel_symmetric") {
      const double adjustment = static_cast<double>(out) / (scale * static_cast<double>(in));
      const double centre = static_cast<double>(in) / 2;
      return centre * (1 - adjustment) + (x + 0.5) / scale - 0.5;
    }
    return (x + 0.5) / scale - 0.5;
  }
  /// ONNX's nearest source index.
  [[nodiscard]] std::int64_t index(std::int64_t o) const {
    const double p = position(o);
    double whole = std::floor(p);
    if (nearest == "round_prefer_floor") whole = std::ceil(p - 0.5);
    if (nearest == "round_prefer_ceil") whole = std::floor(p + 0.5);
    if (nearest == "ceil") whole = std::ceil(p);
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(whole), 0, in - 1);
  }
};

bool legal(const ir::ResizeAxis& axis) {
  return axis.step >= 0 && axis.step <= ir::limits::kResizeStep && axis.start >= -ir::limits::kResizeStart &&
         axis.start < ir::limits::kResizeStart;
}

/// A start for this step that gives every output the right index, if there is one: each output bounds the start from
/// both sides, except where the clamp to the map helps.
std::optional<ir::ResizeAxis> nearest_axis(const ResizeSpec& spec, std::int64_t step) {
  std::int64_t lowest = -ir::limits::kResizeStart, highest = ir::limits::kResizeStart - 1;
  for (std::int64_t o = 0; o < spec.out; ++o) {
    const std::int64_t index = spec.index(o);
    if (index > 0) lowest = std::max(lowest, (index << 16) - o * step);
    if (index < spec.in - 1) highest = std::min(highest, ((index + 1) << 16) - 1 - o * step);
  }
  const ir::ResizeAxis axis{lowest + (highest - lowest) / 2, step};
  return lowest <= highest && legal(axis) ? std::optional(axis) : std::nullopt;
}

/// The rounded position, if no output is further than 2^-9 pixel from ONNX's (the weight is rounded by as much again).
std::optional<ir::ResizeAxis> linear_axis(const ResizeSpec& spec, std::int64_t step) {
  const double first = spec.position(0) * 65536, last = spec.position(spec.out - 1) * 65536;
  const double drift = last - first - static_cast<double>((spec.out - 1) * step);
  const ir::ResizeAxis axis{std::llround(first + drift / 2), step};
  if (!legal(axis)) return std::nullopt;
  const double end = static_cast<double>(spec.in - 1);
  for (std::int64_t o = 0; o < spec.out; ++o) {
    const double wanted = std::clamp(spec.position(o), 0.0, end);
    const double actual = std::clamp(static_cast<double>(axis.start + o * step) / 65536, 0.0, end);
    if (std::abs(wanted - actual) > 1.0 / 512) return std::nullopt;
  }
  return axis;
}

std::optional<ir::ResizeAxis> solve(const ResizeSpec& spec) {
  const double ideal =
      spec.out > 1 ? (spec.position(spec.out - 1) - spec.position(0)) / static_cast<double>(spec.out - 1) * 65536 : 0;
  const auto middle = std::llround(ideal);
  for (const std::int64_t offset : {0, 1, -1, 2, -2}) {
    const std::int64_t step = middle + offset;
    const auto axis = spec.mode == "nearest" ? nearest_axis(spec, step) : linear_axis(spec, step);
    if (axis) return axis;
  }
  return std::nullopt;
}

/// Scale of tensor axis `axis`: the scales input where it is given, otherwise the quotient of the sizes.
double scale_of(const Site& site, std::int64_t axis) {
  const auto from = static_cast<double>(site.value(0).shape[static_cast<std::size_t>(axis)]);
  const auto to = static_cast<double>(site.result().shape[static_cast<std::size_t>(axis)]);
  if (!site.has(2)) return to / from;
  const auto scales = real_constant(site.scene.graph, site.node.inputs[2]);
  auto axes = kernels::get_ints(site.node.attributes, "axes");
  if (scales.empty()) return to / from;
  if (axes.empty())
    for (std::size_t i = 0; i < scales.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  const auto rank = static_cast<std::int64_t>(site.value(0).shape.size());
  for (std::size_t i = 0; i < axes.size() && i < scales.size(); ++i)
    if ((axes[i] + rank) % rank == axis) return double{scales[i]};
  return 1;
}

ResizeSpec spec_of(const Site& site, std::int64_t axis) {
  const auto& a = site.node.attributes;
  ResizeSpec spec;
  spec.mode = kernels::get_string(a, "mode", "nearest");
  spec.transform = kernels::get_string(a, "coordinate_transformation_mode", "half_pixel");
  spec.nearest = kernels::get_string(a, "nearest_mode", "round_prefer_floor");
  spec.in = site.value(0).shape[static_cast<std::size_t>(axis)];
  spec.out = site.result().shape[static_cast<std::size_t>(axis)];
  spec.scale = scale_of(site, axis);
  return spec;
}

struct Axes {
  std::optional<ir::ResizeAxis> y, x;
};
Axes solve_axes(const Site& site) {
  const auto rank = static_cast<std::int64_t>(site.value(0).shape.size());
  Axes axes{ir::ResizeAxis{0, 65536}, ir::ResizeAxis{0, 65536}};
  if (rank >= 3) axes.x = solve(spec_of(site, rank - 1));
  if (rank == 4) axes.y = solve(spec_of(site, 2));
  return axes;
}

Refusal check_attributes(const Site& site) {
  const auto& a = site.node.attributes;
  const std::string mode = kernels::get_string(a, "mode", "nearest");
  if (mode != "nearest" && mode != "linear") return fmt::format("mode '{}'", mode);
  const std::string transform = kernels::get_string(a, "coordinate_transformation_mode", "half_pixel");
  constexpr std::array known{"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric"};
  if (std::ranges::find(known, transform) == known.end())
    return fmt::format("coordinate_transformation_mode '{}'", transform);
  if (kernels::get_int(a, "antialias", 0) != 0) return "antialiasing";
  if (kernels::get_int(a, "exclude_outside", 0) != 0) return "exclude_outside";
  if (kernels::get_string(a, "keep_aspect_ratio_policy", "stretch") != "stretch") return "keep_aspect_ratio_policy";
  return std::nullopt;
}

}  // namespace

Refusal check_resize(const Site& site) {
  if (auto reason = check_attributes(site)) return reason;
  for (std::size_t i = 2; i < site.inputs(); ++i)
    if (site.has(i) && site.constant(i) == nullptr) return "its size is not a constant";
  const Shape &from = site.value(0).shape, &to = site.result().shape;
  if (from[0] != to[0] || from[1] != to[1]) return "it resizes batch or channels";
  const Axes axes = solve_axes(site);
  if (!axes.y || !axes.x) return "positions of 1/65536 pixel do not reproduce its source pixels";
  return std::nullopt;
}

void emit_resize(Emitter& emitter, const Site& site) {
  const bool linear = kernels::get_string(site.node.attributes, "mode", "nearest") == "linear";
  const ir::MapId in = emitter.operand(site.node.inputs[0]);
  const Format from = emitter.format(in);
  // The blend has 16 more fractional bits, and carries the zero point with weight 65536.
  auto post = conversion(from, site.result_format(), linear ? 1.0 / 65536 : 1.0);
  if (!post) return emitter.refuse(site, "quant.ratio", "the scales of operand and result are too far apart");
  if (linear) post->channels[0].bias *= 65536;
  const Axes axes = solve_axes(site);
  ir::Layer& layer =
      emitter.add_result(linear ? ir::LayerKind::resize_bilinear : ir::LayerKind::resize_nearest, site, {in});
  layer.post = *post;
  layer.resize_y = *axes.y;
  layer.resize_x = *axes.x;
}

}  // namespace heddle::quant
