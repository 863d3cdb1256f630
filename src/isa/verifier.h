// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/diagnostic.h"
#include "isa/program.h"
#include "overlay/overlay.h"

namespace heddle::isa {

/// Proves what the last section of docs/isa_semantics.md lists: a segment that passes neither hangs a machine nor reads
/// or writes outside its memories, and its results do not depend on time.
///
/// Diagnostics name the instruction ("conv[12]") and the field. The rules of single instructions are checked for all
/// of them; hazards and deadlock only if those hold. The overlay must be legal (`overlay::check`).
/// Time and memory are linear in the slots that the instructions touch; absurd amounts are refused.
[[nodiscard]] Status verify(const OverlaySegment& segment, const overlay::Overlay& overlay);

}  // namespace heddle::isa
