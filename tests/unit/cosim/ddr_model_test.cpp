// SPDX-License-Identifier: Apache-2.0
#include "cosim/ddr_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace heddle::cosim {
namespace {

constexpr std::uint64_t kBase = 1ULL << 40;

/// A memory with one window, and what came back.
struct Bench {
  explicit Bench(const DdrOptions& o, std::size_t bytes = 8192, bool writable = true)
      : memory(bytes), ddr(o), options(o) {
    for (std::size_t i = 0; i < bytes; ++i) memory[i] = static_cast<std::byte>(i * 7 + i / 256);
    ddr.set_windows({{kBase, memory, writable}});
    pins.r_ready = pins.b_ready = 0xffff;
  }

  void cycle() {
    ddr.drive(pins);
    ++cycles;
    for (int p = 0; p < options.ports; ++p) {
      if ((pins.r_valid & pins.r_ready) >> p & 1) {
        Beat beat{.port = p,
                  .id = pins.r_id[p],
                  .response = pins.r_response[p],
                  .last = (pins.r_last >> p & 1) != 0,
                  .cycle = cycles};
        beat.data.assign(pins.r_data[p], pins.r_data[p] + options.beat_bytes);
        beats.push_back(std::move(beat));
      }
      if ((pins.b_valid & pins.b_ready) >> p & 1) responses.push_back(pins.b_response[p]);
    }
    ddr.clock(pins);
  }
  void read(int port, std::uint64_t address, int count, std::uint8_t id = 0) {
    pins.ar_valid |= 1U << port;
    pins.ar_address[port] = address;
    pins.ar_len[port] = static_cast<std::uint8_t>(count - 1);
    pins.ar_id[port] = id;
    bool taken = false;
    while (!taken) {
      cycle();
      taken = (pins.ar_ready >> port & 1) != 0;
    }
    pins.ar_valid &= ~(1U << port);
  }
  void write(int port, std::uint64_t address, const std::vector<std::uint8_t>& strobes) {
    pins.aw_valid |= 1U << port;
    pins.aw_address[port] = address;
    pins.aw_len[port] = static_cast<std::uint8_t>(strobes.size() - 1);
    bool taken = false;
    for (std::size_t sent = 0; !taken || sent < strobes.size();) {
      const bool more = sent < strobes.size();
      pins.w_valid = more ? 1U << port : 0;
      pins.w_last = sent + 1 == strobes.size() ? 1U << port : 0;
      for (int i = 0; i < options.beat_bytes; ++i) pins.w_data[port][i] = static_cast<std::uint8_t>(0xa0 + sent);
      pins.w_strobe[port][0] = more ? strobes[sent] : 0;
      cycle();
      if (more && (pins.w_ready >> port & 1) != 0) ++sent;
      if (!taken && (pins.aw_ready >> port & 1) != 0) {
        taken = true;
        pins.aw_valid &= ~(1U << port);
      }
    }
    pins.w_valid = 0;
  }
  void wait() {
    while (!ddr.idle()) cycle();
  }

