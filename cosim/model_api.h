// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

/// What a Verilated overlay in a shared library (model_wrapper.cpp) and the program that loads it agree upon.
namespace heddle::cosim {

inline constexpr std::uint32_t kModelApiVersion = 2;
inline constexpr int kMaxPorts = 16;
inline constexpr int kMaxBeatBytes = 128;

/// The pins of the overlay but for the clock. Of arrays, element p belongs to AXI port p; of masks, bit p. Payload is
/// meaningful where its `valid` is set.
struct Pins {
  // ---- To the overlay.
  std::uint8_t rst = 0;
  std::uint8_t s_awvalid = 0, s_wvalid = 0, s_bready = 1, s_arvalid = 0, s_rready = 1;
  std::uint32_t s_awaddr = 0, s_wdata = 0, s_araddr = 0;
  std::uint32_t ar_ready = 0, r_valid = 0, r_last = 0, aw_ready = 0, w_ready = 0, b_valid = 0;
  std::uint8_t r_response[kMaxPorts] = {}, r_id[kMaxPorts] = {}, b_response[kMaxPorts] = {};
  alignas(8) std::uint8_t r_data[kMaxPorts][kMaxBeatBytes] = {};
  // ---- From the overlay.
  std::uint8_t irq = 0;
  std::uint8_t s_awready = 0, s_wready = 0, s_bvalid = 0, s_arready = 0, s_rvalid = 0;
  std::uint32_t s_rdata = 0;
  std::uint32_t ar_valid = 0, r_ready = 0, aw_valid = 0, w_valid = 0, w_last = 0, b_ready = 0;
  std::uint64_t ar_address[kMaxPorts] = {}, aw_address[kMaxPorts] = {};
  std::uint8_t ar_len[kMaxPorts] = {}, ar_id[kMaxPorts] = {}, aw_len[kMaxPorts] = {}, aw_id[kMaxPorts] = {};
  alignas(8) std::uint8_t w_data[kMaxPorts][kMaxBeatBytes] = {};
  alignas(8) std::uint8_t w_strobe[kMaxPorts][kMaxBeatBytes / 8] = {};  ///< bit i of the little-endian number: byte i
  // ---- Looked at inside. Of masks, bit e belongs to engine e.
  std::uint8_t running = 0;                       ///< a run's cycle
  std::uint8_t taken = 0, started = 0, done = 0;  ///< into set-up, into execution, complete: an instruction each
};

struct ModelApi {
  std::uint32_t version;
  std::uint32_t ports, beat_bytes;
  /// A machine; `seed` gives the contents of what is not reset (if the model was built to randomise it).
  void* (*create)(std::uint32_t seed);
  void (*destroy)(void* machine);
  /// The low phase of the clock: pins to the overlay are applied, pins from it are read.
  void (*settle)(void* machine, Pins* pins);
  /// The rising edge. 0 if an assertion failed.
  int (*clock)(void* machine);
};

/// Name of the function `const ModelApi* heddle_cosim_model()` in the library.
inline constexpr const char* kModelSymbol = "heddle_cosim_model";

}  // namespace heddle::cosim
