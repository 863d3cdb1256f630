// SPDX-License-Identifier: Apache-2.0
#include "sim/cycle/sharing.h"

#include <algorithm>
#include <span>

#include "sim/cycle/banks.h"

namespace heddle::sim::cycle {
namespace {

using isa::Engine;

/// A requester that lost 15 times in a row goes first (region_arbiter).
constexpr double kLeastShare = 1.0 / 16;

constexpr std::size_t index(Engine engine) {
  return static_cast<std::size_t>(engine);
}

/// One requester of feature memory: which regions, how many requests a cycle it would make.
struct Requester {
  Engine engine;
  PortUse use;
};

/// Slows down those who meet others. `order`: the highest priority first.
void arbitrate(std::span<const Requester> order, std::array<double, isa::kEngines>& speed) {
  for (std::size_t low = 1; low < order.size(); ++low)
    for (std::size_t high = 0; high < low; ++high) {
      const Requester &winner = order[high], &loser = order[low];
      const double chance = meeting(winner.use.regions, loser.use.regions);
      if (chance == 0) continue;
      const double left = std::max(kLeastShare, 1 - winner.use.rate);
      if (loser.use.rate <= left) continue;
      speed[index(loser.engine)] *= 1 - chance * (1 - left / loser.use.rate);
      const double most = 1 - kLeastShare;
      if (winner.use.rate > most) speed[index(winner.engine)] *= 1 - chance * (1 - most / winner.use.rate);
    }
}

/// An AXI channel: reads or writes of one port.
struct Channel {
  std::size_t port;
  bool write;
  double wanted, given;
};

/// Shares DDR fairly: no channel gets more than it wants, and what one does not need goes to the others.
void fill(std::span<Channel> channels, double total) {
  double wanted = 0;
  for (const Channel& channel : channels) wanted += channel.wanted;
  double level = 1;
  for (std::size_t round = 0; wanted > total && round < channels.size(); ++round) {
    double rest = total;
    std::size_t greedy = 0;
    for (const Channel& channel : channels) {
      const bool modest = round > 0 && channel.wanted <= level;
      if (modest)
        rest -= channel.wanted;
      else
        ++greedy;
    }
    if (greedy == 0) break;
    level = rest / static_cast<double>(greedy);
  }
  for (Channel& channel : channels) channel.given = std::min(channel.wanted, level);
}

/// Beats a cycle that an engine's transfer wants of a channel.
double demand(const Flow& flow, std::size_t port, bool write, double speed) {
  if (flow.timing == nullptr || !(write ? flow.timing->writes_ddr : flow.timing->reads_ddr)) return 0;
  return std::min(1.0, flow.wanted[port] * speed);
}

}  // namespace

void share(const Flows& flows, bool fetching, const Parameters& parameters, Rates& rates) {
  std::array<double, isa::kEngines> speed{};
  speed.fill(1);
  std::array<Requester, 3> order;
  const auto collect = [&](std::initializer_list<Engine> engines, PortUse Timing::* use) {
    std::size_t count = 0;
    for (const Engine e : engines)
      if (const Timing* timing = flows[index(e)].timing; timing != nullptr && (timing->*use).regions != 0)
        order[count++] = {e, timing->*use};
    arbitrate(std::span(order).first(count), speed);
  };
  collect({Engine::conv, Engine::stencil, Engine::save}, &Timing::read);
  collect({Engine::conv, Engine::stencil, Engine::load_features}, &Timing::write);

  std::array<Channel, 2 * kMaxPorts> all;
  std::size_t count = 0;
  for (std::size_t port = 0; port < static_cast<std::size_t>(parameters.ports); ++port)
    for (const bool write : {false, true}) {
      double wanted = fetching && port == 0 && !write ? 1 : 0;
      for (std::size_t e = 0; e < isa::kEngines; ++e) wanted += demand(flows[e], port, write, speed[e]);
      if (wanted > 0) all[count++] = {port, write, std::min(1.0, wanted), 0};
    }
  const std::span<Channel> channels(all.data(), count);
  fill(channels, parameters.ddr_beats());
  const bool shared = count > 0 && channels[0].port == 0 && !channels[0].write;  // with the fetch
  rates.fetch = std::min(1.0, parameters.ddr_beats() / static_cast<double>(count + (shared ? 0 : 1)));

  for (std::size_t e = 0; e < isa::kEngines; ++e) {
    rates.lost[e] = 1 - speed[e];
    rates.port[e].fill(0);
    const bool transfers = flows[e].timing != nullptr && flows[e].timing->transfers();
    rates.rate[e] = flows[e].timing == nullptr || transfers ? 0 : flows[e].timing->top_rate * speed[e];
  }
  for (const Channel& channel : channels) {
    // Instructions come in the order of the requests: while they do, nothing else does.
    if (fetching && channel.port == 0 && !channel.write) rates.fetch = channel.given;
    const double open = fetching && channel.port == 0 && !channel.write ? 0 : channel.given;
    std::array<double, isa::kEngines> wanted{};
    double sum = 0, sharers = 0;
    for (std::size_t e = 0; e < isa::kEngines; ++e) {
      wanted[e] = demand(flows[e], channel.port, channel.write, speed[e]);
      sum += wanted[e];
      if (wanted[e] > 0) ++sharers;
    }
    for (std::size_t e = 0; e < isa::kEngines; ++e) {
      if (wanted[e] <= 0) continue;
      const double given = std::min(wanted[e], std::max(open / sharers, open - (sum - wanted[e])));
      rates.port[e][channel.port] = given;
      rates.rate[e] += given;
    }
  }
}

}  // namespace heddle::sim::cycle
