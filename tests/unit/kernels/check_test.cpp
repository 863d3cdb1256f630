// SPDX-License-Identifier: Apache-2.0
#include "kernels/check.h"

#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

TEST(Text, JoinsPieces) {
  EXPECT_EQ(text("a ", 3, " b ", Shape{1, kUnknown}, " ", DataType::i8, " ", 0.5), "a 3 b [1, ?] i8 0.5");
}

TEST(Check, MissingAndWrongTypes) {
  const Attributes none;
  const std::vector<TensorInfo> inputs{info({2}, DataType::i32)};
  Check check(none, inputs, 1);
  EXPECT_FALSE(check.type(0, "X", kReal));
  EXPECT_FALSE(check.type(1, "W", kReal));
  EXPECT_TRUE(check.optional_type(2, "B", kReal));
  const auto result = check.done({info({1})});
  ASSERT_FALSE(result.has_value());
  ASSERT_EQ(result.error().size(), 2U) << "all findings are collected";
  EXPECT_EQ(result.error()[0].text(),
            "field 'X': the element type is i32; allowed are bf16, f32, f16, f64\n  hint: insert a Cast");
  EXPECT_EQ(result.error()[1].code, "op.input.missing");
}

TEST(Check, RefusesTensorsBeyondTheLimit) {
  const Attributes none;
  Check check(none, {}, 1);
  EXPECT_TRUE(check.done({info({std::int64_t{1} << 30})}).has_value()) << "4 GiB exactly";
  Check second(none, {}, 1);
  const auto result = second.done({info({(std::int64_t{1} << 30) + 1})});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error()[0].code, "op.size");
  const std::vector<TensorInfo> hostile{info({0, std::int64_t{1} << 62})};
  EXPECT_FALSE(Check(none, hostile, 1).ok());
}

TEST(Check, OutputsAreAsManyAsNamed) {
  const Attributes none;
  Check check(none, {}, 1);
  EXPECT_EQ(check.done({info({1}), info({2})})->size(), 1U);
}

TEST(Check, AxesAreNormalisedAndDistinct) {
  const Attributes none;
  Check check(none, {}, 1);
  EXPECT_EQ(check.axes("axes", Ints{-1, 0}, 3), (Ints{2, 0}));
  EXPECT_FALSE(check.axes("axes", Ints{1, -2}, 3).has_value());
  EXPECT_FALSE(check.axis("axis", 3, 3).has_value());
  EXPECT_EQ(check.failed().value().back().message, "axis 3 is outside -3 … 2 (3 dimensions)");
}

TEST(Check, ChoiceSuggestsTheNearest) {
  const Attributes a{{"mode", std::string("lineer")}};
  constexpr std::array<std::string_view, 2> kModes{"nearest", "linear"};
  Check check(a, {}, 1);
  EXPECT_FALSE(check.choice("mode", "nearest", kModes).has_value());
  EXPECT_EQ(check.failed().value()[0].hint, "did you mean 'linear'?");
}

TEST(Check, BroadcastFollowsNumpy) {
  const Attributes none;
  Check check(none, {}, 1);
  EXPECT_EQ(check.broadcast({2, 3}, {3}, "B"), (Shape{2, 3}));
  EXPECT_EQ(check.broadcast({2, 1}, {1, 4}, "B"), (Shape{2, 4}));
  EXPECT_EQ(check.broadcast({}, {4}, "B"), (Shape{4}));
  EXPECT_EQ(check.broadcast({kUnknown, 3}, {1, 3}, "B"), (Shape{kUnknown, 3}));
  EXPECT_EQ(check.broadcast({kUnknown}, {5}, "B"), (Shape{5}));
  EXPECT_EQ(check.broadcast({0}, {1}, "B"), (Shape{0}));
  EXPECT_TRUE(check.ok());
  check.broadcast({2}, {3}, "B");
  EXPECT_FALSE(check.ok());
}

TEST(Check, IntegerParametersOfAnyIntegerType) {
  const Attributes none;
  const Tensor values = of<std::int32_t>({2}, {3, -4});
  const std::vector<Tensor> tensors{values};
  const auto infos = infos_of(tensors);
  EXPECT_EQ(Check(none, infos, 1).ints(0), (Ints{3, -4}));
  EXPECT_FALSE(Check(none, infos, 1).ints(1).has_value());
}

}  // namespace
}  // namespace heddle::kernels
