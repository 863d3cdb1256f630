// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "ir/network.h"

namespace heddle::codegen {

struct Options {
  std::vector<ir::MapId> expose;  ///< maps to SAVE as further outputs, behind the network's own (validation)
  bool fuse = true;               ///< take an addition into the convolution before it where the bits allow
  bool in_place = true;           ///< write into the concat's buffer, over a residual that is read no more
};

}  // namespace heddle::codegen
