// SPDX-License-Identifier: Apache-2.0
#include "xrt/card_executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace heddle::xrt {
namespace {

/// The memory of one run, on the card: a buffer a base register.
using RunBuffers = std::array<Buffer, isa::kBaseRegisters>;

/// What a resident segment has on the card. Buffers of runs that are over are used again.
struct Resident final : runtime::Executor::Prepared {
  std::array<Buffer, isa::kEngines> streams;
  Buffer constants;
  mutable std::mutex mutex;
  mutable std::vector<RunBuffers> idle;
};

bool is_read(std::size_t base) {
  return base != isa::kConstants && base != isa::kScratch;
}
bool is_written(std::size_t base) {
  return base == isa::kOutputs;
}

class CardExecutor final : public runtime::Executor {
 public:
  CardExecutor(const overlay::Overlay& overlay, std::unique_ptr<Card> card, const CardOptions& options)
      : beat_bytes_(overlay.axi_bytes), options_(options), card_(std::move(card)) {}

  Result<std::shared_ptr<const Prepared>> prepare(const isa::OverlaySegment& segment) override {
    auto resident = std::make_shared<Resident>();
    for (std::size_t e = 0; e < isa::kEngines; ++e)
      if (Status status = place(std::as_bytes(std::span(segment.streams[e])), resident->streams[e]); !status)
        return fail(status.error());
    if (Status status = place(segment.constants, resident->constants); !status) return fail(status.error());
    return resident;
  }

  Result<runtime::Completion> execute(const isa::OverlaySegment& segment, const Prepared& prepared,
                                      const Memory& memory) override {
    const auto& resident = static_cast<const Resident&>(prepared);
    auto buffers = take_buffers(resident, memory);
    if (!buffers) return fail(buffers.error());
    for (std::size_t base = 0; base < memory.size(); ++base) {
      if (!is_read(base)) continue;
      std::ranges::copy(memory[base], (*buffers)[base].host().begin());
      if (Status status = (*buffers)[base].to_card(); !status) return fail(status.error());
    }
    auto report = run(segment, resident, *buffers);
    if (!report) return fail(report.error());
    if (!report->status.done) return fail(run_error(segment, *report));
    for (std::size_t base = 0; base < memory.size(); ++base) {
      if (!is_written(base)) continue;
      if (Status status = (*buffers)[base].from_card(); !status) return fail(status.error());
      std::ranges::copy((*buffers)[base].host().first(memory[base].size()), memory[base].begin());
    }
    const std::lock_guard lock(resident.mutex);
    resident.idle.push_back(std::move(*buffers));
    return runtime::Completion{.counters = std::move(report->counters)};
  }

 private:
  Status place(std::span<const std::byte> bytes, Buffer& buffer) {
    auto allocated = card_->allocate(bytes.size());
    if (!allocated) return fail(allocated.error());
    buffer = std::move(*allocated);
    std::ranges::copy(bytes, buffer.host().begin());
    return buffer.to_card();
  }

  /// Buffers of an earlier run where they are large enough.
  Result<RunBuffers> take_buffers(const Resident& resident, const Memory& memory) {
    RunBuffers buffers;
    {
      const std::lock_guard lock(resident.mutex);
      if (!resident.idle.empty()) {
        buffers = std::move(resident.idle.back());
        resident.idle.pop_back();
      }
    }
    for (std::size_t base = 0; base < memory.size(); ++base) {
      if (base == isa::kConstants || memory[base].size() <= buffers[base].host().size()) continue;
      auto allocated = card_->allocate(memory[base].size());
      if (!allocated) return fail(allocated.error());
      buffers[base] = std::move(*allocated);
    }
    return buffers;
  }

  Result<hardware::RunReport> run(const isa::OverlaySegment& segment, const Resident& resident,
                                  const RunBuffers& buffers) {
    hardware::RunPlaces places;
    for (std::size_t base = 0; base < buffers.size(); ++base) places.bases[base] = buffers[base].address();
    places.bases[isa::kConstants] = resident.constants.address();
    for (std::size_t e = 0; e < isa::kEngines; ++e)
      places.streams[e] = {resident.streams[e].address(), static_cast<std::uint32_t>(segment.streams[e].size())};
    const std::lock_guard lock(card_mutex_);
    if (Status status = hardware::start_run(*card_, places, options_.watchdog); !status) return fail(status.error());
    if (Status status = wait_for_end(); !status) return fail(status.error());
    return hardware::read_report(*card_, beat_bytes_);
  }

  Status wait_for_end() {
    const auto begin = std::chrono::steady_clock::now();
    while (true) {
      const auto word = card_->read_register(hardware::registers::kStatus.offset);
      if (!word) return fail(word.error());
      const hardware::RunStatus status = hardware::run_status(*word);
      if (!status.running || status.error) return {};
      if (std::chrono::steady_clock::now() - begin > options_.longest_run)
        return fail({.code = "xrt.timeout",
                     .message = fmt::format("the run has not ended after {} ms", options_.longest_run.count()),
                     .hint = "reset the card (xbutil reset)"});
      std::this_thread::sleep_for(options_.between_polls);
    }
  }

  const int beat_bytes_;
  const CardOptions options_;
  const std::unique_ptr<Card> card_;
  std::mutex card_mutex_;  ///< of registers: one run at a time
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string plugin_path() {
  namespace fs = std::filesystem;
  fs::path folder = environment("HEDDLE_PLUGIN_DIR");
  if (folder.empty()) folder = executable_folder();
  return (folder / "libheddle_xrt.so").string();
}

Result<unsigned> card_number() {
  const std::string text = environment("HEDDLE_CARD");
  unsigned number = 0;
  if (text.empty()) return number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return number;
  return fail({.code = "xrt.card",
               .message = fmt::format("'{}' is no number of a card", text),
               .field = "HEDDLE_CARD",
               .hint = "cards are numbered from 0 as `xbutil examine` lists them"});
}

}  // namespace

Result<std::unique_ptr<runtime::Executor>> make_card_executor(const overlay::Overlay& overlay,
                                                              std::unique_ptr<Card> card, const CardOptions& options) {
  if (Status status = hardware::check_identity(*card, overlay); !status) return fail(status.error());
  return std::make_unique<CardExecutor>(overlay, std::move(card), options);
}

Result<std::unique_ptr<runtime::Executor>> make_xrt_executor(const overlay::Overlay& overlay) {
  const auto library = open_card_library(plugin_path());
  if (!library) return fail(library.error());
  const auto number = card_number();
  if (!number) return fail(number.error());
  const std::string binary = environment("HEDDLE_XCLBIN");
  auto card = Card::open(*library, binary, *number);
  if (!card) return fail(card.error());
  return make_card_executor(overlay, std::move(*card));
}

}  // namespace heddle::xrt
