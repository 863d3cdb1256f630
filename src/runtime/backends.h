// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <span>
#include <string_view>

#include "runtime/device.h"
#include "runtime/functional_device.h"

namespace heddle::runtime {

/// Names of all backends. What a backend needs and does not find, make_device says.
[[nodiscard]] std::span<const std::string_view> backend_names();

/// A device by the name of its backend ("functional", "cycle", "rtl", "xrt"). Errors: unknown name, backend not
/// available.
[[nodiscard]] Result<std::shared_ptr<Device>> make_device(std::string_view name, const overlay::Overlay& overlay,
                                                          const FunctionalOptions& options = {});

}  // namespace heddle::runtime
