// SPDX-License-Identifier: Apache-2.0
#include "sim/constants.h"

#include <gtest/gtest.h>

#include "tests/unit/sim/random_instruction.h"

namespace heddle::sim {
namespace {

using isa::Field;
using isa::Space;

isa::Instruction load_const(Space space, std::int64_t offset, std::int64_t bytes, std::int64_t address) {
  isa::Instruction i;
  i.opcode = isa::Opcode::load_const;
  i[Field::space] = static_cast<std::int64_t>(space);
  i[Field::ddr_offset] = offset;
  i[Field::bytes] = bytes;
  i[Field::address] = address;
  return i;
}

class Constants : public ::testing::Test {
 protected:
  const overlay::Overlay overlay = testing::small_overlay(8);
  const std::vector<std::byte> image = testing::noise(1, 4096);
  ConstantMemories memories{overlay};
};

TEST_F(Constants, FillsEverySpaceInItsUnits) {
  const std::array units{128, 12, 12, 16, 514};
  for (std::size_t s = 0; s < units.size(); ++s) {
    const auto space = static_cast<Space>(s);
    EXPECT_EQ(memories.unit(space), units[s]);
    ASSERT_TRUE(memories.load(load_const(space, 32, 100, 3), image));
    const auto part = memories.bytes(space).subspan(static_cast<std::size_t>(3 * units[s]), 100);
    EXPECT_TRUE(std::ranges::equal(part, std::span(image).subspan(32, 100)));
  }
}

TEST_F(Constants, KnowsWhereWeightsCameFrom) {
  ASSERT_TRUE(memories.load(load_const(Space::weights, 0, 1024, 0), image));
  EXPECT_EQ(memories.weight_origin(256, 128), 256);
  EXPECT_EQ(memories.weight_origin(1000, 128), std::nullopt);
  // The middle is replaced: the ends keep their origin, ranges across the seam have none.
  ASSERT_TRUE(memories.load(load_const(Space::weights, 2048, 256, 2), image));
  EXPECT_EQ(memories.weight_origin(0, 256), 0);
  EXPECT_EQ(memories.weight_origin(256, 256), 2048);
  EXPECT_EQ(memories.weight_origin(512, 512), 512);
  EXPECT_EQ(memories.weight_origin(0, 512), std::nullopt);
  EXPECT_EQ(memories.weight_origin(4000, 10), std::nullopt);
}

TEST_F(Constants, JoinsAdjacentLoads) {
  ASSERT_TRUE(memories.load(load_const(Space::weights, 0, 256, 0), image));
  ASSERT_TRUE(memories.load(load_const(Space::weights, 256, 256, 2), image));
  EXPECT_EQ(memories.weight_origin(128, 256), 128);
}

TEST_F(Constants, RefusesRangesOutside) {
  EXPECT_FALSE(memories.load(load_const(Space::weights, 4000, 100, 0), image));
  EXPECT_FALSE(memories.load(load_const(Space::conv_params, 0, 100, overlay.param_words - 1), image));
  isa::Instruction other = load_const(Space::weights, 0, 16, 0);
  other[Field::ddr_base] = 2;
  const Status status = memories.load(other, image);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error()[0].code, "machine.constants.base");
}

}  // namespace
}  // namespace heddle::sim
