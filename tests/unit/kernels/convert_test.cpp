// SPDX-License-Identifier: Apache-2.0
#include "kernels/convert.h"

#include <cmath>
#include <limits>

#include "kernels/saturate.h"
#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

TEST(Half, KnownPatterns) {
  EXPECT_EQ(float_to_half(1.0F), 0x3c00);
  EXPECT_EQ(float_to_half(-2.0F), 0xc000);
  EXPECT_EQ(float_to_half(65504.0F), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0F), 0x7c00) << "rounds up to infinity";
  EXPECT_EQ(float_to_half(5.9604645e-8F), 0x0001) << "smallest subnormal";
  EXPECT_EQ(float_to_half(2.0e-8F), 0x0000);
  EXPECT_EQ(float_to_half(2049.0F), 0x6800) << "a tie goes to the even mantissa";
}

// Every half value survives the way through float.
TEST(Half, RoundTripsAllPatterns) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
    else
      EXPECT_EQ(float_to_half(value), half);
  }
}

TEST(BFloat, RoundsToNearestEven) {
  EXPECT_EQ(float_to_bfloat(1.0F), 0x3f80);
  EXPECT_EQ(float_to_bfloat(1.00390625F), 0x3f80);
  EXPECT_EQ(float_to_bfloat(1.01171875F), 0x3f82);
  EXPECT_EQ(bfloat_to_float(0x4049), 3.140625F);
  EXPECT_TRUE(std::isnan(bfloat_to_float(float_to_bfloat(std::nanf("")))));
}

TEST(Cast, RealToIntegerTruncatesAndIntegersWrap) {
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(values<std::int32_t>(cast(f32({4}, {1.9F, -1.9F, 0, 7}), DataType::i32)), (std::vector{1, -1, 0, 7}));
  EXPECT_EQ(ints(cast(f32({3}, {inf, -inf, std::nanf("")}), DataType::i64)),
            (Ints{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(), 0}));
  EXPECT_EQ(values<std::int8_t>(cast(i64({3}, {200, -129, 5}), DataType::i8)), (std::vector<std::int8_t>{-56, 127, 5}));
  EXPECT_EQ(values<std::uint64_t>(cast(of<double>({1}, {1.8e19}), DataType::u64))[0], 18000000000000000000ULL);
}

TEST(Cast, SubByteTypesWrapToTheirWidth) {
  EXPECT_EQ(values<std::int8_t>(cast(i64({3}, {7, 8, -9}), DataType::i4)), (std::vector<std::int8_t>{7, -8, 7}));
  EXPECT_EQ(values<std::uint8_t>(cast(i64({2}, {15, 17}), DataType::u4)), (std::vector<std::uint8_t>{15, 1}));
  EXPECT_EQ(values<std::int8_t>(cast(i64({2}, {1, 2}), DataType::i2)), (std::vector<std::int8_t>{1, -2}));
}

TEST(Cast, ToBoolIsNotZero) {
  EXPECT_EQ(values<std::uint8_t>(cast(f32({3}, {0.25F, -0.0F, std::nanf("")}), DataType::boolean)),
            (std::vector<std::uint8_t>{1, 0, 1}));
}

TEST(Cast, SameTypeSharesTheBytes) {
  const Tensor x = f32({1}, {1});
  EXPECT_EQ(cast(x, DataType::f32).bytes().data(), x.bytes().data());
}

TEST(Cast, ThroughEveryType) {
  for (std::uint8_t code = 1; data_type_from_code(code); ++code) {
    const DataType type = *data_type_from_code(code);
    EXPECT_EQ(floats(cast(cast(f32({2}, {0, 1}), type), DataType::f32))[0], 0.0F) << name(type);
    EXPECT_NE(floats(cast(cast(f32({2}, {0, 1}), type), DataType::f32))[1], 0.0F) << name(type);
  }
}

TEST(Saturated, RoundsToEvenAndClips) {
  EXPECT_EQ(values<std::int8_t>(saturated(f32({5}, {0.5F, 1.5F, -2.5F, 300, -300}), DataType::i8)),
            (std::vector<std::int8_t>{0, 2, -2, 127, -128}));
  EXPECT_EQ(values<std::uint8_t>(saturated(f32({2}, {-1, 16}), DataType::u4)), (std::vector<std::uint8_t>{0, 15}));
  EXPECT_EQ(values<std::int8_t>(saturated(f32({1}, {std::nanf("")}), DataType::i8))[0], 0);
  EXPECT_EQ(floats(saturated(f32({1}, {0.3F}), DataType::f32))[0], 0.3F);
}

TEST(Limits, OfIntegerTypes) {
  EXPECT_EQ(limits_of(DataType::i8), (std::pair{-128.0, 127.0}));
  EXPECT_EQ(limits_of(DataType::u16), (std::pair{0.0, 65535.0}));
  EXPECT_EQ(limits_of(DataType::i4), (std::pair{-8.0, 7.0}));
  EXPECT_EQ(limits_of(DataType::boolean), (std::pair{0.0, 1.0}));
}

}  // namespace
}  // namespace heddle::kernels
