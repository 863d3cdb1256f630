// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "isa/instruction.h"

namespace heddle::isa::verifier {

/// A vector clock: for each engine, how many of its instructions are surely complete.
struct Clock {
  std::array<std::uint32_t, kEngines> done{};

  void join(const Clock& other) {
    for (std::size_t e = 0; e < kEngines; ++e) done[e] = std::max(done[e], other.done[e]);
  }
};

/// An instruction that touched something: 0 is nobody, otherwise engine and index + 1 in one number.
class Stamp {
 public:
  constexpr Stamp() = default;
  constexpr Stamp(Engine engine, std::size_t index)
      : code_((static_cast<std::uint32_t>(engine) << kShift) | static_cast<std::uint32_t>(index + 1)) {}

  [[nodiscard]] constexpr bool nobody() const { return code_ == 0; }
  [[nodiscard]] constexpr Engine engine() const { return static_cast<Engine>(code_ >> kShift); }
  [[nodiscard]] constexpr std::size_t index() const { return (code_ & kMask) - 1; }
  /// Is it surely complete for an observer with this clock? Nobody always is.
  [[nodiscard]] bool ordered(const Clock& clock) const { return (code_ & kMask) <= clock.done[code_ >> kShift]; }
  friend constexpr bool operator==(Stamp, Stamp) = default;

 private:
  static constexpr int kShift = 29;
  static constexpr std::uint32_t kMask = (std::uint32_t{1} << kShift) - 1;
  std::uint32_t code_ = 0;
};

}  // namespace heddle::isa::verifier
