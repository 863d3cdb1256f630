// SPDX-License-Identifier: Apache-2.0
// Convolutions, pools, matrix products and normalisations as operators.
#include <cmath>

#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

TEST(Conv, OnePatch) {
  const Tensor x = counting({1, 1, 3, 3}), w = f32({1, 1, 2, 2}, {1, 2, 3, 4}), b = f32({1}, {10});
  EXPECT_EQ(floats(run("Conv", {}, {x, w, b})), (Floats{37, 47, 67, 77}));
}

TEST(Conv, DoubleKeepsItsPrecision) {
  const Tensor y =
      run("Conv", {}, {of<double>({1, 1, 1}, {1e-12}), of<double>({1, 1, 1}, {1.0}), of<double>({1}, {1.0})});
  EXPECT_EQ(values<double>(y)[0], 1.0 + 1e-12);
}

TEST(Conv, InfersUnknownDimensions) {
  const auto unknown = std::int64_t{-1};
  EXPECT_EQ(inferred_shape("Conv", {{"pads", Ints{1, 1, 1, 1}}}, {info({unknown, 3, unknown, 8}), info({4, 3, 3, 3})}),
            (Shape{unknown, 4, unknown, 8}));
}

TEST(Conv, RefusesWhatDoesNotFit) {
  const Tensor x = counting({1, 4, 5, 5});
  EXPECT_EQ(refused("Conv", {}, {x, counting({2, 3, 3, 3})}).text(),
            "operator Conv, field 'W': the weights are made for 3 input channels in 1 groups; the input has 4");
  EXPECT_EQ(refused("Conv", {{"group", std::int64_t{2}}}, {x, counting({3, 2, 1, 1})}).field, "group");
  EXPECT_EQ(refused("Conv", {{"group", std::int64_t{0}}}, {x, counting({4, 4, 1, 1})}).field, "group");
  EXPECT_EQ(refused("Conv", {{"kernel_shape", Ints{2, 2}}}, {x, counting({2, 4, 3, 3})}).field, "kernel_shape");
  EXPECT_EQ(refused("Conv", {}, {x, counting({2, 4, 3})}).code, "op.rank");
  EXPECT_EQ(refused("Conv", {}, {x, counting({2, 4, 3, 3}), counting({3})}).field, "B");
  EXPECT_EQ(refused("Conv", {{"pads", Ints(4, (std::int64_t{1} << 31) - 1)}}, {x, counting({2, 4, 3, 3})}).code,
            "op.size");
}

TEST(ConvTranspose, SpreadsWithStride) {
  const Tensor x = f32({1, 1, 2}, {1, 2}), w = f32({1, 1, 3}, {1, 10, 100}), b = f32({1}, {0.5F});
  EXPECT_EQ(floats(run("ConvTranspose", {{"strides", Ints{2}}}, {x, w, b})),
            (Floats{1.5F, 10.5F, 102.5F, 20.5F, 200.5F}));
}

TEST(ConvTranspose, GroupsAndChecks) {
  const Tensor x = f32({1, 2, 1}, {1, 2}), w = f32({2, 1, 1}, {3, 5});
  EXPECT_EQ(floats(run("ConvTranspose", {{"group", std::int64_t{2}}}, {x, w})), (Floats{3, 10}));
  EXPECT_EQ(refused("ConvTranspose", {}, {x, f32({3, 1, 1}, {1, 2, 3})}).code, "op.channels");
}

TEST(MaxPool, ValuesAndIndices) {
  const Tensor x = f32({1, 1, 2, 3}, {1, 5, 2, 7, 3, 4});
  const Attributes a{{"kernel_shape", Ints{2, 2}}};
  const auto y = run_all("MaxPool", a, {x}, 2);
  EXPECT_EQ(floats(y[0]), (Floats{7, 5}));
  EXPECT_EQ(ints(y[1]), (Ints{3, 1}));
  const auto column = run_all("MaxPool", {{"kernel_shape", Ints{2, 2}}, {"storage_order", std::int64_t{1}}}, {x}, 2);
  EXPECT_EQ(ints(column[1]), (Ints{1, 2}));
}

