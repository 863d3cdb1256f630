// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codegen/constant_memory.h"
#include "codegen/listing.h"
#include "codegen/place.h"
#include "codegen/step.h"

/// What the emitters of all step kinds share: addresses, transfers of tiles, constants. Private to emit_*.cpp.
namespace heddle::codegen {

/// A box of a tensor: channel blocks (of the buffer), rows and columns.
struct TensorBox {
  mapping::Range blocks, rows, columns;
  friend bool operator==(const TensorBox&, const TensorBox&) = default;
};

/// A box in feature memory, and what an instruction that touches it must record.
struct ChipView {
  std::int64_t slot = 0;
  std::int32_t pitch = 1;
  std::int64_t plane_words = 1;
  RegionId region = 0;
  Box box;
};

/// One instruction with its accesses while it is put together.
struct Draft {
  isa::Instruction instruction;
  std::array<Access, 8> accesses{};
  std::size_t count = 0;

  std::int64_t& operator[](isa::Field field) { return instruction[field]; }
  void touch(RegionId region, const Box& box, bool write) { accesses[count++] = {region, box, write}; }
};

class Emitter {
 public:
  Emitter(const overlay::Overlay& overlay, const Lowered& lowered, const Placed& placed, Listing& listing,
          std::vector<std::byte>& image);

  /// Begins a step: its tile buffers are empty.
  void begin_step(std::int32_t step);

  /// The box of a part for reading: in place if the part is on chip, otherwise in a tile buffer, loaded unless one
  /// already holds exactly this box.
  [[nodiscard]] ChipView read(mapping::TensorRole role, std::int32_t index, const Part& part, const TensorBox& box);
  /// The box for writing; `flush` must follow when it has been written completely.
  [[nodiscard]] ChipView write(const Part& part, const TensorBox& box);
  /// Saves what was written to the last tile of the output if the part lies in DDR.
  void flush(const Part& part, const TensorBox& box);
  /// Saves a box of feature memory to an output binding.
  void save(const ChipView& from, const TensorBox& to, std::int32_t output, std::int32_t height, std::int32_t width);

  void set_source(Draft& draft, const ChipView& view, std::int32_t height, std::int32_t width) const;
  void set_operand(Draft& draft, const ChipView& view) const;
  /// Interleaved writing: output rows and pixels lie `step_h` rows and `step_w` pixels apart.
  void set_destination(Draft& draft, const ChipView& view, std::int32_t step_h, std::int32_t step_w) const;
  void add(isa::Engine engine, const Draft& draft);

  ConstantMemory& constants(isa::Space space) { return memories_[static_cast<std::size_t>(space)]; }
  /// Makes a table resident: its number and region; number −1 without a table.
  [[nodiscard]] std::pair<int, RegionId> table(const std::shared_ptr<const kernels::Table>& table);

  [[nodiscard]] const overlay::Overlay& overlay() const { return overlay_; }
  [[nodiscard]] const StepPlace& place() const { return placed_.steps[static_cast<std::size_t>(step_)]; }
  [[nodiscard]] std::int32_t step() const { return step_; }
  [[nodiscard]] std::int32_t layer() const { return lowered_.steps[static_cast<std::size_t>(step_)].layer; }
  [[nodiscard]] const Buffer& buffer(const Part& part) const {
    return lowered_.buffers[static_cast<std::size_t>(part.buffer)];
  }
  [[nodiscard]] const Home& home(const Part& part) const {
    return placed_.homes[static_cast<std::size_t>(part.buffer)];
  }
  [[nodiscard]] std::int32_t lanes(DataType type) const { return bits(type) > 8 ? overlay_.N / 2 : overlay_.N; }

 private:
  /// One copy of a tile buffer and what it holds.
  struct Tile {
    ChipHome home;
    RegionId region = 0;
    std::optional<TensorBox> holds;
    BufferId of = -1;
  };
  struct TileSet {
    std::vector<Tile> copies;
    std::size_t next = 0;
  };
  [[nodiscard]] TileSet* tiles(mapping::TensorRole role, std::int32_t index);
  [[nodiscard]] ChipView resident_view(const Part& part, const TensorBox& box);
  [[nodiscard]] ChipView tile_view(const Tile& tile, const TensorBox& box) const;
  [[nodiscard]] RegionId chip_region(BufferId buffer);
  /// Region of a buffer in DDR that is written; nothing for network inputs.
  [[nodiscard]] std::optional<RegionId> ddr_region(BufferId buffer);
  void set_ddr(Draft& draft, const DdrHome& home, const TensorBox& box, std::int32_t height, std::int32_t width) const;
  void load(const Part& part, const ChipView& to, const TensorBox& box);

  const overlay::Overlay& overlay_;
  const Lowered& lowered_;
  const Placed& placed_;
  Listing& listing_;
  std::vector<ConstantMemory> memories_;
  std::int32_t step_ = 0;
  std::vector<TileSet> tiles_;
  std::vector<RegionId> chip_regions_, ddr_regions_;  ///< per buffer; −1: not open
  std::vector<std::shared_ptr<const kernels::Table>> tables_;
};

void emit_conv(Emitter& emitter, const ConvStep& step);
void emit_stencil(Emitter& emitter, const StencilStep& step);
void emit_copy(Emitter& emitter, const CopyStep& step);

/// All steps in order. `image` receives the constants.
[[nodiscard]] Listing emit(const overlay::Overlay& overlay, const Lowered& lowered, const Placed& placed,
                           std::vector<std::byte>& image);

/// Calls visit(range) for consecutive pieces of [0, size), `step` long but for the last one.
template <class Visit>
void for_ranges(std::int32_t size, std::int32_t step, const Visit& visit) {
  for (std::int32_t begin = 0; begin < size; begin += step)
    visit(mapping::Range{begin, begin + step < size ? begin + step : size});
}

}  // namespace heddle::codegen
