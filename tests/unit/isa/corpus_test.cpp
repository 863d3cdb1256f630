// SPDX-License-Identifier: Apache-2.0
// The seeds of tests/fuzz/program_fuzz.cpp; `HEDDLE_RENEW=1` writes them anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "isa/container.h"
#include "tests/unit/isa/sample_program.h"

namespace heddle::isa {
namespace {

std::filesystem::path corpus() {
  return std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "fuzz" / "corpus" / "program";
}

Program host_only() {
  Program p = sample::program();
  p.segments.erase(p.segments.begin());
  p.tensors.erase(p.tensors.begin());
  p.inputs = {"y"};
  p.preprocessing.reset();
  p.labels.clear();
  return p;
}

Program overlay_only() {
  Program p = sample::program();
  p.segments.pop_back();
  p.tensors.resize(2);
  p.outputs = {"y"};
  return p;
}

TEST(Corpus, EverySeedLoads) {
  const std::array<std::pair<const char*, Program>, 3> seeds{
      {{"sample.heddle", sample::program()}, {"host.heddle", host_only()}, {"overlay.heddle", overlay_only()}}};
  for (const auto& [name, program] : seeds) {
    const std::string path = (corpus() / name).string();
    if (std::getenv("HEDDLE_RENEW") != nullptr) {
      std::filesystem::create_directories(corpus());
      ASSERT_TRUE(write_program(program, path));
    }
    const auto read = read_program(path);
    EXPECT_TRUE(read) << read.error().front().text();
  }
}

}  // namespace
}  // namespace heddle::isa
