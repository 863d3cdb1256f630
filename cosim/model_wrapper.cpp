// SPDX-License-Identifier: Apache-2.0
// The Verilated overlay behind model_api.h. Compiled once an overlay, against its class Vdut (see build_model.cpp).
#include <algorithm>
#include <cstring>
#include <memory>

#include "Vdut.h"
#include "Vdut___024root.h"
#include "cosim/coverage.h"
#include "cosim/model_api.h"
#include "verilated.h"

namespace heddle::cosim {
namespace {

constexpr int kPorts = HEDDLE_AXI_PORTS, kBytes = HEDDLE_AXI_BYTES;

struct Machine {
  VerilatedContext context;
  std::unique_ptr<Vdut> dut;
};

/// `bits` bits from bit `at` of a packed array over the ports, which Verilator keeps in little-endian words.
template <class Pin>
std::uint64_t get(const Pin& pin, int at, int bits) {
  std::uint64_t value = 0;
  std::memcpy(&value, reinterpret_cast<const unsigned char*>(&pin) + at / 8,
              std::min<std::size_t>(8, sizeof(Pin) - static_cast<std::size_t>(at / 8)));
  value >>= at % 8;
  return bits == 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}
template <class Pin>
void put(Pin& pin, std::uint32_t value) {
  pin = static_cast<Pin>(value);
}
template <class Pin>
void put2(Pin& pin, int port, unsigned value) {
  unsigned char& byte = reinterpret_cast<unsigned char*>(&pin)[port / 4];
  const int shift = 2 * (port % 4);
  byte = static_cast<unsigned char>((byte & ~(3U << shift)) | value << shift);
}
template <class Pin>
unsigned char* bytes_of(Pin& pin, int port) {
  return reinterpret_cast<unsigned char*>(&pin) + port * kBytes;
}

void* create(std::uint32_t seed) {
  auto machine = std::make_unique<Machine>();
  machine->context.fatalOnError(false);
  machine->context.randSeed(static_cast<int>(seed == 0 ? 1 : seed));
  machine->context.randReset(2);
  Verilated::threadContextp(&machine->context);
  machine->dut = std::make_unique<Vdut>(&machine->context);
  return machine.release();
}

void destroy(void* handle) {
  const std::unique_ptr<Machine> machine(static_cast<Machine*>(handle));
  Verilated::threadContextp(&machine->context);
  machine->dut->final();
  add_coverage(machine->context);
  machine->dut.reset();
}

void apply(Vdut& dut, const Pins& pins) {
  dut.rst = pins.rst;
  dut.s_axi_awvalid = pins.s_awvalid;
  put(dut.s_axi_awaddr, pins.s_awaddr);
  dut.s_axi_wvalid = pins.s_wvalid;
  dut.s_axi_wdata = pins.s_wdata;
  dut.s_axi_wstrb = 15;
  dut.s_axi_bready = pins.s_bready;
  dut.s_axi_arvalid = pins.s_arvalid;
  put(dut.s_axi_araddr, pins.s_araddr);
  dut.s_axi_rready = pins.s_rready;
  put(dut.m_axi_arready, pins.ar_ready);
  put(dut.m_axi_rvalid, pins.r_valid);
  put(dut.m_axi_rlast, pins.r_last);
  put(dut.m_axi_awready, pins.aw_ready);
  put(dut.m_axi_wready, pins.w_ready);
  put(dut.m_axi_bvalid, pins.b_valid);
  if ((pins.r_valid | pins.b_valid) == 0) return;
  for (int p = 0; p < kPorts; ++p) {
    if ((pins.r_valid >> p & 1) != 0) {
      std::memcpy(bytes_of(dut.m_axi_rdata, p), pins.r_data[p], kBytes);
      put2(dut.m_axi_rresp, p, pins.r_response[p]);
      put2(dut.m_axi_rid, p, pins.r_id[p]);
    }
    if ((pins.b_valid >> p & 1) != 0) put2(dut.m_axi_bresp, p, pins.b_response[p]);
  }
}

void sample(Vdut& dut, Pins& pins) {
  pins.irq = dut.irq;
  pins.s_awready = dut.s_axi_awready;
  pins.s_wready = dut.s_axi_wready;
  pins.s_bvalid = dut.s_axi_bvalid;
  pins.s_arready = dut.s_axi_arready;
  pins.s_rvalid = dut.s_axi_rvalid;
  pins.s_rdata = dut.s_axi_rdata;
  pins.ar_valid = dut.m_axi_arvalid;
  pins.r_ready = dut.m_axi_rready;
  pins.aw_valid = dut.m_axi_awvalid;
  pins.w_valid = dut.m_axi_wvalid;
  pins.w_last = dut.m_axi_wlast;
  pins.b_ready = dut.m_axi_bready;
  const auto& inside = *dut.rootp;
  pins.running = inside.heddle_overlay__DOT__enable;
  pins.taken = inside.heddle_overlay__DOT__instr_valid & inside.heddle_overlay__DOT__instr_ready;
  pins.started = inside.heddle_overlay__DOT__start_valid & inside.heddle_overlay__DOT__start_ready;
  pins.done = inside.heddle_overlay__DOT__done;
  if ((pins.ar_valid | pins.aw_valid | pins.w_valid) == 0) return;
  for (int p = 0; p < kPorts; ++p) {
    if ((pins.ar_valid >> p & 1) != 0) {
      pins.ar_address[p] = get(dut.m_axi_araddr, 64 * p, 64);
      pins.ar_len[p] = static_cast<std::uint8_t>(get(dut.m_axi_arlen, 8 * p, 8));
      pins.ar_id[p] = static_cast<std::uint8_t>(get(dut.m_axi_arid, 2 * p, 2));
    }
    if ((pins.aw_valid >> p & 1) != 0) {
      pins.aw_address[p] = get(dut.m_axi_awaddr, 64 * p, 64);
      pins.aw_len[p] = static_cast<std::uint8_t>(get(dut.m_axi_awlen, 8 * p, 8));
      pins.aw_id[p] = static_cast<std::uint8_t>(get(dut.m_axi_awid, 2 * p, 2));
    }
    if ((pins.w_valid >> p & 1) != 0) {
      std::memcpy(pins.w_data[p], bytes_of(dut.m_axi_wdata, p), kBytes);
      for (int b = 0; b < (kBytes + 7) / 8; ++b)
        pins.w_strobe[p][b] =
            static_cast<std::uint8_t>(get(dut.m_axi_wstrb, kBytes * p + 8 * b, std::min(8, kBytes - 8 * b)));
    }
  }
}

void settle(void* handle, Pins* pins) {
  Machine& machine = *static_cast<Machine*>(handle);
  Verilated::threadContextp(&machine.context);  // machines may move from thread to thread
  machine.context.assertOn(pins->rst == 0);     // registers begin with anything
  Vdut& dut = *machine.dut;
  apply(dut, *pins);
  dut.clk = 0;
  dut.eval();
  sample(dut, *pins);
}

int clock(void* handle) {
  Machine& machine = *static_cast<Machine*>(handle);
  machine.dut->clk = 1;
  machine.dut->eval();
  return machine.context.gotError() || machine.context.gotFinish() ? 0 : 1;
}

constexpr ModelApi kApi{kModelApiVersion, kPorts, kBytes, create, destroy, settle, clock};

}  // namespace
}  // namespace heddle::cosim

extern "C" __attribute__((visibility("default"))) const heddle::cosim::ModelApi* heddle_cosim_model() {
  return &heddle::cosim::kApi;
}
