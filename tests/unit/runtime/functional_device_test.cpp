// SPDX-License-Identifier: Apache-2.0
#include "runtime/functional_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "runtime/backends.h"
#include "tests/unit/runtime/program_kit.h"

namespace heddle::runtime {
namespace {

using ::testing::HasSubstr;
using testing::relu_segment;
using testing::test_overlay;

std::string error_of(const auto& result) {
  return result ? "no error" : result.error().front().text();
}

TEST(FunctionalDevice, MovesBytes) {
  const auto device = make_functional_device(test_overlay());
  EXPECT_EQ(device->properties().backend, "functional");
  EXPECT_EQ(device->properties().overlay.name, "test");
  const auto buffer = device->allocate(8);
  ASSERT_TRUE(buffer);
  const std::vector<std::byte> bytes{std::byte{1}, std::byte{2}};
  ASSERT_TRUE(device->copy_to(*buffer, 3, bytes));
  std::vector<std::byte> back(4);
  ASSERT_TRUE(device->copy_from(*buffer, 2, back));
  EXPECT_EQ(back, (std::vector<std::byte>{std::byte{0}, std::byte{1}, std::byte{2}, std::byte{0}}));
  EXPECT_THAT(error_of(device->copy_to(*buffer, 7, bytes)), HasSubstr("not inside"));
  EXPECT_THAT(error_of(device->copy_from(*buffer, UINT64_MAX, back)), HasSubstr("not inside"));
  ASSERT_TRUE(device->release(*buffer));
  EXPECT_THAT(error_of(device->release(*buffer)), HasSubstr("no buffer"));
}

TEST(FunctionalDevice, RefusesMoreMemoryThanItHas) {
  const auto device = make_functional_device(test_overlay(), {.threads = 1, .memory_bytes = 1000});
  const auto first = device->allocate(600);
  ASSERT_TRUE(first);
  EXPECT_FALSE(device->allocate(600));
  ASSERT_TRUE(device->release(*first));
  EXPECT_TRUE(device->allocate(600));
}

class Relu : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    device = make_functional_device(test_overlay(), {.threads = 2, .reference = GetParam()});
    const auto loaded = device->load(segment);
    ASSERT_TRUE(loaded) << loaded.error().front().text();
    id = *loaded;
  }
  struct Images {
    BufferId in, out;
    std::vector<std::byte> bytes;
  };
  Images image(std::uint8_t seed) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(segment->input_bytes));
    for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<std::byte>(k * 31 + seed);
    const auto in = device->allocate(bytes.size()), out = device->allocate(bytes.size());
    EXPECT_TRUE(device->copy_to(*in, 0, bytes));
    return {*in, *out, bytes};
  }
  Bases bases(const Images& i) {
    Bases b;
    b.buffer[isa::kInputs] = i.in;
    b.buffer[isa::kOutputs] = i.out;
    return b;
  }
  void expect_done(const Images& i) {
    std::vector<std::byte> got(i.bytes.size());
    ASSERT_TRUE(device->copy_from(i.out, 0, got));
    for (std::size_t k = 0; k < got.size(); ++k)
      ASSERT_EQ(static_cast<std::int8_t>(got[k]), std::max<std::int8_t>(3, static_cast<std::int8_t>(i.bytes[k]))) << k;
  }

  std::shared_ptr<const isa::OverlaySegment> segment =
      std::make_shared<isa::OverlaySegment>(relu_segment({}, "x", "y"));
  std::shared_ptr<Device> device;
  LoadedId id{};
};

TEST_P(Relu, KeepsManySubmissionsInFlight) {
  std::vector<Images> images;
  std::vector<Ticket> tickets;
  for (std::uint8_t k = 0; k < 24; ++k) {
    images.push_back(image(k));
    const auto ticket = device->submit(id, bases(images.back()));
    ASSERT_TRUE(ticket) << ticket.error().front().text();
    tickets.push_back(*ticket);
  }
  for (std::size_t k = tickets.size(); k-- > 0;) {
    ASSERT_TRUE(device->wait(tickets[k]));
    expect_done(images[k]);
  }
  EXPECT_THAT(error_of(device->wait(tickets[0])), HasSubstr("no ticket"));
  EXPECT_THAT(error_of(device->query(tickets[0])), HasSubstr("no ticket"));
}

TEST_P(Relu, SurvivesReleaseAndUnloadDuringARun) {
  const Images i = image(5);
  const auto ticket = device->submit(id, bases(i));
  ASSERT_TRUE(ticket);
  EXPECT_TRUE(device->release(i.in));
  EXPECT_TRUE(device->unload(id));
  EXPECT_TRUE(device->wait(*ticket));
  expect_done(i);
  EXPECT_THAT(error_of(device->unload(id)), HasSubstr("no loaded program"));
  EXPECT_THAT(error_of(device->submit(id, bases(i))), HasSubstr("no loaded program"));
}

TEST_P(Relu, QueriesUntilDone) {
  const auto ticket = device->submit(id, bases(image(1)));
  ASSERT_TRUE(ticket);
  Result<bool> done = false;
  while (done && !*done) done = device->query(*ticket);
  EXPECT_TRUE(done);
  EXPECT_TRUE(device->wait(*ticket));
}

TEST_P(Relu, RefusesMissingAndSmallBuffers) {
  EXPECT_THAT(error_of(device->submit(id, {})), HasSubstr("base register 2"));
  Bases small = bases(image(1));
  small.buffer[isa::kOutputs] = *device->allocate(8);
  EXPECT_THAT(error_of(device->submit(id, small)), HasSubstr("base register 3 has a buffer of 8 bytes"));
  small.buffer[isa::kOutputs] = BufferId{999999};
  EXPECT_THAT(error_of(device->submit(id, small)), HasSubstr("no buffer 999999"));
}

INSTANTIATE_TEST_SUITE_P(Executions, Relu, ::testing::Bool());

TEST(FunctionalDevice, LoadsOnlyWhatIsVerified) {
  const auto device = make_functional_device(test_overlay());
  auto segment = std::make_shared<isa::OverlaySegment>(relu_segment({}, "x", "y"));
  segment->streams[0].clear();
  EXPECT_NE(error_of(device->load(segment)), "no error");
}

TEST(Backends, AreMadeByName) {
  EXPECT_TRUE(make_device("functional", test_overlay()));
  EXPECT_EQ(backend_names().size(), 4U);
  EXPECT_TRUE(make_device("cycle", test_overlay()));
  EXPECT_THAT(error_of(make_device("functonal", test_overlay())), HasSubstr("did you mean 'functional'"));
  const auto unavailable = make_device("xrt", test_overlay());
  ASSERT_FALSE(unavailable);
  EXPECT_EQ(exit_code(unavailable.error()), 3);
}

}  // namespace
}  // namespace heddle::runtime
