// SPDX-License-Identifier: Apache-2.0
#include "compiler/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "image/image.h"
#include "numpy/npy.h"

namespace heddle::compiler {
namespace {

namespace fs = std::filesystem;

class Samples : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_;
  const std::vector<InputSpec> one_{{"image", DataType::f32, {1, 3, 2, 2}}};
  const std::vector<InputSpec> two_{{"a", DataType::f32, {1, 2}}, {"b", DataType::f32, {1, 3}}};
};

TEST_F(Samples, ArchivesAreReadByName) {
  ASSERT_TRUE(
      numpy::write_npz({{"b", Tensor(DataType::f32, {1, 3})}, {"a", Tensor(DataType::f32, {1, 2})}}, path("x.npz")));
  const auto samples = read_samples(path("x.npz"), two_, {});
  ASSERT_TRUE(samples.has_value()) << samples.error().front().text();
  EXPECT_EQ(samples->front().tensors[0].shape(), (Shape{1, 2}));
}

TEST_F(Samples, EveryFaultOfAnArchiveIsNamed) {
  ASSERT_TRUE(
      numpy::write_npz({{"c", Tensor(DataType::f32, {1})}, {"a", Tensor(DataType::i32, {1, 2})}}, path("x.npz")));
  const auto samples = read_samples(path("x.npz"), two_, {});
  ASSERT_FALSE(samples.has_value());
  std::vector<std::string> fields;
  for (const Diagnostic& d : samples.error()) fields.push_back(d.field);
  EXPECT_THAT(fields, testing::UnorderedElementsAre("a", "b", "c"));
}

TEST_F(Samples, ArraysMayLackTheBatchAndBeDouble) {
  ASSERT_TRUE(numpy::write_npy(Tensor(DataType::f64, {3, 2, 2}), path("x.npy")));
  const auto samples = read_samples(path("x.npy"), one_, {});
  ASSERT_TRUE(samples.has_value()) << samples.error().front().text();
  EXPECT_EQ(samples->front().tensors[0].shape(), (Shape{1, 3, 2, 2}));
  EXPECT_EQ(samples->front().tensors[0].type(), DataType::f32);
}

TEST_F(Samples, OtherShapesAreRefusedWithBoth) {
  ASSERT_TRUE(numpy::write_npy(Tensor(DataType::f32, {3, 5, 5}), path("x.npy")));
  const auto samples = read_samples(path("x.npy"), one_, {});
  ASSERT_FALSE(samples.has_value());
  EXPECT_EQ(samples.error().front().message, "has shape [3, 5, 5], the model wants [1, 3, 2, 2]");
}

TEST_F(Samples, AFolderIsReadInOrderAndLimited) {
  for (const char* name : {"b.png", "a.png", "c.png"}) ASSERT_TRUE(image::write(image::Image(4, 4), path(name)));
  std::ofstream(path("notes.txt")) << "not a picture";
  const auto all = read_samples(folder_.string(), one_, {});
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->size(), 3U);
  EXPECT_EQ(fs::path(all->front().file).filename(), "a.png");
  EXPECT_EQ(read_samples(folder_.string(), one_, {}, 2)->size(), 2U);
}

TEST_F(Samples, MissingAndEmptyPathsAreNamed) {
  EXPECT_EQ(read_samples(path("absent.npz"), one_, {}).error().front().code, "file.open");
  EXPECT_FALSE(read_samples(folder_.string(), one_, {}).has_value());
  ASSERT_TRUE(image::write(image::Image(4, 4), path("a.png")));
  EXPECT_THAT(read_samples(path("a.png"), two_, {}).error().front().message, testing::HasSubstr("2 inputs"));
}

}  // namespace
}  // namespace heddle::compiler
