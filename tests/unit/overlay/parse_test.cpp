// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "overlay/overlay.h"

namespace heddle::overlay {
namespace {

using testing::HasSubstr;

constexpr const char* kSmall = R"(device = "zu2"
P = 3
M = 16
N = 8
stencil_pixels = 3
post_lanes = 8
regions = 4
region_words = 512
weight_words = 256
ddr_gb_per_s = 8
clock_mhz = 330
)";

std::string first_error(const std::string& text) {
  const auto overlay = parse_overlay(text, "overlays/test.toml");
  return overlay ? "accepted" : overlay.error().front().text();
}

TEST(ParseOverlay, TakesDefaultsAndTheFileName) {
  const auto overlay = parse_overlay(kSmall, "overlays/small.toml");
  ASSERT_TRUE(overlay) << overlay.error().front().text();
  EXPECT_EQ(overlay->name, "small");
  EXPECT_EQ(overlay->weight_cycles, 1);
  EXPECT_EQ(overlay->ddr_gb_per_s, 8.0);
  EXPECT_TRUE(overlay->has_unit("table"));
  EXPECT_FALSE(overlay->has_unit("tables"));
}

TEST(ParseOverlay, NamesUnknownKeysWithLineAndSuggestion) {
  EXPECT_EQ(first_error(std::string(kSmall) + "region_word = 7\n"),
            "overlays/test.toml:12: field 'region_word': unknown key\n  hint: did you mean 'region_words'?");
}

TEST(ParseOverlay, NamesSyntaxErrorsWithLine) {
  EXPECT_THAT(first_error("P = 3\nM = = 4\n"), HasSubstr("overlays/test.toml:2: "));
  EXPECT_THAT(first_error(std::string(kSmall) + "P = 5\n"), HasSubstr("overlays/test.toml:12: "));
}

TEST(ParseOverlay, NamesMissingKeys) {
  EXPECT_THAT(first_error("P = 3\n"), HasSubstr("field 'device': is missing"));
}

TEST(ParseOverlay, NamesWrongTypesAndValues) {
  const std::string text = kSmall;
  EXPECT_THAT(first_error(text + "winograd = \"f3\"\n"), HasSubstr("is 'f3'; legal are none, f2, f4"));
  EXPECT_THAT(first_error(text + "winograd = 4\n"), HasSubstr("field 'winograd': must be a string"));
  EXPECT_THAT(first_error(text + "tables = \"8\"\n"), HasSubstr("field 'tables': must be an integer"));
  EXPECT_THAT(first_error(text + "tables = 4294967304\n"), HasSubstr("it must lie in 0 ... 2147483647"));
  EXPECT_THAT(first_error(text + "ddr_efficiency = true\n"), HasSubstr("must be a number"));
  EXPECT_THAT(first_error(text + "units = \"table\"\n"), HasSubstr("must be an array"));
  EXPECT_THAT(first_error(text + "units = [1]\n"), HasSubstr("must be a string"));
  EXPECT_THAT(first_error(text + "format = \"int8\"\n"), HasSubstr("did you mean 'int'?"));
}

TEST(ParseOverlay, AppliesTheRules) {
  EXPECT_THAT(first_error(std::string(kSmall) + "acc_depth = 65\n"), HasSubstr("test.toml: field 'acc_depth'"));
}

TEST(ParseDevice, ReadsAndChecks) {
  const std::string text =
      "part = \"X\"\nlut = 1\nff = 2\ndsp = 3\nbram36 = 4\nddr_gb_per_s = 1.5\nfamily = \"xcup\"\n";
  const auto device = parse_device(text, "x.toml");
  ASSERT_TRUE(device) << device.error().front().text();
  EXPECT_EQ(device->name, "x");
  EXPECT_EQ(device->bram36, 4);
  EXPECT_FALSE(parse_device("part = \"X\"\n", "x.toml"));
  EXPECT_EQ(parse_device(text + "name = \"y\"\n", "x.toml")->name, "y");
  std::string other = text;
  other.replace(other.find("xcup"), 4, "asic");
  EXPECT_THAT(parse_device(other, "x.toml").error().front().text(), HasSubstr("is 'asic'"));
  std::string slow = text;
  slow.replace(slow.find("1.5"), 3, "0.0");
  EXPECT_THAT(parse_device(slow, "x.toml").error().front().text(), HasSubstr("must be positive"));
}

}  // namespace
}  // namespace heddle::overlay
