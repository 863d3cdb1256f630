// SPDX-License-Identifier: Apache-2.0
#include "codegen/place.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "codegen/allocate.h"
#include "codegen/residency.h"
#include "codegen/step_problem.h"

namespace heddle::codegen {
namespace {

/// Times a step's tiles are tried with less memory before a buffer is spilled for it.
constexpr int kTries = 4;

class Placer {
 public:
  Placer(const ir::Network& network, const overlay::Overlay& overlay, const Lowered& lowered)
      : network_(network), overlay_(overlay), lowered_(lowered), residency_(overlay, lowered) {}

  Result<Placed> run();

 private:
  [[nodiscard]] bool pack_buffers();
  [[nodiscard]] Status choose_steps(bool& spilled);
  [[nodiscard]] bool choose_tiles(std::int32_t step);
  [[nodiscard]] bool place_tiles(std::int32_t step, const mapping::Choice& choice);
  [[nodiscard]] std::optional<ChipHome> place_tile(std::int32_t step, const mapping::TileBuffer& tile);
  void place_in_ddr();
  void place_external();
  [[nodiscard]] Diagnostic too_large(const Step& step) const;
  [[nodiscard]] const Buffer& buffer(std::size_t id) const { return lowered_.buffers[id]; }

  const ir::Network& network_;
  const overlay::Overlay& overlay_;
  const Lowered& lowered_;
  Residency residency_;
  Packer packer_{0, 1};
  Placed placed_;
};

/// Places every resident buffer; those that find no gap are spilled, and the caller starts again.
bool Placer::pack_buffers() {
  packer_ = Packer(overlay_.feature_slots(), 1);
  placed_ = Placed{};
  placed_.homes.resize(lowered_.buffers.size());
  placed_.steps.resize(lowered_.steps.size());
  std::vector<std::size_t> ids;
  std::vector<Need> needs;
  for (std::size_t id = 0; id < lowered_.buffers.size(); ++id) {
    if (!residency_.on_chip(id)) continue;
    ids.push_back(id);
    needs.push_back({residency_.slots(id), residency_.life(id).first, residency_.life(id).last});
  }
  const auto offsets = place_all(packer_, needs);
  bool all = true;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (offsets[i]) {
      placed_.homes[ids[i]].where = mapping::Placement::chip;
      placed_.homes[ids[i]].chip = residency_.home_at(ids[i], *offsets[i]);
    } else {
      residency_.spill(ids[i]);
      all = false;
    }
  }
  return all;
}

std::optional<ChipHome> Placer::place_tile(std::int32_t step, const mapping::TileBuffer& tile) {
  // Apart from what the step before uses, if possible, so that the first transfer need not wait for its end.
  const std::int64_t size = mapping::slots(overlay_, tile);
  auto slot = packer_.place({size, std::max(0, step - 1), step});
  if (!slot) slot = packer_.place({size, step, step});
  if (!slot) return std::nullopt;
  return ChipHome{*slot, tile.columns, size / tile.blocks / overlay_.P};
}

bool Placer::place_tiles(std::int32_t step, const mapping::Choice& choice) {
  const Packer before = packer_;
  StepPlace place{.choice = choice, .tiles = {}};
  for (const mapping::TileBuffer& tile : choice.buffers) {
    auto& copies = place.tiles.emplace_back();
    for (std::int32_t copy = 0; copy < tile.copies; ++copy) {
      const auto home = place_tile(step, tile);
      if (!home) {
        packer_ = before;
        return false;
      }
      copies.push_back(*home);
    }
  }
  placed_.steps[static_cast<std::size_t>(step)] = std::move(place);
  return true;
}

/// Tiles that the free memory takes. The sum of the gaps promises more than several buffers may find in them, so less
/// and less of it is offered.
bool Placer::choose_tiles(std::int32_t step) {
  const auto gaps = packer_.gaps(step);
  mapping::Budget budget{std::accumulate(gaps.begin(), gaps.end(), std::int64_t{0}), gaps.empty() ? 0 : gaps[0]};
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const auto choice =
        choose_step(overlay_, lowered_, lowered_.steps[static_cast<std::size_t>(step)], residency_.in_ddr(), budget);
    if (!choice) return false;
    if (place_tiles(step, *choice)) return true;
    budget.slots = attempt == 0 ? std::min(budget.slots, budget.largest) : budget.slots / 2;
  }
  return false;
}

