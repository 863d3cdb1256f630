// SPDX-License-Identifier: Apache-2.0
// record_pins OVERLAY FILE: runs small networks on the Verilated overlay, one after the other, and writes its pins, a
// line a cycle: what testbench.sv reads.
#include <fmt/format.h>
#include <fmt/os.h>

#include "tests/rtl/cosim/cosim_kit.h"
#include "tests/unit/codegen/hand_networks.h"

namespace heddle::test {
namespace {

/// Elements of `bytes` bytes, port 0 last: a vector over the ports as one number.
template <class Array>
std::string wide(const Array& array, std::uint32_t ports, std::size_t bytes) {
  std::string text;
  for (std::uint32_t p = ports; p-- > 0;)
    for (std::size_t b = bytes; b-- > 0;)
      text += fmt::format("{:02x}", reinterpret_cast<const std::uint8_t*>(&array[p])[b]);
  return text;
}
/// The same of elements of `bits` bits.
template <class Array>
std::string narrow(const Array& array, std::uint32_t ports, int bits) {
  std::uint64_t value = 0;
  for (std::uint32_t p = ports; p-- > 0;) value = value << bits | array[p];
  return fmt::format("{:x}", value);
}

std::string line(const cosim::Pins& p, std::uint32_t ports, std::size_t bytes) {
  std::uint64_t strobes = 0;
  for (std::uint32_t port = ports; port-- > 0;)
    for (std::size_t b = (bytes + 7) / 8; b-- > 0;)
      strobes = strobes << std::min<std::size_t>(8, bytes) | p.w_strobe[port][b];
  std::string text = fmt::format("{:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x} {:x}", p.rst, p.s_awvalid, p.s_wvalid,
                                 p.s_bready, p.s_arvalid, p.s_rready, p.s_awaddr, p.s_wdata, p.s_araddr);
  text +=
      fmt::format(" {:x} {:x} {:x} {:x} {:x} {:x}", p.ar_ready, p.r_valid, p.r_last, p.aw_ready, p.w_ready, p.b_valid);
  text += ' ' + narrow(p.r_response, ports, 2) + ' ' + narrow(p.r_id, ports, 2) + ' ' + narrow(p.b_response, ports, 2) +
          ' ' + wide(p.r_data, ports, bytes);
  text += fmt::format(" {:x} {:x} {:x} {:x} {:x} {:x} {:x}", p.irq, p.s_awready, p.s_wready, p.s_bvalid, p.s_arready,
                      p.s_rvalid, p.s_rdata);
  text +=
      fmt::format(" {:x} {:x} {:x} {:x} {:x} {:x}", p.ar_valid, p.r_ready, p.aw_valid, p.w_valid, p.w_last, p.b_ready);
  text += ' ' + wide(p.ar_address, ports, 8) + ' ' + wide(p.ar_len, ports, 1) + ' ' + narrow(p.ar_id, ports, 2) + ' ' +
          wide(p.aw_address, ports, 8) + ' ' + wide(p.aw_len, ports, 1) + ' ' + narrow(p.aw_id, ports, 2) + ' ' +
          wide(p.w_data, ports, bytes);
  return text + fmt::format(" {:x}\n", strobes);
}

struct Run {
  std::string name;
  ir::Network network;
  std::uint64_t cycles = 0;
};

/// As many of the small networks as fit into that many cycles, the shortest first.
int record(const std::string& name, const std::string& path, std::uint64_t most_cycles) {
  const RtlOverlay& rtl = RtlOverlay::get(name);
  std::vector<Run> runs;
  for (auto& [network_name, network] : hand_networks()) {
    cosim::Machine machine(rtl.library, machine_options(rtl.overlay, 2));
    if (const auto right = runs_on(machine, network, rtl.overlay); !right) {
      fmt::print(stderr, "{}: {}\n", network_name, right.message());
      return 1;
    }
    runs.push_back({network_name, std::move(network), machine.cycles()});
  }
  std::ranges::sort(runs, {}, &Run::cycles);
  auto file = fmt::output_file(path);
  cosim::Machine machine(rtl.library, machine_options(rtl.overlay, 2));
  machine.watch(
      [&](const cosim::Pins& pins) { file.print("{}", line(pins, rtl.library.ports(), rtl.library.beat_bytes())); });
  for (const Run& run : runs) {
    if (machine.cycles() + run.cycles > most_cycles) break;
    fmt::print("{} ", run.name);
    if (!runs_on(machine, run.network, rtl.overlay)) return 1;
  }
  fmt::print("\n");
  return machine.cycles() > 0 ? 0 : 1;
}

}  // namespace
}  // namespace heddle::test

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: record_pins OVERLAY FILE CYCLES\n");
    return 1;
  }
  return heddle::test::record(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10));
}
