// SPDX-License-Identifier: Apache-2.0
#include "runtime/border.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/integer/convert.h"

namespace heddle::runtime {
namespace {

using isa::Binding;

std::int64_t lanes_of(const Binding& binding, std::int64_t slot_bytes) {
  return binding.type == DataType::i16 ? slot_bytes / 2 : slot_bytes;
}

/// Logical channel of each physical lane, or −1 for a hole.
std::vector<std::int32_t> channel_of_lane(const Binding& binding, std::int64_t slot_bytes) {
  const std::int64_t lane_count = lanes_of(binding, slot_bytes);
  std::vector<std::int32_t> channels(static_cast<std::size_t>(binding.blocks * lane_count), -1);
  for (const auto& segment : binding.channel_map)
    for (std::int32_t k = 0; k < segment.count; ++k)
      channels[static_cast<std::size_t>(segment.block * lane_count + k)] = segment.logical + k;
  return channels;
}

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
    constexpr std::int32_t kLow = std::numeric_limits<Stored>::lowest(), kHigh = std::numeric_limits<Stored>::max();
    const float scale = binding.scale;
    const std::int32_t zero = binding.zero_point;
    for (std::int64_t k = 0; k < count; ++k)
      to[k] = static_cast<Stored>(kernels::quantize_value(static_cast<float>(from[k]), scale, zero, kLow, kHigh));
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
    const float scale = binding.scale;
    const std::int32_t zero = binding.zero_point;
    for (std::int64_t k = 0; k < count; ++k) to[k] = static_cast<Host>(kernels::dequantize_value(from[k], scale, zero));
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

}  // namespace

bool crosses_border(DataType type) {
  return with_host_type(type, [](auto) {});
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
