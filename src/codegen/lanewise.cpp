// SPDX-License-Identifier: Apache-2.0
#include "codegen/lanewise.h"

#include <algorithm>
#include <set>

namespace heddle::codegen {
namespace {

/// Blocks of the physical order at which a part starts, and the total.
std::set<std::int32_t> borders(const Layout& layout) {
  std::set<std::int32_t> result{0};
  std::int32_t at = 0;
  for (const Part& part : layout.parts) result.insert(at += part.blocks);
  return result;
}

/// The blocks [begin, end) of the physical order, which lie within one part.
Part part_at(const Layout& layout, std::int32_t begin, std::int32_t end) {
  std::int32_t at = 0;
  for (const Part& part : layout.parts) {
    if (begin < at + part.blocks) return {part.buffer, part.first_block + begin - at, end - begin};
    at += part.blocks;
  }
  return {};
}

struct Operands {
  Layout first;
  std::optional<Layout> second = {};
  std::set<std::int32_t> cuts = {};
};

/// i16 to i8 packs two blocks into one, so a piece must start on an even block.
bool convertible(const std::set<std::int32_t>& cuts, std::int32_t in_lanes, std::int32_t out_lanes) {
  const std::int32_t end = *cuts.rbegin();
  return std::ranges::all_of(cuts, [&](std::int32_t cut) { return cut == end || cut * in_lanes % out_lanes == 0; });
}

void find_cuts(Operands& operands) {
  operands.cuts = borders(operands.first);
  if (operands.second) operands.cuts.merge(borders(*operands.second));
}

Operands prepare(Lowering& state, const Job& job, std::int32_t in_lanes, std::int32_t out_lanes) {
  const ir::Layer& layer = state.layer(job);
  const ir::FeatureMap& in = state.network.map(layer.inputs[0]);
  Operands operands{.first = state.layout(layer.inputs[0])};
  if (layer.inputs.size() > 1) {
    operands.second = state.layout(layer.inputs[1]);
    if (operands.second->channels != operands.first.channels)
      operands.second =
          repack(state, job, *operands.second, state.network.map(layer.inputs[1]), operands.first.channels);
  }
  find_cuts(operands);
  if (convertible(operands.cuts, in_lanes, out_lanes)) return operands;
  operands.first = repack(state, job, operands.first, in, operands.first.channels);
  if (operands.second && operands.second->parts.size() > 1)
    operands.second = repack(state, job, *operands.second, state.network.map(layer.inputs[1]), operands.first.channels);
  find_cuts(operands);
  return operands;
}

/// Channels of pass `pass` of `multiplier` for these blocks.
ChannelMap pass_channels(const ChannelMap& in, std::int32_t begin, std::int32_t end, std::int32_t multiplier,
                         std::int32_t pass) {
  ChannelMap result{.lanes = in.lanes, .logical = {}};
  for (const std::int32_t logical : in.of_blocks(begin, end - begin))
    result.logical.push_back(logical == kHole ? kHole : logical * multiplier + pass);
  return result;
}

}  // namespace

std::vector<LanewisePiece> lanewise_pieces(Lowering& state, const Job& job) {
  const ir::Layer& layer = state.layer(job);
  const ir::FeatureMap &in = state.network.map(layer.inputs[0]), &out = state.network.map(layer.output);
  const std::int32_t in_lanes = state.lanes(in.type), out_lanes = state.lanes(out.type);
  const std::int32_t multiplier = out.channels / in.channels;
  const Operands operands = prepare(state, job, in_lanes, out_lanes);
  const auto out_block = [&](std::int32_t block) { return (block * in_lanes + out_lanes - 1) / out_lanes; };

  const bool redefined = !state.layout(layer.output).parts.empty();  // a layer of several steps
  const Part output = redefined ? state.layout(layer.output).parts[0] : state.define_output(layer.output);
  const std::int32_t pass_blocks = out_block(operands.first.channels.blocks());
  std::vector<LanewisePiece> pieces;
  for (std::int32_t pass = 0; pass < multiplier; ++pass)
    for (auto cut = operands.cuts.begin(); std::next(cut) != operands.cuts.end(); ++cut) {
      const std::int32_t begin = *cut, end = *std::next(cut);
      LanewisePiece piece{.input = part_at(operands.first, begin, end),
                          .operand = std::nullopt,
                          .output = output,
                          .channels = pass_channels(operands.first.channels, begin, end, multiplier, pass)};
      if (operands.second) piece.operand = part_at(*operands.second, begin, end);
      piece.output.first_block += pass * pass_blocks + out_block(begin);
      piece.output.blocks = out_block(end) - out_block(begin);
      pieces.push_back(std::move(piece));
    }
  return pieces;
}

}  // namespace heddle::codegen
