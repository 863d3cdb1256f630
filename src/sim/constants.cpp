// SPDX-License-Identifier: Apache-2.0
#include "sim/constants.h"

#include <cstring>
#include <string>

#include "isa/access.h"
#include "isa/program.h"
#include "sim/finding.h"

namespace heddle::sim {
namespace {

using isa::Field;
using isa::Space;

constexpr std::array kSpaces{Space::weights, Space::conv_params, Space::stencil_params, Space::coefficients,
                             Space::tables};

}  // namespace

ConstantMemories::ConstantMemories(const overlay::Overlay& overlay) : overlay_(overlay) {
  for (const Space space : kSpaces)
    memory_[static_cast<std::size_t>(space)].resize(
        static_cast<std::size_t>(isa::word_count(overlay, space) * unit(space)));
}

std::int64_t ConstantMemories::unit(Space space) const {
  return isa::word_bytes(overlay_, space);
}

std::span<const std::byte> ConstantMemories::bytes(Space space) const {
  return memory_[static_cast<std::size_t>(space)];
}

Status ConstantMemories::load(const isa::Instruction& instruction, std::span<const std::byte> image) {
  if (instruction[Field::ddr_base] != isa::kConstants)
    return fail(finding("machine.constants.base", Field::ddr_base,
                        "constants are loaded from base register " + std::to_string(instruction[Field::ddr_base]) +
                            ", this machine loads them from register 0 only"));
  const std::int64_t offset = instruction[Field::ddr_offset], size = instruction[Field::bytes];
  if (offset < 0 || size < 0 || offset + size > static_cast<std::int64_t>(image.size()))
    return fail(finding("machine.constants.image", Field::ddr_offset,
                        "the range ends at byte " + std::to_string(offset + size) + " of an image of " +
                            std::to_string(image.size()) + " bytes"));
  const auto space = static_cast<Space>(instruction[Field::space]);
  std::vector<std::byte>& memory = memory_[static_cast<std::size_t>(space)];
  const std::int64_t begin = instruction[Field::address] * unit(space);
  if (begin + size > static_cast<std::int64_t>(memory.size()))
    return fail(finding("machine.constants.memory", Field::address,
                        "the range ends at byte " + std::to_string(begin + size) + " of a memory of " +
                            std::to_string(memory.size()) + " bytes"));
  std::memcpy(memory.data() + begin, image.data() + offset, static_cast<std::size_t>(size));
  if (space == Space::weights) note_weights(begin, size, offset);
  return {};
}

/// Cuts what [begin, begin + size) overwrites out of the known extents and adds the new one.
void ConstantMemories::note_weights(std::int64_t begin, std::int64_t size, std::int64_t origin) {
  const std::int64_t end = begin + size;
  auto it = weights_.lower_bound(begin);
  if (it != weights_.begin()) --it;
  while (it != weights_.end() && it->first < end) {
    const auto [old_begin, old] = *it;
    const std::int64_t old_end = old_begin + old.size;
    if (old_end <= begin) {
      ++it;
      continue;
    }
    it = weights_.erase(it);
    if (old_begin < begin) weights_[old_begin] = {begin - old_begin, old.origin};
    if (old_end > end) weights_[end] = {old_end - end, old.origin + (end - old_begin)};
  }
  weights_[begin] = {size, origin};
}

std::optional<std::int64_t> ConstantMemories::weight_origin(std::int64_t begin, std::int64_t size) const {
  auto it = weights_.upper_bound(begin);
  if (it == weights_.begin()) return std::nullopt;
  --it;
  const std::int64_t origin = it->second.origin + (begin - it->first);
  for (std::int64_t at = begin; at < begin + size; ++it) {
    if (it == weights_.end() || it->first > at || it->first + it->second.size <= at) return std::nullopt;
    if (it->second.origin + (at - it->first) != origin + (at - begin)) return std::nullopt;
    at = it->first + it->second.size;
  }
  return origin;
}

}  // namespace heddle::sim
