// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "quant/lowering/rules.h"
#include "quant/lowering/window.h"

namespace heddle::quant {
namespace {

std::vector<std::int64_t> pool_kernel(const Site& site) {
  return kernels::get_ints(site.node.attributes, "kernel_shape");
}

/// A requantiser for the average of `taps` elements.
std::optional<kernels::ChannelRequant> average(const Format& from, const Format& to, std::int64_t taps) {
  auto q = derive_requant(double{from.scale} / double{to.scale} / static_cast<double>(taps));
  if (q) q->bias = -from.zero * taps;
  return q;
}

void refuse_ratio(Emitter& emitter, const Site& site) {
  emitter.refuse(site, "quant.ratio", "the scales of operand and result are more than 2^14.99 apart");
}

/// Maximum, and in the same step the conversion to the result's format.
void finish_maximum(Emitter& emitter, const Site& site, const ir::Window& window) {
  const ir::MapId in = emitter.operand(site.node.inputs[0]);
  const auto post = conversion(emitter.format(in), site.result_format());
  if (!post) return refuse_ratio(emitter, site);
  ir::Layer& layer = emitter.add_result(ir::LayerKind::max_pool, site, {in});
  layer.window = window;
  layer.post = *post;
}

/// The declared pads as part of the map: needed where they count in the divisor but what ceil_mode adds does not.
ir::MapId padded(Emitter& emitter, const Site& site, ir::MapId in, SpatialWindow& pool) {
  ir::Window border;
  border.pad_top = pool.window.pad_top;
  border.pad_left = pool.window.pad_left;
  border.pad_bottom = pool.declared_bottom;
  border.pad_right = pool.declared_right;
  const ir::FeatureMap map = emitter.map(in);
  const Format format = emitter.format(in);
  ir::Layer& layer = emitter.add_layer(ir::LayerKind::requantize, site, {in},
                                       ir::windowed(border, map.channels, map.height, map.width), format);
  layer.window = border;
  layer.post = *conversion(format, format);
  pool.window.pad_top = pool.window.pad_left = 0;
  pool.window.pad_bottom -= border.pad_bottom;
  pool.window.pad_right -= border.pad_right;
  return layer.output;
}

}  // namespace

Refusal check_max_pool(const Site& site) {
  if (auto reason = window_refusal(site, pool_kernel(site))) return reason;
  const ir::Window w = spatial_window(site, pool_kernel(site)).window;
  if (w.pad_top > (w.kernel_h - 1) * w.dilation_h || w.pad_left > (w.kernel_w - 1) * w.dilation_w ||
      w.pad_bottom > (w.kernel_h - 1) * w.dilation_h || w.pad_right > (w.kernel_w - 1) * w.dilation_w)
    return "a window can lie wholly in the padding";
  return std::nullopt;
}

void emit_max_pool(Emitter& emitter, const Site& site) {
  finish_maximum(emitter, site, spatial_window(site, pool_kernel(site)).window);
}

Refusal check_average_pool(const Site& site) {
  if (auto reason = check_max_pool(site)) return reason;
  const ir::Window w = spatial_window(site, pool_kernel(site)).window;
  if (w.dilation_h != 1 || w.dilation_w != 1) return "average pooling with dilation";
  return std::nullopt;
}

void emit_average_pool(Emitter& emitter, const Site& site) {
  SpatialWindow pool = spatial_window(site, pool_kernel(site));
  ir::MapId in = emitter.operand(site.node.inputs[0]);
  const bool count_pads = kernels::get_int(site.node.attributes, "count_include_pad", 0) != 0;
  const bool overflows = pool.window.pad_bottom > pool.declared_bottom || pool.window.pad_right > pool.declared_right;
  const bool has_pads = pool.window.pad_top + pool.window.pad_left + pool.declared_bottom + pool.declared_right > 0;
  if (count_pads && overflows && has_pads) in = padded(emitter, site, in, pool);
  const Format from = emitter.format(in), to = site.result_format();
  const ir::FeatureMap source = emitter.map(in);
  const std::int32_t taps = pool.window.kernel_h * pool.window.kernel_w;
  const auto whole = average(from, to, taps);
  if (!whole) return refuse_ratio(emitter, site);
  ir::Layer& layer = emitter.add_result(ir::LayerKind::average_pool, site, {in});
  layer.window = pool.window;
  layer.post.channels = {*whole};
  if (count_pads && !overflows) return;
  const ir::Extent out = ir::extent(emitter.map(layer.output));
  std::set<std::int32_t> counts;
  for (std::int32_t y = 0; y < out.height; ++y)
    for (std::int32_t x = 0; x < out.width; ++x) counts.insert(ir::valid_taps(layer.window, source, y, x));
  if (counts == std::set{taps}) return;
  layer.post.channels.clear();
  for (const std::int32_t count : counts) {
    const auto q = average(from, to, count);
    if (!q) return refuse_ratio(emitter, site);
    layer.post.by_count.emplace_back(count, *q);
  }
}

Refusal check_global_pool(const Site& site) {
  const ir::Extent in = site.placement().extent;
  if (in.height > ir::limits::kKernel || in.width > ir::limits::kKernel)
    return fmt::format("a map of {}x{} exceeds the largest window, {}", in.height, in.width, ir::limits::kKernel);
  return std::nullopt;
}

void emit_global_max(Emitter& emitter, const Site& site) {
  const ir::Extent in = site.placement().extent;
  ir::Window window;
  window.kernel_h = in.height;
  window.kernel_w = in.width;
  finish_maximum(emitter, site, window);
}

Refusal check_reduce_mean(const Site& site) {
  std::vector<std::int64_t> axes =
      site.has(1) ? integer_constant(site.constant(1)) : kernels::get_ints(site.node.attributes, "axes");
  const auto rank = static_cast<std::int64_t>(site.value(0).shape.size());
  std::set<std::int64_t> reduced;
  for (const std::int64_t axis : axes) reduced.insert(axis < 0 ? axis + rank : axis);
  std::set<std::int64_t> spatial;
  for (std::int64_t d = 2; d < rank; ++d) spatial.insert(d);
  if (reduced.empty() || reduced != spatial) return "it reduces other axes than all of height and width";
  return std::nullopt;
}

void emit_global_average(Emitter& emitter, const Site& site) {
  const ir::MapId in = emitter.operand(site.node.inputs[0]);
  const ir::Extent extent = ir::extent(emitter.map(in));
  const auto q = average(emitter.format(in), site.result_format(), std::int64_t{extent.height} * extent.width);
  if (!q) return refuse_ratio(emitter, site);
  emitter.add_result(ir::LayerKind::global_average, site, {in}).post.channels = {*q};
}

}  // namespace heddle::quant
