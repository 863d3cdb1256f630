// SPDX-License-Identifier: Apache-2.0
#include "quant/lowering/requant.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace heddle::quant {
namespace {

TEST(DeriveRequant, ApproximatesEveryRatio) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> exponent(-31.9, 14.98);
  for (int i = 0; i < 2000; ++i) {
    const double ratio = std::exp2(exponent(random));
    const auto q = derive_requant(ratio);
    ASSERT_TRUE(q);
    EXPECT_GE(q->mult, 32768);
    EXPECT_GE(q->shift, 1);
    EXPECT_LE(q->shift, 47);
    EXPECT_NEAR(std::ldexp(q->mult, -q->shift) / ratio, 1, 1.0 / 65536);
  }
}

TEST(DeriveRequant, Limits) {
  EXPECT_EQ(derive_requant(1)->mult, 32768);
  EXPECT_EQ(derive_requant(1)->shift, 15);
  EXPECT_EQ(derive_requant(1 - 1e-9)->mult, 32768) << "rounds up to the next power of two";
  EXPECT_EQ(derive_requant(0)->mult, 0);
  EXPECT_EQ(derive_requant(std::exp2(-40))->shift, 47);
  EXPECT_EQ(derive_requant(std::exp2(-40))->mult, 128);
  EXPECT_FALSE(derive_requant(std::exp2(14.99)));
  EXPECT_TRUE(derive_requant(std::exp2(14.98)));
  EXPECT_FALSE(derive_requant(-1));
  EXPECT_FALSE(derive_requant(std::nan("")));
}

TEST(DeriveAdd, IsExactToHalfAStep) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> scale(0.001F, 0.1F);
  std::uniform_int_distribution<int> value(-128, 127);
  for (int i = 0; i < 2000; ++i) {
    const Format a{DataType::i8, scale(random), 3}, b{DataType::i8, scale(random), -7}, y{DataType::i8, 0.1F, 5};
    const auto p = derive_add(a, b, y, 1, -1);
    ASSERT_TRUE(p);
    const int qa = value(random), qb = value(random);
    const double exact = (a.dequantize(qa) - b.dequantize(qb)) / 0.1 + 5;
    EXPECT_NEAR(kernels::residual_add(qa, qb, *p), std::clamp(exact, -128.0, 127.0), 0.52);
  }
}

TEST(DeriveAdd, NormalisesTheLargerFactor) {
  const Format unit{DataType::i8, 1, 0};
  const auto p = derive_add(unit, {DataType::i8, 0.25F, 0}, unit);
  EXPECT_EQ(p->mult_a, 16384);
  EXPECT_EQ(p->mult_b, 4096);
  EXPECT_EQ(p->shift, 14);
  EXPECT_FALSE(derive_add({DataType::i8, 20000, 0}, unit, unit));
  EXPECT_EQ(derive_add(unit, unit, unit, 0, 0)->mult_a, 0);
}

TEST(Format, Quantizes) {
  const Format f{DataType::i8, 0.5F, 10};
  EXPECT_EQ(f.quantize(1), 12);
  EXPECT_EQ(f.quantize(0.25), 10) << "ties to even";
  EXPECT_EQ(f.quantize(1e9), 127);
  EXPECT_EQ(f.quantize(std::nan("")), 10);
  EXPECT_EQ(f.dequantize(12), 1);
  EXPECT_EQ((Format{DataType::i16, 1, 0}.lo()), -32768);
}

TEST(MakeTable, FollowsTheFunction) {
  const Format from{DataType::i8, 0.05F, 4}, to{DataType::i8, 1.0F / 255, -128};
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  const auto narrow = make_table(from, to, sigmoid);
  for (int q = -128; q < 128; ++q) EXPECT_EQ(kernels::look_up_8(*narrow, q), to.quantize(sigmoid(from.dequantize(q))));
  const Format wide_from{DataType::i16, 8.0F / 32768, 0}, wide_to{DataType::i16, 1.0F / 32767, 0};
  const auto wide = make_table(wide_from, wide_to, sigmoid);
  for (int q = -32768; q < 32768; q += 37)
    EXPECT_NEAR(kernels::look_up_16(*wide, q), wide_to.quantize(sigmoid(wide_from.dequantize(q))), 2);
}

}  // namespace
}  // namespace heddle::quant
