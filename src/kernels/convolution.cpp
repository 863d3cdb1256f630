// SPDX-License-Identifier: Apache-2.0
#include "kernels/convolution.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "kernels/gemm.h"
#include "kernels/parallel.h"

namespace heddle::kernels {
namespace {

/// Floats of one unfolded strip: it should stay in the cache, but be wide enough to pay for the product's packing.
constexpr std::int64_t kStripFloats = std::int64_t{1} << 20;
/// Depthwise layers with a larger table of rows are unfolded like all others.
constexpr std::int64_t kMaxRowPairs = std::int64_t{1} << 24;
/// A transposed convolution whose columns (per feature) take more than this is scattered directly.
constexpr std::int64_t kMaxColumnFloats = std::int64_t{1} << 27;

std::int64_t row_length(const Shape& sizes) {
  return sizes.back();
}

/// The dimensions before the last one, as one index.
Shape outer_index(const Shape& sizes, std::int64_t flat) {
  Shape index(sizes.size() - 1, 0);
  for (std::size_t i = index.size(); i-- > 0;) {
    index[i] = flat % sizes[i];
    flat /= sizes[i];
  }
  return index;
}

/// Where the input row lies that output row `out` reads through outer tap `tap`; −1 outside.
std::int64_t input_row(const Window& w, const Shape& out, const Shape& tap) {
  std::int64_t row = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t at = out[i] * w.stride[i] - w.pad_begin[i] + tap[i] * w.dilation[i];
    if (at < 0 || at >= w.in[i]) return -1;
    row = row * w.in[i] + at;
  }
  return row;
}

/// A stretch of output positions within one output row.
struct Segment {
  Shape outer;
  std::int64_t begin, end;  ///< columns
};

std::vector<Segment> segments_of(const Shape& out, std::int64_t first, std::int64_t end) {
  const std::int64_t width = row_length(out);
  std::vector<Segment> segments;
  for (std::int64_t row = first / width; row * width < end; ++row)
    segments.push_back(
        {outer_index(out, row), std::max(first - row * width, std::int64_t{0}), std::min(end - row * width, width)});
  return segments;
}

/// One stretch of one unfolded row: zeros, input elements, zeros.
void unfold_segment(const Window& w, const float* source, std::int64_t tap, const Segment& s, float* target) {
  const std::size_t last = w.in.size() - 1;
  const TapRange valid = valid_outputs(w, last, tap);
  const std::int64_t from = std::clamp(valid.first, s.begin, s.end), to = std::clamp(valid.end, from, s.end);
  const std::int64_t shift = tap * w.dilation[last] - w.pad_begin[last], stride = w.stride[last];
  std::fill(target, target + (from - s.begin), 0.0F);
  if (stride == 1)
    std::copy(source + from + shift, source + to + shift, target + (from - s.begin));
  else
    for (std::int64_t o = from; o < to; ++o) target[o - s.begin] = source[o * stride + shift];
  std::fill(target + (to - s.begin), target + (s.end - s.begin), 0.0F);
}

/// The patches of output positions first … end−1 as columns: rows are (channel, tap).
void unfold(const Window& w, const float* x, std::int64_t channels, std::int64_t first, std::int64_t end,
            float* columns) {
  const std::int64_t n = end - first, in = element_count(w.in), in_row = row_length(w.in),
                     taps = element_count(w.kernel);
  const std::int64_t inner_taps = row_length(w.kernel), outer_taps = taps / inner_taps;
  std::int64_t offset = 0;
  for (const Segment& s : segments_of(w.out, first, end)) {
    for (std::int64_t outer = 0; outer < outer_taps; ++outer) {
      const std::int64_t row = input_row(w, s.outer, outer_index(w.kernel, outer));
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t k = 0; k < inner_taps; ++k) {
          float* target = columns + (c * taps + outer * inner_taps + k) * n + offset;
          if (row < 0)
            std::fill(target, target + (s.end - s.begin), 0.0F);
          else
            unfold_segment(w, x + c * in + row * in_row, k, s, target);
        }
    }
    offset += s.end - s.begin;
  }
}

std::int64_t strip_width(std::int64_t patch) {
  const std::int64_t lowest = patch <= kStripFloats / 16 ? 128 : 1;
  return std::clamp<std::int64_t>(kStripFloats / std::max<std::int64_t>(patch, 1), lowest, 8192);
}

bool is_pointwise(const Window& w) {
  const auto all = [](const Shape& s, std::int64_t v) {
    return std::all_of(s.begin(), s.end(), [v](auto e) { return e == v; });
  };
  return all(w.kernel, 1) && all(w.stride, 1) && all(w.pad_begin, 0) && all(w.pad_end, 0);
}

/// The product behind one strip of one group of one image: features × patch times patch × positions. `alone`: there are
/// so few strips that the product itself should use all cores.
using StripProduct = std::function<void(const Gemm& strip, std::int64_t feature, std::int64_t position, bool alone)>;

