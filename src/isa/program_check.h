// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/diagnostic.h"
#include "isa/program.h"
#include "overlay/overlay.h"

namespace heddle::isa {

/// Is the program complete and harmless? The embedded overlay is legal and has the stated fingerprint; every tensor
/// that is read was given or produced before, with a size that fits; host operators exist and infer the stated types
/// and shapes; every overlay segment passes `verify`. All findings are collected.
[[nodiscard]] Status check_program(const Program& program);

/// The overlay that the program was compiled for, from its embedded TOML.
[[nodiscard]] Result<overlay::Overlay> overlay_of(const Program& program);

}  // namespace heddle::isa
