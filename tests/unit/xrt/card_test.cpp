// SPDX-License-Identifier: Apache-2.0
#include "xrt/card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "xrt/card_executor.h"

namespace heddle::xrt {
namespace {

using ::testing::HasSubstr;

/// A card whose registers are a table; every function can be made to fail.
struct FakeCard {
  std::map<std::uint32_t, std::uint32_t> registers;
  std::string failing;  ///< name of the function that fails
  int open_cards = 0, buffers = 0;
};
FakeCard fake;

int fails(const char* function) {
  return fake.failing == function ? 1 : 0;
}

constexpr CardApi kFake{
    .version = kCardApiVersion,
    .open =
        [](const char*, unsigned, void** card) {
          *card = &fake;
          fake.open_cards += 1 - fails("open");
          return fails("open");
        },
    .close = [](void*) { --fake.open_cards; },
    .allocate =
        [](void*, std::uint64_t bytes, CardBuffer* buffer) {
          if (fails("allocate") != 0) return 1;
          ++fake.buffers;
          buffer->handle = buffer->host = std::malloc(bytes);
          buffer->address = 4096;
          return 0;
        },
    .release =
        [](void* buffer) {
          --fake.buffers;
          std::free(buffer);
        },
    .to_card = [](void*, std::uint64_t) { return fails("to_card"); },
    .from_card = [](void*, std::uint64_t) { return fails("from_card"); },
    .write_register =
        [](void*, std::uint32_t address, std::uint32_t value) {
          fake.registers[address] = value;
          return fails("write_register");
        },
    .read_register =
        [](void*, std::uint32_t address, std::uint32_t* value) {
          *value = fake.registers[address];
          return fails("read_register");
        },
    .error = [] { return "the cable is loose"; },
};

std::string error_of(const auto& result) {
  return result ? "no error" : result.error().front().text();
}

overlay::Overlay zcu102() {
  return overlay::find_overlay("zcu102").value();
}

class CardTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fake = {};
    const std::uint64_t print = fingerprint(zcu102());
    namespace regs = hardware::registers;
    fake.registers = {{regs::kIdentification.offset, hardware::kIdentity},
                      {regs::kVersion.offset, hardware::kRegisterMapVersion},
                      {regs::kFingerprint.offset, static_cast<std::uint32_t>(print)},
                      {regs::kFingerprint.offset + 4, static_cast<std::uint32_t>(print >> 32)}};
  }
  static std::unique_ptr<Card> card() { return Card::open({{}, &kFake}, "some.xclbin", 0).value(); }

  const std::shared_ptr<const isa::OverlaySegment> segment = std::make_shared<const isa::OverlaySegment>();
};

TEST_F(CardTest, ReleasesWhatItTook) {
  {
    const auto opened = card();
    EXPECT_EQ(fake.open_cards, 1);
    const auto buffer = opened->allocate(100);
    ASSERT_TRUE(buffer);
    const Buffer copy = *buffer;  // NOLINT: a copy shares the memory
    EXPECT_EQ(copy.host().size(), 100U);
    EXPECT_EQ(fake.buffers, 1);
    EXPECT_TRUE(opened->allocate(0));
  }
  EXPECT_EQ(fake.buffers, 0);
  EXPECT_EQ(fake.open_cards, 0);
}

TEST_F(CardTest, FailuresSayWhatWasDone) {
  fake.failing = "open";
  const auto none = Card::open({{}, &kFake}, "some.xclbin", 3);
  EXPECT_THAT(error_of(none), HasSubstr("card 3 cannot be opened with 'some.xclbin': the cable is loose"));
  fake.failing = "";
  const auto opened = card();
  fake.failing = "allocate";
  EXPECT_THAT(error_of(opened->allocate(100)), HasSubstr("allocating 100 bytes"));
  fake.failing = "to_card";
  const Buffer buffer = opened->allocate(8).value();
  EXPECT_THAT(error_of(buffer.to_card()), HasSubstr("copying to the card"));
  fake.failing = "from_card";
  EXPECT_THAT(error_of(buffer.from_card()), HasSubstr("copying from the card"));
  fake.failing = "read_register";
  EXPECT_THAT(error_of(opened->read_register(0x14)), HasSubstr("reading register 0x014"));
  fake.failing = "write_register";
  EXPECT_THAT(error_of(opened->write_register(0x10, 1)), HasSubstr("writing register 0x010"));
}

TEST_F(CardTest, AnotherOverlayIsRefused) {
  namespace regs = hardware::registers;
  EXPECT_TRUE(make_card_executor(zcu102(), card()));
  fake.registers[regs::kFingerprint.offset] ^= 1;
  EXPECT_THAT(error_of(make_card_executor(zcu102(), card())), HasSubstr("fingerprint"));
  fake.registers[regs::kVersion.offset] = 99;
  EXPECT_THAT(error_of(make_card_executor(zcu102(), card())), HasSubstr("version of the register map is 0x63"));
  fake.registers[regs::kIdentification.offset] = 0xffffffff;
  EXPECT_THAT(error_of(make_card_executor(zcu102(), card())), HasSubstr("no overlay of heddle"));
  fake.failing = "read_register";
  EXPECT_THAT(error_of(make_card_executor(zcu102(), card())), HasSubstr("the cable is loose"));
}

TEST_F(CardTest, ARunThatDoesNotEndIsGivenUp) {
  using namespace std::chrono_literals;
  const auto executor = make_card_executor(zcu102(), card(), {.longest_run = 5ms, .between_polls = 100us}).value();
  const auto prepared = executor->prepare(*segment).value();
  fake.registers[hardware::registers::kStatus.offset] = 1;  // running
  EXPECT_THAT(error_of(executor->execute(*segment, *prepared, {})), HasSubstr("has not ended after 5 ms"));
  fake.registers[hardware::registers::kStatus.offset] = 2;  // done
  EXPECT_TRUE(executor->execute(*segment, *prepared, {}));
  fake.failing = "write_register";
  EXPECT_THAT(error_of(executor->execute(*segment, *prepared, {})), HasSubstr("the cable is loose"));
}

TEST_F(CardTest, EveryFailingCopyEndsTheRun) {
  const auto executor = make_card_executor(zcu102(), card()).value();
  const auto prepared = executor->prepare(*segment).value();
  std::array<std::byte, 16> bytes{};
  runtime::Executor::Memory memory;
  memory[isa::kInputs] = memory[isa::kOutputs] = bytes;
  fake.registers[hardware::registers::kStatus.offset] = 2;
  for (const char* function : {"allocate", "to_card", "from_card"}) {
    fake.failing = function;
    EXPECT_FALSE(executor->execute(*segment, *prepared, memory)) << function;
  }
  fake.failing = "";
  EXPECT_TRUE(executor->execute(*segment, *prepared, memory));
}

TEST(XrtExecutor, SaysWhatIsMissing) {
  ::setenv("HEDDLE_PLUGIN_DIR", "/nowhere", 1);
  const auto none = make_xrt_executor(zcu102());
  ::unsetenv("HEDDLE_PLUGIN_DIR");
  ASSERT_FALSE(none);
  EXPECT_EQ(exit_code(none.error()), 3);
  EXPECT_THAT(error_of(none), HasSubstr("libxrt"));
}

}  // namespace
}  // namespace heddle::xrt