/// Unfolds all strips, in parallel, and hands each product (without its target) to `multiply`.
void for_each_strip(const ConvGeometry& g, const float* x, const float* w, const StripProduct& multiply) {
  const std::int64_t per_group = g.channels / g.group, features = g.features / g.group;
  const std::int64_t patch = per_group * g.taps(), positions = g.out_size(), in = g.in_size();
  const std::int64_t width = strip_width(patch);
  const std::int64_t strips = (positions + width - 1) / width;
  const bool pointwise = is_pointwise(g.window), alone = g.batch * g.group * strips < 4;
  parallel_for(g.batch * g.group * strips, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> columns;
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t image = task / strips / g.group, group = task / strips % g.group;
      const std::int64_t first = task % strips * width, n = std::min(width, positions - first);
      const float* source = x + (image * g.channels + group * per_group) * in;
      Gemm product{.m = features, .n = n, .k = patch, .a = w + group * features * patch, .lda = patch};
      if (pointwise) {
        product.b = source + first;
        product.ldb = in;
      } else {
        columns.resize(static_cast<std::size_t>(patch * n));
        unfold(g.window, source, per_group, first, first + n, columns.data());
        product.b = columns.data();
        product.ldb = n;
      }
      multiply(product, (image * g.group + group) * features, first, alone);
    }
  });
}

void add_bias(const ConvGeometry& g, std::span<const float> bias, std::span<float> y) {
  if (bias.empty()) return;
  const std::int64_t size = g.out_size();
  parallel_for(g.batch * g.features, grain_for(size / 4), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) {
      const float b = bias[static_cast<std::size_t>(plane % g.features)];
      for (float& v : y.subspan(static_cast<std::size_t>(plane * size), static_cast<std::size_t>(size))) v += b;
    }
  });
}

/// What every plane of a depthwise layer shares: where each tap reads along a row, and which input row each output row
/// reads through each outer tap (−1: none).
struct PlaneTaps {
  std::vector<TapRange> columns;
  std::vector<std::int64_t> shift;
  std::vector<std::int64_t> source;  ///< [output row][outer tap]
  std::int64_t rows = 0, outer_taps = 0;

  explicit PlaneTaps(const Window& w) {
    const std::size_t last = w.in.size() - 1;
    for (std::int64_t k = 0; k < w.kernel[last]; ++k) {
      columns.push_back(valid_outputs(w, last, k));
      shift.push_back(k * w.dilation[last] - w.pad_begin[last]);
    }
    rows = element_count(w.out) / w.out[last];
    outer_taps = element_count(w.kernel) / w.kernel[last];
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t t = 0; t < outer_taps; ++t)
        source.push_back(input_row(w, outer_index(w.out, r), outer_index(w.kernel, t)));
  }
};

/// y[o] += weight · x[o·stride] for `count` outputs.
void add_scaled(const float* source, std::int64_t stride, float weight, std::int64_t count, float* target) {
  if (stride == 1)
    for (std::int64_t o = 0; o < count; ++o) target[o] += weight * source[o];
  else
    for (std::int64_t o = 0; o < count; ++o) target[o] += weight * source[o * stride];
}

/// Entries of PlaneTaps::source.
std::int64_t row_pairs(const Window& w) {
  return element_count(w.out) / w.out.back() * (element_count(w.kernel) / w.kernel.back());
}

void convolve_plane(const Window& w, const PlaneTaps& taps, const float* x, const float* weights, float* y) {
  const std::int64_t width = row_length(w.out), in_width = row_length(w.in), stride = w.stride.back();
  const std::size_t inner_taps = taps.columns.size();
  for (std::int64_t r = 0; r < taps.rows; ++r)
    for (std::int64_t t = 0; t < taps.outer_taps; ++t) {
      const std::int64_t row = taps.source[static_cast<std::size_t>(r * taps.outer_taps + t)];
      if (row < 0) continue;
      for (std::size_t k = 0; k < inner_taps; ++k) {
        const TapRange range = taps.columns[k];
        if (range.first < range.end)
          add_scaled(x + row * in_width + range.first * stride + taps.shift[k], stride,
                     weights[static_cast<std::size_t>(t) * inner_taps + k], range.end - range.first,
                     y + r * width + range.first);
      }
    }
}

/// One input channel a group: no sum over channels, so the planes are convolved directly.
void convolve_depthwise(const ConvGeometry& g, std::span<const float> x, std::span<const float> w, std::span<float> y) {
  const std::int64_t multiplier = g.features / g.group, in = g.in_size(), out = g.out_size(), taps = g.taps();
  const PlaneTaps plane_taps(g.window);
  std::fill(y.begin(), y.end(), 0.0F);
  parallel_for(g.batch * g.features, grain_for(out * taps), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) {
      const std::int64_t image = plane / g.features, m = plane % g.features;
      convolve_plane(g.window, plane_taps, x.data() + (image * g.channels + m / multiplier) * in, w.data() + m * taps,
                     y.data() + plane * out);
    }
  });
}

