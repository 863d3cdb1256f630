// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "overlay/overlay.h"

/// The hardware side of an overlay: the SystemVerilog packages that parametrise `rtl/`.
namespace heddle::hardware {

/// `overlay_pkg.sv`: the parameters of one overlay as constants. The overlay must be legal. `device` chooses the dot
/// products of rtl/device, which have a latency of their own, and which multipliers are DSPs; without one they are
/// portable.
[[nodiscard]] std::string overlay_package(const overlay::Overlay& overlay, const overlay::Device* device = nullptr);
/// `isa_pkg.sv`: opcodes, codes and the packed structs of all instruction formats, from the one table of formats.
[[nodiscard]] std::string isa_package();

}  // namespace heddle::hardware
