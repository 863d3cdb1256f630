// SPDX-License-Identifier: Apache-2.0
#include "mapping/axis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "kernels/integer/arithmetic.h"

namespace heddle::mapping {
namespace {

TEST(Axis, WindowRangesHoldExactlyTheTapsInside) {
  std::mt19937 random(1);
  const auto between = [&](int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random); };
  for (int round = 0; round < 2000; ++round) {
    const int kernel = between(1, 5), dilation = between(1, 3), pad = between(-2, 6), stride = between(1, 4);
    Axis axis{.in = between(1, 20),
              .out = between(1, 12),
              .stride = stride,
              .first = -pad,
              .last = (kernel - 1) * dilation - pad};
    const int begin = between(0, axis.out - 1), end = between(begin + 1, axis.out);
    const Range range = source_range(axis, {begin, end});
    ASSERT_GE(range.begin, 0);
    ASSERT_LE(range.end, axis.in);
    ASSERT_GE(range.size(), 1);
    for (int o = begin; o < end; ++o)
      for (int k = 0; k < kernel; ++k) {
        const int at = o * stride - pad + k * dilation;
        if (at >= 0 && at < axis.in) {
          ASSERT_TRUE(range.begin <= at && at < range.end);
        }
      }
  }
}

TEST(Axis, ResizeRangesHoldBothNeighbours) {
  const Axis axis{.kind = Axis::Kind::resize, .in = 10, .out = 25, .start = -13107, .step = 26214};
  for (int o = 0; o < 25; ++o) {
    const auto tap = kernels::resize_tap(axis.start, axis.step, o, axis.in);
    const Range range = source_range(axis, {o, o + 1});
    EXPECT_EQ(range.begin, tap.first);
    EXPECT_EQ(range.end, tap.second + 1);
  }
}

TEST(Axis, TilesCountHalosAsOftenAsTheyAreRead) {
  const Axis axis{.in = 8, .out = 8, .stride = 1, .first = -1, .last = 1};
  EXPECT_EQ(largest_source(axis, 4), 5);
  EXPECT_EQ(total_source(axis, 4), 10);
  EXPECT_EQ(total_source(axis, 8), 8);
  const Axis whole{.kind = Axis::Kind::whole, .in = 9, .out = 1};
  EXPECT_EQ(source_range(whole, {0, 1}), (Range{0, 9}));
}

}  // namespace
}  // namespace heddle::mapping
