// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/diagnostic.h"
#include "isa/instruction.h"
#include "overlay/overlay.h"

namespace heddle::sim {

/// The memories that load_const fills. Constants never change between runs, so they are replayed once, when a segment
/// is prepared, and every instruction keeps what it reads in the form that suits its kernel.
class ConstantMemories {
 public:
  explicit ConstantMemories(const overlay::Overlay& overlay);

  /// Executes a load_const on the constant image. Errors: a range beyond the image or the memory, a base register other
  /// than that of the constants.
  Status load(const isa::Instruction& instruction, std::span<const std::byte> image);

  [[nodiscard]] std::span<const std::byte> bytes(isa::Space space) const;
  /// Bytes of one address unit of a space.
  [[nodiscard]] std::int64_t unit(isa::Space space) const;
  /// Where in the image [begin, begin + size) of weight memory came from, if from one run of bytes.
  [[nodiscard]] std::optional<std::int64_t> weight_origin(std::int64_t begin, std::int64_t size) const;

 private:
  void note_weights(std::int64_t begin, std::int64_t size, std::int64_t origin);

  struct Extent {
    std::int64_t size, origin;
  };
  overlay::Overlay overlay_;
  std::array<std::vector<std::byte>, 5> memory_;
  std::map<std::int64_t, Extent> weights_;  ///< by begin; disjoint
};

}  // namespace heddle::sim
