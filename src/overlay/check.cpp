// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <set>

#include "overlay/estimate.h"
#include "overlay/overlay.h"

namespace heddle::overlay {
namespace {

constexpr std::array<std::string_view, 4> kUnits{"upsample", "average", "table", "multiply"};
constexpr std::int64_t kMaxMemoryBytes = std::int64_t{128} << 20;  // no FPGA has more on chip

/// Collects violated rules.
struct Rules {
  Diagnostics list;

  void require(bool holds, std::string field, std::string message, std::string hint = "") {
    if (holds) return;
    list.push_back(
        {.code = "overlay.rule", .message = std::move(message), .field = std::move(field), .hint = std::move(hint)});
  }
  void range(std::int64_t value, std::int64_t low, std::int64_t high, std::string field, const std::string& why) {
    require(low <= value && value <= high, std::move(field),
            fmt::format("is {}; it must lie in {} ... {} ({})", value, low, high, why));
  }
  void positive(double value, std::string field) {
    require(std::isfinite(value) && value > 0 && value < 1e6, std::move(field),
            fmt::format("is {}; it must be positive", value));
  }
};

void check_array(const Overlay& o, Rules& rules) {
  rules.range(o.P, 1, 32, "P", "src_bank has 5 bits");
  rules.range(o.M, 1, 512, "M", "a block of output channels");
  rules.range(o.N, 1, 128, "N", "a slot");
  if (!rules.list.empty()) return;  // the rules below divide by these
  const auto lanes = static_cast<std::uint32_t>(o.N);
  rules.require(std::has_single_bit(lanes), "N",
                fmt::format("is {}; it must be a power of two, so that bytes of DDR split into slots", o.N),
                fmt::format("N = {}", std::bit_floor(lanes)));
  if (o.format == NumberFormat::integer) {
    rules.require(o.M % 2 == 0, "M", fmt::format("is {}; it must be even, because wide mode halves it", o.M));
    rules.require(o.N % 2 == 0, "N", fmt::format("is {}; it must be even: a slot holds N/2 channels of 16 bits", o.N));
  }
  rules.require(o.M % o.N == 0, "M", fmt::format("is {}; it must be a multiple of N = {}", o.M, o.N),
                fmt::format("M = {}", std::max(1, (o.M + o.N / 2) / o.N) * o.N));
  const bool integer_winograd = o.format == NumberFormat::integer && o.winograd != Winograd::none;
  rules.require(!integer_winograd || o.M % (2 * o.N) == 0, "M",
                fmt::format("is {}; with Winograd it must be a multiple of 2N = {}", o.M, 2 * o.N));
  const bool power = std::has_single_bit(static_cast<std::uint32_t>(o.weight_cycles)) && o.weight_cycles <= 8;
  rules.require(o.weight_cycles > 0 && power, "weight_cycles",
                fmt::format("is {}; legal are 1, 2, 4, 8", o.weight_cycles));
  if (o.weight_cycles > 0)
    rules.require(o.M * o.N % o.weight_cycles == 0, "weight_cycles",
                  fmt::format("is {}; it must divide M*N = {}", o.weight_cycles, o.M * o.N));
  rules.require(o.acc_depth == 64 || o.acc_depth == 128, "acc_depth",
                fmt::format("is {}; legal are 64, 128", o.acc_depth));
  rules.require(o.winograd != Winograd::f4 || o.acc_depth >= 36 * o.weight_cycles, "acc_depth",
                fmt::format("is {}; Winograd F4 keeps 36 points for weight_cycles = {} cycles: at least {}",
                            o.acc_depth, o.weight_cycles, 36 * o.weight_cycles));
}

void check_units(const Overlay& o, Rules& rules) {
  rules.range(o.stencil_pixels, 1, o.P, "stencil_pixels", "at most one pixel a bank");
  const std::int64_t macs = std::int64_t{o.P} * o.M * o.N;
  rules.require(o.post_lanes > 0 && o.post_lanes % o.N == 0 && o.post_lanes / o.N <= o.P, "post_lanes",
                fmt::format("is {}; it must be k*N with N = {} and 1 <= k <= P = {}", o.post_lanes, o.N, o.P));
  rules.require(std::int64_t{o.post_lanes} * 64 >= macs, "post_lanes",
                fmt::format("is {}; at least P*M*N/64 = {:.6g} are needed, or draining sets the pace", o.post_lanes,
                            static_cast<double>(macs) / 64));
  std::set<std::string> seen;
  const std::vector<std::string> legal(kUnits.begin(), kUnits.end());
  for (const std::string& unit : o.units) {
    const std::string near = nearest(unit, legal);
    rules.require(std::find(legal.begin(), legal.end(), unit) != legal.end(), "units",
                  fmt::format("'{}' is unknown; legal are upsample, average, table, multiply", unit),
                  near.empty() ? "" : "did you mean '" + near + "'?");
    rules.require(seen.insert(unit).second, "units", fmt::format("'{}' is listed twice", unit));
  }
}

void check_memories(const Overlay& o, Rules& rules) {
  rules.range(o.regions, 4, 64, "regions", "two layers' sources and destinations at once");
  rules.range(o.region_words, 1, 1 << 20, "region_words", "src_word has 20 bits");
  rules.range(o.feature_words(), 1, 1 << 20, "region_words", "regions*region_words words; src_word has 20 bits");
  rules.range(o.weight_words, 1, 1 << 24, "weight_words", "weight_address has 24 bits");
  rules.range(o.param_words, 64, 1 << 14, "param_words", "param_address has 14 bits");
  rules.range(o.stencil_param_words, 64, 1 << 14, "stencil_param_words", "param_address has 14 bits");
  rules.require(o.param_words % 2 == 0, "param_words", "must be even: the memory is read in pairs of words");
  rules.require(o.stencil_param_words % 2 == 0, "stencil_param_words",
                "must be even: the memory is read in pairs of words");
  rules.range(o.coefficient_words, 64, 1 << 16, "coefficient_words", "coefficient_address has 16 bits");
  rules.range(o.tables, o.has_unit("table") ? 1 : 0, 255, "tables", "8 bits of the post descriptor");
  rules.range(o.feature_slots() * o.N, 1, kMaxMemoryBytes, "region_words", "bytes of feature memory");
  if (o.weight_cycles > 0)
    rules.range(o.weight_words * o.weight_word_bytes(), 1, kMaxMemoryBytes, "weight_words", "bytes of weight memory");
  rules.require(!o.weight_bits.empty(), "weight_bits", "names no width");
  std::set<std::int32_t> seen;
  for (const std::int32_t width : o.weight_bits) {
    const bool legal = width == 16 || width == 8 || width == 4 || width == 2 || width == 1;
    rules.require(legal, "weight_bits", fmt::format("has {}; legal are 16, 8, 4, 2, 1", width));
    rules.require(seen.insert(width).second, "weight_bits", fmt::format("lists {} twice", width));
  }
  if (o.format == NumberFormat::integer)
    rules.require(seen.contains(16) && seen.contains(8), "weight_bits", "must have 16 and 8 in the integer overlay");
}

void check_interfaces(const Overlay& o, Rules& rules) {
  rules.range(o.axi_ports, 1, 16, "axi_ports", "ports");
  const bool power = o.axi_bytes > 0 && std::has_single_bit(static_cast<std::uint32_t>(o.axi_bytes));
  rules.require(power && 4 <= o.axi_bytes && o.axi_bytes <= 128, "axi_bytes",
                fmt::format("is {}; AXI allows powers of two, here 4 ... 128", o.axi_bytes));
  rules.positive(o.ddr_gb_per_s, "ddr_gb_per_s");
  rules.positive(o.clock_mhz, "clock_mhz");
  rules.require(o.ddr_efficiency > 0 && o.ddr_efficiency <= 1, "ddr_efficiency",
                fmt::format("is {}; it is a share, above 0 and at most 1", o.ddr_efficiency));
  rules.range(o.cores, 1, 16, "cores", "copies");
}

Diagnostic warning(std::string field, std::string message, std::string hint = "") {
  return {.code = "overlay.warning", .message = std::move(message), .field = std::move(field), .hint = std::move(hint)};
}

}  // namespace

bool Overlay::has_unit(const std::string& unit) const {
  return std::find(units.begin(), units.end(), unit) != units.end();
}

Status check(const Overlay& overlay) {
  Rules rules;
  check_array(overlay, rules);
  if (overlay.P >= 1 && overlay.M >= 1 && overlay.N >= 1) {
    check_units(overlay, rules);
    check_memories(overlay, rules);
  }
  check_interfaces(overlay, rules);
  if (!rules.list.empty()) return fail(std::move(rules.list));
  return {};
}

Status check(const Overlay& overlay, const Device& device) {
  const Resources used = estimate(overlay, device);
  Rules rules;
  const auto total = [&](std::int64_t need, std::int64_t have, const char* what) {
    rules.require(need <= have, what,
                  fmt::format("about {} needed (estimate), but {} ({}) has {}", need, device.name, device.part, have));
  };
  total(used.dsp, device.dsp, "dsp");
  total((used.bram18 + 1) / 2, device.bram36, "bram36");
  total(used.uram, device.uram, "uram");
  if (!rules.list.empty()) return fail(std::move(rules.list));
  return {};
}

std::vector<Diagnostic> warnings(const Overlay& overlay) {
  std::vector<Diagnostic> list;
  if (overlay.P % 2 == 0)
    list.push_back(
        warning("P", fmt::format("is even ({}): every access of a layer with stride 2 meets bank conflicts", overlay.P),
                fmt::format("P = {} or {}", overlay.P - 1, overlay.P + 1)));
  return list;
}

std::vector<Diagnostic> warnings(const Overlay& overlay, const Device& device) {
  std::vector<Diagnostic> list = warnings(overlay);
  if (overlay.format == NumberFormat::integer && device.family != "ecp5" && overlay.N % 8 != 0)
    list.push_back(warning(
        "N", fmt::format("is {}; packed DSPs work in chains of 8, so a multiple of 8 uses all of them", overlay.N)));
  const Resources used = estimate(overlay, device);
  const auto ceiling = [&](double need, double have, double share, const char* what) {
    if (need > share * have)
      list.push_back(warning(what, fmt::format("about {:.0f} of {:.0f} (estimate); timing seldom closes above {:.0f} %",
                                               need, have, 100 * share)));
  };
  const bool integer = overlay.format == NumberFormat::integer;
  const std::int64_t dsps = integer ? plan_dsps(overlay, device).required * overlay.cores : used.dsp;
  ceiling(static_cast<double>(dsps), static_cast<double>(device.dsp), 0.80, "dsp");
  ceiling(static_cast<double>(used.bram18) / 2, static_cast<double>(device.bram36), 0.88, "bram36");
  ceiling(static_cast<double>(used.uram), static_cast<double>(device.uram), 0.88, "uram");
  if (overlay.ddr_gb_per_s > device.ddr_gb_per_s * 1.001)
    list.push_back(warning("ddr_gb_per_s",
                           fmt::format("is {}; {} has {}", overlay.ddr_gb_per_s, device.name, device.ddr_gb_per_s)));
  return list;
}

}  // namespace heddle::overlay
