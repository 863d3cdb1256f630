// SPDX-License-Identifier: Apache-2.0
#include "cosim/build_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cosim/model.h"
#include "cosim/rtl_device.h"
#include "cosim/run_command.h"

namespace heddle::cosim {
namespace {

namespace fs = std::filesystem;

/// A folder that is there as long as this, and an environment variable with its path.
struct Scratch {
  explicit Scratch(const char* variable) : name(variable) {
    path = fs::temp_directory_path() / ("heddle_cosim_test_" + std::to_string(::getpid()));
    fs::create_directories(path);
    ::setenv(name, path.c_str(), 1);
  }
  ~Scratch() {
    ::unsetenv(name);
    fs::remove_all(path);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const char* name;
  fs::path path;
};

std::string name_of(const overlay::Overlay& overlay, const ModelOptions& options = {}) {
  return model_name(overlay, options).value();
}

TEST(ModelName, NamesWhatTheModelIsMadeOf) {
  const overlay::Overlay o = overlay::find_overlay("zcu102").value();
  const std::string name = name_of(o);
  EXPECT_THAT(name, testing::MatchesRegex("cosim_zcu102_[0-9a-f]{16}\\.so"));
  EXPECT_EQ(name, name_of(o)) << "always the same";
  EXPECT_NE(name, name_of(o, {.assertions = true}));
  overlay::Overlay other = o;
  other.clock_mhz = 100;
  EXPECT_EQ(name, name_of(other)) << "the sources do not depend on it";
  other.axi_ports = 2;
  EXPECT_NE(name, name_of(other));
}

TEST(FindModel, LooksWhereTheVariableSays) {
  const Scratch folder("HEDDLE_COSIM_DIR");
  EXPECT_EQ(model_folders().front(), folder.path);
  EXPECT_EQ(find_model("cosim_x.so"), "");
  std::ofstream(folder.path / "cosim_x.so") << "x";
  EXPECT_EQ(find_model("cosim_x.so"), (folder.path / "cosim_x.so").string());
}

TEST(ModelLibrary, RefusesWhatIsNoModel) {
  const Scratch folder("HEDDLE_COSIM_DIR");
  const std::string file = (folder.path / "broken.so").string();
  std::ofstream(file) << "no library";
  const auto library = ModelLibrary::open(file);
  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().front().code, "cosim.library");
  EXPECT_EQ(library.error().front().file, file);
}

TEST(RtlExecutor, SaysThatThereIsNoModel) {
  const Scratch folder("HEDDLE_COSIM_DIR");
  ::setenv("XDG_CACHE_HOME", folder.path.c_str(), 1);
  const overlay::Overlay o = overlay::find_overlay("zcu102").value();
  RtlOptions options = rtl_options(o);
  options.build = false;
  const auto executor = make_rtl_executor(o, options);
  ::unsetenv("XDG_CACHE_HOME");
  ASSERT_FALSE(executor);
  EXPECT_EQ(executor.error().front().code, "cosim.model");
  EXPECT_THAT(executor.error().front().text(), testing::HasSubstr("no model 'cosim_zcu102_"));
  EXPECT_THAT(executor.error().front().text(), testing::HasSubstr("HEDDLE_COSIM_DIR"));
}

TEST(RunCommand, ReportsTheEndOfTheLog) {
  const Scratch folder("HEDDLE_COSIM_DIR");
  const std::string log = (folder.path / "log").string();
  EXPECT_TRUE(run_command({"true"}, log));
  const Status failed = run_command({"sh", "-c", "echo out; echo 'what is wrong' >&2; exit 3"}, log);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().front().text(), testing::HasSubstr("out\nwhat is wrong"));
  const Status missing = run_command({"no-such-program"}, log);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().front().op, "no-such-program");
}

TEST(DdrOptions, HaveTheSpeedOfTheOverlay) {
  overlay::Overlay o = overlay::find_overlay("zcu102").value();
  o.clock_mhz = 200;
  o.ddr_gb_per_s = 20;
  o.ddr_efficiency = 0.8;
  const DdrOptions options = ddr_options(o);
  EXPECT_DOUBLE_EQ(options.bytes_per_cycle, 80);
  EXPECT_EQ(options.min_latency, 30);
  EXPECT_EQ(options.ports, o.axi_ports);
  EXPECT_EQ(options.beat_bytes, o.axi_bytes);
}

}  // namespace
}  // namespace heddle::cosim
