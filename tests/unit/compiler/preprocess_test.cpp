// SPDX-License-Identifier: Apache-2.0
#include "compiler/preprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace heddle::compiler {
namespace {

std::string write_file(const std::string& name, const std::string& text) {
  const std::string path = (std::filesystem::path(testing::TempDir()) / name).string();
  std::ofstream(path) << text;
  return path;
}

/// One pixel of pure red, green and blue side by side.
image::Image primaries() {
  image::Image picture(1, 3);
  picture.pixel(0, 0)[0] = picture.pixel(0, 1)[1] = picture.pixel(0, 2)[2] = 255;
  return picture;
}

TEST(ReadPreprocessing, TakesItsTableAndLeavesTheOthers) {
  const auto p = read_preprocessing(write_file("good.toml",
                                               "[training]\nseed = 1\n[preprocessing]\nsize = [8, 9]\n"
                                               "channels = \"bgr\"\nmean = 128\nscale = [1, 2, 0.5]\n"));
  ASSERT_TRUE(p.has_value()) << p.error().front().text();
  EXPECT_EQ(p->height, 8);
  EXPECT_EQ(p->width, 9);
  EXPECT_EQ(p->channels, "bgr");
  EXPECT_EQ(p->mean[2], 128.0F);
  EXPECT_EQ(p->scale[2], 0.5F);
}

TEST(ReadPreprocessing, NamesTheKeyThatIsWrong) {
  const auto field = [](const std::string& text) {
    const auto p = read_preprocessing(write_file("bad.toml", "[preprocessing]\n" + text));
    return p ? "accepted" : p.error().front().field;
  };
  EXPECT_EQ(field("chanels = \"bgr\"\n"), "chanels");
  EXPECT_EQ(field("channels = \"brg\"\n"), "channels");
  EXPECT_EQ(field("mean = [1, 2]\n"), "mean");
  EXPECT_EQ(field("scale = [1, 2, \"x\"]\n"), "scale");
  EXPECT_EQ(read_preprocessing(write_file("syntax.toml", "[preprocessing\n")).error().front().code,
            "preprocessing.syntax");
}

TEST(ToTensor, OrdersChannelsAndScales) {
  isa::Preprocessing p;
  p.mean = {55, 55, 55};
  p.scale = {0.5F, 0.5F, 0.5F};
  const auto rgb = to_tensor(primaries(), p, {1, 3, 1, 3});
  ASSERT_TRUE(rgb.has_value());
  EXPECT_THAT(rgb->data<float>(), testing::ElementsAre(100, -27.5, -27.5, -27.5, 100, -27.5, -27.5, -27.5, 100));
  p.channels = "bgr";
  p.layout = "nhwc";
  const auto bgr = to_tensor(primaries(), p, {1, 1, 3, 3});
  EXPECT_THAT(bgr->data<float>(), testing::ElementsAre(-27.5, -27.5, 100, -27.5, 100, -27.5, 100, -27.5, -27.5));
}

TEST(ToTensor, MakesIntegersAndGray) {
  isa::Preprocessing p;
  const auto gray = to_tensor(primaries(), p, {1, 1, 1, 3}, DataType::u8);
  ASSERT_TRUE(gray.has_value());
  EXPECT_THAT(gray->data<std::uint8_t>(), testing::ElementsAre(76, 150, 29));
}

TEST(ToTensor, FitsByCroppingAndPadding) {
  image::Image wide(4, 8);
  std::fill(wide.rgb.begin(), wide.rgb.end(), std::uint8_t{10});
  isa::Preprocessing p;
  p.fit = "pad";
  const auto padded = to_tensor(wide, p, {1, 3, 8, 8});
  ASSERT_TRUE(padded.has_value());
  EXPECT_EQ(padded->data<float>()[0], 128);         // the bar above
  EXPECT_EQ(padded->data<float>()[4 * 8 + 4], 10);  // the picture
  p.fit = "crop";
  const auto cropped = to_tensor(wide, p, {1, 3, 4, 4});
  EXPECT_THAT(cropped->data<float>(), testing::Each(10));
}

TEST(ToTensor, RefusesWhatIsNoPicture) {
  for (const Shape& shape : {Shape{1, 3, 4}, Shape{2, 3, 4, 4}, Shape{1, 5, 4, 4}})
    EXPECT_FALSE(to_tensor(primaries(), {}, shape).has_value());
}

}  // namespace
}  // namespace heddle::compiler
