// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/protobuf_mutator.h"

#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace heddle::fuzz {
namespace {

constexpr int kMaxDepth = 16;
constexpr std::uint64_t kMaxNumber = 60;

bool read_varint(std::string_view& bytes, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (bytes.empty()) return false;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80U) return true;
  }
  return false;
}

bool read_fixed(std::string_view& bytes, std::size_t size, std::uint64_t& value) {
  if (bytes.size() < size) return false;
  value = 0;
  std::memcpy(&value, bytes.data(), size);
  bytes.remove_prefix(size);
  return true;
}

bool read_bytes(std::string_view& bytes, Field& field, int depth) {
  std::uint64_t size = 0;
  if (!read_varint(bytes, size) || size > bytes.size()) return false;
  const std::string_view content = bytes.substr(0, size);
  bytes.remove_prefix(size);
  if (!content.empty() && depth < kMaxDepth) field.message = parse(content, depth + 1);
  if (!field.message) field.bytes = content;
  return true;
}

bool read_field(std::string_view& bytes, Field& field, int depth) {
  std::uint64_t tag = 0;
  if (!read_varint(bytes, tag)) return false;
  field.number = tag >> 3U;
  if (field.number == 0 || field.number > kMaxNumber) return false;
  field.wire = static_cast<Wire>(tag & 7U);
  switch (field.wire) {
    case Wire::varint:
      return read_varint(bytes, field.value);
    case Wire::fixed64:
      return read_fixed(bytes, 8, field.value);
    case Wire::bytes:
      return read_bytes(bytes, field, depth);
    case Wire::fixed32:
      return read_fixed(bytes, 4, field.value);
  }
  return false;  // a group
}

void write_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) out += static_cast<char>(value | 0x80U);
  out += static_cast<char>(value);
}

void write_bytes(std::string& out, std::string_view bytes) {
  write_varint(out, bytes.size());
  out += bytes;
}

void write_field(std::string& out, const Field& field) {
  write_varint(out, field.number << 3U | static_cast<std::uint64_t>(field.wire));
  std::array<char, 8> fixed{};
  std::memcpy(fixed.data(), &field.value, fixed.size());
  switch (field.wire) {
    case Wire::varint:
      write_varint(out, field.value);
      break;
    case Wire::fixed64:
      out.append(fixed.data(), 8);
      break;
    case Wire::bytes:
      write_bytes(out, field.message ? serialize(*field.message) : field.bytes);
      break;
    case Wire::fixed32:
      out.append(fixed.data(), 4);
      break;
  }
}

template <std::size_t Count>
std::uint64_t one_of(const std::array<std::uint64_t, Count>& values, Random& random) {
  return values[random() % Count];
}

/// Numbers at which sizes, counts and types go wrong.
std::uint64_t notable_integer(Random& random) {
  constexpr std::array<std::uint64_t, 20> values{
      0,           1,           2,           3,           7,           8,
      9,           16,          17,          127,         255,         65'535,
      1ULL << 31U, 1ULL << 32U, 1ULL << 40U, 1ULL << 62U, 1ULL << 63U, std::numeric_limits<std::int64_t>::max(),
      ~0ULL,       ~1ULL};
  return one_of(values, random);
}

std::uint64_t notable_float(Random& random) {
  constexpr std::array<float, 9> values{0.0F,
                                        -0.0F,
                                        1.0F,
                                        -1.0F,
                                        0.5F,
                                        1e30F,
                                        1e-42F,
                                        std::numeric_limits<float>::infinity(),
                                        std::numeric_limits<float>::quiet_NaN()};
  return std::bit_cast<std::uint32_t>(values[random() % values.size()]);
}

void mutate_integer(std::uint64_t& value, Random& random) {
  switch (random() % 4) {
    case 0:
      value ^= 1ULL << random() % 64;
      break;
    case 1:
      value += random() % 2 == 0 ? 1 : ~0ULL;
      break;
    case 2:
      value = random() % 64;
      break;
    default:
      value = notable_integer(random);
      break;
  }
}

