// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "quant/calibrate.h"
#include "quant/plan.h"

namespace heddle::quant {

/// Cross-layer equalisation (Nagel et al., Data-Free Quantization, ICCV 2019), for weights with a scale per output
/// channel: where one weighted node feeds only one other, directly or through Relu or LeakyRelu, channel c between them
/// is divided by s_c and the next node's weights are multiplied by it. s_c balances the channel's share of the
/// activation's range against its share of the next node's weights; a depthwise reader has a scale per channel and
/// takes all of it. The function of the graph stays the same. Returns the number of pairs.
int equalize(ir::Graph& graph, const Plan& plan, const Calibration& calibration);

}  // namespace heddle::quant
