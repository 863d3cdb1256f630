// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/rtl/axi_memory.h"

/// Connects an AxiMemory with the `m_axi_*` pins of a Verilated module: packed arrays over the ports.
namespace heddle::rtl {

static_assert(std::endian::native == std::endian::little, "pins are taken as their bytes");

/// The bytes of a pin; Verilator keeps every width in little-endian words.
template <class Pin>
std::span<const std::byte> pin_bytes(const Pin& pin) {
  return std::as_bytes(std::span(&pin, 1));
}
template <class Pin>
std::span<std::byte> pin_bytes(Pin& pin) {
  return std::as_writable_bytes(std::span(&pin, 1));
}

/// Bits [bit, bit + width) of a pin, width at most 56.
template <class Pin>
std::uint64_t pin_bits(const Pin& pin, int bit, int width) {
  const std::span<const std::byte> bytes = pin_bytes(pin);
  std::uint64_t value = 0;
  for (int at = bit / 8; at * 8 < bit + width; ++at)
    value |= std::to_integer<std::uint64_t>(bytes[static_cast<std::size_t>(at)]) << ((at - bit / 8) * 8);
  return (value >> (bit % 8)) & ((std::uint64_t{1} << width) - 1);
}
/// Sets bits [bit, bit + width) of a pin, width at most 8.
template <class Pin>
void set_pin_bits(Pin& pin, int bit, int width, unsigned value) {
  const std::span<std::byte> bytes = pin_bytes(pin);
  for (int i = 0; i < width; ++i) {
    std::byte& byte = bytes[static_cast<std::size_t>(bit + i) / 8];
    const std::byte mask{static_cast<unsigned char>(1U << ((bit + i) % 8))};
    byte = ((value >> i) & 1) != 0 ? byte | mask : byte & ~mask;
  }
}

/// What the module drives on a port.
template <class Dut>
AxiMaster sample_axi(const Dut& dut, int port, int beat_bytes) {
  AxiMaster in;
  const auto address = [&](const auto& pin) {
    return pin_bits(pin, 64 * port, 32) | pin_bits(pin, 64 * port + 32, 32) << 32;
  };
  in.ar_valid = pin_bits(dut.m_axi_arvalid, port, 1) != 0;
  if (in.ar_valid) {
    in.ar_address = address(dut.m_axi_araddr);
    in.ar_len = static_cast<std::uint8_t>(pin_bits(dut.m_axi_arlen, 8 * port, 8));
    in.ar_id = static_cast<std::uint8_t>(pin_bits(dut.m_axi_arid, 2 * port, 2));
  }
  in.r_ready = pin_bits(dut.m_axi_rready, port, 1) != 0;
  in.aw_valid = pin_bits(dut.m_axi_awvalid, port, 1) != 0;
  if (in.aw_valid) {
    in.aw_address = address(dut.m_axi_awaddr);
    in.aw_len = static_cast<std::uint8_t>(pin_bits(dut.m_axi_awlen, 8 * port, 8));
    in.aw_id = static_cast<std::uint8_t>(pin_bits(dut.m_axi_awid, 2 * port, 2));
  }
  in.w_valid = pin_bits(dut.m_axi_wvalid, port, 1) != 0;
  if (in.w_valid) {
    const auto bytes = static_cast<std::size_t>(beat_bytes);
    std::ranges::copy(pin_bytes(dut.m_axi_wdata).subspan(bytes * static_cast<std::size_t>(port), bytes),
                      in.w_data.begin());
    for (int i = 0; i < beat_bytes; ++i)
      in.w_strobe[static_cast<std::size_t>(i)] = pin_bits(dut.m_axi_wstrb, beat_bytes * port + i, 1) != 0;
    in.w_last = pin_bits(dut.m_axi_wlast, port, 1) != 0;
  }
  in.b_ready = pin_bits(dut.m_axi_bready, port, 1) != 0;
  return in;
}

/// Drives a port of the module with what the memory drives.
template <class Dut>
void drive_axi(Dut& dut, int port, int beat_bytes, const AxiSlave& out) {
  set_pin_bits(dut.m_axi_arready, port, 1, out.ar_ready ? 1 : 0);
  set_pin_bits(dut.m_axi_rvalid, port, 1, out.r_valid ? 1 : 0);
  if (out.r_valid) {
    const auto bytes = static_cast<std::size_t>(beat_bytes);
    std::ranges::copy(std::span(out.r_data).first(bytes),
                      pin_bytes(dut.m_axi_rdata).subspan(bytes * static_cast<std::size_t>(port), bytes).begin());
    set_pin_bits(dut.m_axi_rresp, 2 * port, 2, static_cast<unsigned>(out.r_response));
    set_pin_bits(dut.m_axi_rlast, port, 1, out.r_last ? 1 : 0);
    set_pin_bits(dut.m_axi_rid, 2 * port, 2, out.r_id);
  }
  set_pin_bits(dut.m_axi_awready, port, 1, out.aw_ready ? 1 : 0);
  set_pin_bits(dut.m_axi_wready, port, 1, out.w_ready ? 1 : 0);
  set_pin_bits(dut.m_axi_bvalid, port, 1, out.b_valid ? 1 : 0);
  set_pin_bits(dut.m_axi_bresp, 2 * port, 2, static_cast<unsigned>(out.b_response));
}

}  // namespace heddle::rtl
