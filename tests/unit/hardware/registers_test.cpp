// SPDX-License-Identifier: Apache-2.0
#include "hardware/registers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace heddle::hardware {
namespace {

std::filesystem::path page_file() {
  return std::filesystem::path(__FILE__).parent_path() / "../../../docs/hardware/registers.md";
}

TEST(Registers, PageIsUpToDate) {
  const std::string page = registers_page();
  if (std::getenv("HEDDLE_RENEW") != nullptr) std::ofstream(page_file()) << page;
  std::ifstream stream(page_file());
  const std::string stored{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(stored, page) << "HEDDLE_RENEW=1 writes it anew";
}

TEST(Registers, LieApartInsideTheAddressSpace) {
  std::set<std::uint32_t> words;
  for (const Register* r : all_registers())
    for (int i = 0; i < r->count; ++i) {
      if (r == &registers::kCounters) continue;
      for (int word = 0; word < r->width / 32; ++word) {
        const std::uint32_t address = r->at(static_cast<std::size_t>(i)) + 4 * static_cast<std::uint32_t>(word);
        EXPECT_TRUE(words.insert(address).second) << r->name << " shares " << address;
        EXPECT_LT(address, 1U << kRegisterAddressBits);
        EXPECT_EQ(address % 4, 0U);
      }
    }
  for (const isa::Engine engine : {isa::Engine::load_features, isa::Engine::save})
    for (int c = 0; c < kCategories; ++c)
      for (const std::uint32_t half : {0U, 4U}) EXPECT_TRUE(words.insert(counter_address(engine, c) + half).second);
}

TEST(Registers, FieldsLieApartInsideTheirRegister) {
  for (const Register* r : all_registers()) {
    int next = 0;
    for (const RegisterField& f : r->fields) {
      EXPECT_GE(f.bit, next) << r->name << "." << f.name;
      next = f.bit + f.width;
    }
    EXPECT_LE(next, r->width);
  }
}

TEST(Registers, StatusIsTakenApart) {
  const RunStatus status = run_status(1U << 2 | 5U << 8 | 3U << 12);
  EXPECT_TRUE(status.error);
  EXPECT_FALSE(status.done || status.running || status.stopped);
  EXPECT_EQ(status.cause, ErrorCause::watchdog);
  EXPECT_EQ(status.engine, isa::Engine::stencil);
}

TEST(Registers, CountersHaveTheNamesOfTheRuntime) {
  EXPECT_EQ(counter_name(isa::Engine::conv, 1), "conv.busy");
  EXPECT_EQ(counter_name(isa::Engine::save, 6), "save.wait.conv");
  EXPECT_EQ(counter_name(isa::Engine::conv, 9), "conv.stall.weights");
}

TEST(Registers, PackageHasAddressesBitsAndCategories) {
  const std::string package = registers_package();
  EXPECT_THAT(package, testing::HasSubstr("localparam logic [11:0] REG_STATUS = 12'h014;"));
  EXPECT_THAT(package, testing::HasSubstr("localparam int STATUS_CAUSE = 8;"));
  EXPECT_THAT(package, testing::HasSubstr("COUNT_WAIT_SAVE = 8,"));
}

}  // namespace
}  // namespace heddle::hardware