/// Shapes, pads and axes are 64-bit numbers in the raw bytes of a tensor.
void mutate_element(std::string& bytes, Random& random) {
  const std::size_t at = random() % (bytes.size() / 8) * 8;
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, 8);
  mutate_integer(value, random);
  std::memcpy(bytes.data() + at, &value, 8);
}

/// Precondition: the field is no message.
void mutate_value(Field& field, Random& random, MutateBytes mutate_bytes) {
  switch (field.wire) {
    case Wire::varint:
    case Wire::fixed64:
      return mutate_integer(field.value, random);
    case Wire::fixed32:
      field.value = notable_float(random);
      return;
    case Wire::bytes:
      if (field.bytes.size() >= 8 && random() % 2 == 0) return mutate_element(field.bytes, random);
      return mutate_bytes(field.bytes, field.bytes.size() + 16, random);
  }
}

/// All messages of the tree that have fields, with their depths.
void collect(Message& message, int depth, std::vector<std::pair<Message*, int>>& out) {
  if (message.empty()) return;
  out.emplace_back(&message, depth);
  for (Field& field : message)
    if (field.message) collect(*field.message, depth + 1, out);
}

std::vector<std::pair<Message*, int>> messages_of(Message& message) {
  std::vector<std::pair<Message*, int>> out;
  collect(message, 0, out);
  return out;
}

/// A field of this kind from anywhere in the tree, so that names meet other names and shapes other shapes.
const Field* similar(const std::vector<std::pair<Message*, int>>& messages, const Field& like, Random& random) {
  std::vector<const Field*> found;
  for (const auto& [message, depth] : messages)
    for (const Field& field : *message)
      if (field.wire == like.wire && field.message.has_value() == like.message.has_value()) found.push_back(&field);
  return found.empty() ? nullptr : found[random() % found.size()];
}

}  // namespace

std::optional<Message> parse(std::string_view bytes, int depth) {
  Message message;
  while (!bytes.empty()) {
    Field field;
    if (!read_field(bytes, field, depth)) return std::nullopt;
    message.push_back(std::move(field));
  }
  return message;
}

std::string serialize(const Message& message) {
  std::string out;
  for (const Field& field : message) write_field(out, field);
  return out;
}

void mutate(Message& message, Random& random, MutateBytes mutate_bytes) {
  const auto messages = messages_of(message);
  if (messages.empty()) return;
  Message& chosen = *messages[random() % messages.size()].first;
  const std::size_t at = random() % chosen.size();
  const auto here = chosen.begin() + static_cast<std::ptrdiff_t>(at);
  switch (random() % 8) {
    case 0:
      chosen.erase(here);
      break;
    case 1: {
      Field twin = *here;
      chosen.insert(here, std::move(twin));
      break;
    }
    case 2:
      std::swap(*here, chosen[random() % chosen.size()]);
      break;
    case 3:
      if (const Field* other = similar(messages, *here, random)) {
        Field copy = *other;
        copy.number = here->number;
        *here = std::move(copy);
      }
      break;
    default:
      if (here->message) return mutate(*here->message, random, mutate_bytes);
      mutate_value(*here, random, mutate_bytes);
      break;
  }
}

void cross_over(Message& message, Message donor, Random& random) {
  const auto from = messages_of(donor);
  if (from.empty()) return;
  const auto& [source, depth] = from[random() % from.size()];
  const Field& gift = (*source)[random() % source->size()];
  std::vector<std::pair<Message*, std::size_t>> places;
  for (const auto& [target, target_depth] : messages_of(message))
    for (std::size_t i = 0; target_depth == depth && i < target->size(); ++i)
      if ((*target)[i].number == gift.number) places.emplace_back(target, i);
  if (places.empty()) return;
  const auto& [target, at] = places[random() % places.size()];
  if (random() % 2 == 0)
    (*target)[at] = gift;
  else
    target->insert(target->begin() + static_cast<std::ptrdiff_t>(at), gift);
}

}  // namespace heddle::fuzz
