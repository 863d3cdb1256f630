// SPDX-License-Identifier: Apache-2.0
#include "codegen/constant_memory.h"

#include <gtest/gtest.h>

namespace heddle::codegen {
namespace {

class ConstantMemoryTest : public ::testing::Test {
 protected:
  ConstantMemoryTest() {
    overlay_.param_words = 10;
    memory_.emplace(overlay_, isa::Space::conv_params, image_, listing_);
  }
  /// A piece of `words` words.
  Resident require(std::int32_t name, std::size_t words) {
    return memory_->require({.step = name}, 0, [&](std::vector<std::byte>& to) {
      ++packed_;
      to.resize(to.size() + words * isa::kParamWordBytes, std::byte{1});
    });
  }

  overlay::Overlay overlay_;
  std::vector<std::byte> image_;
  Listing listing_;
  std::optional<ConstantMemory> memory_;
  int packed_ = 0;
};

TEST_F(ConstantMemoryTest, PiecesFollowEachOtherAndStay) {
  EXPECT_EQ(require(1, 4).address, 0);
  EXPECT_EQ(require(2, 4).address, 4);
  EXPECT_EQ(require(1, 4).address, 0);
  EXPECT_EQ(listing_.entries.size(), 2U) << "no second load of what is there";
}

TEST_F(ConstantMemoryTest, TheOldestIsOverwrittenAndLoadedAgainFromTheSameImage) {
  require(1, 4);
  require(2, 4);
  EXPECT_EQ(require(3, 4).address, 0);
  EXPECT_EQ(require(2, 4).address, 4) << "still there";
  EXPECT_EQ(require(1, 4).address, 4);
  EXPECT_EQ(packed_, 3);
  ASSERT_EQ(listing_.entries.size(), 4U);
  EXPECT_EQ(listing_.entries[3].instruction[isa::Field::ddr_offset],
            listing_.entries[0].instruction[isa::Field::ddr_offset]);
}

TEST_F(ConstantMemoryTest, ImagesAreAligned) {
  require(1, 1);
  require(2, 1);
  EXPECT_EQ(listing_.entries[1].instruction[isa::Field::ddr_offset], 16);
}

TEST_F(ConstantMemoryTest, ParametersStartAtEvenWords) {
  EXPECT_EQ(require(1, 3).address, 0);
  EXPECT_EQ(require(2, 3).address, 4);
  EXPECT_EQ(require(3, 1).address, 8);
  EXPECT_EQ(require(4, 1).address, 0) << "the odd word behind the last piece is no place";
}

TEST_F(ConstantMemoryTest, ImagesAreAlignedToBeats) {
  overlay_.axi_bytes = 64;
  memory_.emplace(overlay_, isa::Space::conv_params, image_, listing_);
  require(1, 1);
  require(2, 1);
  EXPECT_EQ(listing_.entries[1].instruction[isa::Field::ddr_offset], 64);
}

TEST_F(ConstantMemoryTest, FixedAddressesEvictTheirNeighbours) {
  require(1, 4);
  const auto pack = [](std::vector<std::byte>& to) { to.resize(to.size() + 12); };
  EXPECT_EQ(memory_->require_at({.step = 7}, 3, 0, pack).address, 3);
  require(1, 4);
  EXPECT_EQ(listing_.entries.size(), 3U);
}

}  // namespace
}  // namespace heddle::codegen
