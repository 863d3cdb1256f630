// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "quant/lowering/convolution.h"
#include "quant/lowering/rules.h"

// SpaceToDepth and DepthToSpace. Both only move elements; strides and convolutions by 0 and 1 do the same exactly.
namespace heddle::quant {
namespace {

std::int32_t block_of(const Site& site) {
  return static_cast<std::int32_t>(kernels::get_int(site.node.attributes, "blocksize", 1));
}

/// CRD: the pixels of a block are neighbouring channels. DCR: the channels of a pixel are.
bool pixels_adjoin(const Site& site) {
  return kernels::get_string(site.node.attributes, "mode", "DCR") == "CRD";
}

/// Pixel (row, column) of every block.
ir::MapId gathered(Emitter& emitter, const Site& site, ir::MapId in, std::int32_t row, std::int32_t column,
                   const ir::Post& post) {
  const ir::FeatureMap from = emitter.map(in);
  const std::int32_t block = block_of(site);
  ir::Layer& copy = emitter.add_layer(ir::LayerKind::requantize, site, {in},
                                      {from.channels, from.height / block, from.width / block}, site.result_format());
  ir::Window& w = copy.window;
  w.stride_h = w.stride_w = block;
  w.pad_top = -row;
  w.pad_left = -column;
  w.pad_bottom = row + 1 - block;
  w.pad_right = column + 1 - block;
  copy.post = post;
  return copy.output;
}

void emit_pixels(Emitter& emitter, const Site& site, ir::MapId in) {
  const auto post = conversion(emitter.format(in), site.result_format());
  if (!post) return emitter.refuse(site, "quant.ratio", "the scales of operand and result are too far apart");
  std::vector<ir::MapId> parts;
  for (std::int32_t row = 0; row < block_of(site); ++row)
    for (std::int32_t column = 0; column < block_of(site); ++column)
      parts.push_back(gathered(emitter, site, in, row, column, *post));
  emitter.add_result(ir::LayerKind::concat, site, std::move(parts));
}

/// A convolution whose window is one block, with these weights of 0 and 1.
void emit_blocks(Emitter& emitter, const Site& site, ir::LayerKind kind, ir::MapId in, std::int32_t groups,
                 std::vector<std::int16_t> ones) {
  const auto channels = static_cast<std::size_t>(site.scene.at(site.node.outputs[0])->extent.channels);
  IntegerWeights weights{std::move(ones), DataType::i8, std::vector<double>(channels, 1.0)};
  const auto q = convolution_requant(emitter, site, weights, {}, emitter.format(in), site.result_format());
  ir::Layer& layer = emitter.add_result(kind, site, {in});
  ir::Window& w = layer.window;
  w.kernel_h = w.kernel_w = w.stride_h = w.stride_w = block_of(site);
  layer.groups = groups;
  layer.weights = {std::move(weights.values), weights.type};
  layer.post.channels = q;
}

/// `count` unit matrices of block² × block².
std::vector<std::int16_t> unit_matrices(std::int32_t count, std::int32_t block) {
  const auto side = static_cast<std::size_t>(block * block);
  std::vector<std::int16_t> ones(static_cast<std::size_t>(count) * side * side);
  for (std::size_t row = 0; row < static_cast<std::size_t>(count) * side; ++row) ones[row * side + row % side] = 1;
  return ones;
}

/// [out][block² · out][block²]: pixel p of output channel o comes from input channel p · out + o.
std::vector<std::int16_t> spread_ones(std::int32_t out, std::int32_t block) {
  const auto channels = static_cast<std::size_t>(out), pixels = static_cast<std::size_t>(block * block);
  std::vector<std::int16_t> ones(channels * pixels * channels * pixels);
  for (std::size_t o = 0; o < channels; ++o)
    for (std::size_t p = 0; p < pixels; ++p) ones[((o * pixels + p) * channels + o) * pixels + p] = 1;
  return ones;
}

Refusal block_refusal(const Site& site) {
  if (block_of(site) > ir::limits::kStride)
    return fmt::format("a block of {} exceeds the largest stride, {}", block_of(site), ir::limits::kStride);
  return std::nullopt;
}

/// A block of 1 moves nothing.
void emit_unchanged(Emitter& emitter, const Site& site, ir::MapId in) {
  emitter.bind(site.node.outputs[0], emitter.converted(site, in, site.result_format()));
}

}  // namespace

Refusal check_space_to_depth(const Site& site) {
  return block_refusal(site);
}

void emit_space_to_depth(Emitter& emitter, const Site& site) {
  const ir::MapId in = emitter.operand(site.node.inputs[0]);
  const std::int32_t block = block_of(site);
  if (block == 1) return emit_unchanged(emitter, site, in);
  if (!pixels_adjoin(site)) return emit_pixels(emitter, site, in);
  emit_blocks(emitter, site, ir::LayerKind::depthwise, in, 1, unit_matrices(emitter.map(in).channels, block));
}

Refusal check_depth_to_space(const Site& site) {
  constexpr std::int64_t kMostWeights = std::int64_t{1} << 22;
  const std::int64_t channels = site.placement().extent.channels;
  if (!pixels_adjoin(site) && channels * channels > kMostWeights)
    return fmt::format("{} channels in DCR order would need more than {} weights of 0 and 1", channels, kMostWeights);
  return block_refusal(site);
}

void emit_depth_to_space(Emitter& emitter, const Site& site) {
  const ir::MapId in = emitter.operand(site.node.inputs[0]);
  const std::int32_t block = block_of(site), out = site.scene.at(site.node.outputs[0])->extent.channels;
  if (block == 1) return emit_unchanged(emitter, site, in);
  const bool grouped = pixels_adjoin(site);
  emit_blocks(emitter, site, ir::LayerKind::conv_transpose, in, grouped ? out : 1,
              grouped ? unit_matrices(out, block) : spread_ones(out, block));
}

}  // namespace heddle::quant
