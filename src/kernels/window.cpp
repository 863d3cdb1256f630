// SPDX-License-Identifier: Apache-2.0
#include "kernels/window.h"

#include <algorithm>
#include <array>

namespace heddle::kernels {
namespace {

/// Window attributes beyond this are refused; it keeps all position arithmetic far inside 64 bits.
constexpr std::int64_t kMaxAttribute = (std::int64_t{1} << 31) - 1;

enum class AutoPad : std::uint8_t { notset, same_upper, same_lower, valid };
constexpr std::array<std::string_view, 4> kAutoPad{"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};

/// An attribute with one entry a spatial dimension (or `per_dimension` of them), all of them in lo … kMaxAttribute.
std::optional<Shape> entries(Check& check, std::string_view name, std::size_t length, std::int64_t fallback,
                             std::int64_t lo) {
  Shape values = get_ints(check.attributes(), name, Shape(length, fallback));
  if (values.size() != length) {
    check.error("op.attribute", name, text("has ", values.size(), " entries instead of ", length));
    return std::nullopt;
  }
  for (const std::int64_t v : values) {
    if (v >= lo && v <= kMaxAttribute) continue;
    check.error("op.attribute", name, text("the value ", v, " is outside ", lo, " … ", kMaxAttribute),
                text("nearest legal value: ", std::clamp(v, lo, kMaxAttribute)));
    return std::nullopt;
  }
  return values;
}

std::optional<Window> read_attributes(Check& check, const Shape& in, const Shape& kernel) {
  const std::size_t n = in.size();
  if (n == 0) {
    check.error("op.rank", "X", "there is no spatial dimension");
    return std::nullopt;
  }
  if (kernel.size() != n) {
    check.error("op.attribute", "kernel_shape", text("has ", kernel.size(), " entries for ", n, " spatial dimensions"));
    return std::nullopt;
  }
  for (const std::int64_t k : kernel)
    if (k < 1 || k > kMaxAttribute) {
      check.error("op.attribute", "kernel_shape", text("the size ", k, " is outside 1 … ", kMaxAttribute));
      return std::nullopt;
    }
  const auto stride = entries(check, "strides", n, 1, 1), dilation = entries(check, "dilations", n, 1, 1);
  const auto pads = entries(check, "pads", 2 * n, 0, 0);
  if (!stride || !dilation || !pads) return std::nullopt;
  const auto middle = pads->begin() + static_cast<std::ptrdiff_t>(n);
  return Window{.kernel = kernel,
                .stride = *stride,
                .dilation = *dilation,
                .pad_begin = Shape(pads->begin(), middle),
                .pad_end = Shape(middle, pads->end()),
                .in = in,
                .out = Shape(n, kUnknown)};
}

std::int64_t extent(const Window& w, std::size_t i) {
  return (w.kernel[i] - 1) * w.dilation[i] + 1;
}

void split_padding(Window& w, std::size_t i, std::int64_t total, bool extra_at_end) {
  const std::int64_t small = total / 2, large = total - small;
  w.pad_begin[i] = extra_at_end ? small : large;
  w.pad_end[i] = extra_at_end ? large : small;
}

/// Sizes of one dimension once its pads are known; false if no window fits.
bool resolve_size(Check& check, Window& w, std::size_t i, bool ceil_mode) {
  const std::int64_t room = w.in[i] + w.pad_begin[i] + w.pad_end[i] - extent(w, i);
  if (room < 0) {
    check.error("op.window", "kernel_shape",
                text("the window covers ", extent(w, i), " elements of spatial dimension ", i, ", which has ", w.in[i],
                     " and ", w.pad_begin[i] + w.pad_end[i], " of padding"));
    return false;
  }
  w.out[i] = (ceil_mode ? (room + w.stride[i] - 1) / w.stride[i] : room / w.stride[i]) + 1;
  // A window that would start in the padding behind the input is left out.
  if (ceil_mode && (w.out[i] - 1) * w.stride[i] >= w.in[i] + w.pad_begin[i]) --w.out[i];
  return true;
}

}  // namespace

std::optional<Window> resolve_window(Check& check, const Shape& in, const Shape& kernel, bool ceil_mode) {
  auto window = read_attributes(check, in, kernel);
  const auto choice = check.choice("auto_pad", "NOTSET", kAutoPad);
  if (!window || !choice) return std::nullopt;
  const auto mode = static_cast<AutoPad>(*choice);
  bool good = true;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (mode != AutoPad::notset) window->pad_begin[i] = window->pad_end[i] = 0;
    if (in[i] == kUnknown) continue;
    if (mode == AutoPad::same_upper || mode == AutoPad::same_lower) {
      window->out[i] = (in[i] + window->stride[i] - 1) / window->stride[i];
      const std::int64_t total = (window->out[i] - 1) * window->stride[i] + extent(*window, i) - in[i];
      split_padding(*window, i, std::max<std::int64_t>(total, 0), mode == AutoPad::same_upper);
    } else {
      good = resolve_size(check, *window, i, ceil_mode) && good;
    }
  }
  if (!good) return std::nullopt;
  return window;
}

std::optional<Window> resolve_transposed_window(Check& check, const Shape& in, const Shape& kernel) {
  const std::size_t n = in.size();
  auto window = read_attributes(check, in, kernel);
  const auto choice = check.choice("auto_pad", "NOTSET", kAutoPad);
  const auto output_padding = entries(check, "output_padding", n, 0, 0);
  if (!window || !choice || !output_padding) return std::nullopt;
  const auto mode = static_cast<AutoPad>(*choice);
  Shape wanted = get_ints(check.attributes(), "output_shape");
  // Some exporters write batch and channels too.
  if (wanted.size() == n + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
  if (!wanted.empty() && wanted.size() != n) {
    check.error("op.attribute", "output_shape", text("has ", wanted.size(), " entries instead of ", n));
    return std::nullopt;
  }
  for (std::size_t i = 0; i < n; ++i) {
    if ((*output_padding)[i] >= std::max(window->stride[i], window->dilation[i])) {
      check.error("op.attribute", "output_padding",
                  text("the value ", (*output_padding)[i], " is not below the stride ", window->stride[i],
                       " or the dilation ", window->dilation[i]));
      return std::nullopt;
    }
    if (mode != AutoPad::notset) window->pad_begin[i] = window->pad_end[i] = 0;
    if (in[i] == kUnknown) continue;
    const std::int64_t full = window->stride[i] * (in[i] - 1) + (*output_padding)[i] + extent(*window, i);
    const bool same = mode == AutoPad::same_upper || mode == AutoPad::same_lower;
    if (!wanted.empty() || same) {
      window->out[i] = wanted.empty() ? in[i] * window->stride[i] : wanted[i];
      if (window->out[i] < 0 || window->out[i] > kMaxAttribute) {
        check.error("op.attribute", "output_shape", text("the size ", window->out[i], " is out of range"));
        return std::nullopt;
      }
      split_padding(*window, i, std::max<std::int64_t>(full - window->out[i], 0), mode == AutoPad::same_upper);
    } else {
      window->out[i] = full - window->pad_begin[i] - window->pad_end[i];
    }
    if (window->out[i] < 1) {
      check.error("op.window", "pads",
                  text("nothing is left of spatial dimension ", i, ": ", full, " elements less ",
                       window->pad_begin[i] + window->pad_end[i], " of padding"));
      return std::nullopt;
    }
  }
  return window;
}

Shape spatial(const Shape& shape) {
  return {shape.begin() + 2, shape.end()};
}

Shape with_spatial(std::int64_t batch, std::int64_t channels, const Shape& out) {
  Shape result{batch, channels};
  result.insert(result.end(), out.begin(), out.end());
  return result;
}

TapRange valid_taps(const Window& w, std::size_t i, std::int64_t o) {
  const std::int64_t start = o * w.stride[i] - w.pad_begin[i], d = w.dilation[i];
  const std::int64_t first = start >= 0 ? 0 : (-start + d - 1) / d;
  const std::int64_t end = w.in[i] - start <= 0 ? 0 : (w.in[i] - start + d - 1) / d;
  return {first, std::max(first, std::min(end, w.kernel[i]))};
}

TapRange valid_outputs(const Window& w, std::size_t i, std::int64_t tap) {
  // 0 <= o·stride + shift < in
  const std::int64_t shift = tap * w.dilation[i] - w.pad_begin[i], s = w.stride[i];
  const std::int64_t first = shift >= 0 ? 0 : (-shift + s - 1) / s;
  const std::int64_t end = w.in[i] - shift <= 0 ? 0 : (w.in[i] - shift + s - 1) / s;
  const std::int64_t clipped = std::min(first, w.out[i]);
  return {clipped, std::max(clipped, std::min(end, w.out[i]))};
}

}  // namespace heddle::kernels