/// Adds the columns of a range of features back into their planes.
void fold(const Window& back, const float* columns, std::int64_t features, float* y) {
  const std::int64_t taps = element_count(back.kernel), positions = element_count(back.out),
                     width = row_length(back.out);
  const std::int64_t inner_taps = row_length(back.kernel), plane = element_count(back.in), row_in = row_length(back.in);
  const std::size_t last = back.in.size() - 1;
  for (std::int64_t m = 0; m < features; ++m)
    for (std::int64_t t = 0; t < taps; ++t) {
      const Shape outer_tap = outer_index(back.kernel, t / inner_taps);
      const TapRange valid = valid_outputs(back, last, t % inner_taps);
      const std::int64_t shift = t % inner_taps * back.dilation[last] - back.pad_begin[last];
      for (std::int64_t r = 0; r < positions / width; ++r) {
        const std::int64_t row = input_row(back, outer_index(back.out, r), outer_tap);
        if (row < 0) continue;
        const float* source = columns + (m * taps + t) * positions + r * width;
        float* target = y + m * plane + row * row_in;
        for (std::int64_t o = valid.first; o < valid.end; ++o) target[o * back.stride[last] + shift] += source[o];
      }
    }
}

}  // namespace

bool advance(Shape& index, const Shape& limit) {
  for (std::size_t i = index.size(); i-- > 0;) {
    if (++index[i] < limit[i]) return true;
    index[i] = 0;
  }
  return false;
}

std::int64_t tap_position(const Window& w, const Shape& out, const Shape& tap) {
  std::int64_t position = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t at = out[i] * w.stride[i] - w.pad_begin[i] + tap[i] * w.dilation[i];
    if (at < 0 || at >= w.in[i]) return -1;
    position = position * w.in[i] + at;
  }
  return position;
}

void convolve(const ConvGeometry& g, std::span<const float> x, std::span<const float> w, std::span<const float> bias,
              std::span<float> y) {
  if (y.empty()) return;
  if (g.channels == g.group && row_pairs(g.window) <= kMaxRowPairs) {
    convolve_depthwise(g, x, w, y);
  } else {
    const std::int64_t size = g.out_size();
    for_each_strip(g, x.data(), w.data(),
                   [&](const Gemm& strip, std::int64_t feature, std::int64_t position, bool alone) {
                     Gemm product = strip;
                     product.c = y.data() + feature * size + position;
                     product.ldc = size;
                     alone ? run_gemm_parallel(product) : run_gemm(product);
                   });
  }
  add_bias(g, bias, y);
}

void convolve_integers(const ConvGeometry& g, std::span<const float> x, std::span<const float> w,
                       std::span<std::int32_t> y) {
  if (y.empty()) return;
  const std::int64_t size = g.out_size();
  std::fill(y.begin(), y.end(), 0);
  for_each_strip(g, x.data(), w.data(), [&](const Gemm& strip, std::int64_t feature, std::int64_t position, bool) {
    multiply_integers(strip.m, strip.n, strip.k, strip.a, strip.b, strip.ldb, y.data() + feature * size + position,
                      size);
  });
}

void convolve_transposed(const ConvGeometry& g, std::span<const float> x, std::span<const float> w,
                         std::span<const float> bias, std::span<float> y) {
  Window back = g.window;
  std::swap(back.in, back.out);
  const std::int64_t in_group = g.channels / g.group, out_group = g.features / g.group;
  const std::int64_t in = g.in_size(), out = g.out_size(), taps = g.taps();
  // Features are independent targets: a block of them is one task.
  const std::int64_t block = std::clamp<std::int64_t>(kStripFloats / std::max<std::int64_t>(taps * in, 1), 1, 64);
  const std::int64_t blocks = (out_group + block - 1) / block;
  if (in == 0 || out == 0) return add_bias(g, bias, y);
  if (taps > kMaxColumnFloats / in) {
    naive_convolve_transposed<float>(g, x, w, y);
    return add_bias(g, bias, y);
  }
  parallel_for(g.batch * g.group * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> columns;
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t image = task / blocks / g.group, group = task / blocks % g.group;
      const std::int64_t first = task % blocks * block, m = std::min(block, out_group - first);
      columns.resize(static_cast<std::size_t>(m * taps * in));
      run_gemm({.transpose_a = true,
                .m = m * taps,
                .n = in,
                .k = in_group,
                .a = w.data() + (group * in_group * out_group + first) * taps,
                .lda = out_group * taps,
                .b = x.data() + (image * g.channels + group * in_group) * in,
                .ldb = in,
                .c = columns.data(),
                .ldc = in});
      fold(back, columns.data(), m, y.data() + (image * g.features + group * out_group + first) * out);
    }
  });
  add_bias(g, bias, y);
}

}  // namespace heddle::kernels
