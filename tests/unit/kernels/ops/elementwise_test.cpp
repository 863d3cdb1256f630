// SPDX-License-Identifier: Apache-2.0
// Unary and binary operators, comparisons, Clip and PRelu.
#include <cmath>
#include <limits>

#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

struct UnaryCase {
  const char* name;
  float x, y;
  Attributes attributes{};
};

TEST(Unary, GoldenValues) {
  const std::vector<UnaryCase> cases{
      {"Relu", -1, 0},
      {"LeakyRelu", -1, -0.1F, {{"alpha", 0.1F}}},
      {"Sigmoid", 0, 0.5F},
      {"HardSigmoid", 1, 0.7F},
      {"HardSwish", 1, 4.0F / 6},
      {"Elu", -1, -0.632121F},
      {"Selu", -1, -1.1113307F},
      {"Celu", -1, -0.43233236F, {{"alpha", 0.5F}}},
      {"Softplus", 100, 100},
      {"Softsign", -3, -0.75F},
      {"Mish", 1, 0.8650984F},
      {"Gelu", 1, 0.8413447F},
      {"Gelu", 1, 0.841192F, {{"approximate", std::string("tanh")}}},
      {"Swish", 1, 0.8807971F, {{"alpha", 2.0F}}},
      {"ThresholdedRelu", 1, 0},
      {"Shrink", 2, 1.5F, {{"bias", 0.5F}, {"lambd", 1.0F}}},
      {"Abs", -2, 2},
      {"Neg", 2, -2},
      {"Sign", -7, -1},
      {"Reciprocal", 4, 0.25F},
      {"Exp", 1, 2.7182817F},
      {"Log", 2.7182817F, 1},
      {"Sqrt", 9, 3},
      {"Erf", 0.5F, 0.5204999F},
      {"Tanh", 0.5F, 0.4621172F},
      {"Floor", -1.5F, -2},
      {"Ceil", -1.5F, -1},
      {"Round", 2.5F, 2},
      {"Round", -0.5F, 0},
      {"Sin", 1, 0.841471F},
      {"Atanh", 0.5F, 0.5493062F},
  };
  for (const UnaryCase& c : cases)
    EXPECT_NEAR(floats(run(c.name, c.attributes, {f32({}, {c.x})}))[0], c.y, 1e-5F) << c.name;
}

TEST(Unary, OtherTypesGoThroughTheirComputeType) {
  EXPECT_EQ(values<std::int8_t>(run("Neg", {}, {of<std::int8_t>({2}, {-128, 3})})),
            (std::vector<std::int8_t>{-128, -3}));
  EXPECT_EQ(values<double>(run("Sqrt", {}, {of<double>({1}, {2.0})}))[0], std::sqrt(2.0));
  EXPECT_EQ(values<std::uint64_t>(run("Abs", {}, {of<std::uint64_t>({1}, {~0ULL})}))[0], ~0ULL);
}

TEST(Unary, NaNStays) {
  const Tensor nan = f32({1}, {std::nanf("")});
  EXPECT_TRUE(std::isnan(floats(run("Relu", {}, {nan}))[0]));
  EXPECT_TRUE(std::isnan(floats(run("Clip", {}, {nan, f32({}, {0}), f32({}, {6})}))[0]));
}

TEST(Unary, RefusesTypesAndAttributes) {
  EXPECT_EQ(refused("Sigmoid", {}, {i64({1}, {1})}).code, "op.type");
  EXPECT_EQ(refused("Gelu", {{"approximate", std::string("tan")}}, {f32({1}, {1})}).hint, "did you mean 'tanh'?");
  EXPECT_EQ(refused("Celu", {{"alpha", 0.0F}}, {f32({1}, {1})}).field, "alpha");
}

