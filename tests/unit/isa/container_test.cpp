// SPDX-License-Identifier: Apache-2.0
#include "isa/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "isa/assembly.h"
#include "isa/container_codec.h"
#include "tests/unit/isa/sample_program.h"

namespace heddle::isa {
namespace {

using testing::HasSubstr;

std::string why(const Result<Program>& result) {
  return result ? "accepted" : result.error().front().text();
}

std::vector<std::byte> sample_bytes() {
  auto bytes = program_bytes(sample::program());
  EXPECT_TRUE(bytes) << bytes.error().front().text();
  return std::move(*bytes);
}

TEST(Container, ReadsWhatItWrote) {
  const std::vector<std::byte> bytes = sample_bytes();
  const auto program = program_from_bytes(bytes);
  ASSERT_TRUE(program) << why(program);
  EXPECT_EQ(*program_bytes(*program), bytes);
  EXPECT_EQ(disassemble(*program), disassemble(sample::program()));
}

TEST(Container, KeepsEveryKindOfAttribute) {
  // An operator with all of them does not exist, so the parts below check_program are tested through assembly.
  const Program p = sample::program();
  const auto program = program_from_bytes(sample_bytes());
  ASSERT_TRUE(program);
  EXPECT_EQ(program->model_name, p.model_name);
  EXPECT_EQ(program->provenance, p.provenance);
  EXPECT_EQ(program->labels, p.labels);
  ASSERT_TRUE(program->preprocessing);
  EXPECT_EQ(program->preprocessing->mean, p.preprocessing->mean);
  const auto& host = std::get<HostSegment>(program->segments[1]);
  EXPECT_EQ(kernels::get_int(host.operators[1].attributes, "axis", 7), 1);
}

TEST(Container, AcceptsUnalignedBytes) {
  std::vector<std::byte> shifted{std::byte{}};
  const auto bytes = sample_bytes();
  shifted.insert(shifted.end(), bytes.begin(), bytes.end());
  EXPECT_EQ(why(program_from_bytes(std::span(shifted).subspan(1))), "accepted");
}

TEST(Container, WritesAtomically) {
  const auto folder = std::filesystem::temp_directory_path() / "heddle_container_test";
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "sample.heddle").string();
  ASSERT_TRUE(write_program(sample::program(), path));
  ASSERT_TRUE(write_program(sample::program(), path)) << "over an older file";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1) << "no temporary file is left";
  const auto program = read_program(path);
  EXPECT_EQ(why(program), "accepted");
  std::filesystem::remove_all(folder);
  EXPECT_THAT(why(read_program(path)), HasSubstr("there is no such file"));
  const Status status = write_program(sample::program(), path);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().front().text(), HasSubstr("cannot be created"));
}

TEST(Container, RefusesDamagedHeaders) {
  auto bytes = sample_bytes();
  EXPECT_THAT(why(program_from_bytes(std::span(bytes).first(31))), HasSubstr("31 bytes are too few"));
  EXPECT_THAT(why(program_from_bytes(std::span(bytes).first(bytes.size() - 1), "f")),
              HasSubstr("f: the header states"));
  auto changed = bytes;
  changed[0] ^= std::byte{1};
  EXPECT_THAT(why(program_from_bytes(changed)), HasSubstr("this is not a heddle program file"));
  changed = bytes;
  changed[8] = std::byte{9};
  EXPECT_THAT(why(program_from_bytes(changed)), HasSubstr("version 9; this heddle reads version 2"));
  changed = bytes;
  changed[12] = std::byte{9};
  EXPECT_THAT(why(program_from_bytes(changed)), HasSubstr("reserved bytes"));
}

TEST(Container, NoticesEveryFlippedBit) {
  const auto bytes = sample_bytes();
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    auto flipped = bytes;
    flipped[random() % flipped.size()] ^= static_cast<std::byte>(1U << random() % 8);
    EXPECT_FALSE(program_from_bytes(flipped));
  }
}

TEST(Container, FlipsWithARightChecksumAreRefusedOrVerify) {
  const auto bytes = sample_bytes();
  std::mt19937 random(2);
  int accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    auto flipped = bytes;
    for (auto flips = 1 + random() % 3; flips > 0; --flips)
      flipped[kProgramHeaderBytes + random() % (flipped.size() - kProgramHeaderBytes)] ^=
          static_cast<std::byte>(1U << random() % 8);
    seal_program(flipped);
    const auto program = program_from_bytes(flipped);
    if (!program) continue;
    ++accepted;
    EXPECT_TRUE(program_bytes(*program)) << "what was accepted can be written";
  }
  EXPECT_GT(accepted, 100) << "flips in weights and names are harmless";
}

TEST(Container, ReadsVectorsWhoseNumbersAreNotAligned) {
  // Wherever an offset leads to a vector of 64-bit numbers, one more word leads to an unaligned one.
  const auto bytes = sample_bytes();
  int accepted = 0;
  for (std::size_t at = kProgramHeaderBytes; at + 4 <= bytes.size(); at += 4) {
    auto moved = bytes;
    moved[at] = static_cast<std::byte>(std::to_integer<unsigned>(moved[at]) + 4);
    accepted += from_payload(std::span(moved).subspan(kProgramHeaderBytes)) ? 1 : 0;
  }
  EXPECT_GT(accepted, 100);
}

TEST(Container, RefusesTruncatedAndSpliced) {
  const auto bytes = sample_bytes();
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    auto changed = bytes;
    const std::size_t a = random() % changed.size(), b = random() % changed.size();
    const std::size_t n = std::min<std::size_t>(random() % 64, changed.size() - std::max(a, b));
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(a), n, changed.begin() + static_cast<std::ptrdiff_t>(b));
    changed.resize(std::max<std::size_t>(kProgramHeaderBytes, changed.size() - random() % 200));
    seal_program(changed);
    const auto program = program_from_bytes(changed);
    if (program) {
      EXPECT_TRUE(program_bytes(*program));
    }
  }
}

TEST(Container, DoesNotWriteIllegalPrograms) {
  Program p = sample::program();
  p.outputs = {"nothing"};
  const auto bytes = program_bytes(p);
  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().front().text(), HasSubstr("no tensor is called 'nothing'"));
}

}  // namespace
}  // namespace heddle::isa
