// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/data_type.h"
#include "base/diagnostic.h"
#include "base/tensor.h"

namespace heddle {
namespace {

TEST(Diagnostic, NamesFileNodeFieldAndHint) {
  const Diagnostic d{.code = "x",
                     .message = "is 0",
                     .file = "m.onnx",
                     .node = "conv1",
                     .op = "Conv",
                     .field = "group",
                     .hint = "use 1"};
  EXPECT_EQ(d.text(), "m.onnx: node 'conv1' (Conv), field 'group': is 0\n  hint: use 1");
  EXPECT_EQ((Diagnostic{.message = "plain"}).text(), "plain");
  EXPECT_EQ((Diagnostic{.message = "m", .op = "Loop"}).text(), "operator Loop: m");
}

TEST(Diagnostic, ExitCodesPreferOurOwnMistakes) {
  const Diagnostic bad{}, unsupported{.error_class = ErrorClass::unsupported},
      internal{.error_class = ErrorClass::internal};
  EXPECT_EQ(exit_code({bad}), 1);
  EXPECT_EQ(exit_code({bad, unsupported}), 3);
  EXPECT_EQ(exit_code({unsupported, internal}), 2);
}

TEST(Nearest, FindsTyposOnly) {
  EXPECT_EQ(nearest("zcu10", {"zcu102", "u200"}), "zcu102");
  EXPECT_EQ(nearest("completely", {"zcu102", "u200"}), "");
}

TEST(DataType, NamesAndCodesRoundTrip) {
  for (std::uint8_t code = 1; code <= 18; ++code) {
    const auto type = data_type_from_code(code);
    ASSERT_TRUE(type.has_value());
    EXPECT_EQ(data_type_from_name(name(*type)), type);
    EXPECT_EQ(host_bytes(*type), static_cast<std::size_t>(bits(*type) + 7) / 8);
  }
  EXPECT_FALSE(data_type_from_code(0).has_value());
  EXPECT_FALSE(data_type_from_code(19).has_value());
  EXPECT_FALSE(data_type_from_name("int8").has_value());
}

TEST(Tensor, CountsAreCheckedAgainstHostileShapes) {
  EXPECT_EQ(checked_element_count({2, 3, 4}), 24);
  EXPECT_EQ(checked_element_count({}), 1);
  EXPECT_EQ(checked_element_count({std::int64_t{1} << 62, 0}), -1);
  EXPECT_EQ(checked_element_count({std::int64_t{1} << 30, std::int64_t{1} << 30}), -1);
  EXPECT_EQ(checked_element_count({3, -1}), -1);
  EXPECT_EQ(checked_element_count({5, 0}), 0);
}

TEST(Tensor, CopiesShareAndClonesDoNot) {
  Tensor a = Tensor::from<float>({2}, std::vector<float>{1, 2});
  const Tensor shared = a, cloned = a.clone();
  a.mutable_data<float>()[0] = 9;
  EXPECT_EQ(shared.data<float>()[0], 9);
  EXPECT_EQ(cloned.data<float>()[0], 1);
  EXPECT_EQ(a.reshaped({1, 2}).rank(), 2U);
  EXPECT_TRUE(Tensor().empty());
  EXPECT_FALSE(Tensor(DataType::f32, {0}).empty());
}

}  // namespace
}  // namespace heddle
