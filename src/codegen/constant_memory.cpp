// SPDX-License-Identifier: Apache-2.0
#include "codegen/constant_memory.h"

#include <algorithm>

#include "cost/cost.h"

namespace heddle::codegen {
namespace {

using isa::Field;

/// Parameters are read in pairs of words.
std::int64_t whole_words(isa::Space space, std::int64_t words) {
  const bool pairs = space == isa::Space::conv_params || space == isa::Space::stencil_params;
  return pairs ? (words + 1) / 2 * 2 : words;
}

/// Words that an instruction can address.
std::int64_t addressable(isa::Space space) {
  switch (space) {
    case isa::Space::weights:
      return std::int64_t{1} << 24;
    case isa::Space::conv_params:
    case isa::Space::stencil_params:
      return std::int64_t{1} << 14;
    case isa::Space::coefficients:
      return std::int64_t{1} << 16;
    case isa::Space::tables:
      return 255;
  }
  return 0;
}

Space space_of(isa::Space space) {
  switch (space) {
    case isa::Space::weights:
      return Space::weights;
    case isa::Space::conv_params:
      return Space::conv_params;
    case isa::Space::stencil_params:
      return Space::stencil_params;
    case isa::Space::coefficients:
      return Space::coefficients;
    case isa::Space::tables:
      return Space::tables;
  }
  return Space::weights;
}

}  // namespace

ConstantMemory::ConstantMemory(const overlay::Overlay& overlay, isa::Space space, std::vector<std::byte>& image,
                               Listing& listing)
    : space_(space),
      word_bytes_(isa::word_bytes(overlay, space)),
      capacity_(std::min(isa::word_count(overlay, space), addressable(space))),
      alignment_(static_cast<std::size_t>(isa::constant_alignment(overlay))),
      image_(image),
      listing_(listing) {}

ConstantMemory::Image ConstantMemory::packed(const ConstantKey& key, const Pack& pack) {
  const auto [found, added] = images_.try_emplace(key);
  if (added) {
    image_.resize((image_.size() + alignment_ - 1) / alignment_ * alignment_);
    found->second.offset = static_cast<std::int64_t>(image_.size());
    pack(image_);
    found->second.bytes = static_cast<std::int64_t>(image_.size()) - found->second.offset;
  }
  return found->second;
}

void ConstantMemory::evict(std::int64_t begin, std::int64_t end) {
  auto at = pieces_.lower_bound(begin);
  if (at != pieces_.begin() && std::prev(at)->second.end > begin) --at;
  while (at != pieces_.end() && at->first < end) {
    residents_.erase(at->second.key);
    at = pieces_.erase(at);
  }
}

Resident ConstantMemory::load(const ConstantKey& key, const Image& image, std::int64_t address, std::int32_t layer) {
  const std::int64_t end = address + cost::ceil_div(image.bytes, word_bytes_);
  evict(address, end);
  const Resident resident{address, listing_.open(space_of(space_), address, end)};
  pieces_[address] = {end, key, resident.region};
  residents_[key] = resident;
  isa::Instruction load{.opcode = isa::Opcode::load_const};
  load[Field::ddr_base] = isa::kConstants;
  load[Field::ddr_offset] = image.offset;
  load[Field::bytes] = image.bytes;
  load[Field::space] = static_cast<std::int64_t>(space_);
  load[Field::address] = address;
  const Access write{.region = resident.region, .box = {}, .write = true};
  listing_.add(isa::Engine::load_weights, layer, load, {&write, 1});
  return resident;
}

Resident ConstantMemory::require(const ConstantKey& key, std::int32_t layer, const Pack& pack) {
  if (const auto found = residents_.find(key); found != residents_.end()) return found->second;
  const Image image = packed(key, pack);
  const std::int64_t words = whole_words(space_, cost::ceil_div(image.bytes, word_bytes_));
  if (head_ + words > capacity_) head_ = 0;
  const std::int64_t address = head_;
  head_ += words;
  return load(key, image, address, layer);
}

Resident ConstantMemory::require_at(const ConstantKey& key, std::int64_t address, std::int32_t layer,
                                    const Pack& pack) {
  if (const auto found = residents_.find(key); found != residents_.end()) return found->second;
  return load(key, packed(key, pack), address, layer);
}

}  // namespace heddle::codegen
