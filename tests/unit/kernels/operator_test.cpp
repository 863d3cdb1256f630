// SPDX-License-Identifier: Apache-2.0
#include "kernels/operator.h"

#include <algorithm>

#include "tests/unit/kernels/run.h"

namespace heddle::kernels {
namespace {
using namespace test;

TEST(Operators, AreSortedAndUnique) {
  const auto all = all_operators();
  EXPECT_GT(all.size(), 130U);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1].name, all[i].name);
}

TEST(Operators, AreCompleteDefinitions) {
  for (const OperatorDefinition& d : all_operators()) {
    EXPECT_NE(d.infer, nullptr) << d.name;
    EXPECT_NE(d.run, nullptr) << d.name;
    EXPECT_TRUE(d.max_inputs < 0 || d.min_inputs <= d.max_inputs) << d.name;
    EXPECT_TRUE(std::is_sorted(d.attributes.begin(), d.attributes.end())) << d.name;
    EXPECT_EQ(find_operator(d.name)->name, d.name);
  }
}

TEST(Operators, UnknownNameIsNull) {
  EXPECT_EQ(find_operator("Convolve"), nullptr);
  EXPECT_EQ(find_operator(""), nullptr);
}

// Whatever a broken model asks for, the answer is a diagnostic and not a crash.
TEST(Operators, InferSurvivesMissingInputsAndHostileShapes) {
  const std::int64_t huge = std::int64_t{1} << 62;
  const std::vector<Shape> shapes{{}, {0}, {huge, huge}, {-1, -1, -1, -1}, {1, 3, 0, 5}, {2, 3}, {1, 4, 6, 6, 6}};
  const std::vector<DataType> types{DataType::f32, DataType::i64, DataType::boolean, DataType::u8, DataType::i4};
  for (const OperatorDefinition& d : all_operators())
    for (const Shape& shape : shapes)
      for (const DataType type : types)
        for (int n = 0; n <= std::max(d.max_inputs, 3); ++n) {
          const std::vector<TensorInfo> inputs(static_cast<std::size_t>(n), info(shape, type));
          const auto result = d.infer({}, inputs, 1);
          EXPECT_TRUE(result || !result.error().empty()) << d.name;
        }
}

TEST(Operators, RunSurvivesSmallTensorsOfAllTypes) {
  const std::vector<Shape> shapes{{}, {0}, {1}, {3}, {2, 3}, {1, 2, 4}, {1, 4, 4, 4}, {0, 4, 4, 4}};
  for (const OperatorDefinition& d : all_operators())
    for (const Shape& shape : shapes)
      for (std::uint8_t code = 1; data_type_from_code(code); ++code)
        for (int n = d.min_inputs; n <= (d.max_inputs < 0 ? 3 : d.max_inputs); ++n) {
          const std::vector<Tensor> inputs(static_cast<std::size_t>(n), Tensor(*data_type_from_code(code), shape));
          const auto result =
              execute(d, {{"kernel_shape", Ints(shape.size() > 2 ? shape.size() - 2 : 1, 2)}}, inputs, 1);
          EXPECT_TRUE(!result || result->size() == 1) << d.name;
        }
}

TEST(Execute, ReportsArityAndOperator) {
  const Diagnostic d = refused("Relu", {}, {f32({1}, {1}), f32({1}, {1})});
  EXPECT_EQ(d.code, "op.arity");
  EXPECT_EQ(d.op, "Relu");
  EXPECT_EQ(d.message, "has 2 inputs; 1 to 1 are allowed");
}

TEST(Execute, ReportsTooManyOutputs) {
  EXPECT_EQ(refused("Relu", {}, {f32({1}, {1})}, 2).code, "op.outputs");
}

TEST(Attributes, ReadWithDefaults) {
  const Attributes a{
      {"i", std::int64_t{3}}, {"f", 0.5F}, {"s", std::string("x")}, {"is", Ints{1, 2}}, {"fs", Floats{1.5F}}};
  EXPECT_EQ(get_int(a, "i", 7), 3);
  EXPECT_EQ(get_int(a, "none", 7), 7);
  EXPECT_EQ(get_int(a, "f", 7), 7) << "another type reads as the default";
  EXPECT_EQ(get_float(a, "f", 0), 0.5F);
  EXPECT_EQ(get_string(a, "s", "y"), "x");
  EXPECT_EQ(get_string(a, "none", "y"), "y");
  EXPECT_EQ(get_ints(a, "is"), (Ints{1, 2}));
  EXPECT_EQ(get_ints(a, "none", {4}), (Ints{4}));
  EXPECT_EQ(get_floats(a, "fs"), (Floats{1.5F}));
}

}  // namespace
}  // namespace heddle::kernels
