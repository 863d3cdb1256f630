// SPDX-License-Identifier: Apache-2.0
#include "base/shared_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heddle {
namespace {

TEST(SharedLibrary, FindsFunctions) {
  const auto library = SharedLibrary::open("libm.so.6");
  ASSERT_TRUE(library) << library.error();
  const auto root = library->function<double (*)(double)>("sqrt");
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root(9), 3);
  EXPECT_EQ(library->function<void (*)()>("heddle_has_no_such_function"), nullptr);
}

TEST(SharedLibrary, RepeatsTheLoadersWords) {
  const auto none = SharedLibrary::open("/nowhere/lib.so");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error(), ::testing::HasSubstr("/nowhere/lib.so"));
}

TEST(ExecutableFolder, HoldsTheProgram) {
  EXPECT_TRUE(std::filesystem::is_regular_file(executable_folder() / "base_test"));
}

}  // namespace
}  // namespace heddle
