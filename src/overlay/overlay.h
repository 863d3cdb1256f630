// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

/// Overlays (parameters of one accelerator) and devices (FPGAs), each read from one TOML file.
namespace heddle::overlay {

enum class NumberFormat : std::uint8_t { integer, fp32, bf16 };
enum class Winograd : std::uint8_t { none, f2, f4 };

/// Parameters of an overlay; docs/overlay.md explains each. The defaults are only a start for the TOML reader.
struct Overlay {
  std::string name;
  std::string device;  ///< key of the device file
  NumberFormat format = NumberFormat::integer;
  std::int32_t P = 7, M = 32, N = 16;  ///< output pixels, output channels, input channels in parallel
  std::int32_t acc_depth = 64;         ///< accumulators per lane pair: pixel groups × output blocks kept at once
  std::int32_t weight_cycles = 1;      ///< R: cycles that fill one M×N set of weight registers
  Winograd winograd = Winograd::none;
  std::int32_t stencil_pixels = 4;               ///< pixels of one channel block that STENCIL takes a cycle
  std::int32_t post_lanes = 64;                  ///< results requantised a cycle, k·N
  std::int32_t regions = 8;                      ///< feature memory: independent memories with concatenated addresses
  std::int32_t region_words = 2048;              ///< words per bank of one region
  std::int32_t weight_words = 8192;              ///< weight memory, in words of M·N/R bytes
  std::vector<std::int32_t> weight_bits{16, 8};  ///< stored widths that the decoder supports
  std::int32_t param_words = 4096;               ///< 96-bit words of CONV's parameter memory
  std::int32_t stencil_param_words = 4096;       ///< the same for STENCIL (the other half)
  std::int32_t coefficient_words = 4096;         ///< STENCIL's weights: words of N 16-bit coefficients
  std::int32_t tables = 8;                       ///< activation tables of 257 16-bit entries
  std::int32_t axi_ports = 4, axi_bytes = 16;
  double ddr_gb_per_s = 19.2;    ///< peak of all ports together
  double ddr_efficiency = 0.85;  ///< share of the peak that bursts reach
  double clock_mhz = 330;
  std::int32_t cores = 1;
  /// Optional units: "upsample", "average", "table", "multiply". A program that needs a missing one is refused.
  std::vector<std::string> units{"upsample", "average", "table", "multiply"};

  /// Words per bank of the whole feature memory.
  [[nodiscard]] std::int64_t feature_words() const { return std::int64_t{regions} * region_words; }
  /// Slots (one pixel of one channel block, N bytes in `int`) of the feature memory: feature_words · P.
  [[nodiscard]] std::int64_t feature_slots() const { return feature_words() * P; }
  [[nodiscard]] std::int64_t weight_word_bytes() const { return std::int64_t{M} * N / weight_cycles; }
  [[nodiscard]] bool has_unit(const std::string& unit) const;
  friend bool operator==(const Overlay&, const Overlay&) = default;
};

struct Device {
  std::string name;    ///< key ("zu9")
  std::string part;    ///< "XCZU9EG"
  std::string board;   ///< "ZCU102"
  std::string family;  ///< "xcup", "xc7" or "ecp5"
  std::int64_t lut = 0, ff = 0, dsp = 0, bram36 = 0, uram = 0;
  double ddr_gb_per_s = 0;
  std::string note;  ///< where the figures are from
};

/// Reads and checks an overlay file (unknown keys are errors with "did you mean"), also against its device's totals.
[[nodiscard]] Result<Overlay> read_overlay(const std::string& path);
[[nodiscard]] Result<Device> read_device(const std::string& path);
/// The same from text; `file` names it in diagnostics. parse_overlay calls `check`, but looks for no device file.
[[nodiscard]] Result<Overlay> parse_overlay(std::string_view text, const std::string& file);
[[nodiscard]] Result<Device> parse_device(std::string_view text, const std::string& file);
/// The named overlay or device of the installed `overlays/` and `devices/`, or a path to a TOML file.
/// Installed files are looked for in $HEDDLE_DATA, in ../share/heddle beside the executable, and in the source tree.
[[nodiscard]] Result<Overlay> find_overlay(const std::string& name_or_path);
[[nodiscard]] Result<Device> find_device(const std::string& name_or_path);
/// All legal installed files, sorted by name.
[[nodiscard]] std::vector<Overlay> all_overlays();
[[nodiscard]] std::vector<Device> all_devices();
/// Is it a legal overlay? Every violated rule is one diagnostic with its reason.
[[nodiscard]] Status check(const Overlay& overlay);
/// Does its estimate stay within the totals of the device?
[[nodiscard]] Status check(const Overlay& overlay, const Device& device);
/// Legal, but not advisable: an even P, half-used DSPs. With the device: figures at which timing seldom closes.
[[nodiscard]] std::vector<Diagnostic> warnings(const Overlay& overlay);
[[nodiscard]] std::vector<Diagnostic> warnings(const Overlay& overlay, const Device& device);
/// Hash over what changes bits or addresses: not name, clock, device or DDR speed.
[[nodiscard]] std::uint64_t fingerprint(const Overlay& overlay);
/// All parameters as a TOML file that `parse_overlay` reads back to an equal overlay.
[[nodiscard]] std::string to_toml(const Overlay& overlay);
[[nodiscard]] std::string_view name(NumberFormat format);
[[nodiscard]] std::string_view name(Winograd winograd);

}  // namespace heddle::overlay
