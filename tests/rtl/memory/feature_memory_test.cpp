// SPDX-License-Identifier: Apache-2.0
// All readers and writers at random against a plain array of slots.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "tests/rtl/axi_pins.h"
#include "tests/rtl/bench.h"

namespace heddle::rtl {
namespace {

constexpr int kReaders = 4, kWriters = 3, kLatency = 3, kAge = 15;

/// One cycle's wish: for every bank a word, or −1.
struct Request {
  std::vector<std::int64_t> word;
  std::uint64_t regions = 0;
  int losses = 0;
};

class FeatureBench {
 public:
  explicit FeatureBench(std::uint32_t seed) : random(seed) {
    memory.resize(static_cast<std::size_t>(o.feature_slots() * o.N));
  }

  /// A request within at most `most` regions; none with some probability.
  std::optional<Request> draw(int most) {
    if (random() % 4 == 0) return std::nullopt;
    Request request;
    std::vector<std::int64_t> allowed;
    for (int i = 0; i < most; ++i) allowed.push_back(random() % static_cast<unsigned>(o.regions));
    for (int b = 0; b < o.P; ++b) {
      const bool off = b > 0 && random() % 4 == 0;
      const std::int64_t region = allowed[random() % allowed.size()];
      request.word.push_back(off ? -1
                                 : region * o.region_words +
                                       random() % std::min<unsigned>(16, static_cast<unsigned>(o.region_words)));
      if (!off) request.regions |= std::uint64_t{1} << region;
    }
    return request;
  }

  template <class Pin>
  void present(Pin& pin, int index, const std::optional<Request>& request) const {
    const int at = index * request_bits();
    for (int bit = 0; bit < request_bits(); bit += 8) set_field(pin, at + bit, std::min(8, request_bits() - bit), 0);
    if (!request) return;
    set_field(pin, at, o.regions, request->regions);
    for (int b = 0; b < o.P; ++b) {
      const std::int64_t word = request->word[static_cast<std::size_t>(b)];
      if (word < 0) continue;
      set_field(pin, at + o.regions + b * row_bits(), row_bits(), static_cast<std::uint64_t>(word % o.region_words));
      set_field(pin, at + o.regions + o.P * row_bits() + b * region_bits(), region_bits(),
                static_cast<std::uint64_t>(word / o.region_words));
      set_field(pin, at + o.regions + o.P * (row_bits() + region_bits()) + b, 1, 1);
    }
  }
  [[nodiscard]] std::size_t slot(std::int64_t word, int bank) const {
    return static_cast<std::size_t>((word * o.P + bank) * o.N);
  }

  overlay::Overlay o = bench_overlay();
  Bench bench;
  std::mt19937 random;
  std::vector<std::byte> memory;

 private:
  [[nodiscard]] int row_bits() const { return index_bits(o.region_words); }
  [[nodiscard]] int region_bits() const { return index_bits(o.regions); }
  [[nodiscard]] int request_bits() const { return o.regions + o.P * (1 + row_bits() + region_bits()); }
};

/// Exclusive regions; whoever is denied met one that goes before it; nobody waits for long.
template <std::size_t Count>
void check_grants(std::array<std::optional<Request>, Count>& requests, std::uint64_t grants) {
  std::uint64_t taken = 0;
  const auto granted = [&](std::size_t i) { return (grants >> i & 1) != 0; };
  const auto before = [&](std::size_t i, std::size_t j) {
    const bool old_i = requests[i]->losses >= kAge, old_j = requests[j]->losses >= kAge;
    return old_i != old_j ? old_i : i < j;
  };
  for (std::size_t i = 0; i < Count; ++i) {
    if (!granted(i)) continue;
    ASSERT_TRUE(requests[i]) << "granted without a request";
    ASSERT_EQ(taken & requests[i]->regions, 0U) << "a region was granted twice";
    taken |= requests[i]->regions;
  }
  for (std::size_t i = 0; i < Count; ++i) {
    if (!requests[i] || granted(i)) continue;
    bool blocked = false;
    for (std::size_t j = 0; j < Count; ++j)
      blocked |= granted(j) && (requests[i]->regions & requests[j]->regions) != 0 && before(j, i);
    ASSERT_TRUE(blocked) << "requester " << i << " was denied without a reason";
  }
  for (std::size_t i = 0; i < Count; ++i) {
    if (requests[i] && !granted(i)) ++requests[i]->losses;
    if (requests[i] && requests[i]->losses >= kAge + static_cast<int>(Count)) FAIL() << "requester " << i << " starves";
  }
}

/// What a reader expects on its banks; −1 in `word`: nothing.
struct Expected {
  std::vector<std::int64_t> word;
  std::vector<std::byte> data;
};

/// Random requests of everybody, each held until granted.
class Traffic {
 public:
  Traffic(int most_regions, std::uint32_t seed) : most_regions_(most_regions), f_(seed) {}