TEST(MaxPool, PaddingNeverWins) {
  const Tensor x = f32({1, 1, 2}, {-5, -7});
  EXPECT_EQ(floats(run("MaxPool", {{"kernel_shape", Ints{3}}, {"pads", Ints{1, 1}}}, {x})), (Floats{-5, -5}));
  EXPECT_EQ(
      values<std::int8_t>(run("MaxPool", {{"kernel_shape", Ints{2}}}, {of<std::int8_t>({1, 1, 3}, {-3, -128, 4})})),
      (std::vector<std::int8_t>{-3, 4}));
}

TEST(MaxPool, IndicesRunOverTheWholeTensor) {
  const auto y = run_all("MaxPool", {{"kernel_shape", Ints{2}}}, {counting({2, 2, 2})}, 2);
  EXPECT_EQ(ints(y[1]), (Ints{1, 3, 5, 7}));
}

TEST(AveragePool, PaddingCountsOnlyIfAsked) {
  const Tensor x = f32({1, 1, 2}, {2, 4});
  const Attributes a{{"kernel_shape", Ints{2}}, {"pads", Ints{1, 1}}};
  EXPECT_EQ(floats(run("AveragePool", a, {x})), (Floats{2, 3, 4}));
  Attributes counting_pad = a;
  counting_pad["count_include_pad"] = std::int64_t{1};
  EXPECT_EQ(floats(run("AveragePool", counting_pad, {x})), (Floats{1, 3, 2}));
}

TEST(AveragePool, WhatCeilModeAddsNeverCounts) {
  const Tensor x = f32({1, 1, 3}, {1, 2, 3});
  const Attributes a{{"kernel_shape", Ints{2}},
                     {"strides", Ints{2}},
                     {"ceil_mode", std::int64_t{1}},
                     {"count_include_pad", std::int64_t{1}}};
  EXPECT_EQ(floats(run("AveragePool", a, {x})), (Floats{1.5F, 3}));
}

TEST(Pools, LpAndGlobal) {
  const Tensor x = f32({1, 2, 2}, {3, 4, -1, 1});
  EXPECT_THAT(floats(run("LpPool", {{"kernel_shape", Ints{2}}}, {x})), Near({5, std::sqrt(2.0F)}));
  EXPECT_THAT(floats(run("GlobalAveragePool", {}, {x})), Near({3.5F, 0}));
  EXPECT_THAT(floats(run("GlobalMaxPool", {}, {x})), Near({4, 1}));
  EXPECT_THAT(floats(run("GlobalLpPool", {{"p", std::int64_t{1}}}, {x})), Near({7, 2}));
  EXPECT_EQ(run("GlobalAveragePool", {}, {x}).shape(), (Shape{1, 2, 1}));
  EXPECT_EQ(refused("GlobalMaxPool", {}, {f32({1, 1, 0}, {})}).code, "op.shape");
}

TEST(Pools, KernelIsRequired) {
  EXPECT_EQ(refused("MaxPool", {}, {counting({1, 1, 4})}).code, "op.attribute.missing");
}

TEST(Pools, HugeKernelWithHugePaddingIsQuick) {
  const std::int64_t big = (std::int64_t{1} << 31) - 1;
  const Attributes a{{"kernel_shape", Ints{big}}, {"pads", Ints{big - 1, 0}}};
  EXPECT_EQ(floats(run("MaxPool", a, {f32({1, 1, 1}, {3})})), (Floats{3}));
}

TEST(MaxUnpool, InvertsMaxPool) {
  const Tensor x = f32({1, 1, 2, 2}, {5, 6, 7, 8}), index = i64({1, 1, 2, 2}, {5, 7, 13, 15});
  const Attributes a{{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}};
  const Tensor y = run("MaxUnpool", a, {x, index});
  EXPECT_EQ(y.shape(), (Shape{1, 1, 4, 4}));
  EXPECT_EQ(floats(y)[5], 5);
  EXPECT_EQ(floats(y)[15], 8);
  const Tensor larger = run("MaxUnpool", a, {x, index, vec({1, 1, 5, 5})});
  EXPECT_EQ(floats(larger)[6], 5) << "the index refers to the default size";
  EXPECT_EQ(refused("MaxUnpool", a, {x, i64({1, 1, 2, 2}, {0, 1, 2, 16})}).code, "op.value");
}

