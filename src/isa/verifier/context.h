// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "isa/access.h"
#include "isa/program.h"

/// Shared by the steps of the verifier.
namespace heddle::isa::verifier {

/// Position of an instruction.
struct Place {
  Engine engine = Engine::load_features;
  std::size_t index = 0;
};

/// The decoded segment, and what is wrong with it.
struct Context {
  const OverlaySegment& segment;
  const overlay::Overlay& overlay;
  std::array<std::vector<Instruction>, kEngines> streams{};
  Diagnostics findings{};

  /// Beyond this many the list helps nobody.
  [[nodiscard]] bool full() const { return findings.size() >= 50; }
  [[nodiscard]] const Instruction& at(Place place) const {
    return streams[static_cast<std::size_t>(place.engine)][place.index];
  }
  /// Adds a finding about an instruction; the layer that it belongs to is appended to the message.
  void add(Place place, std::string code, std::string_view field, std::string message, std::string hint = "");
  /// Adds a finding about the segment.
  void add(std::string code, std::string field, std::string message);
};

/// Bytes of DDR behind a base register; 0 for registers without meaning.
[[nodiscard]] std::int64_t base_bytes(const OverlaySegment& segment, std::int64_t base);

/// Largest magnitude of the accumulator that each instruction of CONV or STENCIL may drain, by index.
struct Bounds {
  std::vector<std::int64_t> conv, stencil;
};

/// The steps, in order. Each adds to the findings; a later step relies on the earlier ones having found nothing.
void decode_streams(Context& context);
void check_segment(Context& context);                         ///< sizes, bindings, layer spans
void check_structure(Context& context);                       ///< engines, ends, semaphores
void check_fields(Context& context);                          ///< formats, units, sizes that must agree
void check_bounds(Context& context);                          ///< every address inside its memory
Bounds check_accumulators(Context& context);                  ///< chains of first and last; overflow
void check_schedule(Context& context, const Bounds& bounds);  ///< deadlock, hazards, what was never written

}  // namespace heddle::isa::verifier
