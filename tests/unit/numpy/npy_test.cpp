// SPDX-License-Identifier: Apache-2.0
#include "numpy/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace heddle::numpy {
namespace {

Tensor ramp(Shape shape) {
  Tensor tensor(DataType::f32, std::move(shape));
  float next = 0.5F;
  for (float& v : tensor.mutable_data<float>()) v = next++;
  return tensor;
}

std::string scratch(const std::string& name) {
  return (std::filesystem::path(testing::TempDir()) / name).string();
}

TEST(Npy, RoundTripsShapesAndValues) {
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{0, 4}, Shape{2, 3, 4, 5}}) {
    const Tensor tensor = ramp(shape);
    const Result<Tensor> back = decode_npy(encode_npy(tensor), "memory");
    ASSERT_TRUE(back.has_value()) << back.error().front().text();
    EXPECT_EQ(back->shape(), shape);
    EXPECT_TRUE(std::equal(tensor.bytes().begin(), tensor.bytes().end(), back->bytes().begin()));
  }
}

TEST(Npy, DataStartsAtAMultipleOf64) {
  const auto bytes = encode_npy(ramp({7, 11}));
  EXPECT_EQ((bytes.size() - 7 * 11 * 4) % 64, 0U);
}

TEST(Npy, EveryTruncationIsRefused) {
  const auto bytes = encode_npy(ramp({4, 4}));
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode_npy(std::span(bytes).first(length), "cut").has_value()) << length;
}

TEST(Npy, HostileShapesAreRefusedWithTheirReason) {
  std::vector<std::byte> bytes = encode_npy(ramp({1234567}));
  const std::string needle = "1234567";
  auto* text = reinterpret_cast<char*>(bytes.data());
  const auto at = std::search(text, text + bytes.size(), needle.begin(), needle.end());
  std::copy_n("9999999", 7, at);
  const auto result = decode_npy(bytes, "hostile");
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().front().message, testing::HasSubstr("should hold"));
}

TEST(Npz, RoundTripsNamedArraysInOrder) {
  const std::string path = scratch("round.npz");
  Tensor bytes = Tensor::from<std::uint8_t>({2}, std::vector<std::uint8_t>{1, 255});
  ASSERT_TRUE(write_npz({{"b/0", ramp({2, 2})}, {"a", bytes}}, path).has_value());
  const auto arrays = read_npz(path);
  ASSERT_TRUE(arrays.has_value()) << arrays.error().front().text();
  ASSERT_EQ(arrays->size(), 2U);
  EXPECT_EQ((*arrays)[0].first, "b/0");
  EXPECT_EQ((*arrays)[1].first, "a");
  EXPECT_EQ((*arrays)[1].second.data<std::uint8_t>()[1], 255);
}

TEST(Npz, ADamagedArchiveNamesTheFile) {
  const std::string path = scratch("damaged.npz");
  std::ofstream(path) << "PK not really";
  const auto arrays = read_npz(path);
  ASSERT_FALSE(arrays.has_value());
  EXPECT_EQ(arrays.error().front().file, path);
}

}  // namespace
}  // namespace heddle::numpy
