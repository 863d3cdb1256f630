// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/diagnostic.h"
#include "isa/program.h"
#include "overlay/overlay.h"

namespace heddle::isa {

/// Does all that lies around the instructions fit together? The embedded overlay is legal and has the stated
/// fingerprint; every tensor that is read was given or produced before, with a size that fits; host operators exist and
/// infer the stated types and shapes. All findings are collected.
[[nodiscard]] Status check_parts(const Program& program);

/// Is the program complete and harmless? `check_parts`, and then every overlay segment passes `verify`.
[[nodiscard]] Status check_program(const Program& program);

/// How many images a tensor of this shape holds for a binding: its batch; 0 if it does not hold whole images.
[[nodiscard]] std::int64_t images_of(const Binding& binding, const Shape& shape);

/// The overlay that the program was compiled for, from its embedded TOML.
[[nodiscard]] Result<overlay::Overlay> overlay_of(const Program& program);

}  // namespace heddle::isa
