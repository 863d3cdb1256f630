// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "kernels/operator.h"

/// Short forms for the tests of operators.
namespace heddle::kernels::test {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

/// 0, 1, 2, …
inline Tensor counting(Shape shape) {
  Tensor t(DataType::f32, std::move(shape));
  std::iota(t.mutable_data<float>().begin(), t.mutable_data<float>().end(), 0.0F);
  return t;
}
inline Tensor f32(Shape shape, const Floats& values) {
  return Tensor::from<float>(std::move(shape), values);
}
inline Tensor i64(Shape shape, const Ints& values) {
  return Tensor::from<std::int64_t>(std::move(shape), values);
}
inline Tensor vec(const Ints& values) {
  return i64({static_cast<std::int64_t>(values.size())}, values);
}
template <class T>
Tensor of(Shape shape, const std::vector<T>& values) {
  return Tensor::from<T>(std::move(shape), values);
}
inline Tensor flags(Shape shape, const std::vector<std::uint8_t>& values) {
  Tensor t(DataType::boolean, std::move(shape));
  std::copy(values.begin(), values.end(), t.mutable_data<std::uint8_t>().begin());
  return t;
}
inline Tensor random_f32(Shape shape, std::mt19937& rng, float lo = -1, float hi = 1) {
  Tensor t(DataType::f32, std::move(shape));
  std::uniform_real_distribution<float> value(lo, hi);
  for (float& v : t.mutable_data<float>()) v = value(rng);
  return t;
}
template <class T>
std::vector<T> values(const Tensor& tensor) {
  const auto data = tensor.data<T>();
  return {data.begin(), data.end()};
}
inline Floats floats(const Tensor& tensor) {
  return values<float>(tensor);
}
inline Ints ints(const Tensor& tensor) {
  return values<std::int64_t>(tensor);
}
inline ::testing::Matcher<std::vector<float>> Near(const Floats& expected, float tolerance = 1e-5F) {
  return ::testing::Pointwise(::testing::FloatNear(tolerance), expected);
}

/// All outputs; a refusal fails the test.
inline std::vector<Tensor> run_all(std::string_view name, const Attributes& attributes,
                                   const std::vector<Tensor>& inputs, std::size_t outputs = 1) {
  const OperatorDefinition* definition = find_operator(name);
  EXPECT_NE(definition, nullptr) << name;
  auto result = execute(*definition, attributes, inputs, outputs);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error()[0].text());
  if (!result) return std::vector<Tensor>(outputs, Tensor(DataType::f32, {0}));
  EXPECT_EQ(result->size(), outputs);
  return *result;
}
inline Tensor run(std::string_view name, const Attributes& attributes, const std::vector<Tensor>& inputs) {
  return run_all(name, attributes, inputs)[0];
}
/// The first finding; a success fails the test.
inline Diagnostic refused(std::string_view name, const Attributes& attributes, const std::vector<Tensor>& inputs,
                          std::size_t outputs = 1) {
  const auto result = execute(*find_operator(name), attributes, inputs, outputs);
  EXPECT_FALSE(result.has_value()) << name << " accepted what it should refuse";
  return result ? Diagnostic{} : result.error()[0];
}
/// Output 0 as the infer function sees it from types and shapes alone.
inline Result<std::vector<TensorInfo>> infer(std::string_view name, const Attributes& attributes,
                                             const std::vector<TensorInfo>& inputs, std::size_t outputs = 1) {
  return find_operator(name)->infer(attributes, inputs, outputs);
}
inline Shape inferred_shape(std::string_view name, const Attributes& attributes,
                            const std::vector<TensorInfo>& inputs) {
  const auto infos = infer(name, attributes, inputs);
  EXPECT_TRUE(infos.has_value()) << (infos ? "" : infos.error()[0].text());
  return infos ? infos->front().shape : Shape{-99};
}
inline TensorInfo info(Shape shape, DataType type = DataType::f32) {
  return {.type = type, .shape = std::move(shape)};
}

}  // namespace heddle::kernels::test
