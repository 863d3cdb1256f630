// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "ir/network_shape.h"
#include "reference/network_layers.h"

namespace heddle::reference {
namespace {

/// Calls visit(element) for every tap of output (y, x) that lies inside the map; returns the number of other taps.
template <class Visit>
std::int32_t visit_window(const IntegerMap& source, std::int32_t channel, const ir::Window& w, std::int32_t y,
                          std::int32_t x, const Visit& visit) {
  const auto plane = source.plane(channel);
  std::int32_t outside = 0;
  for (std::int32_t ky = 0; ky < w.kernel_h; ++ky)
    for (std::int32_t kx = 0; kx < w.kernel_w; ++kx) {
      const std::int32_t sy = y * w.stride_h - w.pad_top + ky * w.dilation_h;
      const std::int32_t sx = x * w.stride_w - w.pad_left + kx * w.dilation_w;
      if (sy >= 0 && sy < source.height && sx >= 0 && sx < source.width)
        visit(plane[static_cast<std::size_t>(sy * source.width + sx)]);
      else
        ++outside;
    }
  return outside;
}

/// Fills the output from element(channel, y, x).
template <class Element>
IntegerMap for_elements(const LayerCall& call, const Element& element) {
  IntegerMap out = call.new_output();
  for_channels(out.channels, [&](std::int32_t c) {
    auto to = out.values.begin() + std::ptrdiff_t{c} * out.height * out.width;
    for (std::int32_t y = 0; y < out.height; ++y)
      for (std::int32_t x = 0; x < out.width; ++x) *to++ = element(c, y, x);
  });
  return out;
}

const kernels::ChannelRequant& requant_for_count(const ir::Post& post, std::int32_t count) {
  const auto found = std::ranges::find_if(post.by_count, [&](const auto& entry) { return entry.first == count; });
  return found->second;  // ir::verify has seen that every count is there
}

}  // namespace

IntegerMap max_pool(const LayerCall& call) {
  const ir::Post& post = call.layer.post;
  const DataType type = call.output().type;
  return for_elements(call, [&](std::int32_t c, std::int32_t y, std::int32_t x) {
    std::int32_t best = ir::integer_range(call.map().type).lo;
    visit_window(*call.in[0], c, call.layer.window, y, x, [&](std::int32_t v) { best = std::max(best, v); });
    return finish(post, requant_of(post, c), type, best);
  });
}

IntegerMap average_pool(const LayerCall& call) {
  const ir::Post& post = call.layer.post;
  const ir::Window& w = call.layer.window;
  const DataType type = call.output().type;
  return for_elements(call, [&](std::int32_t c, std::int32_t y, std::int32_t x) {
    std::int64_t sum = 0;
    const std::int32_t outside = visit_window(*call.in[0], c, w, y, x, [&](std::int32_t v) { sum += v; });
    if (!post.by_count.empty())
      return finish(post, requant_for_count(post, w.kernel_h * w.kernel_w - outside), type, sum);
    return finish(post, requant_of(post, c), type, sum + std::int64_t{outside} * call.map().zero_point);
  });
}

IntegerMap global_average(const LayerCall& call) {
  const ir::Post& post = call.layer.post;
  const DataType type = call.output().type;
  return for_elements(call, [&](std::int32_t c, std::int32_t, std::int32_t) {
    const auto plane = call.in[0]->plane(c);
    return finish(post, requant_of(post, c), type, std::accumulate(plane.begin(), plane.end(), std::int64_t{0}));
  });
}

IntegerMap resize(const LayerCall& call) {
  const ir::Layer& layer = call.layer;
  const IntegerMap& in = *call.in[0];
  const DataType type = call.output().type;
  const bool blend = layer.kind == ir::LayerKind::resize_bilinear;
  return for_elements(call, [&](std::int32_t c, std::int32_t y, std::int32_t x) {
    const auto plane = in.plane(c);
    const auto ty = kernels::resize_tap(layer.resize_y.start, layer.resize_y.step, y, in.height);
    const auto tx = kernels::resize_tap(layer.resize_x.start, layer.resize_x.step, x, in.width);
    const auto at = [&](std::int32_t row, std::int32_t column) -> std::int32_t {
      return plane[static_cast<std::size_t>(row * in.width + column)];
    };
    const std::int64_t acc =
        blend ? kernels::bilinear(at(ty.first, tx.first), at(ty.first, tx.second), at(ty.second, tx.first),
                                  at(ty.second, tx.second), ty.weight, tx.weight)
              : at(ty.first, tx.first);
    return finish(layer.post, requant_of(layer.post, c), type, acc);
  });
}

IntegerMap combine(const LayerCall& call) {
  const ir::Post& post = call.layer.post;
  const IntegerMap& a = *call.in[0];
  const IntegerMap& b = *call.in[1];
  const DataType type = call.output().type;
  const std::int32_t zero_a = call.map(0).zero_point, zero_b = call.map(1).zero_point;
  const bool broadcast = b.height == 1 && b.width == 1;
  return for_elements(call, [&](std::int32_t c, std::int32_t y, std::int32_t x) {
    const std::int32_t from_a = a.plane(c)[static_cast<std::size_t>(y * a.width + x)];
    const std::int32_t from_b = b.plane(c)[broadcast ? 0 : static_cast<std::size_t>(y * b.width + x)];
    if (call.layer.kind == ir::LayerKind::add)
      return static_cast<std::int16_t>(kernels::residual_add(from_a, from_b, *post.add));
    return finish(post, requant_of(post, c), type, std::int64_t{from_a - zero_a} * (from_b - zero_b));
  });
}

IntegerMap requantize(const LayerCall& call) {
  const ir::Post& post = call.layer.post;
  const DataType type = call.output().type;
  return for_elements(call, [&](std::int32_t c, std::int32_t y, std::int32_t x) {
    std::int32_t value = call.map().zero_point;  // of positions outside
    visit_window(*call.in[0], c, call.layer.window, y, x, [&](std::int32_t v) { value = v; });
    return finish(post, requant_of(post, c), type, value);
  });
}

IntegerMap concat(const LayerCall& call) {
  IntegerMap out = call.new_output();
  auto to = out.values.begin();
  for (const IntegerMap* part : call.in) to = std::ranges::copy(part->values, to).out;
  return out;
}

IntegerMap slice(const LayerCall& call) {
  IntegerMap out = call.new_output();
  const auto from = call.in[0]->values.begin() + std::ptrdiff_t{call.layer.slice_begin} * out.height * out.width;
  std::copy_n(from, out.values.size(), out.values.begin());
  return out;
}

IntegerMap fill(const LayerCall& call) {
  IntegerMap out = call.new_output();
  std::ranges::fill(out.values, static_cast<std::int16_t>(call.layer.fill_value));
  return out;
}

}  // namespace heddle::reference
