// SPDX-License-Identifier: Apache-2.0
#include "isa/isa_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace heddle::isa {
namespace {

std::filesystem::path docs() {
  return std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path() / "docs";
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST(IsaPage, IsUpToDate) {
  const std::string page = isa_page(read_file(docs() / "isa_semantics.md"));
  if (std::getenv("HEDDLE_RENEW") != nullptr) std::ofstream(docs() / "isa.md") << page;
  EXPECT_EQ(read_file(docs() / "isa.md"), page) << "HEDDLE_RENEW=1 writes it anew";
}

TEST(IsaPage, StatesBitPositions) {
  const std::string page = isa_page("# Text\n");
  EXPECT_THAT(page, testing::HasSubstr("| 8 – 13 | wait0 | 6 | s0 … s63 | semaphore |"));
  EXPECT_THAT(page, testing::HasSubstr("- **space**: 0 weights, 1 conv_params"));
}

}  // namespace
}  // namespace heddle::isa
