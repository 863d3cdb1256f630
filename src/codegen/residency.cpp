// SPDX-License-Identifier: Apache-2.0
#include "codegen/residency.h"

#include <algorithm>

#include "codegen/step_problem.h"
#include "cost/cost.h"
#include "isa/instruction.h"
#include "mapping/problem.h"

namespace heddle::codegen {
namespace {

/// Largest value of an instruction field.
std::int64_t field_limit(isa::Opcode opcode, isa::Field field) {
  for (const isa::FieldSpec& spec : isa::format(opcode))
    if (spec.field == field) return spec.high;
  return 0;
}

template <class Visit>
void for_parts(const Step& step, const Visit& visit) {
  const StepParts parts = parts_of(step);
  for (const Part& part : parts.inputs) visit(part, false);
  for (const Part& part : parts.operands) visit(part, false);
  if (parts.output) visit(*parts.output, true);
}

}  // namespace

Residency::Residency(const overlay::Overlay& overlay, const Lowered& lowered)
    : overlay_(overlay),
      lowered_(lowered),
      in_ddr_(lowered.buffers.size()),
      lives_(lowered.buffers.size()),
      pitches_(lowered.buffers.size()),
      outputs_(lowered.buffers.size(), -1),
      reads_(lowered.buffers.size()),
      saves_(lowered.buffers.size()),
      row_steps_(lowered.buffers.size(), 1) {
  find_lives();
  find_pitches();
  find_outputs();
  for (std::size_t id = 0; id < lowered.buffers.size(); ++id) {
    const bool only_output = outputs_[id] >= 0 && reads_[id] == saves_[id];
    in_ddr_[id] =
        lowered.buffers[id].input >= 0 || only_output || !fits_fields(id) || slots(id) > overlay.feature_slots();
  }
}

void Residency::find_lives() {
  for (std::size_t i = 0; i < lowered_.steps.size(); ++i)
    for_parts(lowered_.steps[i], [&](const Part& part, bool writes) {
      const auto id = static_cast<std::size_t>(part.buffer);
      Life& life = lives_[id];
      if (life.last < 0) life.first = static_cast<std::int32_t>(i);
      life.last = static_cast<std::int32_t>(i);
      if (writes) return;
      ++reads_[id];
      saves_[id] += std::holds_alternative<CopyStep>(lowered_.steps[i].work) ? 1 : 0;
    });
}

/// The reader with the most outputs decides (overlay.md §4: pitch ≡ groups per row of the reader).
void Residency::find_pitches() {
  std::vector<std::int64_t> most(lowered_.buffers.size());
  for (std::size_t id = 0; id < lowered_.buffers.size(); ++id) pitches_[id] = lowered_.buffers[id].width;
  for (const Step& step : lowered_.steps) {
    const auto* conv = std::get_if<ConvStep>(&step.work);
    if (conv == nullptr) continue;
    row_steps_[static_cast<std::size_t>(conv->output.buffer)] = conv->step_h;
    const std::int64_t outputs = std::int64_t{conv->y.out} * conv->x.out;
    for (const Part& part : conv->inputs) {
      const auto id = static_cast<std::size_t>(part.buffer);
      if (outputs <= most[id]) continue;
      most[id] = outputs;
      pitches_[id] = mapping::row_pitch(overlay_, lowered_.buffers[id].width, conv->x.out);
    }
  }
}

void Residency::find_outputs() {
  for (std::size_t i = 0; i < lowered_.outputs.size(); ++i) {
    const auto& parts = lowered_.outputs[i].layout.parts;
    const auto id = static_cast<std::size_t>(parts.front().buffer);
    const bool whole = parts.size() == 1 && parts[0].blocks == lowered_.buffers[id].blocks;
    if (whole && outputs_[id] < 0 && lowered_.buffers[id].input < 0) outputs_[id] = static_cast<std::int32_t>(i);
  }
}

std::int64_t Residency::pixels(std::size_t id) const {
  return std::int64_t{lowered_.buffers[id].height} * lowered_.buffers[id].width;
}

std::int64_t Residency::plane_words(std::size_t id) const {
  return cost::ceil_div(std::int64_t{lowered_.buffers[id].height} * pitches_[id], overlay_.P);
}

std::int64_t Residency::slots(std::size_t id) const {
  return lowered_.buffers[id].blocks * plane_words(id) * overlay_.P;
}

ChipHome Residency::home_at(std::size_t id, std::int64_t slot) const {
  return {slot, pitches_[id], plane_words(id)};
}

bool Residency::fits_fields(std::size_t id) const {
  return std::int64_t{pitches_[id]} * row_steps_[id] <= field_limit(isa::Opcode::conv, isa::Field::dst_pitch) &&
         plane_words(id) <= field_limit(isa::Opcode::conv, isa::Field::src_plane) &&
         lowered_.buffers[id].blocks <= field_limit(isa::Opcode::conv, isa::Field::in_blocks);
}

/// Memory to leave for the tiles of a step: twice what it reads and writes in DDR, at most a quarter of the whole.
std::int64_t Residency::reserve(std::size_t step) const {
  std::int64_t wanted = 0;
  const bool copies = std::holds_alternative<CopyStep>(lowered_.steps[step].work);
  for_parts(lowered_.steps[step], [&](const Part& part, bool) {
    const auto id = static_cast<std::size_t>(part.buffer);
    const bool moves = !copies || outputs_[id] < 0 || lowered_.buffers[id].input >= 0;
    if (in_ddr_[id] && moves) wanted += 2 * part.blocks * plane_words(id) * overlay_.P;
  });
  return std::min(wanted, overlay_.feature_slots() / 4);
}

std::vector<std::int64_t> Residency::overflow() const {
  std::vector<std::int64_t> result(lowered_.steps.size());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = reserve(i) - overlay_.feature_slots();
  for (std::size_t id = 0; id < in_ddr_.size(); ++id)
    if (!in_ddr_[id])
      for (std::int32_t i = lives_[id].first; i <= lives_[id].last; ++i)
        result[static_cast<std::size_t>(i)] += slots(id);
  return result;
}

double Residency::price(std::size_t id, std::size_t steps_helped) const {
  const std::int32_t saved = outputs_[id] >= 0 ? 2 : 0;  // its write and the copy to the output become one
  const std::int32_t transfers = std::max(1, 1 + reads_[id] - saved);
  return static_cast<double>(transfers) / static_cast<double>(std::max<std::size_t>(1, steps_helped));
}

void Residency::spill_overflow() {
  for (;;) {
    const auto excess = overflow();
    const auto worst = std::ranges::max_element(excess);
    if (worst == excess.end() || *worst <= 0) return;
    const auto step = static_cast<std::int32_t>(worst - excess.begin());
    std::size_t best = in_ddr_.size();
    double best_price = 0;
    for (std::size_t id = 0; id < in_ddr_.size(); ++id) {
      if (in_ddr_[id] || lives_[id].first > step || lives_[id].last < step) continue;
      std::size_t helped = 0;
      for (std::int32_t i = lives_[id].first; i <= lives_[id].last; ++i)
        helped += excess[static_cast<std::size_t>(i)] > 0 ? 1 : 0;
      // Too small a buffer does not end the overflow, so another one would have to go as well.
      const double share = std::min(1.0, static_cast<double>(slots(id)) / static_cast<double>(*worst));
      const double value = price(id, helped) / share;
      if (best < in_ddr_.size() && value >= best_price) continue;
      best = id;
      best_price = value;
    }
    if (best == in_ddr_.size()) return;
    spill(best);
  }
}

bool Residency::spill_at(std::int32_t step) {
  std::size_t best = in_ddr_.size();
  for (std::size_t id = 0; id < in_ddr_.size(); ++id) {
    if (in_ddr_[id] || lives_[id].first > step || lives_[id].last < step) continue;
    if (best == in_ddr_.size() ||
        price(id, 1) / static_cast<double>(slots(id)) < price(best, 1) / static_cast<double>(slots(best)))
      best = id;
  }
  if (best == in_ddr_.size()) return false;
  spill(best);
  return true;
}

}  // namespace heddle::codegen
