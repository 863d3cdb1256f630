// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>

#include "kernels/window.h"

/// Convolution on dense N×C×D1×… arrays: a fast form and the readable one that defines it.
namespace heddle::kernels {

struct ConvGeometry {
  std::int64_t batch = 1, channels = 1, features = 1, group = 1;
  Window window;

  [[nodiscard]] std::int64_t in_size() const { return element_count(window.in); }
  [[nodiscard]] std::int64_t out_size() const { return element_count(window.out); }
  [[nodiscard]] std::int64_t taps() const { return element_count(window.kernel); }
};

/// y[n][m] = bias[m] + Σ w[m][c][tap] · x[n][c][…]; w is features × channels/group × kernel; `bias` may be empty.
/// Blocked im2col and matrix products, or a direct loop for depthwise layers, on all cores.
void convolve(const ConvGeometry& geometry, std::span<const float> x, std::span<const float> w,
              std::span<const float> bias, std::span<float> y);
/// The same for integers in floats, each at most 255 in magnitude; exact, wrapping at 32 bits.
void convolve_integers(const ConvGeometry& geometry, std::span<const float> x, std::span<const float> w,
                       std::span<std::int32_t> y);
/// y += transposed convolution of x; here window.in is the size of x and window.out that of y, w is
/// channels × features/group × kernel.
void convolve_transposed(const ConvGeometry& geometry, std::span<const float> x, std::span<const float> w,
                         std::span<const float> bias, std::span<float> y);

/// Index of a position in a dense array, or −1 if it lies outside; shared by the naive forms.
[[nodiscard]] std::int64_t tap_position(const Window& window, const Shape& out, const Shape& tap);
/// Next multi-index below `limit` in row-major order; false after the last.
[[nodiscard]] bool advance(Shape& index, const Shape& limit);

/// The definition of `convolve`, for any arithmetic type.
template <class T, class Acc>
void naive_convolve(const ConvGeometry& g, std::span<const T> x, std::span<const T> w, std::span<const T> bias,
                    std::span<Acc> y) {
  const std::int64_t in = g.in_size(), taps = g.taps(), per_group = g.channels / g.group;
  std::size_t at = 0;
  for (std::int64_t n = 0; n < g.batch; ++n)
    for (std::int64_t m = 0; m < g.features; ++m) {
      const std::int64_t first = m / (g.features / g.group) * per_group;
      Shape out(g.window.out.size(), 0);
      if (g.out_size() == 0) continue;
      do {
        Acc sum = bias.empty() ? Acc(0) : static_cast<Acc>(bias[static_cast<std::size_t>(m)]);
        Shape tap(out.size(), 0);
        std::int64_t k = 0;
        do {
          if (const std::int64_t p = tap_position(g.window, out, tap); p >= 0)
            for (std::int64_t c = 0; c < per_group; ++c)
              sum += static_cast<Acc>(w[static_cast<std::size_t>((m * per_group + c) * taps + k)]) *
                     static_cast<Acc>(x[static_cast<std::size_t>((n * g.channels + first + c) * in + p)]);
          ++k;
        } while (advance(tap, g.window.kernel));
        y[at++] = sum;
      } while (advance(out, g.window.out));
    }
}

/// The definition of `convolve_transposed`; adds into y.
template <class T>
void naive_convolve_transposed(const ConvGeometry& g, std::span<const T> x, std::span<const T> w, std::span<T> y) {
  // A transposed convolution scatters along the taps of the convolution that goes from y to x.
  Window back = g.window;
  std::swap(back.in, back.out);
  const std::int64_t in = g.in_size(), out_size = g.out_size(), taps = g.taps();
  const std::int64_t in_group = g.channels / g.group, out_group = g.features / g.group;
  for (std::int64_t n = 0; n < g.batch; ++n)
    for (std::int64_t c = 0; c < g.channels; ++c) {
      Shape at(g.window.in.size(), 0);
      if (in == 0) continue;
      std::int64_t i = 0;
      do {
        const T value = x[static_cast<std::size_t>((n * g.channels + c) * in + i++)];
        Shape tap(at.size(), 0);
        std::int64_t k = 0;
        do {
          if (const std::int64_t p = tap_position(back, at, tap); p >= 0)
            for (std::int64_t m = 0; m < out_group; ++m)
              y[static_cast<std::size_t>((n * g.features + c / in_group * out_group + m) * out_size + p)] +=
                  value * w[static_cast<std::size_t>((c * out_group + m) * taps + k)];
          ++k;
        } while (advance(tap, g.window.kernel));
      } while (advance(at, g.window.in));
    }
}

}  // namespace heddle::kernels
