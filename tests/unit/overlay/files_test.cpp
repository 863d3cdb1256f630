// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "overlay/estimate.h"

namespace heddle::overlay {
namespace {

using testing::HasSubstr;

TEST(InstalledFiles, EveryOverlayIsLegalAndFitsItsDevice) {
  std::set<std::string> names;
  for (const Overlay& overlay : all_overlays()) {
    names.insert(overlay.name);
    const auto device = find_device(overlay.device);
    ASSERT_TRUE(device) << overlay.name;
    EXPECT_TRUE(check(overlay, *device)) << overlay.name;
    const Resources used = estimate(overlay, *device);
    EXPECT_LE(static_cast<double>(used.bram18), 0.88 * 2 * static_cast<double>(device->bram36)) << overlay.name;
    EXPECT_LE(static_cast<double>(used.uram), 0.88 * static_cast<double>(device->uram)) << overlay.name;
  }
  EXPECT_EQ(names, (std::set<std::string>{"ecp5-85f", "kv260", "u200", "zcu102", "zcu102-big", "zu2"}));
}

TEST(InstalledFiles, HaveAllDevices) {
  std::set<std::string> names;
  for (const Device& device : all_devices()) names.insert(device.name);
  EXPECT_EQ(names, (std::set<std::string>{"ecp5-85f", "k26", "u250", "vc707", "vu9p", "z7020", "zu2", "zu7", "zu9"}));
}

TEST(InstalledFiles, NoFileIsLeftOut) {
  // all_overlays skips what it cannot read; this shows the reason.
  for (const char* name : {"ecp5-85f", "kv260", "u200", "zcu102", "zcu102-big", "zu2"}) {
    const auto overlay = find_overlay(name);
    EXPECT_TRUE(overlay) << overlay.error().front().text();
  }
}

TEST(FindOverlay, SuggestsTheNearestName) {
  const auto overlay = find_overlay("zcu103");
  ASSERT_FALSE(overlay);
  EXPECT_THAT(overlay.error().front().text(), HasSubstr("did you mean 'zcu102'?"));
  EXPECT_FALSE(find_device("nothing-like-it"));
}

TEST(FindOverlay, ReadsPaths) {
  const auto path = std::filesystem::temp_directory_path() / "heddle_overlay_test.toml";
  Overlay o = *find_overlay("zu2");
  o.name = "mine";
  std::ofstream(path) << to_toml(o);
  const auto again = find_overlay(path.string());
  ASSERT_TRUE(again) << again.error().front().text();
  EXPECT_EQ(*again, o);
  o.device = "zu22";
  std::ofstream(path) << to_toml(o);
  EXPECT_THAT(find_overlay(path.string()).error().front().text(), HasSubstr("'zu22' is not in devices/"));
  std::filesystem::remove(path);
  EXPECT_THAT(find_overlay(path.string()).error().front().text(), HasSubstr("cannot be read"));
  EXPECT_FALSE(read_overlay("/"));
}

TEST(FindOverlay, LooksInHeddleData) {
  const auto folder = std::filesystem::temp_directory_path() / "heddle_data_test";
  std::filesystem::create_directories(folder / "devices");
  std::ofstream(folder / "devices" / "tiny.toml")
      << "part = \"T\"\nfamily = \"ecp5\"\nlut = 1\nff = 1\ndsp = 1\nbram36 = 1\nddr_gb_per_s = 1.0\n";
  ASSERT_EQ(setenv("HEDDLE_DATA", folder.c_str(), 1), 0);
  const auto device = find_device("tiny");
  const auto overlay = find_overlay("zcu102");
  unsetenv("HEDDLE_DATA");
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(device);
  EXPECT_EQ(device->part, "T");
  EXPECT_FALSE(overlay) << "its device is not in this HEDDLE_DATA";
}

}  // namespace
}  // namespace heddle::overlay
