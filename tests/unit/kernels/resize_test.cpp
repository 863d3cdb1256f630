// SPDX-License-Identifier: Apache-2.0
#include "kernels/resize.h"

#include <cmath>

#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

const Tensor kNone;

Floats resized(Attributes attributes, const Floats& x, const Floats& scales) {
  const auto n = static_cast<std::int64_t>(x.size());
  return floats(run("Resize", attributes, {f32({1, n}, x), kNone, f32({2}, {1, scales[0]})}));
}

Floats resized_to(Attributes attributes, const Floats& x, std::int64_t size) {
  const auto n = static_cast<std::int64_t>(x.size());
  return floats(run("Resize", attributes, {f32({n}, x), kNone, kNone, vec({size})}));
}

std::string s(const char* text) {
  return text;
}

TEST(Resize, NearestRoundsAsAsked) {
  const Floats x{1, 2, 3};
  const auto nearest = [&](const char* mode) {
    return resized({{"nearest_mode", s(mode)}, {"coordinate_transformation_mode", s("asymmetric")}}, x, {2});
  };
  EXPECT_EQ(nearest("floor"), (Floats{1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(nearest("ceil"), (Floats{1, 2, 2, 3, 3, 3}));
  EXPECT_EQ(nearest("round_prefer_floor"), (Floats{1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(nearest("round_prefer_ceil"), (Floats{1, 2, 2, 3, 3, 3}));
}

TEST(Resize, LinearInEveryCoordinateMode) {
  const auto linear = [](const char* mode) {
    return resized_to({{"mode", s("linear")}, {"coordinate_transformation_mode", s(mode)}}, {0, 4}, 4);
  };
  EXPECT_THAT(linear("half_pixel"), Near({0, 1, 3, 4}));
  EXPECT_THAT(linear("half_pixel_symmetric"), Near({0, 1, 3, 4}));
  EXPECT_THAT(linear("pytorch_half_pixel"), Near({0, 1, 3, 4}));
  EXPECT_THAT(linear("align_corners"), Near({0, 4.0F / 3, 8.0F / 3, 4}));
  EXPECT_THAT(linear("asymmetric"), Near({0, 2, 4, 4}));
}

TEST(Resize, SizeOneIsSpecialWhereItShouldBe) {
  EXPECT_THAT(
      resized_to({{"mode", s("linear")}, {"coordinate_transformation_mode", s("pytorch_half_pixel")}}, {1, 5}, 1),
      Near({1}));
  EXPECT_THAT(resized_to({{"mode", s("linear")}, {"coordinate_transformation_mode", s("align_corners")}}, {1, 5}, 1),
              Near({1}));
  EXPECT_THAT(resized_to({{"mode", s("linear")}}, {1, 5}, 1), Near({3}));
}

TEST(Resize, CropExtrapolatesOutside) {
  const Attributes a{{"mode", s("linear")},
                     {"coordinate_transformation_mode", s("tf_crop_and_resize")},
                     {"extrapolation_value", 9.0F}};
  const Tensor y = run("Resize", a, {f32({3}, {0, 1, 2}), f32({2}, {0.5F, 1.5F}), kNone, vec({3})});
  EXPECT_THAT(floats(y), Near({1, 2, 9}));
  const Attributes nearest{{"coordinate_transformation_mode", s("tf_crop_and_resize")}, {"extrapolation_value", 9.0F}};
  EXPECT_THAT(floats(run("Resize", nearest, {f32({3}, {0, 1, 2}), f32({2}, {0.5F, 1.5F}), kNone, vec({3})})),
              Near({1, 2, 9}));
  EXPECT_EQ(refused("Resize", a, {f32({3}, {0, 1, 2}), kNone, kNone, vec({3})}).field, "roi");
}

TEST(Resize, CubicReproducesLinesInside) {
  const Floats y = resized({{"mode", s("cubic")}, {"cubic_coeff_a", -0.5F}}, {0, 1, 2, 3, 4, 5, 6, 7}, {2});
  for (std::size_t i = 4; i < 12; ++i) EXPECT_NEAR(y[i], (static_cast<float>(i) + 0.5F) / 2 - 0.5F, 1e-5F);
}

TEST(Resize, ExcludeOutsideRenormalises) {
  ResizePlan plan;
  plan.mode = ResizeMode::cubic;
  plan.exclude_outside = true;
  const ResizeTaps taps = resize_taps(plan, {.in = 4, .out = 8, .scale = 2}, 0);
  double sum = 0;
  for (const double w : taps.weight) sum += w;
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(taps.weight[0], 0) << "left of the first element";
}

TEST(Resize, AntialiasWidensTheFilter) {
  EXPECT_THAT(resized_to({{"mode", s("linear")}, {"antialias", std::int64_t{1}}}, {1, 2, 3, 4}, 2),
              Near({1.625F, 3.375F}));
  EXPECT_EQ(refused("Resize", {{"antialias", std::int64_t{1}}}, {f32({2}, {1, 2}), kNone, kNone, vec({1})}).field,
            "antialias");
}

// Every set of weights sums to one, so that constants stay constants.
TEST(Resize, KeepsConstants) {
  for (const char* mode : {"nearest", "linear", "cubic"})
    for (const std::int64_t antialias : {0, 1})
      for (const std::int64_t size : {1, 3, 5, 12}) {
        if (antialias == 1 && s(mode) == "nearest") continue;
        const Floats y = resized_to({{"mode", s(mode)}, {"antialias", antialias}}, {2, 2, 2, 2, 2}, size);
        EXPECT_THAT(y, Near(Floats(static_cast<std::size_t>(size), 2.0F))) << mode;
      }
}

TEST(Resize, AspectRatioPolicies) {
  const Tensor x(DataType::f32, {4, 8});
  const auto shape = [&](const char* policy) {
    return run("Resize", {{"keep_aspect_ratio_policy", s(policy)}}, {x, kNone, kNone, vec({8, 8})}).shape();
  };
  EXPECT_EQ(shape("stretch"), (Shape{8, 8}));
  EXPECT_EQ(shape("not_larger"), (Shape{4, 8}));
  EXPECT_EQ(shape("not_smaller"), (Shape{8, 16}));
}

TEST(Resize, AxesSelectWhatTheParametersMean) {
  const Tensor x(DataType::f32, {2, 3, 4});
  EXPECT_EQ(run("Resize", {{"axes", Ints{2, 0}}}, {x, kNone, kNone, vec({8, 6})}).shape(), (Shape{6, 3, 8}));
}

TEST(Resize, IntegersRoundAndSaturate) {
  const Tensor y =
      run("Resize", {{"mode", s("cubic")}}, {of<std::uint8_t>({4}, {0, 255, 255, 0}), kNone, kNone, vec({8})});
  EXPECT_EQ(values<std::uint8_t>(y)[3], 255) << "the overshoot is clipped";
}

TEST(Resize, RefusesBadParameters) {
  const Tensor x(DataType::f32, {4});
  EXPECT_EQ(refused("Resize", {}, {x}).field, "scales");
  EXPECT_EQ(refused("Resize", {}, {x, kNone, f32({1}, {0})}).field, "scales");
  EXPECT_EQ(refused("Resize", {}, {x, kNone, f32({1}, {std::nanf("")})}).field, "scales");
  EXPECT_EQ(refused("Resize", {}, {x, kNone, f32({1}, {1e30F})}).code, "op.size");
  EXPECT_EQ(refused("Resize", {}, {x, kNone, kNone, vec({-1})}).field, "sizes");
  EXPECT_EQ(refused("Resize", {}, {x, kNone, kNone, vec({1, 2})}).field, "sizes");
  EXPECT_EQ(refused("Resize", {{"mode", s("bilinear")}}, {x, kNone, kNone, vec({1})}).field, "mode");
  EXPECT_EQ(refused("Resize", {}, {Tensor(DataType::f32, {0}), kNone, kNone, vec({1})}).code, "op.shape");
}

}  // namespace
}  // namespace heddle::kernels
