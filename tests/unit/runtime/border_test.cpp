// SPDX-License-Identifier: Apache-2.0
#include "runtime/border.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace heddle::runtime {
namespace {

constexpr std::int64_t kSlot = 4;
constexpr std::size_t kMemory = 256;  // more than the bindings below cover

isa::Binding binding(DataType type = DataType::i8) {
  isa::Binding b;
  b.tensor = "t";
  b.channels = 5;
  b.height = 2;
  b.width = 3;
  b.offset = 8;
  b.row_slots = 4;
  b.plane_slots = 9;
  b.blocks = type == DataType::i16 ? 4 : 3;
  b.type = type;
  b.scale = 0.25F;
  b.zero_point = type == DataType::i16 ? 0 : -3;
  // Channels 3 and 4 come first.
  b.channel_map = {{3, 2, 0}, {0, 3, 1}};
  return b;
}

std::int32_t stored(const isa::Binding& b, const std::vector<std::byte>& memory, std::int64_t lane, std::int64_t y,
                    std::int64_t x) {
  const bool wide = b.type == DataType::i16;
  const std::int64_t lanes = wide ? kSlot / 2 : kSlot;
  const std::int64_t at = b.offset + (lane / lanes * b.plane_slots + y * b.row_slots + x) * kSlot;
  if (!wide) return static_cast<std::int8_t>(memory[static_cast<std::size_t>(at + lane % lanes)]);
  return *reinterpret_cast<const std::int16_t*>(memory.data() + at + 2 * (lane % lanes));
}

/// Lane of each logical channel in the maps above.
std::int64_t lane_of(const isa::Binding& b, std::int64_t c) {
  const std::int64_t lanes = b.type == DataType::i16 ? kSlot / 2 : kSlot;
  return c >= 3 ? c - 3 : lanes + c;
}

class Border : public ::testing::TestWithParam<DataType> {};

TEST_P(Border, PacksByMapAndUnpacksAgain) {
  const isa::Binding b = binding(GetParam());
  Tensor x(DataType::f32, {2, 5, 2, 3});
  for (std::size_t k = 0; k < 60; ++k) x.mutable_data<float>()[k] = static_cast<float>(k) - 29.5F;
  std::vector<std::byte> memory(kMemory, std::byte{77});
  pack(b, x, 1, kSlot, memory);
  for (std::int64_t c = 0; c < 5; ++c)
    for (std::int64_t p = 0; p < 6; ++p) {
      const double real = x.data<float>()[static_cast<std::size_t>(30 + c * 6 + p)];
      const double q = std::nearbyint(real / 0.25) + b.zero_point;
      EXPECT_EQ(stored(b, memory, lane_of(b, c), p / 3, p % 3),
                GetParam() == DataType::i16 ? q : std::clamp(q, -128.0, 127.0));
    }
  Tensor y(DataType::f32, {2, 5, 2, 3});
  unpack(b, memory, kSlot, 1, y);
  EXPECT_EQ(y.data<float>()[0], 0.0F);
  for (std::size_t k = 30; k < 60; ++k)
    EXPECT_EQ(y.data<float>()[k],
              GetParam() == DataType::i16 ? x.data<float>()[k] : std::clamp(x.data<float>()[k], -31.25F, 32.5F));
}

TEST_P(Border, FillsHolesWithZero) {
  const isa::Binding b = binding(GetParam());
  std::vector<std::byte> memory(kMemory, std::byte{77});
  Tensor x(DataType::f32, {1, 5, 2, 3});
  pack(b, x, 0, kSlot, memory);
  const std::int64_t lanes = GetParam() == DataType::i16 ? 8 : 12;
  std::int64_t zeros = 0;
  for (std::int64_t lane = 0; lane < lanes; ++lane) zeros += stored(b, memory, lane, 1, 2) == 0 ? 1 : 0;
  EXPECT_EQ(zeros, GetParam() == DataType::i16 ? 8 : 7);
}

INSTANTIATE_TEST_SUITE_P(Types, Border, ::testing::Values(DataType::i8, DataType::i16));

TEST(Border, RoundsTiesToEvenAndSaturates) {
  isa::Binding b = binding();
  b.channels = b.height = 1;
  b.width = 6;
  b.blocks = 1;
  b.channel_map = {{0, 1, 0}};
  b.zero_point = 1;
  b.scale = 2.0F;
  const std::vector<float> values{
      1.0F, 3.0F, -1.0F, 1e30F, -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()};
  std::vector<std::byte> memory(kMemory);
  pack(b, Tensor::from<float>({1, 1, 1, 6}, values), 0, kSlot, memory);
  const std::vector<std::int32_t> want{1, 3, 1, 127, -128, -128};
  for (std::int64_t x = 0; x < 6; ++x) EXPECT_EQ(stored(b, memory, 0, 0, x), want[static_cast<std::size_t>(x)]) << x;
}

template <class T>
void round_trip(DataType stored_type, std::vector<T> values) {
  isa::Binding b = binding(stored_type);
  b.channels = 1;
  b.blocks = b.height = 1;
  b.width = static_cast<std::int32_t>(values.size());
  b.channel_map = {{0, 1, 0}};
  const Tensor x = Tensor::from<T>({1, 1, 1, b.width}, values);
  ASSERT_TRUE(crosses_border(x.type()));
  std::vector<std::byte> memory(kMemory);
  pack(b, x, 0, kSlot, memory);
  Tensor y(x.type(), x.shape());
  unpack(b, memory, kSlot, 0, y);
  EXPECT_TRUE(std::ranges::equal(x.data<T>(), y.template data<T>()));
}

TEST(Border, CarriesIntegersUnchanged) {
  round_trip<std::uint8_t>(DataType::i8, {0, 1, 128, 255});
  round_trip<std::int8_t>(DataType::i8, {-128, 0, 127});
  round_trip<std::uint8_t>(DataType::i16, {0, 1, 128, 255});
  round_trip<std::uint16_t>(DataType::i16, {0, 1, 40000, 65535});
  round_trip<std::int16_t>(DataType::i16, {-32768, 0, 32767});
  round_trip<std::int32_t>(DataType::i16, {-32768, 5});
  round_trip<std::uint32_t>(DataType::i8, {0, 127});
  round_trip<std::int64_t>(DataType::i8, {-128, 127});
  round_trip<double>(DataType::i8, {0.25, -1.5});
  isa::Binding b = binding();
  b.channels = b.blocks = b.height = 1;
  b.width = 1;
  b.channel_map = {{0, 1, 0}};
  std::vector<std::byte> memory(kMemory);
  pack(b, Tensor::from<std::uint8_t>({1, 1, 1, 1}, std::vector<std::uint8_t>{200}), 0, kSlot, memory);
  EXPECT_EQ(stored(b, memory, 0, 0, 0), 72);
}

TEST(Border, SaysWhichTypesCross) {
  for (const DataType type : {DataType::f32, DataType::f64, DataType::i8, DataType::u8, DataType::i64})
    EXPECT_TRUE(crosses_border(type)) << name(type);
  for (const DataType type : {DataType::f16, DataType::bf16, DataType::u64, DataType::i4})
    EXPECT_FALSE(crosses_border(type)) << name(type);
}

}  // namespace
}  // namespace heddle::runtime
