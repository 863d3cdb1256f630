// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "cli/bench.h"
#include "cli/fit_resources.h"
#include "hardware/synthesis.h"
#include "overlay/estimate.h"
#include "overlay/resource_model.h"

namespace heddle::cli {
namespace {

using hardware::Synthesis;

std::string size_name(const Synthesis& s) {
  return s.overlay.name + "-" + s.family;
}

bool is_fitted(const Synthesis& s) {
  return std::ranges::find(overlay::fitted_sizes(), size_name(s)) != overlay::fitted_sizes().end();
}

/// The size's device, with the family for which it was synthesised.
Result<overlay::Device> device_of(const Synthesis& s) {
  auto device = overlay::find_device(s.overlay.device);
  if (device) device->family = s.family;
  return device;
}

double error_percent(double estimate, std::int64_t truth) {
  return 100 * std::abs(estimate - static_cast<double>(truth)) / static_cast<double>(std::max<std::int64_t>(truth, 1));
}

BenchRow row(std::string name, std::string unit, std::optional<double> goal, bool least, double value,
             std::string how) {
  return {std::move(name), std::move(unit), {}, goal, least, value, std::move(how)};
}

/// The model against a size: errors of LUT and FF, differences of what must be exact.
Status add_size(const Synthesis& s, std::vector<BenchRow>& rows) {
  const auto device = device_of(s);
  if (!device) return fail(device.error());
  const overlay::Resources e = overlay::estimate(s.overlay, *device);
  const std::string name = size_name(s), how = is_fitted(s) ? "fitted to it" : "estimate";
  const auto add = [&](const char* what, const char* unit, double goal, double value) {
    rows.push_back(row(fmt::format("{}-{}", name, what), unit, goal, false, value, how));
  };
  add("lut-error", "%", 10, error_percent(static_cast<double>(e.lut), s.total.lut));
  add("ff-error", "%", 10, error_percent(static_cast<double>(e.ff), s.total.ff));
  add("dsp-difference", "", 0, std::abs(static_cast<double>(e.dsp - s.total.dsp)));
  add("bram18-difference", "", 0, std::abs(static_cast<double>(e.bram18 - s.total.bram18)));
  add("uram-difference", "", 0, std::abs(static_cast<double>(e.uram - s.total.uram)));
  return {};
}

/// The largest stored size for a ZU9: how much of the device it takes.
Status add_packing(const std::vector<Synthesis>& sizes, std::vector<BenchRow>& rows) {
  const auto macs = [](const Synthesis& s) { return std::int64_t{s.overlay.P} * s.overlay.M * s.overlay.N; };
  const Synthesis* best = nullptr;
  for (const Synthesis& s : sizes)
    if (s.overlay.device == "zu9" && s.family == "xcup" && (best == nullptr || macs(s) > macs(*best))) best = &s;
  if (best == nullptr) return {};
  const auto device = device_of(*best);
  if (!device) return fail(device.error());
  const auto share = [](std::int64_t used, std::int64_t all) {
    return 100 * static_cast<double>(used) / static_cast<double>(all);
  };
  const std::string name = size_name(*best);
  rows.push_back(row("zu9-macs-per-cycle", "MAC", 4000, true, static_cast<double>(macs(*best)), name));
  rows.push_back(row("zu9-dsp", "DSP", 2520, false, static_cast<double>(best->total.dsp), name));
  rows.push_back(row("zu9-lut-share", "%", 70, false, share(best->total.lut, device->lut), name));
  rows.push_back(row("zu9-bram-share", "%", 88, false, share(best->total.bram18, 2 * device->bram36), name));
  return {};
}

}  // namespace

BenchTable bench_resources(const BenchOptions& options) {
  const auto sizes = hardware::stored_syntheses();
  if (!sizes) return fail(sizes.error());
  if (!options.fit.empty()) {
    const Status fitted = fit_resources(*sizes, options.fit);
    if (!fitted) return fail(fitted.error());
  }
  std::vector<BenchRow> rows;
  const double fitted = static_cast<double>(std::ranges::count_if(*sizes, is_fitted));
  const double all = static_cast<double>(sizes->size());
  rows.push_back(row("synthesised-sizes", "", 12, true, all, "synthesis"));
  rows.push_back(row("fitted-share", "%", 50, false, all == 0 ? 0 : 100 * fitted / all, "synthesis"));
  for (const Synthesis& s : *sizes)
    if (const Status added = add_size(s, rows); !added) return fail(added.error());
  if (const Status added = add_packing(*sizes, rows); !added) return fail(added.error());
  return rows;
}

}  // namespace heddle::cli