TEST(Binary, BroadcastsInAllThreeForms) {
  const Tensor a = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(floats(run("Add", {}, {a, a})), (Floats{2, 4, 6, 8, 10, 12}));
  EXPECT_EQ(floats(run("Sub", {}, {a, f32({2, 1}, {1, 2})})), (Floats{0, 1, 2, 2, 3, 4}));
  EXPECT_EQ(floats(run("Sub", {}, {f32({3}, {1, 2, 3}), a})), (Floats{0, 0, 0, -3, -3, -3}));
  EXPECT_EQ(floats(run("Mul", {}, {f32({}, {2}), a})), (Floats{2, 4, 6, 8, 10, 12}));
  EXPECT_EQ(run("Add", {}, {f32({0, 3}, {}), f32({1, 3}, {1, 2, 3})}).shape(), (Shape{0, 3}));
  EXPECT_EQ(refused("Add", {}, {a, f32({2}, {1, 2})}).text(),
            "operator Add, field 'B': the shapes [2, 3] and [2] do not broadcast: 3 against 2");
}

TEST(Binary, IntegersWrapInTheirOwnType) {
  EXPECT_EQ(values<std::uint8_t>(run("Add", {}, {of<std::uint8_t>({1}, {250}), of<std::uint8_t>({1}, {10})}))[0], 4);
  EXPECT_EQ(values<std::uint16_t>(run("Sub", {}, {of<std::uint16_t>({1}, {1}), of<std::uint16_t>({1}, {2})}))[0],
            65535);
  EXPECT_EQ(values<std::int8_t>(run("Mul", {}, {of<std::int8_t>({1}, {100}), of<std::int8_t>({1}, {2})}))[0], -56);
}

TEST(Binary, IntegerDivision) {
  EXPECT_EQ(ints(run("Div", {}, {vec({-7, 7, std::numeric_limits<std::int64_t>::min()}), vec({2, -2, -1})})),
            (Ints{-3, -3, std::numeric_limits<std::int64_t>::min()}));
  const Diagnostic d = refused("Div", {}, {vec({1, 2}), vec({1, 0})});
  EXPECT_EQ(d.code, "op.value");
  EXPECT_THAT(d.message, HasSubstr("element 1 of the divisor is 0"));
  EXPECT_EQ(refused("Mod", {}, {vec({1}), vec({0})}).code, "op.value");
  EXPECT_TRUE(std::isinf(floats(run("Div", {}, {f32({1}, {1}), f32({1}, {0})}))[0]));
}

TEST(Binary, ModTakesTheSignOfTheDivisorOrDividend) {
  EXPECT_EQ(ints(run("Mod", {}, {vec({-7, 7}), vec({3, -3})})), (Ints{2, -2}));
  EXPECT_EQ(ints(run("Mod", {{"fmod", std::int64_t{1}}}, {vec({-7, 7}), vec({3, -3})})), (Ints{-1, 1}));
  EXPECT_EQ(ints(run("Mod", {}, {vec({std::numeric_limits<std::int64_t>::min()}), vec({-1})})), (Ints{0}));
}

TEST(Binary, PowMixesTypes) {
  EXPECT_EQ(floats(run("Pow", {}, {f32({2}, {2, 3}), vec({3, 2})})), (Floats{8, 9}));
  EXPECT_EQ(ints(run("Pow", {}, {vec({2, -3, 5, 1, -1}), vec({10, 3, 0, -4, -3})})), (Ints{1024, -27, 1, 1, -1}));
}

TEST(Variadic, ReduceOverAllOperands) {
  const Tensor a = f32({2}, {1, 5}), b = f32({2}, {3, 2}), c = f32({1}, {2});
  EXPECT_EQ(floats(run("Max", {}, {a, b, c})), (Floats{3, 5}));
  EXPECT_EQ(floats(run("Min", {}, {a, b, c})), (Floats{1, 2}));
  EXPECT_EQ(floats(run("Sum", {}, {a, b, c})), (Floats{6, 9}));
  EXPECT_EQ(floats(run("Mean", {}, {a, b, c})), (Floats{2, 3}));
  EXPECT_EQ(floats(run("Sum", {}, {a})), (Floats{1, 5}));
}

