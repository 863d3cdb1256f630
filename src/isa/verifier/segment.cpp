// SPDX-License-Identifier: Apache-2.0
// Sizes, bindings and layer spans of a segment: everything but its instructions.
#include <fmt/format.h>

#include <algorithm>

#include "isa/names.h"
#include "isa/verifier/context.h"

namespace heddle::isa::verifier {
namespace {

constexpr std::int64_t kMaxBytes = std::int64_t{1} << 32;  // a machine allocates what a segment asks for
constexpr std::size_t kMaxInstructions = std::size_t{1} << 24;
/// Slots of scratch and outputs whose state is tracked, 8 bytes each.
constexpr std::int64_t kMaxTrackedSlots = std::int64_t{1} << 27;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

void check_sizes(Context& c) {
  const auto size = [&](std::int64_t bytes, const char* field) {
    if (bytes < 0 || bytes > kMaxBytes)
      c.add("isa.segment.size", field, fmt::format("is {}; legal are 0 ... {}", bytes, kMaxBytes));
  };
  size(c.segment.scratch_bytes, "scratch_bytes");
  size(c.segment.input_bytes, "input_bytes");
  size(c.segment.output_bytes, "output_bytes");
  if (!c.findings.empty()) return;
  const std::int64_t slots = (c.segment.scratch_bytes + c.segment.output_bytes) / c.overlay.N;
  if (slots > kMaxTrackedSlots)
    c.add("isa.segment.size", "scratch_bytes",
          fmt::format("scratch and outputs have {} slots together; at most {} are verified", slots, kMaxTrackedSlots));
  for (const Engine engine : kAllEngines)
    if (c.segment.streams[static_cast<std::size_t>(engine)].size() > kMaxInstructions)
      c.add("isa.segment.size", std::string(name(engine)),
            fmt::format("has more than {} instructions", kMaxInstructions));
}

/// Every channel stands in exactly one place, inside the blocks.
bool legal_channel_map(const Binding& b, std::int64_t lane_count) {
  std::vector<ChannelSegment> map = b.channel_map;
  const auto blocks = [&](const ChannelSegment& s) { return ceil_div(s.count, lane_count); };
  for (const ChannelSegment& s : map)
    if (s.count <= 0 || s.block < 0 || s.block + blocks(s) > b.blocks) return false;
  std::sort(map.begin(), map.end(), [](const auto& x, const auto& y) { return x.block < y.block; });
  for (std::size_t i = 1; i < map.size(); ++i)
    if (map[i - 1].block + blocks(map[i - 1]) > map[i].block) return false;
  std::sort(map.begin(), map.end(), [](const auto& x, const auto& y) { return x.logical < y.logical; });
  std::int64_t next = 0;
  for (const ChannelSegment& s : map) {
    if (s.logical != next) return false;
    next += s.count;
  }
  return next == b.channels;
}

void check_binding(Context& c, const Binding& b, std::uint8_t base, const char* kind) {
  const std::int64_t n = c.overlay.N;
  const std::string field = fmt::format("{} '{}'", kind, b.tensor);
  const auto refuse = [&](std::string message) { c.add("isa.binding", field, std::move(message)); };
  if (b.base != base) return refuse(fmt::format("base register is {}; it must be {}", b.base, base));
  if (b.type != DataType::i8 && b.type != DataType::i16)
    return refuse(fmt::format("element type is {}; legal are i8, i16", name(b.type)));
  if (b.channels < 1 || b.height < 1 || b.width < 1 || b.blocks < 1)
    return refuse("channels, height, width and blocks must be positive");
  const std::int64_t limit = base_bytes(c.segment, base) / n;
  if (b.offset < 0 || b.offset % n != 0 || b.offset / n > limit)
    return refuse(fmt::format("offset is {}; it must be a multiple of {} inside {} bytes", b.offset, n, limit * n));
  // Divisions, because products of unchecked sizes could overflow.
  const bool strides_fit = b.row_slots >= b.width && b.plane_slots >= b.width && b.plane_slots <= limit &&
                           b.height - 1 <= (b.plane_slots - b.width) / b.row_slots;
  if (!strides_fit)
    return refuse(fmt::format("strides of {} and {} slots do not hold {} x {} pixels inside {} slots", b.row_slots,
                              b.plane_slots, b.height, b.width, limit));
  const std::int64_t last = (b.height - 1) * b.row_slots + b.width;
  if (b.offset / n + last > limit || b.blocks - 1 > (limit - b.offset / n - last) / b.plane_slots)
    return refuse(fmt::format("{} blocks of {} slots from slot {} on end behind {} slots", b.blocks, b.plane_slots,
                              b.offset / n, limit));
  if (!legal_channel_map(b, lanes(c.overlay, b.type)))
    refuse(fmt::format("the channel map does not place each of {} channels once in {} blocks", b.channels, b.blocks));
}

void check_spans(Context& c) {
  for (const Engine engine : kAllEngines) {
    const auto e = static_cast<std::size_t>(engine);
    const auto size = static_cast<std::int64_t>(c.segment.streams[e].size());
    for (const LayerSpan& s : c.segment.spans[e])
      if (s.layer < 0 || static_cast<std::size_t>(s.layer) >= c.segment.layers.size() || s.begin < 0 ||
          s.begin > s.end || s.end > size)
        return c.add(
            "isa.span", std::string(name(engine)),
            fmt::format("span [{}, {}) of layer {} lies outside the stream or the layers", s.begin, s.end, s.layer));
  }
}

}  // namespace

void check_segment(Context& c) {
  check_sizes(c);
  if (!c.findings.empty()) return;
  for (const Binding& b : c.segment.inputs) check_binding(c, b, kInputs, "input");
  for (const Binding& b : c.segment.outputs) check_binding(c, b, kOutputs, "output");
  check_spans(c);
}

}  // namespace heddle::isa::verifier
