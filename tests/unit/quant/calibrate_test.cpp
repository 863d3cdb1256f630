// SPDX-License-Identifier: Apache-2.0
#include "quant/calibrate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "quant/quantize.h"
#include "tests/unit/quant/graph_builder.h"

namespace heddle::quant {
namespace {

/// A histogram over [low, high] with counts from a density.
template <class Density>
Observation observation(float low, float high, const Density& density) {
  Observation o;
  o.low = low;
  o.high = high;
  for (std::size_t b = 0; b < Observation::kBins; ++b) {
    const double x = double{low} + (static_cast<double>(b) + 0.5) * (double{high} - double{low}) / Observation::kBins;
    o.bins.push_back(static_cast<std::uint64_t>(density(x)));
    o.count += o.bins.back();
  }
  return o;
}
/// A bell of deviation 1 and one value far outside.
Observation bell_with_outlier() {
  Observation o = observation(-5, 40, [](double x) { return 1e6 * std::exp(-x * x / 2); });
  o.bins.back() = 1;
  ++o.count;
  return o;
}

TEST(ChooseRange, MinMaxTakesEverything) {
  const Range r = choose_range(bell_with_outlier(), RangeMethod::minmax, 256);
  EXPECT_EQ(r.low, -5);
  EXPECT_EQ(r.high, 40);
}

TEST(ChooseRange, OthersGiveUpTheOutlier) {
  for (const RangeMethod method : {RangeMethod::percentile, RangeMethod::mse, RangeMethod::entropy}) {
    const Range r = choose_range(bell_with_outlier(), method, 256);
    EXPECT_LT(r.high, 12) << name(method);
    EXPECT_GT(r.high, 2.5) << name(method);
    EXPECT_LT(r.low, -1) << name(method);
  }
}

TEST(ChooseRange, ContainsZeroAndKeepsUniformValues) {
  const Observation o = observation(2, 6, [](double) { return 1000; });
  for (const RangeMethod method :
       {RangeMethod::minmax, RangeMethod::percentile, RangeMethod::mse, RangeMethod::entropy}) {
    const Range r = choose_range(o, method, 256);
    EXPECT_EQ(r.low, 0) << name(method);
    EXPECT_GT(r.high, 5.5) << name(method);
  }
}

TEST(ChooseRange, SpikesAtTheLimitsOfAnActivationDoNotNarrowIt) {
  Observation o = observation(0, 6, [](double) { return 100; });
  o.bins.front() = 1000000;
  o.bins.back() = 200000;
  o.count = std::accumulate(o.bins.begin(), o.bins.end(), std::uint64_t{0});
  for (const RangeMethod method : {RangeMethod::percentile, RangeMethod::mse, RangeMethod::entropy})
    EXPECT_GT(choose_range(o, method, 256).high, 5.8) << name(method);
}

TEST(ChooseRange, SixteenBitsNeedNoClipping) {
  EXPECT_EQ(choose_range(bell_with_outlier(), RangeMethod::mse, 65536).high, 40);
  Observation constant;
  constant.low = constant.high = -3;
  EXPECT_EQ(choose_range(constant, RangeMethod::mse, 256).low, -3);
}

TEST(Calibrate, ObservesExtremesMeansAndBins) {
  test::GraphBuilder b;
  const auto x = b.input({1, 2, 1, 2});
  const auto y = b.node("Relu", {x});
  const ir::Graph graph = b.finish({y});
  const std::vector<std::vector<Tensor>> samples{{Tensor::from<float>({1, 2, 1, 2}, std::vector<float>{1, 3, -2, 0})},
                                                 {Tensor::from<float>({1, 2, 1, 2}, std::vector<float>{5, 3, -8, 2})}};
  const auto calibration = calibrate(graph, samples);
  ASSERT_TRUE(calibration);
  const Observation& input = *calibration->values[static_cast<std::size_t>(x)];
  EXPECT_EQ(input.low, -8);
  EXPECT_EQ(input.high, 5);
  EXPECT_EQ(input.count, 8U);
  EXPECT_EQ(input.channel_mean, (std::vector<double>{3, -2}));
  EXPECT_EQ(input.channel_reach, (std::vector<float>{5, 8}));
  EXPECT_EQ(std::accumulate(input.bins.begin(), input.bins.end(), std::uint64_t{0}), 8U);
  EXPECT_EQ(calibration->values[static_cast<std::size_t>(y)]->low, 0);
}

TEST(BatchNormStatistics, AreThoseOfAllSamples) {
  test::GraphBuilder b;
  const auto x = b.input({1, 1, 1, 2});
  const auto y =
      b.nodes("BatchNormalization", {x, b.floats({1}, {1}), b.floats({1}, {0}), b.floats({1}, {0}), b.floats({1}, {1})},
              3, {{"training_mode", std::int64_t{1}}});
  const ir::Graph graph = b.finish({y[0]});
  const std::vector<std::vector<Tensor>> samples{{Tensor::from<float>({1, 1, 1, 2}, std::vector<float>{1, 3})},
                                                 {Tensor::from<float>({1, 1, 1, 2}, std::vector<float>{5, 7})}};
  const auto statistics = collect_batchnorm_statistics(graph, samples);
  ASSERT_TRUE(statistics) << statistics.error()[0].text();
  ASSERT_EQ(statistics->size(), 1U);
  EXPECT_EQ((*statistics)[0].mean, std::vector<float>{4});
  EXPECT_EQ((*statistics)[0].var, std::vector<float>{5});
}

TEST(SeededNoise, IsRepeatableAndOfEveryInputType) {
  test::GraphBuilder b;
  const auto x = b.input({1, 2}), u = b.input({1, 3}, DataType::u8);
  const ir::Graph graph = b.finish({x, u});
  const auto a = seeded_noise(graph, 2), c = seeded_noise(graph, 2);
  ASSERT_EQ(a.size(), 2U);
  EXPECT_TRUE(std::ranges::equal(a[1][0].bytes(), c[1][0].bytes()));
  EXPECT_TRUE(std::ranges::equal(a[1][1].bytes(), c[1][1].bytes()));
  EXPECT_FALSE(std::ranges::equal(a[0][0].bytes(), a[1][0].bytes()));
}

}  // namespace
}  // namespace heddle::quant
