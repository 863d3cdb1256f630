// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "base/diagnostic.h"
#include "codegen/step.h"
#include "isa/program.h"
#include "mapping/plan.h"
#include "overlay/overlay.h"

/// Where every buffer and every tile lies.
namespace heddle::codegen {

/// A tensor or tile in feature memory.
struct ChipHome {
  std::int64_t slot = 0;         ///< of block 0, row 0, column 0
  std::int32_t pitch = 1;        ///< slots from row to row
  std::int64_t plane_words = 1;  ///< words from block to block
};

/// A tensor in DDR, [block][y][x][lane] without gaps.
struct DdrHome {
  isa::BaseRegister base = isa::kScratch;
  std::int64_t offset = 0;  ///< bytes
};

struct Home {
  mapping::Placement where = mapping::Placement::ddr;
  ChipHome chip;
  DdrHome ddr;
  std::int32_t output = -1;  ///< index of the output binding whose memory it shares, or −1
};

/// Choice for a step, and where its tile buffers lie: tiles[i][copy] belongs to choice.buffers[i].
struct StepPlace {
  mapping::Choice choice;
  std::vector<std::vector<ChipHome>> tiles;
};

/// DDR memory of an input or output binding.
struct ExternalHome {
  std::int64_t offset = 0, bytes = 0;
};

struct Placed {
  std::vector<Home> homes;       ///< per buffer
  std::vector<StepPlace> steps;  ///< per step
  std::vector<ExternalHome> inputs, outputs;
  std::int64_t input_bytes = 0, output_bytes = 0, scratch_bytes = 0;
  std::int64_t feature_slots = 0;  ///< one behind the highest in use
};

/// Keeps on chip what fits, spills to DDR what costs least, chooses tiles for what lies in DDR, and allocates all of
/// it over time. Errors: a step whose smallest tile does not fit the feature memory.
[[nodiscard]] Result<Placed> place(const ir::Network& network, const overlay::Overlay& overlay, const Lowered& lowered);

/// Bytes of a slot, in which DDR offsets count; also the alignment of tensors in DDR, with bursts in mind.
[[nodiscard]] std::int64_t ddr_alignment(const overlay::Overlay& overlay);

}  // namespace heddle::codegen
