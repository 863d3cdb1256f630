// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "base/diagnostic.h"
#include "sim/prepared_segment.h"
#include "sim/reference.h"

namespace heddle::sim {

/// Memory behind the base registers of one run; empty: none.
using BaseSpans = std::array<std::span<std::byte>, isa::kBaseRegisters>;

/// Executes prepared segments bit-exactly: the streams one after another in a legal serial order, each instruction on
/// all threads of the calling TBB arena. Holds the state of one run (feature memory, accumulators) and scratch memory;
/// one run at a time.
class FunctionalMachine {
 public:
  explicit FunctionalMachine(const overlay::Overlay& overlay, const fast::Kernels& kernels = fast::best_kernels());

  /// `constants` is the segment's image behind base register kConstants. Errors: a base register whose memory is
  /// smaller than the program touches.
  Status run(const PreparedSegment& segment, std::span<const std::byte> constants, const BaseSpans& bases);

  /// For tests and debugging: slot s lies at byte s·N. Not cleared between runs.
  [[nodiscard]] std::span<std::byte> features() { return features_; }

 private:
  void move(const isa::Instruction& instruction, std::span<const std::byte> constants, const BaseSpans& bases);
  void compute(const Step& step);
  void compute_by_reference(const Step& step);

  overlay::Overlay overlay_;
  const fast::Kernels* kernels_;
  std::vector<std::byte> features_;
  reference::Carry carry_;
  fast::Scratch scratch_;
};

}  // namespace heddle::sim
