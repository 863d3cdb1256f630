// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "cli/bench.h"
#include "cosim/rtl_device.h"

/// Parts of the table `cosim`; each adds its rows.
namespace heddle::cli {

/// An overlay with the library of its Verilated model.
struct BenchModel {
  overlay::Overlay overlay;
  cosim::ModelLibrary library;
};
/// Builds the model if there is none, and says so on stderr.
[[nodiscard]] Result<BenchModel> open_bench_model(const std::string& overlay);

/// Layers on chip: how busy the array is. A layer bound by DDR: its share of the modelled bandwidth.
Status add_layer_rows(const BenchModel& model, std::vector<BenchRow>& rows);
/// Cycles a second of the simulation, on a layer that keeps the whole array busy.
Status add_rtl_speed_rows(const BenchModel& model, std::vector<BenchRow>& rows);
/// A compiled network on the Verilated overlay and on the functional machine: values that differ, cycles, seconds.
/// `pictures` are for the calibration, as `heddle quantize --calibration` takes them; "" means noise.
Status add_network_rows(const std::string& name, const std::string& model, const std::string& pictures,
                        const overlay::Overlay& overlay, std::vector<BenchRow>& rows);

}  // namespace heddle::cli
