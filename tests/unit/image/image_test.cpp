// SPDX-License-Identifier: Apache-2.0
#include "image/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "image/codec.h"

namespace heddle::image {
namespace {

Image gradient(std::int32_t height, std::int32_t width) {
  Image image(height, width);
  for (std::int32_t y = 0; y < height; ++y)
    for (std::int32_t x = 0; x < width; ++x) {
      image.pixel(y, x)[0] = static_cast<std::uint8_t>(x * 255 / width);
      image.pixel(y, x)[1] = static_cast<std::uint8_t>(y * 255 / height);
      image.pixel(y, x)[2] = 77;
    }
  return image;
}

std::string scratch(const std::string& name) {
  return (std::filesystem::path(testing::TempDir()) / name).string();
}

/// A bottom-up 24-bit BMP of 3×2 pixels, written by hand.
std::vector<std::uint8_t> small_bmp() {
  std::vector<std::uint8_t> bytes(54 + 2 * 12, 0);
  bytes[0] = 'B';
  bytes[1] = 'M';
  bytes[10] = 54;
  bytes[14] = 40;
  bytes[18] = 3;
  bytes[22] = 2;
  bytes[28] = 24;
  for (int i = 0; i < 9; ++i) bytes[54 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i + 1);
  return bytes;
}

TEST(Image, PngRoundTripIsExact) {
  const Image image = gradient(13, 31);
  ASSERT_TRUE(write(image, scratch("exact.png")).has_value());
  const Result<Image> back = read(scratch("exact.png"));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->rgb, image.rgb);
}

TEST(Image, JpegRoundTripIsClose) {
  const Image image = gradient(48, 64);
  ASSERT_TRUE(write(image, scratch("close.jpg")).has_value());
  const Result<Image> back = read(scratch("close.jpg"));
  ASSERT_TRUE(back.has_value());
  ASSERT_EQ(back->rgb.size(), image.rgb.size());
  for (std::size_t i = 0; i < image.rgb.size(); ++i) EXPECT_NEAR(back->rgb[i], image.rgb[i], 12) << i;
}

TEST(Image, BmpIsBottomUpAndBlueFirst) {
  const Result<Image> image = decode(small_bmp(), "hand.bmp");
  ASSERT_TRUE(image.has_value()) << image.error().front().text();
  EXPECT_THAT(std::vector(image->pixel(1, 0), image->pixel(1, 0) + 3), testing::ElementsAre(3, 2, 1));
  EXPECT_EQ(image->pixel(0, 0)[0], 0);
}

TEST(Image, EveryTruncationIsRefusedWithTheFile) {
  ASSERT_TRUE(write(gradient(9, 9), scratch("cut.png")).has_value());
  std::ifstream file(scratch("cut.png"), std::ios::binary);
  const std::vector<std::uint8_t> png{std::istreambuf_iterator<char>(file), {}};
  for (const std::vector<std::uint8_t>& whole : {png, small_bmp()})
    for (std::size_t length = 0; length + 12 < whole.size(); length += 7) {
      const Result<Image> image = decode(std::span(whole).first(length), "cut");
      ASSERT_FALSE(image.has_value()) << length;
      EXPECT_EQ(image.error().front().file, "cut");
    }
  const std::vector<std::uint8_t> jpeg = encode_jpeg(gradient(9, 9), 90);
  EXPECT_FALSE(decode(std::span(jpeg).first(30), "cut.jpg").has_value());
}

TEST(Image, OtherFilesAreRefusedByContent) {
  std::ofstream(scratch("text.png")) << "hello";
  const Result<Image> image = read(scratch("text.png"));
  ASSERT_FALSE(image.has_value());
  EXPECT_EQ(image.error().front().code, "image.format");
  EXPECT_FALSE(read(scratch("absent.png")).has_value());
  EXPECT_FALSE(write(gradient(2, 2), scratch("picture.gif")).has_value());
  EXPECT_FALSE(write(gradient(2, 2), scratch("no/such/folder/picture.png")).has_value());
}

TEST(Resize, KeepsConstantsAndHitsTheSize) {
  Image image(10, 14);
  std::fill(image.rgb.begin(), image.rgb.end(), std::uint8_t{200});
  for (const Filter filter : {Filter::nearest, Filter::bilinear, Filter::bicubic}) {
    const Image result = resize(image, 23, 5, filter);
    EXPECT_EQ(result.height, 23);
    EXPECT_EQ(result.width, 5);
    EXPECT_THAT(result.rgb, testing::Each(200));
  }
}

TEST(Resize, NearestDoublesByRepetition) {
  const Image image = gradient(4, 6);
  const Image result = resize(image, 8, 12, Filter::nearest);
  for (std::int32_t y = 0; y < 8; ++y)
    for (std::int32_t x = 0; x < 12; ++x) EXPECT_EQ(result.pixel(y, x)[0], image.pixel(y / 2, x / 2)[0]);
}

TEST(Draw, ALineCoversItsEndsAndNothingFarAway) {
  Image image(40, 40);
  draw_line(image, 5, 5, 30, 20, 3, {255, 10, 20});
  EXPECT_EQ(image.pixel(5, 5)[0], 255);
  EXPECT_EQ(image.pixel(20, 30)[0], 255);
  EXPECT_EQ(image.pixel(35, 5)[0], 0);
  draw_disc(image, -100, -100, 3, {1, 2, 3});  // outside: nothing to draw, nothing to break
  EXPECT_EQ(image.pixel(0, 0)[0], 0);
}

TEST(Crop, TakesTheWindow) {
  const Image image = gradient(12, 12);
  const Image window = crop(image, 3, 4, 2, 5);
  EXPECT_EQ(window.pixel(1, 2)[0], image.pixel(4, 6)[0]);
}

}  // namespace
}  // namespace heddle::image
