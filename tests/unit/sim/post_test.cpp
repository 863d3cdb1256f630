// SPDX-License-Identifier: Apache-2.0
#include "sim/post.h"

#include <gtest/gtest.h>

#include <cstring>

#include "isa/program.h"

namespace heddle::sim {
namespace {

struct Memory {
  isa::PostDescriptor descriptor;
  std::vector<std::byte> params = std::vector<std::byte>(12 * 8);
  std::vector<std::byte> tables = std::vector<std::byte>(2 * isa::kTableBytes);

  Memory() {
    for (std::size_t c = 0; c < 3; ++c) set_channel(c, -10 * static_cast<std::int64_t>(c), 32768, 16);
  }
  void set_channel(std::size_t c, std::int64_t bias, std::uint16_t mult, std::uint8_t shift) {
    std::memcpy(params.data() + 12 * (3 + c), &bias, 6);
    std::memcpy(params.data() + 12 * (3 + c) + 6, &mult, 2);
    std::memcpy(params.data() + 12 * (3 + c) + 8, &shift, 1);
  }
  Result<Post> parse(DataType type = DataType::i8, std::int64_t address = 1) {
    std::memcpy(params.data() + 12, &descriptor, sizeof descriptor);
    return parse_post(params, tables, address, 3, type);
  }
};

TEST(Post, ReadsDescriptorAndChannels) {
  Memory memory;
  memory.descriptor.zero_point = 5;
  memory.descriptor.lo = -300;
  memory.descriptor.add_mult_a = -7;
  const auto post = memory.parse();
  ASSERT_TRUE(post);
  EXPECT_EQ(post->zero, 5);
  EXPECT_EQ(post->lo, -128);  // narrowed to the type
  EXPECT_EQ(post->add.mult_a, -7);
  EXPECT_EQ(post->channel(2), (kernels::ChannelRequant{-20, 32768, 16}));
  EXPECT_EQ(apply_post(*post, DataType::i8, 1, 50, std::nullopt), 5 + 20);
}

TEST(Post, OneWordServesAllChannels) {
  Memory memory;
  memory.descriptor.flags = 1;
  const auto post = memory.parse();
  ASSERT_TRUE(post);
  EXPECT_EQ(post->channels.size(), 1U);
  EXPECT_EQ(&post->channel(0), &post->channel(2));
}

TEST(Post, AppliesTableThenOperand) {
  Memory memory;
  memory.descriptor.table = 2;
  memory.descriptor.add_mult_a = memory.descriptor.add_mult_b = 2;
  memory.descriptor.add_shift = 1;
  memory.descriptor.add_lo = -128;
  memory.descriptor.add_hi = 127;
  const std::int16_t entry = 9;
  std::memcpy(memory.tables.data() + isa::kTableBytes + 2 * (4 + 128), &entry, 2);
  const auto post = memory.parse();
  ASSERT_TRUE(post) << post.error()[0].text();
  EXPECT_EQ(apply_post(*post, DataType::i8, 0, 8, std::nullopt), 9);
  EXPECT_EQ(apply_post(*post, DataType::i8, 0, 8, 30), 39);
}

TEST(Post, WrapsAt48Bits) {
  EXPECT_EQ(wrap_48(std::int64_t{1} << 47), -(std::int64_t{1} << 47));
  EXPECT_EQ(wrap_48(-1), -1);
  EXPECT_EQ(wrap_48((std::int64_t{1} << 48) + 7), 7);
}

TEST(Post, RefusesWhatArithmeticDoesNotDefine) {
  const auto refused = [](auto change) {
    Memory memory;
    change(memory);
    return !memory.parse();
  };
  EXPECT_TRUE(refused([](Memory& m) { m.set_channel(1, 0, 1, 0); }));
  EXPECT_TRUE(refused([](Memory& m) { m.set_channel(1, 0, 1, 48); }));
  EXPECT_TRUE(refused([](Memory& m) { m.descriptor.add_shift = 0; }));
  EXPECT_TRUE(refused([](Memory& m) { m.descriptor.lo = 100, m.descriptor.hi = 50; }));
  EXPECT_TRUE(refused([](Memory& m) { m.descriptor.table = 3; }));
  EXPECT_FALSE(Memory{}.parse(DataType::i8, 5));
  EXPECT_FALSE(Memory{}.parse(DataType::i8, 7));
}

}  // namespace
}  // namespace heddle::sim
