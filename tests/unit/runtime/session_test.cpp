// SPDX-License-Identifier: Apache-2.0
#include "runtime/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "runtime/functional_device.h"
#include "tests/unit/runtime/program_kit.h"

namespace heddle::runtime {
namespace {

using ::testing::HasSubstr;
using testing::ramp;
using testing::relu_of;
using testing::relu_program;
using testing::test_overlay;

std::shared_ptr<Device> device(int threads = 2) {
  return make_functional_device(test_overlay(), {.threads = threads});
}

Result<Session> session_of(isa::Program program) {
  return Session::create(std::make_shared<const isa::Program>(std::move(program)), device());
}

void expect_relu(const Tensor& x, const Tensor& y) {
  ASSERT_EQ(x.shape(), y.shape());
  for (std::int64_t k = 0; k < x.size(); ++k)
    ASSERT_EQ(y.data<float>()[static_cast<std::size_t>(k)], relu_of(x.data<float>()[static_cast<std::size_t>(k)]))
        << "element " << k;
}

TEST(Session, RunsAnOverlaySegment) {
  auto session = session_of(relu_program());
  ASSERT_TRUE(session) << session.error().front().text();
  const Tensor x = ramp({1, 11, 4, 5});
  const auto result = session->run({{"x", x}});
  ASSERT_TRUE(result) << result.error().front().text();
  expect_relu(x, result->at("y"));
}

TEST(Session, StacksABatchOfSubmissions) {
  auto session = session_of(relu_program(9));
  ASSERT_TRUE(session) << session.error().front().text();
  const Tensor x = ramp({9, 11, 4, 5});
  const auto result = session->run(std::vector<Tensor>{x});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->size(), 1U);
  expect_relu(x, result->front());
}

TEST(Session, RunsFromSeveralThreads) {
  auto session = session_of(relu_program(3));
  ASSERT_TRUE(session);
  const Tensor x = ramp({3, 11, 4, 5});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int k = 0; k < 5; ++k) {
        const auto result = session->run({{"x", x}});
        ASSERT_TRUE(result);
        expect_relu(x, result->at("y"));
      }
    });
}

isa::Program with_host_operator() {
  isa::Program program = relu_program();
  program.tensors.push_back({"z", DataType::f32, {1, 11, 4, 5}, {}});
  program.outputs = {"z", "y"};
  isa::HostOperator negate;
  negate.op = "Neg";
  negate.node = "negate";
  negate.inputs = {"y"};
  negate.outputs = {"z"};
  program.segments.emplace_back(isa::HostSegment{{negate}});
  return program;
}

TEST(Session, RunsHostOperatorsBetween) {
  auto session = session_of(with_host_operator());
  ASSERT_TRUE(session) << session.error().front().text();
  const auto result = session->run({{"x", ramp({1, 11, 4, 5})}});
  ASSERT_TRUE(result) << result.error().front().text();
  for (std::size_t k = 0; k < 220; ++k) EXPECT_EQ(result->at("z").data<float>()[k], -result->at("y").data<float>()[k]);
}

TEST(Session, ReadsConstantsInHostOperators) {
  isa::Program program = with_host_operator();
  program.tensors.push_back({"two", DataType::f32, {1}, Tensor::from<float>({1}, std::vector<float>{2.0F})});
  auto& op = std::get<isa::HostSegment>(program.segments[1]).operators[0];
  op.op = "Mul";
  op.inputs = {"y", "two"};
  auto session = session_of(program);
  ASSERT_TRUE(session) << session.error().front().text();
  const auto result = session->run({{"x", ramp({1, 11, 4, 5})}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->at("z").data<float>()[3], 2 * result->at("y").data<float>()[3]);
}

std::string first_error(const auto& result) {
  return result ? "no error" : result.error().front().text();
}

TEST(Session, NamesWrongInputs) {
  auto session = session_of(relu_program());
  ASSERT_TRUE(session);
  EXPECT_THAT(first_error(session->run(std::map<std::string, Tensor>{})), HasSubstr("missing"));
  EXPECT_THAT(first_error(session->run({{"X1", ramp({1, 11, 4, 5})}})), HasSubstr("no input of this name"));
  EXPECT_THAT(first_error(session->run({{"x", ramp({1, 11, 4, 6})}})), HasSubstr("[1, 11, 4, 6]"));
  EXPECT_THAT(first_error(session->run({{"x", Tensor(DataType::i8, {1, 11, 4, 5})}})), HasSubstr("i8"));
  EXPECT_THAT(first_error(session->run(std::vector<Tensor>{})), HasSubstr("0 inputs"));
}

TEST(Session, RefusesProgramsThatDoNotFitTogether) {
  isa::Program order = with_host_operator();
  std::swap(order.segments[0], order.segments[1]);
  EXPECT_THAT(first_error(session_of(order)), HasSubstr("is read before"));

  isa::Program range = relu_program();
  std::get<isa::OverlaySegment>(range.segments[0]).outputs[0].offset = 1 << 20;
  EXPECT_THAT(first_error(session_of(range)), HasSubstr("offset is 1048576")) << "the device verifies";
}

TEST(Session, RefusesWhatItsDeviceCannotRun) {
  overlay::Overlay larger = test_overlay();
  larger.weight_words *= 2;
  const auto program = std::make_shared<const isa::Program>(relu_program());
  EXPECT_THAT(first_error(Session::create(program, make_functional_device(larger))), HasSubstr("another overlay"));

  isa::Program half = relu_program();
  half.tensors[1].type = DataType::f16;
  EXPECT_THAT(first_error(session_of(half)), HasSubstr("'y': tensors of type f16 cannot cross"));
}

}  // namespace
}  // namespace heddle::runtime
