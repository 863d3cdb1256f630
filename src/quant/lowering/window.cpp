// SPDX-License-Identifier: Apache-2.0
#include "quant/lowering/window.h"

#include <fmt/format.h>

#include <algorithm>

namespace heddle::quant {
namespace {

/// One spatial axis of a window.
struct Axis {
  std::int64_t kernel, stride, dilation, begin, end;

  [[nodiscard]] std::int64_t reach() const { return (kernel - 1) * dilation + 1; }
};

/// SAME pads: the output has ⌈in / stride⌉ positions, the odd pixel lies at the end (UPPER) or at the beginning.
void resolve_auto_pad(Axis& axis, const std::string& mode, std::int64_t in, std::int64_t out) {
  if (mode == "VALID") axis.begin = axis.end = 0;
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") return;
  const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * axis.stride + axis.reach() - in);
  axis.begin = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
  axis.end = total - axis.begin;
}

std::vector<Axis> axes_of(const Site& site, const std::vector<std::int64_t>& kernel) {
  const std::size_t n = kernel.size();
  const auto strides = spatial_ints(site, "strides", n, 1);
  const auto dilations = spatial_ints(site, "dilations", n, 1);
  const auto pads = spatial_ints(site, "pads", 2 * n, 0);
  const std::string mode = kernels::get_string(site.node.attributes, "auto_pad", "NOTSET");
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < n; ++i) {
    Axis axis{kernel[i], strides[i], dilations[i], pads[i], pads[n + i]};
    resolve_auto_pad(axis, mode, site.value(0).shape[i + 2], site.result().shape[i + 2]);
    axes.push_back(axis);
  }
  return axes;
}

}  // namespace

std::vector<std::int64_t> spatial_ints(const Site& site, std::string_view name, std::size_t count,
                                       std::int64_t fallback) {
  auto values = kernels::get_ints(site.node.attributes, name);
  if (values.size() != count) values.assign(count, fallback);
  return values;
}

Refusal window_refusal(const Site& site, const std::vector<std::int64_t>& kernel) {
  if (kernel.empty() || kernel.size() > 2 || site.value(0).shape.size() != kernel.size() + 2)
    return fmt::format("it has {} spatial dimensions; the overlay has one or two", kernel.size());
  for (const Axis& a : axes_of(site, kernel)) {
    if (a.kernel < 1 || a.kernel > ir::limits::kKernel)
      return fmt::format("a kernel of {} exceeds {}", a.kernel, ir::limits::kKernel);
    if (a.stride < 1 || a.stride > ir::limits::kStride)
      return fmt::format("a stride of {} exceeds {}", a.stride, ir::limits::kStride);
    if (a.dilation < 1 || a.dilation > ir::limits::kDilation)
      return fmt::format("a dilation of {} exceeds {}", a.dilation, ir::limits::kDilation);
    if (a.begin < 0 || a.end < 0 || a.begin > ir::limits::kPad || a.end > ir::limits::kPad)
      return fmt::format("pads of {} and {} are outside 0 to {}", a.begin, a.end, ir::limits::kPad);
  }
  return std::nullopt;
}

SpatialWindow spatial_window(const Site& site, const std::vector<std::int64_t>& kernel) {
  std::vector<Axis> axes = axes_of(site, kernel);
  if (axes.size() == 1) axes.insert(axes.begin(), Axis{1, 1, 1, 0, 0});
  const ir::Extent in = site.placement().extent;
  const ir::Extent out = *natural_extent(site.result().shape);
  const auto needed = [](const Axis& a, std::int64_t from, std::int64_t to) {
    return static_cast<std::int32_t>(std::max<std::int64_t>(0, (to - 1) * a.stride + a.reach() - from - a.begin));
  };
  const auto narrow = [](std::int64_t v) { return static_cast<std::int32_t>(v); };
  const Axis &y = axes[0], &x = axes[1];
  SpatialWindow result;
  result.window = {narrow(y.kernel),
                   narrow(x.kernel),
                   narrow(y.stride),
                   narrow(x.stride),
                   narrow(y.dilation),
                   narrow(x.dilation),
                   narrow(y.begin),
                   narrow(x.begin),
                   needed(y, in.height, out.height),
                   needed(x, in.width, out.width)};
  result.declared_bottom = narrow(y.end);
  result.declared_right = narrow(x.end);
  return result;
}

}  // namespace heddle::quant
