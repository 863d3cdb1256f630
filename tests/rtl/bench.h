// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <type_traits>

#include "Vdut.h"
#include "cosim/coverage.h"
#include "overlay/overlay.h"
#include "verilated.h"

// The C++ types of ports depend on their widths, and these on the overlay.
#pragma GCC diagnostic ignored "-Wconversion"

/// What the unit benches share: the Verilated module `Vdut`, its clock, and the overlay that it was built for.
namespace heddle::rtl {

inline overlay::Overlay bench_overlay() {
  const std::string own = std::string(HEDDLE_TESTS_DIR) + "/rtl/overlays/" RTL_OVERLAY ".toml";
  auto overlay = overlay::find_overlay(own);
  if (!overlay) overlay = overlay::find_overlay(RTL_OVERLAY);
  EXPECT_TRUE(overlay);
  return *overlay;
}

inline int index_bits(std::int64_t n) {
  int bits = 1;
  while ((std::int64_t{1} << bits) < n) ++bits;
  return bits;
}

/// Bits [bit, bit + width) of a port, width at most 64. Ports of up to 64 bits are integers, wider ones arrays of
/// 32-bit words.
template <class Vector>
std::uint64_t field(const Vector& vector, int bit, int width) {
  std::uint64_t value = 0;
  for (int i = 0; i < width; ++i) {
    std::uint64_t word = 0;
    if constexpr (std::is_integral_v<Vector>)
      word = vector >> (bit + i);
    else
      word = vector.at(static_cast<std::size_t>(bit + i) / 32) >> ((bit + i) % 32);
    value |= (word & 1) << i;
  }
  return value;
}
template <class Vector>
void set_field(Vector& vector, int bit, int width, std::uint64_t value) {
  for (int i = 0; i < width; ++i) {
    const std::uint64_t one = (value >> i) & 1;
    if constexpr (std::is_integral_v<Vector>) {
      vector = static_cast<Vector>((vector & ~(std::uint64_t{1} << (bit + i))) | (one << (bit + i)));
    } else {
      auto& word = vector.at(static_cast<std::size_t>(bit + i) / 32);
      word = (word & ~(1U << ((bit + i) % 32))) | (static_cast<std::uint32_t>(one) << ((bit + i) % 32));
    }
  }
}

/// The module with its clock. Inputs are set between `tick`s; outputs that follow inputs combinationally need `settle`.
struct Bench {
  VerilatedContext context;
  std::unique_ptr<Vdut> dut = std::make_unique<Vdut>(&context);

  Bench() { reset(); }
  ~Bench() {
    dut->final();
    cosim::add_coverage(context);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void settle() { dut->eval(); }
  void tick() {
    dut->clk = 0;
    dut->eval();
    dut->clk = 1;
    dut->eval();
    ++cycles;
  }
  void reset() {
    dut->rst = 1;
    tick();
    tick();
    dut->rst = 0;
  }
  std::uint64_t cycles = 0;
};

}  // namespace heddle::rtl
