// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "codegen/listing.h"

namespace heddle::codegen {

/// Per engine: how many of its instructions must have completed. 0: none.
using Progress = std::array<std::int32_t, isa::kEngines>;

/// The larger of two, engine by engine.
[[nodiscard]] Progress later(const Progress& a, const Progress& b);

/// Finds what an access must wait for: earlier accesses of other engines that overlap it, one of them a write.
/// Accesses are given in the order of the serial program.
class HazardTracker {
 public:
  explicit HazardTracker(const Listing& listing);

  /// Progress of the other engines that `access`, by instruction `index` of `engine`, must wait for.
  [[nodiscard]] Progress before(isa::Engine engine, const Access& access);
  /// Records the access. Call it after `before` of all accesses of the same instruction.
  void record(isa::Engine engine, std::int32_t index, const Access& access);

 private:
  struct Touch {
    std::int32_t index = 0;  ///< in the engine's stream
    Box box;
    bool write = false;
  };
  struct History {
    bool open = false;
    Progress inherited{};  ///< of the regions that lay here before: every access waits for all of it
    Progress own{};
    std::array<std::vector<Touch>, isa::kEngines> touches;
  };
  void open(RegionId region);

  const Listing& listing_;
  std::vector<History> histories_;
  /// Per space: which region owns the units from the key to the next key; −1: none so far.
  std::array<std::map<std::int64_t, RegionId>, kSpaces> owners_;
};

}  // namespace heddle::codegen
