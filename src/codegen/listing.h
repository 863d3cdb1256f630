// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "isa/instruction.h"
#include "mapping/axis.h"

/// The program as one list in an order that is right when executed serially, with what each instruction reads and
/// writes. `synchronize` turns it into five streams that may run at the same time.
namespace heddle::codegen {

/// Memories in which engines meet. Constants and inputs in DDR are never written.
enum class Space : std::uint8_t {
  features,
  weights,
  conv_params,
  stencil_params,
  coefficients,
  tables,
  scratch,
  outputs,
};
inline constexpr std::size_t kSpaces = 8;

/// A piece of one memory that is used for one thing from when it is opened until another region that overlaps it is
/// opened. Units are the memory's own (slots, words, bytes).
struct Region {
  Space space = Space::features;
  std::int64_t begin = 0, end = 0;
};
using RegionId = std::int32_t;

/// A box inside a region, in the region's own coordinates; words of a parameter memory are always one whole box.
struct Box {
  mapping::Range blocks{0, 1}, rows{0, 1}, columns{0, 1};

  [[nodiscard]] bool overlaps(const Box& other) const {
    return blocks.overlaps(other.blocks) && rows.overlaps(other.rows) && columns.overlaps(other.columns);
  }
  [[nodiscard]] bool contains(const Box& other) const {
    return blocks.contains(other.blocks) && rows.contains(other.rows) && columns.contains(other.columns);
  }
  friend bool operator==(const Box&, const Box&) = default;
};

struct Access {
  RegionId region = 0;
  Box box;
  bool write = false;
};

struct Entry {
  isa::Instruction instruction;
  isa::Engine engine = isa::Engine::load_features;
  std::int32_t layer = 0;
  std::uint32_t first_access = 0, accesses = 0;  ///< range of Listing::accesses
};

struct Listing {
  std::vector<Region> regions;
  std::vector<Entry> entries;
  std::vector<Access> accesses;

  RegionId open(Space space, std::int64_t begin, std::int64_t end) {
    regions.push_back({space, begin, end});
    return static_cast<RegionId>(regions.size()) - 1;
  }
  void add(isa::Engine engine, std::int32_t layer, const isa::Instruction& instruction,
           std::span<const Access> touched) {
    entries.push_back({instruction, engine, layer, static_cast<std::uint32_t>(accesses.size()),
                       static_cast<std::uint32_t>(touched.size())});
    accesses.insert(accesses.end(), touched.begin(), touched.end());
  }
  [[nodiscard]] std::span<const Access> accesses_of(const Entry& entry) const {
    return std::span(accesses).subspan(entry.first_access, entry.accesses);
  }
};

}  // namespace heddle::codegen
