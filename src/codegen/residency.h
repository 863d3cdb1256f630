// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "codegen/place.h"
#include "codegen/step.h"
#include "overlay/overlay.h"

namespace heddle::codegen {

/// First and last step that touches a buffer.
struct Life {
  std::int32_t first = 0, last = -1;
};

/// Which buffers stay on chip for their whole life. Starts with all that could, and gives up the cheapest.
class Residency {
 public:
  Residency(const overlay::Overlay& overlay, const Lowered& lowered);

  [[nodiscard]] bool on_chip(std::size_t buffer) const { return !in_ddr_[buffer]; }
  [[nodiscard]] const std::vector<bool>& in_ddr() const { return in_ddr_; }
  [[nodiscard]] Life life(std::size_t buffer) const { return lives_[buffer]; }
  /// Feature memory that the buffer takes with its pitch.
  [[nodiscard]] std::int64_t slots(std::size_t buffer) const;
  [[nodiscard]] ChipHome home_at(std::size_t buffer, std::int64_t slot) const;
  [[nodiscard]] std::int64_t pixels(std::size_t buffer) const;
  /// The output binding that is exactly this buffer, or −1.
  [[nodiscard]] std::int32_t output_of(std::size_t buffer) const { return outputs_[buffer]; }

  void spill(std::size_t buffer) { in_ddr_[buffer] = true; }
  /// Spills until at every step the resident buffers and a reserve for tiles fit together.
  void spill_overflow();
  /// Spills the cheapest buffer that is alive at this step; false if there is none.
  bool spill_at(std::int32_t step);

 private:
  [[nodiscard]] std::int64_t plane_words(std::size_t buffer) const;
  [[nodiscard]] bool fits_fields(std::size_t buffer) const;
  void find_lives();
  void find_pitches();
  void find_outputs();
  [[nodiscard]] std::int64_t reserve(std::size_t step) const;
  [[nodiscard]] std::vector<std::int64_t> overflow() const;
  /// DDR transfers per slot that spilling adds, less if it helps at more steps.
  [[nodiscard]] double price(std::size_t buffer, std::size_t steps_helped) const;

  const overlay::Overlay& overlay_;
  const Lowered& lowered_;
  std::vector<bool> in_ddr_;
  std::vector<Life> lives_;
  std::vector<std::int32_t> pitches_, outputs_;
  std::vector<std::int32_t> reads_, saves_;  ///< steps that read it; copies to an output among them
  std::vector<std::int32_t> row_steps_;      ///< rows between those of one phase of its writer: multiplies the pitch
};

}  // namespace heddle::codegen