TEST(Comparison, GivesBools) {
  const Tensor a = f32({3}, {1, 2, 3}), b = f32({}, {2});
  const auto test = [&](const char* op) { return values<std::uint8_t>(run(op, {}, {a, b})); };
  EXPECT_EQ(test("Less"), (std::vector<std::uint8_t>{1, 0, 0}));
  EXPECT_EQ(test("LessOrEqual"), (std::vector<std::uint8_t>{1, 1, 0}));
  EXPECT_EQ(test("Greater"), (std::vector<std::uint8_t>{0, 0, 1}));
  EXPECT_EQ(test("GreaterOrEqual"), (std::vector<std::uint8_t>{0, 1, 1}));
  EXPECT_EQ(test("Equal"), (std::vector<std::uint8_t>{0, 1, 0}));
}

TEST(Logic, TruthTables) {
  const Tensor a = flags({4}, {0, 0, 1, 1}), b = flags({4}, {0, 1, 0, 1});
  EXPECT_EQ(values<std::uint8_t>(run("And", {}, {a, b})), (std::vector<std::uint8_t>{0, 0, 0, 1}));
  EXPECT_EQ(values<std::uint8_t>(run("Or", {}, {a, b})), (std::vector<std::uint8_t>{0, 1, 1, 1}));
  EXPECT_EQ(values<std::uint8_t>(run("Xor", {}, {a, b})), (std::vector<std::uint8_t>{0, 1, 1, 0}));
  EXPECT_EQ(values<std::uint8_t>(run("Not", {}, {a})), (std::vector<std::uint8_t>{1, 1, 0, 0}));
}

TEST(Classify, NaNAndInf) {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor x = f32({4}, {1, inf, -inf, std::nanf("")});
  EXPECT_EQ(values<std::uint8_t>(run("IsNaN", {}, {x})), (std::vector<std::uint8_t>{0, 0, 0, 1}));
  EXPECT_EQ(values<std::uint8_t>(run("IsInf", {{"detect_negative", std::int64_t{0}}}, {x})),
            (std::vector<std::uint8_t>{0, 1, 0, 0}));
}

TEST(Where, SelectsWithBroadcast) {
  EXPECT_EQ(ints(run("Where", {}, {flags({2, 1}, {1, 0}), vec({1, 2}), i64({}, {9})})), (Ints{1, 2, 9, 9}));
}

TEST(Clip, LimitsAreOptional) {
  const Tensor x = f32({3}, {-2, 0, 9}), none;
  EXPECT_EQ(floats(run("Clip", {}, {x, f32({}, {-1}), f32({}, {6})})), (Floats{-1, 0, 6}));
  EXPECT_EQ(floats(run("Clip", {}, {x, none, f32({}, {6})})), (Floats{-2, 0, 6}));
  EXPECT_EQ(floats(run("Clip", {}, {x})), (Floats{-2, 0, 9}));
  EXPECT_EQ(floats(run("Clip", {}, {x, f32({}, {2}), f32({}, {1})})), (Floats{1, 1, 1})) << "min above max";
  EXPECT_EQ(values<std::int8_t>(run("Clip", {}, {of<std::int8_t>({2}, {-5, 5}), of<std::int8_t>({}, {0})})),
            (std::vector<std::int8_t>{0, 5}));
  EXPECT_EQ(refused("Clip", {}, {x, f32({2}, {0, 1})}).field, "min");
}

TEST(PRelu, SlopePerChannel) {
  EXPECT_EQ(floats(run("PRelu", {}, {f32({2, 2}, {-1, 2, -3, -4}), f32({2, 1}, {0.5F, 2})})),
            (Floats{-0.5F, 2, -6, -8}));
  EXPECT_EQ(refused("PRelu", {}, {f32({2}, {1, 2}), f32({2, 2}, {1, 2, 3, 4})}).field, "slope");
}

}  // namespace
}  // namespace heddle::kernels
