// SPDX-License-Identifier: Apache-2.0
#include "cosim/ddr_model.h"

#include <algorithm>
#include <cstring>

namespace heddle::cosim {
namespace {

constexpr std::int64_t kCreditUnit = 1024;
constexpr std::size_t kMaxViolations = 20;

bool has(std::uint32_t mask, int port) {
  return (mask >> port & 1) != 0;
}
void set(std::uint32_t& mask, int port, bool value) {
  mask = (mask & ~(1U << port)) | static_cast<std::uint32_t>(value) << port;
}

}  // namespace

DdrModel::DdrModel(const DdrOptions& options)
    : options_(options), random_(options.seed), ports_(static_cast<std::size_t>(options.ports)) {
  income_ = static_cast<std::int64_t>(options.bytes_per_cycle * kCreditUnit);
  most_ = kCreditUnit * options.beat_bytes * options.ports + income_;
}

void DdrModel::set_windows(std::vector<DdrWindow> windows) {
  windows_ = std::move(windows);
  last_window_ = 0;
}

void DdrModel::reset() {
  for (Port& port : ports_) port = {};
  read_mask_ = response_mask_ = held_ar_ = held_aw_ = held_w_ = 0;
}

bool DdrModel::idle() const {
  return read_mask_ == 0 && response_mask_ == 0 && std::ranges::all_of(ports_, [](const Port& p) {
           return p.reads.empty() && p.writes.empty() && p.responses.empty() && p.early.empty();
         });
}

bool DdrModel::chance(double probability) {
  return probability > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < probability;
}

std::uint64_t DdrModel::ready_cycle(std::uint64_t address, bool write) {
  const int latency = options_.min_latency == options_.max_latency
                          ? options_.min_latency
                          : std::uniform_int_distribution<int>(options_.min_latency, options_.max_latency)(random_);
  return cycle_ + static_cast<std::uint64_t>(latency) + (delay_ ? delay_(address, write) : 0);
}

const DdrWindow* DdrModel::window_of(std::uint64_t address) {
  const auto inside = [&](const DdrWindow& w) { return address >= w.base && address - w.base < w.bytes.size(); };
  if (last_window_ < windows_.size() && inside(windows_[last_window_])) return &windows_[last_window_];
  const auto found = std::ranges::find_if(windows_, inside);
  if (found == windows_.end()) return nullptr;
  last_window_ = static_cast<std::size_t>(found - windows_.begin());
  return &*found;
}

Response DdrModel::access(std::uint64_t address, bool write) {
  const DdrWindow* window = window_of(address);
  if (window == nullptr) return Response::decode_error;
  if (write && !window->writable) return Response::slave_error;
  return fault_ ? fault_(address, write) : Response::okay;
}

void DdrModel::violation(const char* text) {
  if (violations_.size() < kMaxViolations) violations_.emplace_back(text);
}

void DdrModel::check_burst(std::uint64_t address, int beats) {
  const auto bytes = static_cast<std::uint64_t>(options_.beat_bytes);
  if (address % bytes != 0) violation("an address lies between beats");
  if (address % 4096 + static_cast<std::uint64_t>(beats) * bytes > 4096) violation("a burst crosses a 4 KB boundary");
}

/// What was offered and not taken must still be offered, unchanged.
void DdrModel::check_stable(const Pins& pins) {
  if ((held_ar_ | held_aw_ | held_w_) != 0) {
    if ((held_ar_ & ~pins.ar_valid) != 0 || (held_aw_ & ~pins.aw_valid) != 0 || (held_w_ & ~pins.w_valid) != 0)
      violation("a valid was withdrawn before it was taken");
    for (int p = 0; p < options_.ports; ++p) {
      const bool address = has(held_ar_, p) && (pins.ar_address[p] != held_.ar_address[p] ||
                                                pins.ar_len[p] != held_.ar_len[p] || pins.ar_id[p] != held_.ar_id[p]);
      const bool write =
          has(held_aw_, p) && (pins.aw_address[p] != held_.aw_address[p] || pins.aw_len[p] != held_.aw_len[p]);
      const bool data = has(held_w_, p) && (std::memcmp(pins.w_data[p], held_.w_data[p],
                                                        static_cast<std::size_t>(options_.beat_bytes)) != 0 ||
                                            has(pins.w_last, p) != has(held_.w_last, p));
      if (address || write || data) violation("a payload changed before it was taken");
    }
  }
  held_ar_ = pins.ar_valid & ~pins.ar_ready;
  held_aw_ = pins.aw_valid & ~pins.aw_ready;
  held_w_ = pins.w_valid & ~pins.w_ready;
  if ((held_ar_ | held_aw_ | held_w_) != 0) held_ = pins;
}

void DdrModel::drive(Pins& pins) {
  ++cycle_;
  if (income_ > 0) credit_ = std::min(credit_ + income_, most_);
  pins.r_valid = read_mask_;
  pins.b_valid = response_mask_;
  const bool open = income_ == 0 || credit_ > 0;
  const int first = first_port_;
  for (int i = 0; i < options_.ports; ++i) {
    const int p = first + i < options_.ports ? first + i : first + i - options_.ports;
    Port& port = ports_[static_cast<std::size_t>(p)];
    if (!has(read_mask_, p) && !port.reads.empty()) drive_read(p, pins);
    if (!has(response_mask_, p) && !port.responses.empty() && port.responses.front().ready <= cycle_ &&
        !chance(options_.stall)) {
      pins.b_response[p] = static_cast<std::uint8_t>(port.responses.front().response);
      port.responses.pop_front();
      set(pins.b_valid, p, true);
    }
    set(pins.ar_ready, p, port.reads.size() < options_.outstanding && !chance(options_.stall));
    set(pins.aw_ready, p, port.writes.size() + port.responses.size() < options_.outstanding && !chance(options_.stall));
    set(pins.w_ready, p, open && port.early.size() < 2 && !chance(options_.stall));
  }
}

void DdrModel::drive_read(int p, Pins& pins) {
  Port& port = ports_[static_cast<std::size_t>(p)];
  if ((income_ > 0 && credit_ <= 0) || chance(options_.stall)) return;
  std::size_t chosen = 0;
  if (options_.interleave) {
    const std::uint8_t id = port.reads[random_() % port.reads.size()].id;
    chosen = static_cast<std::size_t>(std::ranges::find(port.reads, id, &Burst::id) - port.reads.begin());
  }
  Burst& burst = port.reads[chosen];
  if (burst.ready > cycle_) return;
  if (income_ > 0) credit_ -= kCreditUnit * options_.beat_bytes;
  first_port_ = p + 1 < options_.ports ? p + 1 : 0;
  const Response response = access(burst.address, false);
  if (response == Response::okay) {
    const DdrWindow* window = window_of(burst.address);
    const std::uint64_t offset = burst.address - window->base;
    const auto bytes = static_cast<std::size_t>(options_.beat_bytes);
    const std::size_t count = std::min<std::size_t>(bytes, window->bytes.size() - offset);
    std::memcpy(pins.r_data[p], window->bytes.data() + offset, count);
    if (count < bytes) std::memset(pins.r_data[p] + count, 0, bytes - count);
  }
  pins.r_response[p] = static_cast<std::uint8_t>(response);
  pins.r_id[p] = burst.id;
  set(pins.r_valid, p, true);
  set(pins.r_last, p, burst.beats == 1);
  read_bytes_ += static_cast<std::uint64_t>(options_.beat_bytes);
  burst.address += static_cast<std::uint64_t>(options_.beat_bytes);
  if (--burst.beats == 0) port.reads.erase(port.reads.begin() + static_cast<std::ptrdiff_t>(chosen));
}

void DdrModel::clock(const Pins& pins) {
  check_stable(pins);
  read_mask_ = pins.r_valid & ~pins.r_ready;
  response_mask_ = pins.b_valid & ~pins.b_ready;
  const std::uint32_t busy = (pins.ar_valid & pins.ar_ready) | pins.aw_valid | pins.w_valid;
  if (busy == 0) return;
  for (int p = 0; p < options_.ports; ++p)
    if (has(busy, p)) {
      take_read_address(p, pins);
      take_write(p, pins);
    }
}

void DdrModel::take_read_address(int p, const Pins& pins) {
  if (!has(pins.ar_valid & pins.ar_ready, p)) return;
  check_burst(pins.ar_address[p], pins.ar_len[p] + 1);
  ports_[static_cast<std::size_t>(p)].reads.push_back({.address = pins.ar_address[p],
                                                       .beats = pins.ar_len[p] + 1,
                                                       .id = pins.ar_id[p],
                                                       .ready = ready_cycle(pins.ar_address[p], false)});
}

void DdrModel::take_write(int p, const Pins& pins) {
  Port& port = ports_[static_cast<std::size_t>(p)];
  if (has(pins.aw_valid & pins.aw_ready, p)) {
    check_burst(pins.aw_address[p], pins.aw_len[p] + 1);
    port.writes.push_back({.address = pins.aw_address[p], .beats = pins.aw_len[p] + 1, .id = pins.aw_id[p]});
  }
  if (has(pins.w_valid & pins.w_ready, p)) {
    if (income_ > 0) credit_ -= kCreditUnit * options_.beat_bytes;
    written_bytes_ += static_cast<std::uint64_t>(options_.beat_bytes);
    Beat& beat = port.early.emplace_back();
    std::memcpy(beat.data.data(), pins.w_data[p], static_cast<std::size_t>(options_.beat_bytes));
    std::memcpy(beat.strobe.data(), pins.w_strobe[p], beat.strobe.size());
    beat.last = has(pins.w_last, p);
  }
  while (!port.early.empty() && !port.writes.empty()) {
    Burst& burst = port.writes.front();
    write_beat(burst, port.early.front());
    port.early.pop_front();
    if (burst.beats > 0) continue;
    burst.ready = ready_cycle(burst.address, true);  // behind its last byte
    port.responses.push_back(burst);
    port.writes.pop_front();
  }
}

void DdrModel::write_beat(Burst& burst, const Beat& beat) {
  if (beat.last != (burst.beats == 1)) violation("the last beat of a write burst is not marked as such");
  const Response response = access(burst.address, true);
  if (response == Response::okay) {
    const DdrWindow* window = window_of(burst.address);
    const std::uint64_t offset = burst.address - window->base;
    const std::size_t count =
        std::min<std::size_t>(static_cast<std::size_t>(options_.beat_bytes), window->bytes.size() - offset);
    for (std::size_t i = 0; i < count; ++i)
      if ((beat.strobe[i / 8] >> (i % 8) & 1) != 0) window->bytes[offset + i] = static_cast<std::byte>(beat.data[i]);
  }
  burst.response = std::max(burst.response, response);
  burst.address += static_cast<std::uint64_t>(options_.beat_bytes);
  --burst.beats;
}

}  // namespace heddle::cosim
