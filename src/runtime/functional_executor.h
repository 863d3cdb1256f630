// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "runtime/functional_device.h"
#include "runtime/job_device.h"
#include "sim/schedule.h"

/// What the functional and the cycle machine share.
namespace heddle::runtime {

/// All instructions of a segment. Errors: those of isa::decode.
[[nodiscard]] Result<sim::Streams> decode_streams(const isa::OverlaySegment& segment);

/// `threads` = 0 becomes one a core.
[[nodiscard]] FunctionalOptions with_threads(FunctionalOptions options);

/// Runs segments on the functional machine. `options.threads` is settled.
[[nodiscard]] std::unique_ptr<Executor> make_functional_executor(const overlay::Overlay& overlay,
                                                                 const FunctionalOptions& options);

}  // namespace heddle::runtime
