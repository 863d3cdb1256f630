// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace heddle::cli {
namespace {

constexpr std::chrono::milliseconds kSilence{2000}, kRefresh{100};
constexpr std::int64_t kWidth = 30;

}  // namespace

Progress::Progress(std::string what, std::int64_t total)
    : what_(std::move(what)), total_(std::max<std::int64_t>(total, 1)), terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (visible_) std::fputs("\r\033[K", stderr);
}

void Progress::step(std::int64_t count) {
  done_ = std::min(done_ + count, total_);
  const Clock::time_point now = Clock::now();
  if (terminal_ && now - start_ > kSilence && now - drawn_ > kRefresh) draw();
}

void Progress::draw() {
  drawn_ = Clock::now();
  visible_ = true;
  const double elapsed = std::chrono::duration<double>(drawn_ - start_).count();
  const double left = done_ == 0 ? 0 : elapsed * static_cast<double>(total_ - done_) / static_cast<double>(done_);
  const auto filled = static_cast<std::size_t>(kWidth * done_ / total_);
  const std::string bar = std::string(filled, '#') + std::string(static_cast<std::size_t>(kWidth) - filled, '.');
  std::fputs(fmt::format("\r\033[K{} [{}] {}/{}, {:.0f} s left", what_, bar, done_, total_, left).c_str(), stderr);
}

}  // namespace heddle::cli
