// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "base/diagnostic.h"
#include "isa/program.h"

/// The FlatBuffer inside a program file; used by container.cpp only.
namespace heddle::isa {

/// Precondition: the program's raw data is well below 2 GiB.
[[nodiscard]] std::vector<std::byte> to_payload(const Program& program);
/// Errors: not a FlatBuffer of this schema, unknown codes, data that does not fit its shape. No semantic checks.
/// `payload` must be aligned to 8 bytes.
[[nodiscard]] Result<Program> from_payload(std::span<const std::byte> payload);

}  // namespace heddle::isa
