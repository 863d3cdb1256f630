// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitter.h"

#include <algorithm>

#include "codegen/weights.h"

namespace heddle::codegen {
namespace {

using isa::Field;

Box box_of(const TensorBox& box) {
  return {box.blocks, box.rows, box.columns};
}

/// The box moved so that it starts at the origin: coordinates inside a tile buffer.
Box at_origin(const TensorBox& box) {
  return {{0, box.blocks.size()}, {0, box.rows.size()}, {0, box.columns.size()}};
}

std::vector<ConstantMemory> make_memories(const overlay::Overlay& overlay, std::vector<std::byte>& image,
                                          Listing& listing) {
  std::vector<ConstantMemory> memories;
  for (const isa::Space space : {isa::Space::weights, isa::Space::conv_params, isa::Space::stencil_params,
                                 isa::Space::coefficients, isa::Space::tables})
    memories.emplace_back(overlay, space, image, listing);
  return memories;
}

}  // namespace

Emitter::Emitter(const overlay::Overlay& overlay, const Lowered& lowered, const Placed& placed, Listing& listing,
                 std::vector<std::byte>& image)
    : overlay_(overlay),
      lowered_(lowered),
      placed_(placed),
      listing_(listing),
      memories_(make_memories(overlay, image, listing)),
      chip_regions_(lowered.buffers.size(), -1),
      ddr_regions_(lowered.buffers.size(), -1) {}

void Emitter::begin_step(std::int32_t step) {
  step_ = step;
  tiles_.clear();
  const StepPlace& here = place();
  for (std::size_t i = 0; i < here.tiles.size(); ++i) {
    TileSet& set = tiles_.emplace_back();
    for (const ChipHome& home : here.tiles[i]) {
      const std::int64_t size = here.choice.buffers[i].blocks * home.plane_words * overlay_.P;
      const RegionId region = listing_.open(Space::features, home.slot, home.slot + size);
      set.copies.push_back({.home = home, .region = region, .holds = std::nullopt});
    }
  }
}

Emitter::TileSet* Emitter::tiles(mapping::TensorRole role, std::int32_t index) {
  const auto& buffers = place().choice.buffers;
  for (std::size_t i = 0; i < buffers.size(); ++i)
    if (buffers[i].role == role && buffers[i].part == index) return &tiles_[i];
  return nullptr;
}

RegionId Emitter::chip_region(BufferId id) {
  RegionId& region = chip_regions_[static_cast<std::size_t>(id)];
  if (region < 0) {
    const ChipHome& home = placed_.homes[static_cast<std::size_t>(id)].chip;
    const std::int64_t size = lowered_.buffers[static_cast<std::size_t>(id)].blocks * home.plane_words * overlay_.P;
    region = listing_.open(Space::features, home.slot, home.slot + size);
  }
  return region;
}

std::optional<RegionId> Emitter::ddr_region(BufferId id) {
  const Home& home = placed_.homes[static_cast<std::size_t>(id)];
  if (home.ddr.base == isa::kInputs) return std::nullopt;
  RegionId& region = ddr_regions_[static_cast<std::size_t>(id)];
  if (region < 0) {
    const Buffer& b = lowered_.buffers[static_cast<std::size_t>(id)];
    const std::int64_t bytes = std::int64_t{b.blocks} * b.height * b.width * overlay_.N;
    const Space space = home.ddr.base == isa::kOutputs ? Space::outputs : Space::scratch;
    region = listing_.open(space, home.ddr.offset, home.ddr.offset + bytes);
  }
  return region;
}

ChipView Emitter::resident_view(const Part& part, const TensorBox& box) {
  const ChipHome& home = this->home(part).chip;
  return {.slot = home.slot + box.blocks.begin * home.plane_words * overlay_.P +
                  std::int64_t{box.rows.begin} * home.pitch + box.columns.begin,
          .pitch = home.pitch,
          .plane_words = home.plane_words,
          .region = chip_region(part.buffer),
          .box = box_of(box)};
}

ChipView Emitter::tile_view(const Tile& tile, const TensorBox& box) const {
  return {.slot = tile.home.slot,
          .pitch = tile.home.pitch,
          .plane_words = tile.home.plane_words,
          .region = tile.region,
          .box = at_origin(box)};
}

ChipView Emitter::read(mapping::TensorRole role, std::int32_t index, const Part& part, const TensorBox& box) {
  if (home(part).where == mapping::Placement::chip) return resident_view(part, box);
  TileSet& set = *tiles(role, index);
  for (const Tile& tile : set.copies)
    if (tile.holds == box && tile.of == part.buffer) return tile_view(tile, box);
  Tile& tile = set.copies[set.next];
  set.next = (set.next + 1) % set.copies.size();
  tile.holds = box;
  tile.of = part.buffer;
  const ChipView view = tile_view(tile, box);
  load(part, view, box);
  return view;
}

ChipView Emitter::write(const Part& part, const TensorBox& box) {
  if (home(part).where == mapping::Placement::chip) return resident_view(part, box);
  const TileSet& set = *tiles(mapping::TensorRole::output, 0);
  return tile_view(set.copies[set.next], box);
}

void Emitter::flush(const Part& part, const TensorBox& box) {
  if (home(part).where == mapping::Placement::chip) return;
  TileSet& set = *tiles(mapping::TensorRole::output, 0);
  const ChipView from = tile_view(set.copies[set.next], box);
  set.next = (set.next + 1) % set.copies.size();
  Draft draft{.instruction = {.opcode = isa::Opcode::save}};
  set_ddr(draft, home(part).ddr, box, buffer(part).height, buffer(part).width);
  set_source(draft, from, 0, 0);
  if (const auto region = ddr_region(part.buffer)) draft.touch(*region, box_of(box), true);
  add(isa::Engine::save, draft);
}

void Emitter::save(const ChipView& from, const TensorBox& to, std::int32_t output, std::int32_t height,
                   std::int32_t width) {
  Draft draft{.instruction = {.opcode = isa::Opcode::save}};
  const DdrHome binding{isa::kOutputs, placed_.outputs[static_cast<std::size_t>(output)].offset};
  set_ddr(draft, binding, to, height, width);
  set_source(draft, from, 0, 0);
  add(isa::Engine::save, draft);  // nothing reads a copied output, and only `save` writes it: no access to record
}

void Emitter::load(const Part& part, const ChipView& to, const TensorBox& box) {
  Draft draft{.instruction = {.opcode = isa::Opcode::load}};
  set_ddr(draft, home(part).ddr, box, buffer(part).height, buffer(part).width);
  draft[Field::dst_word] = to.slot / overlay_.P;
  draft[Field::dst_bank] = to.slot % overlay_.P;
  draft[Field::dst_pitch] = to.pitch;
  draft[Field::dst_plane] = to.plane_words;
  draft.touch(to.region, to.box, true);
  if (const auto region = ddr_region(part.buffer)) draft.touch(*region, box_of(box), false);
  add(isa::Engine::load_features, draft);
}

void Emitter::set_ddr(Draft& draft, const DdrHome& home, const TensorBox& box, std::int32_t height,
                      std::int32_t width) const {
  const std::int64_t plane = std::int64_t{height} * width;
  const std::int64_t slot = box.blocks.begin * plane + std::int64_t{box.rows.begin} * width + box.columns.begin;
  draft[Field::ddr_base] = home.base;
  draft[Field::ddr_offset] = home.offset + slot * overlay_.N;
  draft[Field::ddr_row] = width;
  draft[Field::ddr_plane] = plane;
  draft[Field::blocks] = box.blocks.size();
  draft[Field::rows] = box.rows.size();
  draft[Field::columns] = box.columns.size();
}

void Emitter::set_source(Draft& draft, const ChipView& view, std::int32_t height, std::int32_t width) const {
  draft[Field::src_word] = view.slot / overlay_.P;
  draft[Field::src_bank] = view.slot % overlay_.P;
  draft[Field::src_pitch] = view.pitch;
  draft[Field::src_plane] = view.plane_words;
  if (height > 0) {
    draft[Field::src_height] = height;
    draft[Field::src_width] = width;
  }
  draft.touch(view.region, view.box, false);
}

void Emitter::set_operand(Draft& draft, const ChipView& view) const {
  draft[Field::operand_word] = view.slot / overlay_.P;
  draft[Field::operand_bank] = view.slot % overlay_.P;
  draft[Field::operand_pitch] = view.pitch;
  draft[Field::operand_plane] = view.plane_words;
  draft.touch(view.region, view.box, false);
}

void Emitter::set_destination(Draft& draft, const ChipView& view, std::int32_t step_h, std::int32_t step_w) const {
  draft[Field::dst_word] = view.slot / overlay_.P;
  draft[Field::dst_bank] = view.slot % overlay_.P;
  draft[Field::dst_pitch] = std::int64_t{view.pitch} * step_h;
  draft[Field::dst_plane] = view.plane_words;
  draft[Field::dst_step] = step_w;
  draft.touch(view.region, view.box, true);
}

void Emitter::add(isa::Engine engine, const Draft& draft) {
  listing_.add(engine, layer(), draft.instruction, std::span(draft.accesses).first(draft.count));
}

/// Descriptors name a table by its place, so that a table keeps its place for the whole program. With more tables than
/// places, several share one and are loaded in turn.
std::pair<int, RegionId> Emitter::table(const std::shared_ptr<const kernels::Table>& table) {
  if (table == nullptr) return {-1, 0};
  const auto equal = [&](const auto& known) { return known == table || known->entry == table->entry; };
  auto found = std::ranges::find_if(tables_, equal);
  if (found == tables_.end()) found = tables_.insert(tables_.end(), table);
  const auto index = static_cast<std::int32_t>(found - tables_.begin());
  const int number = index % overlay_.tables;
  const Resident resident =
      constants(isa::Space::tables).require_at({.step = index}, number, layer(), [&](std::vector<std::byte>& to) {
        pack_table(*table, to);
      });
  return {number, resident.region};
}

Listing emit(const overlay::Overlay& overlay, const Lowered& lowered, const Placed& placed,
             std::vector<std::byte>& image) {
  Listing listing;
  Emitter emitter(overlay, lowered, placed, listing, image);
  for (std::size_t i = 0; i < lowered.steps.size(); ++i) {
    emitter.begin_step(static_cast<std::int32_t>(i));
    const auto& work = lowered.steps[i].work;
    if (const auto* conv = std::get_if<ConvStep>(&work)) emit_conv(emitter, *conv);
    if (const auto* stencil = std::get_if<StencilStep>(&work)) emit_stencil(emitter, *stencil);
    if (const auto* copy = std::get_if<CopyStep>(&work)) emit_copy(emitter, *copy);
  }
  return listing;
}

}  // namespace heddle::codegen