TEST(Gemm, AllTermsAndTranspositions) {
  const Tensor a = f32({2, 3}, {1, 2, 3, 4, 5, 6}), b = f32({2, 3}, {1, 0, 1, 0, 1, 0}), c = f32({2}, {10, 20});
  EXPECT_EQ(floats(run("Gemm", {{"transB", std::int64_t{1}}}, {a, b, c})), (Floats{14, 22, 20, 25}));
  EXPECT_EQ(floats(run("Gemm", {{"transB", std::int64_t{1}}, {"alpha", 2.0F}, {"beta", 0.5F}}, {a, b, c})),
            (Floats{13, 14, 25, 20}));
  EXPECT_EQ(floats(run("Gemm", {{"transA", std::int64_t{1}}}, {a, b})), (Floats{1, 4, 1, 2, 5, 2, 3, 6, 3}));
  EXPECT_EQ(values<std::int32_t>(run("Gemm", {}, {of<std::int32_t>({1, 1}, {3}), of<std::int32_t>({1, 1}, {4})}))[0],
            12);
  EXPECT_EQ(refused("Gemm", {}, {a, b}).field, "B");
  EXPECT_EQ(refused("Gemm", {{"transB", std::int64_t{1}}}, {a, b, f32({3}, {1, 2, 3})}).field, "C");
}

TEST(MatMul, BatchesBroadcast) {
  const Tensor a = counting({2, 1, 1, 2}), b = counting({3, 2, 1});
  const Tensor y = run("MatMul", {}, {a, b});
  EXPECT_EQ(y.shape(), (Shape{2, 3, 1, 1}));
  EXPECT_EQ(floats(y), (Floats{1, 3, 5, 3, 13, 23}));
}

TEST(MatMul, VectorsLoseTheirDimension) {
  EXPECT_EQ(run("MatMul", {}, {counting({3}), counting({3})}).shape(), (Shape{}));
  EXPECT_EQ(run("MatMul", {}, {counting({3}), counting({3, 2})}).shape(), (Shape{2}));
  EXPECT_EQ(run("MatMul", {}, {counting({4, 3}), counting({3})}).shape(), (Shape{4}));
  EXPECT_EQ(refused("MatMul", {}, {counting({2, 3}), counting({2, 3})}).code, "op.shape");
  EXPECT_EQ(refused("MatMul", {}, {counting({}), counting({2})}).code, "op.rank");
}

TEST(MatMul, IntegersWrap) {
  const Tensor a = of<std::int32_t>({1, 2}, {1 << 30, 1 << 30}), b = of<std::int32_t>({2, 1}, {2, 2});
  EXPECT_EQ(values<std::int32_t>(run("MatMul", {}, {a, b}))[0], 0);
}

TEST(BatchNormalization, InferenceUsesStoredStatistics) {
  const Tensor x = f32({1, 2, 1}, {3, 10}), ones = f32({2}, {1, 2}), bias = f32({2}, {0, 1});
  const Tensor mean = f32({2}, {1, 6}), var = f32({2}, {4, 16});
  EXPECT_THAT(floats(run("BatchNormalization", {{"epsilon", 0.0F}}, {x, ones, bias, mean, var})), Near({1, 3}));
  EXPECT_EQ(refused("BatchNormalization", {}, {x, ones, bias, mean, var}, 3).code, "op.outputs");
  EXPECT_EQ(refused("BatchNormalization", {}, {x, f32({3}, {1, 2, 3}), bias, mean, var}).field, "scale");
}

