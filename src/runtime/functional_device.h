// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "runtime/device.h"

namespace heddle::runtime {

struct FunctionalOptions {
  int threads = 0;  ///< processor threads of the machine, all submissions together; 0: one a core
  std::uint64_t memory_bytes = std::uint64_t{64} << 30;  ///< device memory; allocations beyond are refused
  bool reference = false;  ///< execute by the readable loops instead of the fast kernels (slow; for comparisons)
};

/// The functional machine behind the Device interface: bit-exact, no notion of time.
[[nodiscard]] std::shared_ptr<Device> make_functional_device(const overlay::Overlay& overlay,
                                                             const FunctionalOptions& options = {});

}  // namespace heddle::runtime
