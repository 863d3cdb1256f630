// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <thread>

namespace heddle {

/// ThreadSanitizer does not see inside TBB's library and would report every parallel loop; its builds run them on
/// threads of their own.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kOwnThreads = true;
#elif defined(__has_feature)
inline constexpr bool kOwnThreads = __has_feature(thread_sanitizer);
#else
inline constexpr bool kOwnThreads = false;
#endif

/// f(0) … f(count − 1) on three threads.
template <class F>
void on_own_threads(std::int64_t count, const F& f) {
  std::atomic<std::int64_t> next = 0;
  const auto work = [&] {
    for (std::int64_t k = next++; k < count; k = next++) f(k);
  };
  std::array<std::thread, 2> others{std::thread(work), std::thread(work)};
  work();
  for (std::thread& other : others) other.join();
}

}  // namespace heddle
