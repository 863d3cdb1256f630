// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "cli/execution.h"
#include "pose/decode.h"
#include "quant/quantize.h"

/// How well a pose network does in float, and as a program.
namespace heddle::cli {

using People = std::vector<pose::Person>;

/// A pose network with float results for all samples.
struct PoseCase {
  compiler::Model model;
  std::vector<compiler::Sample> samples;
  std::vector<Tensor> maps;    ///< float output per sample
  std::vector<People> people;  ///< decoded from it
  std::int64_t height = 0, width = 0;
};

/// Reads the network and the pictures of a folder, and runs it in float.
[[nodiscard]] Result<PoseCase> prepare_pose(const std::string& model, const std::string& images);

struct PoseQuality {
  double sqnr = 0;        ///< mean over the samples, dB
  double wide_share = 0;  ///< MACs with a 16-bit operand
  std::vector<People> people;
};

/// Quantises the network, and runs its program over all samples.
[[nodiscard]] Result<PoseQuality> measure_pose(const PoseCase& pose, const std::vector<compiler::Sample>& calibration,
                                               const quant::QuantizeOptions& options, const overlay::Overlay& overlay);

}  // namespace heddle::cli
