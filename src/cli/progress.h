// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace heddle::cli {

/// A bar on standard error for work that takes longer than two seconds; silent when that is not a terminal.
class Progress {
 public:
  Progress(std::string what, std::int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void step(std::int64_t count = 1);

 private:
  using Clock = std::chrono::steady_clock;
  void draw();

  std::string what_;
  std::int64_t total_, done_ = 0;
  Clock::time_point start_ = Clock::now(), drawn_ = start_;
  bool terminal_, visible_ = false;
};

}  // namespace heddle::cli
