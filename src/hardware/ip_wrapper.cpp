// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <bit>

#include "hardware/export.h"
#include "hardware/registers.h"

namespace heddle::hardware {
namespace {

struct Port {
  std::string_view name;
  bool output;
  int width;   ///< bits; 0: beat, −1: bytes of a beat
  bool array;  ///< connected to heddle_overlay, which has it for all ports together
};

constexpr std::array<Port, 37> kMaster{{
    {"arvalid", true, 1, true},  {"arready", false, 1, true}, {"araddr", true, 64, true},  {"arlen", true, 8, true},
    {"arid", true, 2, true},     {"arsize", true, 3, false},  {"arburst", true, 2, false}, {"arlock", true, 1, false},
    {"arcache", true, 4, false}, {"arprot", true, 3, false},  {"arqos", true, 4, false},   {"rvalid", false, 1, true},
    {"rready", true, 1, true},   {"rdata", false, 0, true},   {"rresp", false, 2, true},   {"rlast", false, 1, true},
    {"rid", false, 2, true},     {"awvalid", true, 1, true},  {"awready", false, 1, true}, {"awaddr", true, 64, true},
    {"awlen", true, 8, true},    {"awid", true, 2, true},     {"awsize", true, 3, false},  {"awburst", true, 2, false},
    {"awlock", true, 1, false},  {"awcache", true, 4, false}, {"awprot", true, 3, false},  {"awqos", true, 4, false},
    {"wvalid", true, 1, true},   {"wready", false, 1, true},  {"wdata", true, 0, true},    {"wstrb", true, -1, true},
    {"wlast", true, 1, true},    {"bvalid", false, 1, true},  {"bready", true, 1, true},   {"bresp", false, 2, true},
    {"bid", false, 2, false},
}};

struct Slave {
  std::string_view name;
  bool output;
  int width;
};

constexpr std::array<Slave, 19> kSlave{{
    {"awvalid", false, 1},
    {"awready", true, 1},
    {"awaddr", false, kRegisterAddressBits},
    {"awprot", false, 3},
    {"wvalid", false, 1},
    {"wready", true, 1},
    {"wdata", false, 32},
    {"wstrb", false, 4},
    {"bvalid", true, 1},
    {"bready", false, 1},
    {"bresp", true, 2},
    {"arvalid", false, 1},
    {"arready", true, 1},
    {"araddr", false, kRegisterAddressBits},
    {"arprot", false, 3},
    {"rvalid", true, 1},
    {"rready", false, 1},
    {"rdata", true, 32},
    {"rresp", true, 2},
}};

std::string range(int width) {
  return width == 1 ? "" : fmt::format("[{}:0] ", width - 1);
}

int width_of(const Port& port, const overlay::Overlay& o) {
  return port.width > 0 ? port.width : port.width == 0 ? 8 * o.axi_bytes : o.axi_bytes;
}

std::string declarations(const overlay::Overlay& o) {
  std::string out = "    input  wire clk,\n    input  wire resetn,\n    output wire irq,\n";
  for (const Slave& s : kSlave)
    out += fmt::format("    {} wire {}s_axi_{},\n", s.output ? "output" : "input ", range(s.width), s.name);
  for (int q = 0; q < o.axi_ports; ++q)
    for (const Port& p : kMaster)
      out += fmt::format("    {} wire {}m{:02}_axi_{},\n", p.output ? "output" : "input ", range(width_of(p, o)), q,
                         p.name);
  out.erase(out.size() - 2, 1);  // the last comma
  return out;
}

/// {m01_axi_x, m00_axi_x}: port 0 has the lowest bits.
std::string all_ports(std::string_view name, const overlay::Overlay& o) {
  std::string out;
  for (int q = o.axi_ports - 1; q >= 0; --q) out += fmt::format("{}m{:02}_axi_{}", out.empty() ? "" : ", ", q, name);
  return "{" + out + "}";
}

std::string constants(const overlay::Overlay& o) {
  const int size = std::countr_zero(static_cast<unsigned>(o.axi_bytes));
  std::string out;
  for (int q = 0; q < o.axi_ports; ++q)
    for (const char channel : {'r', 'w'}) {
      const std::string name = fmt::format("m{:02}_axi_a{}", q, channel);
      out += fmt::format("  assign {}size = 3'd{};\n  assign {}burst = 2'b01;  // INCR\n", name, size, name);
      out += fmt::format("  assign {}lock = 1'b0;\n  assign {}cache = 4'b0011;  // normal, bufferable\n", name, name);
      out += fmt::format("  assign {}prot = 3'b000;\n  assign {}qos = 4'd0;\n", name, name);
    }
  return out;
}

}  // namespace

std::string ip_wrapper(const overlay::Overlay& o) {
  std::string out =
      "// SPDX-License-Identifier: Apache-2.0\n"
      "// heddle_overlay with one AXI bundle a port, as block designs want it. Generated; do not edit.\n"
      "/* verilator lint_off UNUSEDSIGNAL */  // members of the bundles that the overlay does not need\n"
      "module heddle_ip (\n" +
      declarations(o) + ");\n";
  out +=
      "  // The overlay's reset is synchronous, active high and several cycles long.\n"
      "  reg [3:0] rst = 4'hf;\n"
      "  always @(posedge clk) rst <= {rst[2:0], ~resetn};\n\n" +
      constants(o) + "\n  heddle_overlay overlay (\n      .clk(clk), .rst(|rst), .irq(irq),\n";
  for (const Slave& s : kSlave)
    if (!s.name.ends_with("prot")) out += fmt::format("      .s_axi_{0}(s_axi_{0}),\n", s.name);
  for (const Port& p : kMaster)
    if (p.array) out += fmt::format("      .m_axi_{}({}),\n", p.name, all_ports(p.name, o));
  out.erase(out.size() - 2, 1);
  return out + "  );\nendmodule\n";
}

}  // namespace heddle::hardware
