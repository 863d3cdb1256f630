// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>

namespace heddle::kernels {

/// Runs body(begin, end) over disjoint pieces of [0, count), on all cores when there are at least two pieces of
/// `grain` indices. Pieces may run in any order; results must not depend on where the borders lie.
void parallel_for(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body);

/// Grain for a loop whose indices cost about `operations` each: pieces of some 50 µs.
[[nodiscard]] constexpr std::int64_t grain_for(std::int64_t operations) {
  return operations >= 65536 ? 1 : 65536 / (operations < 1 ? 1 : operations);
}

}  // namespace heddle::kernels