Diagnostic Placer::too_large(const Step& step) const {
  const bool known = static_cast<std::size_t>(step.layer) < network_.layers.size();
  return {.error_class = ErrorClass::unsupported,
          .code = "codegen.memory",
          .message = "no tile of this " + step.what + " fits the on-chip memories of overlay '" + overlay_.name +
                     "' (" + std::to_string(overlay_.feature_slots()) + " feature slots, " +
                     std::to_string(overlay_.weight_words) + " weight words)",
          .file = {},
          .node = known ? network_.layers[static_cast<std::size_t>(step.layer)].name : network_.name,
          .op = step.what,
          .field = "feature memory",
          .hint = "choose an overlay with more on-chip memory"};
}

Status Placer::choose_steps(bool& spilled) {
  Diagnostics errors;
  for (std::size_t i = 0; i < lowered_.steps.size(); ++i) {
    const auto step = static_cast<std::int32_t>(i);
    if (choose_tiles(step)) continue;
    if (residency_.spill_at(step))
      spilled = true;
    else
      errors.push_back(too_large(lowered_.steps[i]));
  }
  if (!errors.empty()) return fail(std::move(errors));
  return {};
}

/// Bindings lie one after another, each aligned.
void Placer::place_external() {
  const std::int64_t alignment = ddr_alignment(overlay_);
  const auto next = [&](std::int64_t& total, std::int64_t bytes) {
    const ExternalHome home{total, bytes};
    total += (bytes + alignment - 1) / alignment * alignment;
    return home;
  };
  for (const Layout& layout : lowered_.inputs) {
    const auto id = static_cast<std::size_t>(layout.parts.front().buffer);
    placed_.inputs.push_back(next(placed_.input_bytes, residency_.pixels(id) * layout.channels.blocks() * overlay_.N));
    placed_.homes[id].ddr = {isa::kInputs, placed_.inputs.back().offset};
  }
  for (std::size_t i = 0; i < lowered_.outputs.size(); ++i) {
    const Layout& layout = lowered_.outputs[i].layout;
    const auto id = static_cast<std::size_t>(layout.parts.front().buffer);
    placed_.outputs.push_back(
        next(placed_.output_bytes, residency_.pixels(id) * layout.channels.blocks() * overlay_.N));
    if (residency_.output_of(id) != static_cast<std::int32_t>(i) || residency_.on_chip(id)) continue;
    placed_.homes[id].output = static_cast<std::int32_t>(i);
    placed_.homes[id].ddr = {isa::kOutputs, placed_.outputs.back().offset};
  }
}

/// What was spilled and is no binding goes to scratch memory, which is reused over time like the feature memory.
void Placer::place_in_ddr() {
  place_external();
  const std::int64_t alignment = ddr_alignment(overlay_);
  Packer scratch(std::numeric_limits<std::int64_t>::max(), alignment);
  std::vector<std::size_t> ids;
  std::vector<Need> needs;
  for (std::size_t id = 0; id < lowered_.buffers.size(); ++id) {
    if (residency_.on_chip(id) || buffer(id).input >= 0 || placed_.homes[id].output >= 0) continue;
    ids.push_back(id);
    const std::int64_t bytes = residency_.pixels(id) * buffer(id).blocks * overlay_.N;
    needs.push_back({bytes, residency_.life(id).first, residency_.life(id).last});
  }
  const auto offsets = place_all(scratch, needs);
  for (std::size_t i = 0; i < ids.size(); ++i) placed_.homes[ids[i]].ddr = {isa::kScratch, offsets[i].value_or(0)};
  placed_.scratch_bytes = (scratch.used() + alignment - 1) / alignment * alignment;
}

Result<Placed> Placer::run() {
  residency_.spill_overflow();
  for (;;) {
    if (!pack_buffers()) continue;
    bool spilled = false;
    if (auto status = choose_steps(spilled); !status) return fail(std::move(status.error()));
    if (!spilled) break;
  }
  place_in_ddr();
  placed_.feature_slots = packer_.used();
  const std::string wrong = check_placements(packer_.placements(), overlay_.feature_slots(), 1);
  if (!wrong.empty())
    return fail(Diagnostic{.error_class = ErrorClass::internal,
                           .code = "codegen.allocation",
                           .message = wrong,
                           .file = {},
                           .node = network_.name,
                           .op = {},
                           .field = {},
                           .hint = {}});
  return std::move(placed_);
}

}  // namespace

std::int64_t ddr_alignment(const overlay::Overlay& overlay) {
  return std::max({64, overlay.N, overlay.axi_bytes});  // powers of two
}

Result<Placed> place(const ir::Network& network, const overlay::Overlay& overlay, const Lowered& lowered) {
  return Placer(network, overlay, lowered).run();
}

}  // namespace heddle::codegen