TEST(BatchNormalization, TrainingUsesTheInputsOwn) {
  const Tensor x = f32({2, 1, 2}, {1, 3, 5, 7}), one = f32({1}, {1}), zero = f32({1}, {0});
  const Attributes a{{"epsilon", 0.0F}, {"momentum", 0.5F}, {"training_mode", std::int64_t{1}}};
  const auto y = run_all("BatchNormalization", a, {x, one, zero, f32({1}, {2}), f32({1}, {1})}, 3);
  const float s = std::sqrt(5.0F);
  EXPECT_THAT(floats(y[0]), Near({-3 / s, -1 / s, 1 / s, 3 / s}));
  EXPECT_THAT(floats(y[1]), Near({3}));
  EXPECT_THAT(floats(y[2]), Near({3}));
}

TEST(Normalizations, InstanceGroupLayer) {
  const Tensor x = f32({1, 2, 2}, {1, 3, 10, 20}), scale = f32({2}, {1, 2}), bias = f32({2}, {0, 1});
  const Attributes exact{{"epsilon", 0.0F}};
  EXPECT_THAT(floats(run("InstanceNormalization", exact, {x, scale, bias})), Near({-1, 1, -1, 3}));
  EXPECT_THAT(floats(run("GroupNormalization", {{"epsilon", 0.0F}, {"num_groups", std::int64_t{2}}}, {x, scale, bias})),
              Near({-1, 1, -1, 3}));
  const auto layer = run_all("LayerNormalization", exact, {x, scale}, 3);
  EXPECT_THAT(floats(layer[0]), Near({-1, 2, -1, 2}));
  EXPECT_THAT(floats(layer[1]), Near({2, 15}));
  EXPECT_THAT(floats(layer[2]), Near({1, 0.2F}));
  EXPECT_THAT(floats(run("RMSNormalization", exact, {f32({1, 2}, {3, 3}), scale})), Near({1, 2}));
  EXPECT_EQ(refused("GroupNormalization", {{"num_groups", std::int64_t{3}}}, {x, scale, bias}).field, "num_groups");
  EXPECT_EQ(refused("LayerNormalization", {}, {x, f32({3}, {1, 2, 3})}).field, "Scale");
}

TEST(Normalizations, WithoutParameters) {
  const Tensor x = f32({1, 3, 1}, {1, 2, 3});
  const Attributes lrn{{"size", std::int64_t{3}}, {"alpha", 3.0F}, {"beta", 1.0F}};
  EXPECT_THAT(floats(run("LRN", lrn, {x})), Near({1.0F / 6, 2.0F / 15, 3.0F / 14}));
  EXPECT_EQ(refused("LRN", {}, {x}).field, "size");
  EXPECT_THAT(floats(run("LpNormalization", {{"axis", std::int64_t{1}}, {"p", std::int64_t{1}}}, {x})),
              Near({1.0F / 6, 2.0F / 6, 0.5F}));
  EXPECT_THAT(floats(run("MeanVarianceNormalization", {{"axes", Ints{1}}}, {x})),
              Near({-1.2247449F, 0, 1.2247449F}, 1e-4F));
}

TEST(Softmaxes, AlongAnAxis) {
  const Tensor x = f32({2, 2}, {1000, 1000, 0, std::log(3.0F)});
  EXPECT_THAT(floats(run("Softmax", {}, {x})), Near({0.5F, 0.5F, 0.25F, 0.75F}));
  EXPECT_THAT(floats(run("Softmax", {{"axis", std::int64_t{0}}}, {f32({2, 1}, {0, std::log(3.0F)})})),
              Near({0.25F, 0.75F}));
  EXPECT_THAT(floats(run("LogSoftmax", {}, {x})), Near({-0.693147F, -0.693147F, -1.386294F, -0.287682F}, 1e-4F));
  EXPECT_EQ(floats(run("Hardmax", {}, {x})), (Floats{1, 0, 0, 1}));
  EXPECT_EQ(refused("Softmax", {{"axis", std::int64_t{2}}}, {x}).code, "op.axis");
}

}  // namespace
}  // namespace heddle::kernels
