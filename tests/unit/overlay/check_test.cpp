// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "overlay/overlay.h"

namespace heddle::overlay {
namespace {

using testing::HasSubstr;

Overlay legal() {
  Overlay o{.name = "legal", .device = "zu9"};
  o.weight_words = 2048;
  return o;
}

/// Texts of all violated rules after one change to a legal overlay.
std::string errors(const std::function<void(Overlay&)>& change) {
  Overlay o = legal();
  change(o);
  const Status status = check(o);
  std::string all;
  if (!status)
    for (const Diagnostic& d : status.error()) all += d.text() + "\n";
  return all;
}

TEST(CheckOverlay, AcceptsTheLegalOne) {
  EXPECT_TRUE(check(legal()));
}

TEST(CheckOverlay, NamesEveryViolatedRule) {
  const std::string all = errors([](Overlay& o) {
    o.acc_depth = 100;
    o.cores = 0;
    o.regions = 3;
  });
  EXPECT_THAT(all, HasSubstr("field 'acc_depth': is 100; legal are 64, 128"));
  EXPECT_THAT(all, HasSubstr("field 'cores': is 0"));
  EXPECT_THAT(all, HasSubstr("field 'regions': is 3; it must lie in 4 ... 64"));
}

TEST(CheckOverlay, RefusesIllegalArrays) {
  EXPECT_THAT(errors([](Overlay& o) { o.P = 33; }), HasSubstr("src_bank has 5 bits"));
  EXPECT_THAT(errors([](Overlay& o) { o.P = 0; }), HasSubstr("field 'P': is 0"));
  EXPECT_THAT(errors([](Overlay& o) { o.M = 40; }), HasSubstr("multiple of N = 16\n  hint: M = 48"));
  EXPECT_THAT(errors([](Overlay& o) { o.M = 33; }), HasSubstr("wide mode halves it"));
  EXPECT_THAT(errors([](Overlay& o) { o.N = 1; }), HasSubstr("must be even: a slot"));
  EXPECT_THAT(errors([](Overlay& o) { o.M = 36, o.N = 12; }), HasSubstr("must be a power of two"));
  EXPECT_THAT(errors([](Overlay& o) { o.M = 36, o.N = 12; }), HasSubstr("hint: N = 8"));
  EXPECT_THAT(errors([](Overlay& o) { o.weight_cycles = 3; }), HasSubstr("legal are 1, 2, 4, 8"));
  EXPECT_THAT(errors([](Overlay& o) { o.weight_cycles = 0; }), HasSubstr("legal are 1, 2, 4, 8"));
  EXPECT_THAT(errors([](Overlay& o) { o.weight_cycles = 2, o.winograd = Winograd::f4; }), HasSubstr("at least 72"));
  EXPECT_THAT(errors([](Overlay& o) { o.M = 16, o.winograd = Winograd::f2; }), HasSubstr("multiple of 2N = 32"));
}

TEST(CheckOverlay, RefusesIllegalUnits) {
  EXPECT_THAT(errors([](Overlay& o) { o.stencil_pixels = 8; }), HasSubstr("at most one pixel a bank"));
  EXPECT_THAT(errors([](Overlay& o) { o.post_lanes = 60; }), HasSubstr("k*N with N = 16"));
  EXPECT_THAT(errors([](Overlay& o) { o.post_lanes = 48; }), HasSubstr("at least P*M*N/64 = 56"));
  EXPECT_THAT(errors([](Overlay& o) { o.units = {"tabel"}; }), HasSubstr("did you mean 'table'?"));
  EXPECT_THAT(errors([](Overlay& o) { o.units = {"table", "table"}; }), HasSubstr("listed twice"));
}

TEST(CheckOverlay, RefusesIllegalMemories) {
  EXPECT_THAT(errors([](Overlay& o) { o.region_words = 1 << 18; }), HasSubstr("src_word has 20 bits"));
  EXPECT_THAT(errors([](Overlay& o) { o.weight_words = 0; }), HasSubstr("field 'weight_words': is 0"));
  EXPECT_THAT(errors([](Overlay& o) { o.weight_words = 1 << 24; }), HasSubstr("bytes of weight memory"));
  EXPECT_THAT(errors([](Overlay& o) { o.param_words = 1 << 15; }), HasSubstr("param_address has 14 bits"));
  EXPECT_THAT(errors([](Overlay& o) { o.param_words = 65; }), HasSubstr("field 'param_words': must be even"));
  EXPECT_THAT(errors([](Overlay& o) { o.stencil_param_words = 65; }), HasSubstr("'stencil_param_words': must be even"));
  EXPECT_THAT(errors([](Overlay& o) { o.tables = 256; }), HasSubstr("8 bits of the post descriptor"));
  EXPECT_THAT(errors([](Overlay& o) { o.tables = 0; }), HasSubstr("field 'tables': is 0"));
  EXPECT_EQ(errors([](Overlay& o) { o.tables = 0, o.units = {"average"}; }), "");
  EXPECT_THAT(errors([](Overlay& o) { o.weight_bits = {16, 8, 3}; }), HasSubstr("has 3; legal are 16, 8, 4, 2, 1"));
  EXPECT_THAT(errors([](Overlay& o) { o.weight_bits = {8, 8}; }), HasSubstr("must have 16 and 8"));
  EXPECT_THAT(errors([](Overlay& o) { o.weight_bits = {}; }), HasSubstr("names no width"));
}

TEST(CheckOverlay, RefusesIllegalInterfaces) {
  EXPECT_THAT(errors([](Overlay& o) { o.axi_bytes = 24; }), HasSubstr("powers of two"));
  EXPECT_THAT(errors([](Overlay& o) { o.axi_ports = 0; }), HasSubstr("axi_ports"));
  EXPECT_THAT(errors([](Overlay& o) { o.ddr_efficiency = 1.1; }), HasSubstr("ddr_efficiency"));
  EXPECT_THAT(errors([](Overlay& o) { o.clock_mhz = 0; }), HasSubstr("clock_mhz"));
}

TEST(CheckOverlay, RefusesWhatExceedsTheDevice) {
  const auto device = find_device("zu2");
  ASSERT_TRUE(device);
  const Status status = check(legal(), *device);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().front().text(), "field 'dsp': about 1920 needed (estimate), but zu2 (XCZU2EG) has 240");
}

TEST(Warnings, EvenP) {
  Overlay o = legal();
  EXPECT_TRUE(warnings(o).empty());
  o.P = 8;
  ASSERT_EQ(warnings(o).size(), 1U);
  EXPECT_THAT(warnings(o).front().text(), HasSubstr("hint: P = 7 or 9"));
}

TEST(Warnings, WithTheDevice) {
  const auto zu9 = find_device("zu9");
  ASSERT_TRUE(zu9);
  Overlay o = legal();
  EXPECT_TRUE(warnings(o, *zu9).empty());
  o.N = 4;
  o.ddr_gb_per_s = 30;
  o.post_lanes = 640;
  const auto list = warnings(o, *zu9);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_THAT(list[0].text(), HasSubstr("a multiple of 8"));
  EXPECT_THAT(list[1].text(), HasSubstr("zu9 has 19.2"));
}

}  // namespace
}  // namespace heddle::overlay
