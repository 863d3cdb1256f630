// SPDX-License-Identifier: Apache-2.0
#include "kernels/parallel.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>

#include "base/own_threads.h"

namespace heddle::kernels {

void parallel_for(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (count <= 0) return;
  if (count < 2 * grain) {
    body(0, count);
    return;
  }
  if constexpr (kOwnThreads)
    return on_own_threads((count + grain - 1) / grain,
                          [&](std::int64_t k) { body(k * grain, std::min(count, (k + 1) * grain)); });
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, count, static_cast<std::size_t>(grain)),
                    [&](const tbb::blocked_range<std::int64_t>& range) { body(range.begin(), range.end()); });
}

}  // namespace heddle::kernels
