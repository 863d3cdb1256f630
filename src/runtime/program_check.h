// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>

#include "base/diagnostic.h"
#include "isa/program.h"
#include "overlay/overlay.h"

namespace heddle::runtime {

using TensorTable = std::map<std::string, const isa::ProgramTensor*, std::less<>>;

/// The program's tensors by name.
[[nodiscard]] TensorTable table_of(const isa::Program& program);

/// Everything that must hold between the parts of a program before a session runs it: every name is known and written
/// before it is read, host operators exist and infer the declared types and shapes, bindings fit their tensors and
/// registers, the overlay is the device's. Collects all findings.
[[nodiscard]] Diagnostics check_program(const isa::Program& program, const overlay::Overlay& overlay);

/// Types and shapes of the operator's results from those of its inputs, compared with the declared ones (a declared −1
/// fits everything).
[[nodiscard]] Diagnostics check_host_operator(const isa::HostOperator& op, std::span<const kernels::TensorInfo> inputs,
                                              const TensorTable& table);

/// "[1, 3, 224, 224]".
[[nodiscard]] std::string shape_text(const Shape& shape);

}  // namespace heddle::runtime