  void cycle() {
    Vdut& dut = *f_.bench.dut;
    for (int i = 0; i < kReaders; ++i) f_.present(dut.read_request, i, reads_[static_cast<std::size_t>(i)]);
    for (int i = 0; i < kWriters; ++i) f_.present(dut.write_request, i, writes_[static_cast<std::size_t>(i)]);
    for (std::byte& byte : pin_bytes(dut.write_data)) byte = static_cast<std::byte>(f_.random());
    for (int i = 0; i < kWriters * f_.o.P * 2; ++i) set_field(dut.write_strobe, i, 1, f_.random() & 1);
    dut.clk = 0;
    f_.bench.settle();
    check_data();
    const std::uint64_t read_grant = dut.read_grant, write_grant = dut.write_grant;
    check_grants(reads_, read_grant);
    check_grants(writes_, write_grant);
    if (testing::Test::HasFatalFailure()) return;
    for (const auto& read : reads_)
      if (read) longest = std::max(longest, read->losses);
    take_reads(read_grant);
    take_writes(write_grant);
    f_.bench.tick();
    for (auto& read : reads_)
      if (!read) read = f_.draw(most_regions_);
    for (auto& write : writes_)
      if (!write) write = f_.draw(most_regions_);
  }

  int longest = 0;  ///< times in a row that a reader lost

 private:
  [[nodiscard]] std::size_t banks() const { return static_cast<std::size_t>(f_.o.P); }
  [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(f_.o.N); }

  void check_data() {
    for (std::size_t i = 0; i < kReaders; ++i) {
      const std::optional<Expected>& expected = coming_[i][kLatency - 1];
      for (std::size_t b = 0; expected && b < banks(); ++b) {
        if (expected->word[b] < 0) continue;
        ASSERT_TRUE(std::ranges::equal(pin_bytes(f_.bench.dut->read_data).subspan((i * banks() + b) * bytes(), bytes()),
                                       std::span(expected->data).subspan(b * bytes(), bytes())))
            << "reader " << i << ", bank " << b << ", cycle " << f_.bench.cycles;
      }
      std::shift_right(coming_[i].begin(), coming_[i].end(), 1);
      coming_[i][0].reset();
    }
  }
  void take_reads(std::uint64_t grants) {
    for (std::size_t i = 0; i < kReaders; ++i) {
      if ((grants >> i & 1) == 0) continue;
      Expected expected{reads_[i]->word, std::vector<std::byte>(banks() * bytes())};
      for (std::size_t b = 0; b < banks(); ++b)
        if (expected.word[b] >= 0)
          std::ranges::copy(std::span(f_.memory).subspan(f_.slot(expected.word[b], static_cast<int>(b)), bytes()),
                            expected.data.begin() + static_cast<std::ptrdiff_t>(b * bytes()));
      coming_[i][0] = expected;
      reads_[i].reset();
    }
  }
  void take_writes(std::uint64_t grants) {
    const Vdut& dut = *f_.bench.dut;
    const std::size_t half = bytes() / 2;
    for (std::size_t i = 0; i < kWriters; ++i) {
      if ((grants >> i & 1) == 0) continue;
      for (std::size_t at = 0; at < 2 * banks(); ++at) {
        const std::size_t b = at / 2, h = at % 2;
        if (writes_[i]->word[b] < 0 || field(dut.write_strobe, static_cast<int>(i * banks() * 2 + at), 1) == 0)
          continue;
        const std::size_t to = f_.slot(writes_[i]->word[b], static_cast<int>(b)) + h * half;
        std::ranges::copy(pin_bytes(dut.write_data).subspan((i * banks() + b) * bytes() + h * half, half),
                          f_.memory.begin() + static_cast<std::ptrdiff_t>(to));
      }
      writes_[i].reset();
    }
  }

  int most_regions_;
  FeatureBench f_;
  std::array<std::optional<Request>, kReaders> reads_;
  std::array<std::optional<Request>, kWriters> writes_;
  std::array<std::array<std::optional<Expected>, kLatency>, kReaders> coming_;  ///< by cycles since the grant
};

int run(int most_regions, std::uint32_t seed, int cycles) {
  Traffic traffic(most_regions, seed);
  for (int i = 0; i < cycles && !testing::Test::HasFatalFailure(); ++i) traffic.cycle();
  return traffic.longest;
}

TEST(FeatureMemory, IsAnArrayOfSlots) {
  run(1, 1, 3000);
  run(2, 2, 3000);
}

TEST(FeatureMemory, LetsNobodyStarve) {
  EXPECT_GE(run(8, 3, 5000), 2) << "the stimulus has no contention";
}

/// Everybody wants the same region always: the last one still gets its turn.
TEST(FeatureMemory, AgesBeatPriority) {
  FeatureBench f(4);
  Request all;
  all.word.assign(static_cast<std::size_t>(f.o.P), 0);
  all.regions = 1;
  std::array<int, kReaders> grants{};
  for (int i = 0; i < kReaders; ++i) f.present(f.bench.dut->read_request, i, all);
  constexpr int kCycles = 1600;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    f.bench.dut->clk = 0;
    f.bench.settle();
    for (std::size_t i = 0; i < kReaders; ++i) grants[i] += f.bench.dut->read_grant >> i & 1;
    f.bench.tick();
  }
  for (std::size_t i = 1; i < kReaders; ++i) EXPECT_GE(grants[i], kCycles / (kAge + kReaders)) << "reader " << i;
  EXPECT_GE(grants[0], kCycles * 3 / 4) << "priority is lost";
}

}  // namespace
}  // namespace heddle::rtl
