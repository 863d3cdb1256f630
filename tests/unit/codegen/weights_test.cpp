// SPDX-License-Identifier: Apache-2.0
#include "codegen/weights.h"

#include <gtest/gtest.h>

#include <cstring>

namespace heddle::codegen {
namespace {

overlay::Overlay sample() {
  overlay::Overlay o;
  o.M = 4;
  o.N = 2;
  return o;
}

/// weight(o, i, y, x) = 1000·o + 100·i + 10·y + x, two groups or one.
ir::Layer layer(std::int32_t outputs, std::int32_t inputs, std::int32_t kernel_h, std::int32_t kernel_w) {
  ir::Layer l;
  l.window.kernel_h = kernel_h;
  l.window.kernel_w = kernel_w;
  for (std::int32_t o = 0; o < outputs; ++o)
    for (std::int32_t i = 0; i < inputs; ++i)
      for (std::int32_t y = 0; y < kernel_h; ++y)
        for (std::int32_t x = 0; x < kernel_w; ++x)
          l.weights.values.push_back(static_cast<std::int16_t>(1000 * o + 100 * i + 10 * y + x));
  return l;
}

std::int16_t element(const std::vector<std::byte>& bytes, std::size_t index) {
  std::int16_t value = 0;
  std::memcpy(&value, bytes.data() + 2 * index, 2);
  return value;
}

TEST(Weights, LieInOutputBlocksTapsInputBlocksLanes) {
  const ir::Layer l = layer(6, 3, 2, 1);
  const WeightSource source{.layer = &l, .type = DataType::i16, .in_per_group = 3, .out_per_group = 6};
  const ChannelMap in = dense_map(3, 2), out = dense_map(6, 2);
  const std::vector<std::int32_t> rows{0, 1}, columns{0};
  std::vector<std::byte> bytes;
  pack_weights(sample(), source, {in.logical, out.logical, rows, columns}, bytes);
  ASSERT_EQ(static_cast<std::int64_t>(bytes.size()),
            weight_bytes(sample(), source, {in.logical, out.logical, rows, columns}));
  ASSERT_EQ(bytes.size(), 2U * 2 * 2 * 2 * 4 * 2);
  for (std::size_t m = 0; m < 2; ++m)
    for (std::size_t tap = 0; tap < 2; ++tap)
      for (std::size_t n = 0; n < 2; ++n)
        for (std::size_t o = 0; o < 4; ++o)
          for (std::size_t i = 0; i < 2; ++i) {
            const std::size_t channel = n * 2 + i, output = m * 4 + o;
            const bool exists = channel < 3 && output < 6;
            const auto expected = exists ? 1000 * output + 100 * channel + 10 * tap : 0;
            EXPECT_EQ(element(bytes, (((m * 2 + tap) * 2 + n) * 4 + o) * 2 + i), static_cast<std::int16_t>(expected));
          }
}

TEST(Weights, HolesPermutationsGroupsAndMissingTapsAreZero) {
  const ir::Layer l = layer(4, 2, 1, 1);  // two groups: outputs 0, 1 read inputs 0, 1; outputs 2, 3 read 2, 3
  const WeightSource source{.layer = &l, .type = DataType::i16, .groups = 2, .in_per_group = 2, .out_per_group = 2};
  const std::vector<std::int32_t> in{3, kHole, 0, 1}, out{2, 0, kHole, 1}, rows{-1, 0}, columns{0};
  std::vector<std::byte> bytes;
  pack_weights(sample(), source, {in, out, rows, columns}, bytes);
  const auto at = [&](std::size_t tap, std::size_t n, std::size_t o, std::size_t i) {
    return element(bytes, ((tap * 2 + n) * 4 + o) * 2 + i);
  };
  for (std::size_t n = 0; n < 2; ++n)
    for (std::size_t o = 0; o < 4; ++o)
      for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(at(0, n, o, i), 0) << "row -1";
  EXPECT_EQ(at(1, 0, 0, 0), 2100) << "output 2 reads input 3, second of its group";
  EXPECT_EQ(at(1, 0, 0, 1), 0) << "hole";
  EXPECT_EQ(at(1, 0, 1, 0), 0) << "input 3 is in the other group";
  EXPECT_EQ(at(1, 1, 1, 1), 100) << "output 0, input 1";
  EXPECT_EQ(at(1, 1, 3, 0), 1000) << "output 1, input 0";
  EXPECT_EQ(at(1, 1, 2, 0), 0) << "no such output";
}

TEST(Weights, RepackIsTheIdentity) {
  const WeightSource source{.type = DataType::i8, .in_per_group = 3, .out_per_group = 3};
  const std::vector<std::int32_t> in{2, 0}, out{0, 1, 2, kHole}, one{0};
  std::vector<std::byte> bytes;
  pack_weights(sample(), source, {in, out, one, one}, bytes);
  const std::vector<int> expected{0, 1, 0, 0, 1, 0, 0, 0};
  ASSERT_EQ(bytes.size(), expected.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_EQ(static_cast<int>(bytes[i]), expected[i]);
}

TEST(Weights, PostHasADescriptorAndAWordPerLane) {
  PostParams post;
  post.descriptor.lo = -5;
  post.channels = {{.bias = -2, .mult = 7, .shift = 9}, {.bias = 1, .mult = 8, .shift = 10}};
  const std::vector<std::int32_t> lanes{1, kHole};
  std::vector<std::byte> bytes;
  pack_post(post, lanes, 3, bytes);
  ASSERT_EQ(bytes.size(), 4 * isa::kParamWordBytes);
  isa::PostDescriptor d;
  std::memcpy(&d, bytes.data(), sizeof d);
  EXPECT_EQ(d.lo, -5);
  EXPECT_EQ(d.table, 4);
  EXPECT_EQ(d.flags, 0);
  EXPECT_EQ(bytes[24], std::byte{1});  // bias of channel 1
  EXPECT_EQ(bytes[30], std::byte{8});  // mult
  EXPECT_EQ(bytes[32], std::byte{10});
  post.channels.resize(1);
  bytes.clear();
  pack_post(post, lanes, -1, bytes);
  ASSERT_EQ(bytes.size(), 3 * isa::kParamWordBytes) << "one word for all";
  std::memcpy(&d, bytes.data(), sizeof d);
  EXPECT_EQ(d.flags, 1);
  EXPECT_EQ(d.table, 0);
  EXPECT_EQ(bytes[29], std::byte{0xff}) << "sign of the 48-bit bias";
}

TEST(Weights, CoefficientsFollowTheOutputChannels) {
  const ir::Layer l = layer(4, 1, 1, 2);
  StencilStep step;
  step.kernel_w = 2;
  step.channels = {.lanes = 2, .logical = {3, kHole, 1, 0}};
  step.coefficients.layer = &l;
  std::vector<std::byte> bytes;
  pack_coefficients(sample(), step, {0, 2}, bytes);
  ASSERT_EQ(bytes.size(), 2U * 2 * 2 * 2);
  EXPECT_EQ(element(bytes, 0), 3000);
  EXPECT_EQ(element(bytes, 1), 0);
  EXPECT_EQ(element(bytes, 2), 3001);
  EXPECT_EQ(element(bytes, 4), 1000);
  EXPECT_EQ(element(bytes, 5), 0);
  step.coefficients.layer = nullptr;
  bytes.clear();
  pack_coefficients(sample(), step, {0, 1}, bytes);
  EXPECT_EQ(element(bytes, 0), 1);
}

}  // namespace
}  // namespace heddle::codegen
