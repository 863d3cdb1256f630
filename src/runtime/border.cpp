// SPDX-License-Identifier: Apache-2.0
#include "runtime/border.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

namespace heddle::runtime {
namespace {

using isa::Binding;

std::int64_t lanes_of(const Binding& binding, std::int64_t slot_bytes) {
  return binding.type == DataType::i16 ? slot_bytes / 2 : slot_bytes;
}

/// The identity map, spelled out, where a binding gives none.
std::vector<isa::ChannelSegment> map_of(const Binding& binding) {
  if (!binding.channel_map.empty()) return binding.channel_map;
  return {{0, binding.channels, 0}};
}

/// Logical channel of each physical lane, or −1 for a hole.
std::vector<std::int32_t> channel_of_lane(const Binding& binding, std::int64_t slot_bytes) {
  const std::int64_t lane_count = lanes_of(binding, slot_bytes);
  std::vector<std::int32_t> channels(static_cast<std::size_t>(binding.blocks * lane_count), -1);
  for (const auto& segment : map_of(binding))
    for (std::int32_t k = 0; k < segment.count; ++k)
      channels[static_cast<std::size_t>(segment.block * lane_count + k)] = segment.logical + k;
  return channels;
}

template <class Stored>
struct Quantizer {
  float scale;
  std::int32_t zero_point;

