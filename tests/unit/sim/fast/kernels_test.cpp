// SPDX-License-Identifier: Apache-2.0
#include "sim/fast/kernels.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "sim/fast/post_lanes.h"
#include "sim/post.h"

namespace heddle::sim::fast {
namespace {

/// The table that this processor would use, if it is not the portable one.
const Kernels& other() {
  return best_kernels();
}

TEST(Kernels, GemmIsTheSameInEveryTable) {
  std::mt19937 random(1);
  std::vector<std::int16_t> source(400);
  for (auto& x : source) x = static_cast<std::int16_t>(random() % 256 - 128);
  std::vector<std::byte> weights(4096);
  for (auto& w : weights) w = static_cast<std::byte>(random());
  const std::vector<std::int32_t> offsets{0, 8, 40, 16, 48};
  for (std::size_t pass = 0; pass < kWeightPasses; ++pass)
    for (std::size_t rows = 1; rows <= kRows; ++rows) {
      GemmBlock block{{}, offsets.data(), 5, weights.data()};
      for (std::size_t r = 0; r < rows; ++r) block.rows[r] = reinterpret_cast<const std::byte*>(source.data() + 36 * r);
      std::vector<std::int32_t> want(rows * kLanes), got(rows * kLanes);
      portable_kernels().gemm[pass][rows - 1](block, want.data());
      other().gemm[pass][rows - 1](block, got.data());
      EXPECT_EQ(want, got) << "pass " << pass << ", " << rows << " rows";
    }
}

Post random_post(std::mt19937_64& random, int low_shift, int high_shift, std::int64_t bias) {
  Post post;
  post.zero = static_cast<std::int32_t>(random() % 256) - 128;
  for (int c = 0; c < 16; ++c)
    post.channels.push_back(
        {static_cast<std::int64_t>(random() % (2 * static_cast<std::uint64_t>(bias))) - bias,
         static_cast<std::uint16_t>(random()),
         static_cast<std::uint8_t>(low_shift +
                                   static_cast<int>(random() % static_cast<unsigned>(high_shift - low_shift + 1)))});
  return post;
}

/// Sums of all magnitudes, with extremes.
template <class Acc>
std::vector<Acc> sums(std::mt19937_64& random, int bits) {
  std::vector<Acc> acc(6 * kLanes);
  for (auto& a : acc)
    a = static_cast<Acc>(static_cast<std::int64_t>(random()) >> (63 - random() % static_cast<unsigned>(bits)));
  return acc;
}

/// What `post` makes of the sums of six rows by definition.
template <class Acc>
std::vector<std::int16_t> defined(const Post& post, const std::vector<Acc>& acc) {
  std::vector<std::int16_t> out;
  for (std::size_t k = 0; k < acc.size(); ++k)
    out.push_back(static_cast<std::int16_t>(
        apply_post(post, DataType::i8, static_cast<std::int64_t>(k % kLanes), acc[k], std::nullopt)));
  return out;
}

template <class Acc>
void expect_definition(const Post& post, const std::vector<Acc>& acc) {
  const auto lanes = make_post_lanes(std::make_shared<const Post>(post), DataType::i8, 16, kLanes);
  for (const Kernels* kernels : {&portable_kernels(), &other()}) {
    std::vector<std::int16_t> out(acc.size());
    finish(*kernels, lanes, 0, acc.data(), 6, out.data());
    ASSERT_EQ(out, defined(post, acc)) << kernels->name;
  }
}

TEST(Kernels, RequantisersEqualTheDefinition) {
  std::mt19937_64 random(2);
  for (int k = 0; k < 300; ++k) {
    expect_definition(random_post(random, 18, 32, 1 << 30), sums<std::int32_t>(random, 31));
    expect_definition(random_post(random, 1, 47, std::int64_t{1} << 34), sums<std::int32_t>(random, 31));
    expect_definition(random_post(random, 1, 47, std::int64_t{1} << 45), sums<std::int32_t>(random, 31));
    expect_definition(random_post(random, 1, 47, 1 << 20), sums<std::int64_t>(random, 36));
    expect_definition(random_post(random, 1, 47, 1 << 20), sums<std::int64_t>(random, 45));
  }
}

TEST(Kernels, RequantisersOfSplitSumsEqualTheDefinition) {
  std::mt19937_64 random(5);
  bool exceeds_binary64 = false;
  for (int k = 0; k < 300; ++k) {
    // 2^36 is where binary64 would round; the definition takes over from there.
    const Post post = random_post(random, 1, 47, std::int64_t{1} << (k % 2 == 0 ? 20 : 45));
    const auto lanes = make_post_lanes(std::make_shared<const Post>(post), DataType::i8, 16, kLanes);
    const auto low = sums<std::int32_t>(random, 31), high = sums<std::int32_t>(random, 31);
    std::vector<std::int64_t> joined;
    for (std::size_t i = 0; i < low.size(); ++i) joined.push_back(std::int64_t{high[i]} * 256 + low[i]);
    for (const Kernels* kernels : {&portable_kernels(), &other()}) {
      std::vector<std::int16_t> out(low.size());
      finish(*kernels, lanes, 0, low.data(), high.data(), 6, out.data());
      ASSERT_EQ(out, defined(post, joined)) << kernels->name;
      exceeds_binary64 =
          exceeds_binary64 || !kernels->post_split(lanes.block(0), low.data(), high.data(), 6, out.data());
    }
  }
  EXPECT_TRUE(exceeds_binary64);
}

TEST(Kernels, ResidualAddEqualsTheDefinition) {
  std::mt19937 random(3);
  std::vector<std::int16_t> a(83), b(83), out(83);
  for (int k = 0; k < 200; ++k) {
    kernels::AddParams p;
    p.mult_a = static_cast<std::int16_t>(random());
    p.mult_b = static_cast<std::int16_t>(random());
    p.zero_a = static_cast<std::int16_t>(random());
    p.zero_b = static_cast<std::int16_t>(random());
    p.zero_y = static_cast<std::int16_t>(random() % 256);
    p.lo = -1000;
    p.hi = 2000;
    p.shift = static_cast<std::uint8_t>(1 + random() % 47);
    for (auto* values : {&a, &b})
      for (auto& v : *values) v = static_cast<std::int16_t>(random());
    for (const Kernels* kernels : {&portable_kernels(), &other()}) {
      kernels->add(p, a.data(), b.data(), 83, out.data());
      for (std::size_t e = 0; e < a.size(); ++e) ASSERT_EQ(out[e], kernels::residual_add(a[e], b[e], p));
    }
  }
}

TEST(Kernels, WidthsChangeWithoutLoss) {
  std::vector<std::int8_t> bytes(77), back(77);
  for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<std::int8_t>(k * 7);
  std::vector<std::int16_t> words(77);
  for (const Kernels* kernels : {&portable_kernels(), &other()}) {
    kernels->widen(bytes.data(), 77, words.data());
    kernels->narrow(words.data(), 77, back.data());
    EXPECT_EQ(bytes, back);
    EXPECT_EQ(words[20], bytes[20]);
    std::vector<std::int64_t> wide(32, 5);
    const std::vector<std::int32_t> add(32, -3);
    kernels->add_wide(add.data(), 32, 8, wide.data());
    EXPECT_EQ(wide, std::vector<std::int64_t>(32, 5 - 768));
  }
}

}  // namespace
}  // namespace heddle::sim::fast