  struct Beat {
    int port = 0;
    std::uint8_t id = 0, response = 0;
    bool last = false;
    std::uint64_t cycle = 0;
    std::vector<std::uint8_t> data{};
  };
  std::vector<std::byte> memory;
  DdrModel ddr;
  DdrOptions options;
  Pins pins;
  std::uint64_t cycles = 0;
  std::vector<Beat> beats;
  std::vector<int> responses;
};

void expect_data(const Bench& bench, const Bench::Beat& beat, std::size_t offset) {
  for (std::size_t i = 0; i < beat.data.size(); ++i)
    EXPECT_EQ(beat.data[i], std::to_integer<int>(bench.memory[offset + i])) << offset + i;
}

TEST(DdrModel, ReadsAfterItsLatencyAndABeatACycle) {
  Bench bench({.ports = 2, .beat_bytes = 8, .min_latency = 20, .max_latency = 20});
  bench.read(1, kBase + 64, 4, 2);
  const std::uint64_t asked = bench.cycles;
  bench.wait();
  ASSERT_EQ(bench.beats.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(bench.beats[i].port, 1);
    EXPECT_EQ(bench.beats[i].id, 2);
    EXPECT_EQ(bench.beats[i].last, i == 3);
    EXPECT_EQ(bench.beats[i].cycle, asked + 20 + i);
    expect_data(bench, bench.beats[i], 64 + 8 * i);
  }
  EXPECT_EQ(bench.ddr.read_bytes(), 32U);
}

TEST(DdrModel, SharesItsBandwidthFairly) {
  // Two ports could take 32 bytes a cycle; there are 10.
  Bench bench({.ports = 2, .beat_bytes = 16, .min_latency = 1, .max_latency = 1, .bytes_per_cycle = 10});
  for (int burst = 0; burst < 8; ++burst)
    for (int port = 0; port < 2; ++port) bench.read(port, kBase + 512U * static_cast<unsigned>(burst), 32);
  bench.wait();
  ASSERT_EQ(bench.beats.size(), 512U);
  EXPECT_NEAR(static_cast<double>(bench.beats.back().cycle - bench.beats.front().cycle), 512 * 16 / 10.0, 10);
  const auto first_half = std::count_if(bench.beats.begin(), bench.beats.begin() + 256,
                                        [](const Bench::Beat& beat) { return beat.port == 0; });
  EXPECT_NEAR(static_cast<double>(first_half), 128, 20);
}

TEST(DdrModel, WritesWhereTheStrobeSaysSo) {
  Bench bench({.ports = 1, .beat_bytes = 8, .min_latency = 3, .max_latency = 3});
  const auto before = bench.memory;
  bench.write(0, kBase + 16, {0xff, 0x0f, 0x00});
  bench.wait();
  EXPECT_THAT(bench.responses, testing::ElementsAre(0));
  for (std::size_t i = 0; i < 64; ++i) {
    const bool first = i >= 16 && i < 24, second = i >= 24 && i < 28;
    EXPECT_EQ(std::to_integer<int>(bench.memory[i]), first ? 0xa0 : second ? 0xa1 : std::to_integer<int>(before[i]));
  }
  EXPECT_TRUE(bench.ddr.violations().empty());
}

TEST(DdrModel, AnswersAccessesOutsideWithErrors) {
  Bench bench({.ports = 1, .beat_bytes = 8, .min_latency = 1, .max_latency = 1}, 20, false);
  const auto before = bench.memory;
  bench.read(0, kBase + 16, 2);
  bench.write(0, kBase + 8, {0xff});
  bench.write(0, kBase + 64, {0xff});
  bench.wait();
  ASSERT_EQ(bench.beats.size(), 2U);
  EXPECT_EQ(bench.beats[0].response, 0);
  EXPECT_EQ(bench.beats[0].data[3], std::to_integer<int>(before[19]));
  EXPECT_EQ(bench.beats[0].data[4], 0) << "beyond the last byte";
  EXPECT_EQ(bench.beats[1].response, static_cast<int>(Response::decode_error));
  EXPECT_THAT(bench.responses, testing::ElementsAre(2, 3));
  EXPECT_EQ(bench.memory, before);
}

TEST(DdrModel, FaultsSpoilTheirBeat) {
  Bench bench({.ports = 1, .beat_bytes = 8, .min_latency = 1, .max_latency = 1});
  bench.ddr.set_fault([](std::uint64_t address, bool write) {
    return !write && address == kBase + 8 ? Response::slave_error : Response::okay;
  });
  bench.read(0, kBase, 3);
  bench.wait();
  ASSERT_EQ(bench.beats.size(), 3U);
  EXPECT_EQ(bench.beats[0].response, 0);
  EXPECT_EQ(bench.beats[1].response, 2);
  EXPECT_EQ(bench.beats[2].response, 0);
}

TEST(DdrModel, ABurstMayBeLateOrLostAndHoldsThoseBehindIt) {
  Bench bench({.ports = 2, .beat_bytes = 8, .min_latency = 10, .max_latency = 10});
  bench.ddr.set_delay([](std::uint64_t address, bool) -> std::uint64_t {
    return address == kBase ? 100 : address == kBase + 64 ? DdrModel::kLost : 0;
  });
  bench.read(0, kBase, 1);
  const std::uint64_t asked = bench.cycles;
  bench.read(0, kBase + 8, 1);
  bench.read(1, kBase + 8, 1);
  bench.wait();
  ASSERT_EQ(bench.beats.size(), 3U);
  EXPECT_EQ(bench.beats[0].port, 1) << "the other port does not wait";
  EXPECT_EQ(bench.beats[1].cycle, asked + 110);
  EXPECT_EQ(bench.beats[2].cycle, asked + 111) << "behind the late one";
  bench.read(0, kBase + 64, 1);
  for (int i = 0; i < 2000; ++i) bench.cycle();
  EXPECT_EQ(bench.beats.size(), 3U) << "lost";
  EXPECT_FALSE(bench.ddr.idle());
}

TEST(DdrModel, RandomDelaysKeepTheOrderOfAnId) {
  Bench bench({.ports = 1, .beat_bytes = 4, .min_latency = 1, .max_latency = 40, .stall = 0.3, .interleave = true});
  std::mt19937 random(3);
  std::map<int, std::vector<std::uint64_t>> asked;
  for (int burst = 0; burst < 60; ++burst) {
    const auto id = static_cast<std::uint8_t>(random() % 3);
    const std::uint64_t offset = random() % 64 * 64;
    const int count = 1 + static_cast<int>(random() % 16);
    for (int i = 0; i < count; ++i) asked[id].push_back(offset + 4U * static_cast<unsigned>(i));
    bench.read(0, kBase + offset, count, id);
    bench.pins.r_ready = random() % 2;
  }
  bench.pins.r_ready = 1;
  bench.wait();
  std::map<int, std::size_t> seen;
  bool overtaken = false;
  for (std::size_t i = 0; i < bench.beats.size(); ++i) {
    const auto& beat = bench.beats[i];
    ASSERT_LT(seen[beat.id], asked[beat.id].size());
    expect_data(bench, beat, asked[beat.id][seen[beat.id]++]);
    overtaken = overtaken || (i > 0 && !bench.beats[i - 1].last && beat.id != bench.beats[i - 1].id);
  }
  for (const auto& [id, list] : asked) EXPECT_EQ(seen[id], list.size());
  EXPECT_TRUE(overtaken) << "beats of bursts with different IDs mix";
}

TEST(DdrModel, NoticesBreachesOfTheRules) {
  const auto first = [](const auto& breach) {
    Bench bench({.ports = 1, .beat_bytes = 8, .min_latency = 50, .max_latency = 50, .outstanding = 1});
    breach(bench);
    return bench.ddr.violations().empty() ? "" : bench.ddr.violations().front();
  };
  EXPECT_EQ(first([](Bench& b) { b.read(0, kBase + 4, 1); }), "an address lies between beats");
  EXPECT_EQ(first([](Bench& b) { b.read(0, kBase + 4088, 2); }), "a burst crosses a 4 KB boundary");
  EXPECT_EQ(first([](Bench& b) { b.read(0, kBase + 4080, 2); }), "");
  const auto held = [](const auto& change) {
    return [=](Bench& b) {
      b.read(0, kBase, 1);  // the port takes no second one before it has answered
      b.pins.ar_valid = 1;
      b.pins.ar_address[0] = kBase + 8;
      b.cycle();
      change(b);
      b.cycle();
    };
  };
  EXPECT_EQ(first(held([](Bench&) {})), "");
  EXPECT_EQ(first(held([](Bench& b) { b.pins.ar_valid = 0; })), "a valid was withdrawn before it was taken");
  EXPECT_EQ(first(held([](Bench& b) { b.pins.ar_address[0] += 8; })), "a payload changed before it was taken");
}

TEST(DdrModel, ForgetsTransfersOnReset) {
  Bench bench({.ports = 1, .beat_bytes = 8, .min_latency = 50, .max_latency = 50});
  bench.read(0, kBase, 4);
  EXPECT_FALSE(bench.ddr.idle());
  bench.ddr.reset();
  EXPECT_TRUE(bench.ddr.idle());
}

}  // namespace
}  // namespace heddle::cosim