  /// Clamped before rounding, so that adding 1.5·2^23 rounds half to even and NaN gives the lowest value.
  Stored operator()(float x) const {
    constexpr float kMagic = 12582912.0F;
    constexpr auto kLow = static_cast<float>(std::numeric_limits<Stored>::lowest());
    constexpr auto kHigh = static_cast<float>(std::numeric_limits<Stored>::max());
    const auto zero = static_cast<float>(zero_point);
    float q = x / scale;
    q = q > kLow - zero ? q : kLow - zero;
    q = q < kHigh - zero ? q : kHigh - zero;
    return static_cast<Stored>(static_cast<std::int32_t>((q + kMagic) - kMagic) + zero_point);
  }
};

template <class Host>
constexpr std::int64_t kHalfRange = std::is_same_v<Host, std::uint8_t>    ? 128
                                    : std::is_same_v<Host, std::uint16_t> ? 32768
                                                                          : 0;

/// Unsigned numbers are shifted only into the signed type of their own width.
template <class Host, class Stored>
constexpr std::int64_t shift_of() {
  return sizeof(Host) == sizeof(Stored) ? kHalfRange<Host> : 0;
}

template <class Host, class Stored>
void to_stored(const Binding& binding, const Host* from, std::int64_t count, Stored* to) {
  if constexpr (std::is_floating_point_v<Host>) {
    const Quantizer<Stored> quantize{binding.scale, binding.zero_point};
    for (std::int64_t k = 0; k < count; ++k) to[k] = quantize(static_cast<float>(from[k]));
  } else {
    constexpr std::int64_t kLow = std::numeric_limits<Stored>::lowest(), kHigh = std::numeric_limits<Stored>::max();
    for (std::int64_t k = 0; k < count; ++k)
      to[k] =
          static_cast<Stored>(std::clamp(static_cast<std::int64_t>(from[k]) - shift_of<Host, Stored>(), kLow, kHigh));
  }
}

template <class Host, class Stored>
void to_host(const Binding& binding, const Stored* from, std::int64_t count, Host* to) {
  if constexpr (std::is_floating_point_v<Host>) {
    const auto zero = binding.zero_point;
    for (std::int64_t k = 0; k < count; ++k)
      to[k] = static_cast<Host>(static_cast<float>(from[k] - zero) * binding.scale);
  } else if constexpr (std::is_same_v<Host, bool>) {
    for (std::int64_t k = 0; k < count; ++k) to[k] = from[k] != 0;
  } else {
    constexpr auto kLow = static_cast<std::int64_t>(std::numeric_limits<Host>::lowest());
    constexpr auto kHigh = static_cast<std::int64_t>(std::numeric_limits<Host>::max());
    for (std::int64_t k = 0; k < count; ++k)
      to[k] = static_cast<Host>(std::clamp(std::int64_t{from[k]} + shift_of<Host, Stored>(), kLow, kHigh));
  }
}

/// Calls `f(Host{})` for the host type of a tensor; false if the border does not know the type.
template <class F>
bool with_host_type(DataType type, F f) {
  switch (type) {
    case DataType::f32:
      return f(float{}), true;
    case DataType::f64:
      return f(double{}), true;
    case DataType::i8:
      return f(std::int8_t{}), true;
    case DataType::u8:
      return f(std::uint8_t{}), true;
    case DataType::i16:
      return f(std::int16_t{}), true;
    case DataType::u16:
      return f(std::uint16_t{}), true;
    case DataType::i32:
      return f(std::int32_t{}), true;
    case DataType::u32:
      return f(std::uint32_t{}), true;
    case DataType::i64:
      return f(std::int64_t{}), true;
    case DataType::boolean:
      return f(bool{}), true;
    case DataType::i1:
    case DataType::i2:
    case DataType::i4:
    case DataType::u2:
    case DataType::u4:
    case DataType::u64:
    case DataType::f16:
    case DataType::bf16:
      return false;
  }
  return false;
}

/// One row of one channel block: lanes [0, L) of `columns` pixels, from one line per lane (null: hole).
template <class Stored>
void interleave(std::span<const Stored* const> lines, std::int64_t columns, Stored* to) {
  const auto lane_count = static_cast<std::int64_t>(lines.size());
  for (std::int64_t lane = 0; lane < lane_count; ++lane) {
    const Stored* line = lines[static_cast<std::size_t>(lane)];
    if (line == nullptr) continue;
    for (std::int64_t x = 0; x < columns; ++x) to[x * lane_count + lane] = line[x];
  }
}

template <class Host, class Stored>
void pack_as(const Binding& binding, const Host* host, std::int64_t slot_bytes, std::byte* memory) {
  const std::int64_t lane_count = lanes_of(binding, slot_bytes);
  const auto channels = channel_of_lane(binding, slot_bytes);
  std::vector<Stored> quantized(static_cast<std::size_t>(lane_count * binding.width));
  std::vector<const Stored*> lines(static_cast<std::size_t>(lane_count));
  for (std::int64_t b = 0; b < binding.blocks; ++b)
    for (std::int64_t y = 0; y < binding.height; ++y) {
      for (std::int64_t lane = 0; lane < lane_count; ++lane) {
        const std::int32_t c = channels[static_cast<std::size_t>(b * lane_count + lane)];
        Stored* line = quantized.data() + lane * binding.width;
        lines[static_cast<std::size_t>(lane)] = c < 0 ? nullptr : line;
        if (c >= 0) to_stored(binding, host + (c * binding.height + y) * binding.width, binding.width, line);
      }
      std::byte* row = memory + binding.offset + (b * binding.plane_slots + y * binding.row_slots) * slot_bytes;
      std::memset(row, 0, static_cast<std::size_t>(binding.width * slot_bytes));
      interleave<Stored>(lines, binding.width, reinterpret_cast<Stored*>(row));
    }
}

template <class Host, class Stored>
void unpack_as(const Binding& binding, const std::byte* memory, std::int64_t slot_bytes, Host* host) {
  const std::int64_t lane_count = lanes_of(binding, slot_bytes);
  const auto channels = channel_of_lane(binding, slot_bytes);
  std::vector<Stored> line(static_cast<std::size_t>(binding.width));
  for (std::size_t physical = 0; physical < channels.size(); ++physical) {
    const std::int32_t c = channels[physical];
    if (c < 0) continue;
    const std::int64_t b = static_cast<std::int64_t>(physical) / lane_count;
    const std::int64_t lane = static_cast<std::int64_t>(physical) % lane_count;
    for (std::int64_t y = 0; y < binding.height; ++y) {
      const std::byte* row = memory + binding.offset + (b * binding.plane_slots + y * binding.row_slots) * slot_bytes;
      const auto* elements = reinterpret_cast<const Stored*>(row) + lane;
      for (std::int64_t x = 0; x < binding.width; ++x) line[static_cast<std::size_t>(x)] = elements[x * lane_count];
      to_host(binding, line.data(), binding.width, host + (c * binding.height + y) * binding.width);
    }
  }
}

Diagnostic finding(const Binding& binding, const char* field, std::string message) {
  Diagnostic d;
  d.code = "program.binding";
  d.node = binding.tensor;
  d.field = field;
  d.message = std::move(message);
  return d;
}

/// Every logical channel exactly once, every segment inside the blocks.
std::string map_fault(const Binding& binding, std::int64_t slot_bytes) {
  const std::int64_t physical = binding.blocks * lanes_of(binding, slot_bytes);
  std::vector<bool> seen(static_cast<std::size_t>(binding.channels)), used(static_cast<std::size_t>(physical));
  for (const auto& s : map_of(binding)) {
    const std::int64_t from = std::int64_t{s.block} * lanes_of(binding, slot_bytes);
    if (s.logical < 0 || s.count < 1 || s.block < 0 || std::int64_t{s.logical} + s.count > binding.channels ||
        from + s.count > physical)
      return "a segment of the channel map leaves the tensor";
    for (std::int64_t k = 0; k < s.count; ++k) {
      if (seen[static_cast<std::size_t>(s.logical + k)] || used[static_cast<std::size_t>(from + k)])
        return "channel " + std::to_string(s.logical + k) + " is mapped twice";
      seen[static_cast<std::size_t>(s.logical + k)] = used[static_cast<std::size_t>(from + k)] = true;
    }
  }
  const auto missing = std::ranges::find(seen, false);
  if (missing == seen.end()) return "";
  return "channel " + std::to_string(missing - seen.begin()) + " is not mapped";
}

}  // namespace

std::int64_t binding_end(const Binding& binding, std::int64_t slot_bytes) {
  const std::int64_t last = (binding.blocks - std::int64_t{1}) * binding.plane_slots +
                            (binding.height - std::int64_t{1}) * binding.row_slots + binding.width;
  return binding.offset + last * slot_bytes;
}

std::int64_t batch_of(const Binding& binding, std::int64_t elements) {
  const std::int64_t image = std::int64_t{binding.channels} * binding.height * binding.width;
  return image > 0 && elements % image == 0 ? elements / image : 0;
}

Diagnostics check_binding(const Binding& binding, const isa::ProgramTensor& tensor, std::int64_t slot_bytes,
                          std::int64_t limit) {
  constexpr std::int64_t kLimit = 1 << 24;  // far above any layer; keeps the products below within 64 bits
  const auto legal = [](std::int64_t v) { return v >= 1 && v <= kLimit; };
  if (!legal(binding.channels) || !legal(binding.height) || !legal(binding.width) || !legal(binding.blocks))
    return {finding(binding, "channels", "its sizes must be 1 to 2^24")};
  if (binding.type != DataType::i8 && binding.type != DataType::i16)
    return {finding(binding, "type", "its type is neither i8 nor i16")};
  if (lanes_of(binding, slot_bytes) * binding.blocks > kLimit || lanes_of(binding, slot_bytes) < 1)
    return {finding(binding, "blocks", "it has more than 2^24 lanes")};
  Diagnostics found;
  if (!with_host_type(tensor.type, [](auto) {}))
    found.push_back(finding(
        binding, "type",
        "tensors of type " + std::string(name(tensor.type)) + " cannot cross the border between host and overlay"));
  const bool in_range = binding.offset >= 0 && binding.offset <= limit && binding.row_slots >= 0 &&
                        binding.row_slots <= limit && binding.plane_slots >= 0 && binding.plane_slots <= limit;
  if (!in_range || binding.row_slots > (std::int64_t{1} << 30) || binding.plane_slots > (std::int64_t{1} << 34) ||
      binding_end(binding, slot_bytes) > limit)
    found.push_back(finding(
        binding, "offset",
        "it ends beyond the " + std::to_string(limit) + " bytes of base register " + std::to_string(binding.base)));
  if (binding.offset % slot_bytes != 0)
    found.push_back(
        finding(binding, "offset", "must be a multiple of the slot of " + std::to_string(slot_bytes) + " bytes"));
  if (!(binding.scale > 0) || !std::isfinite(binding.scale))
    found.push_back(finding(binding, "scale", "must be a positive finite number"));
  if (binding.zero_point < -32768 || binding.zero_point > 32767)
    found.push_back(finding(binding, "zero_point", "must lie in the range of its type"));
  if (const std::string fault = map_fault(binding, slot_bytes); !fault.empty())
    found.push_back(finding(binding, "channel_map", fault));
  if (batch_of(binding, checked_element_count(tensor.shape)) < 1)
    found.push_back(finding(binding, "shape",
                            "the tensor's elements are not a multiple of " + std::to_string(binding.channels) + "×" +
                                std::to_string(binding.height) + "×" + std::to_string(binding.width)));
  return found;
}

void pack(const Binding& binding, const Tensor& tensor, std::int64_t image, std::int64_t slot_bytes,
          std::span<std::byte> memory) {
  const std::int64_t first = image * binding.channels * binding.height * binding.width;
  with_host_type(tensor.type(), [&]<class Host>(Host) {
    const Host* host = tensor.data<Host>().data() + first;
    if (binding.type == DataType::i16)
      pack_as<Host, std::int16_t>(binding, host, slot_bytes, memory.data());
    else
      pack_as<Host, std::int8_t>(binding, host, slot_bytes, memory.data());
  });
}

void unpack(const Binding& binding, std::span<const std::byte> memory, std::int64_t slot_bytes, std::int64_t image,
            Tensor& tensor) {
  const std::int64_t first = image * binding.channels * binding.height * binding.width;
  with_host_type(tensor.type(), [&]<class Host>(Host) {
    Host* host = tensor.mutable_data<Host>().data() + first;
    if (binding.type == DataType::i16)
      unpack_as<Host, std::int16_t>(binding, memory.data(), slot_bytes, host);
    else
      unpack_as<Host, std::int8_t>(binding, memory.data(), slot_bytes, host);
  });
}

}  // namespace heddle::runtime
