// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "ir/deployment.h"
#include "overlay/overlay.h"
#include "runtime/device.h"

/// The validation environment: float reference, integer reference and program, layer by layer (DNNVM, section 5).
namespace heddle::compiler {

/// The first element in which two levels differ.
struct Difference {
  std::int32_t channel = 0, row = 0, column = 0;
  std::int32_t reference = 0, program = 0;
};

struct LayerReport {
  std::string layer, kind;
  std::vector<std::string> origins;  ///< model nodes
  std::optional<double> sqnr;        ///< dB of the integer reference against float; absent: no float value of that name
  std::optional<Difference> difference;  ///< program against integer reference
};

struct ValidationReport {
  std::vector<LayerReport> layers;
  std::vector<double> output_sqnr;  ///< per graph output, in dB
  [[nodiscard]] const LayerReport* first_difference() const;
};

/// Runs one sample through all three levels. `graph` is the float graph before quantisation, with the same value names.
[[nodiscard]] Result<ValidationReport> validate(const ir::Graph& graph, const ir::Deployment& deployment,
                                                const overlay::Overlay& overlay,
                                                std::shared_ptr<runtime::Device> device,
                                                std::span<const Tensor> inputs);

}  // namespace heddle::compiler
