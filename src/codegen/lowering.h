// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "codegen/fusion.h"
#include "codegen/in_place.h"
#include "codegen/lower.h"
#include "codegen/step.h"

/// State that the lowering functions of one network share. Private to lower_*.cpp.
namespace heddle::codegen {

struct Lowering {
  const ir::Network& network;
  const overlay::Overlay& overlay;
  const Options& options;
  std::vector<ChannelMap> maps = {};   ///< per feature map
  std::vector<Host> hosts = {};        ///< per feature map
  std::vector<Layout> layouts = {};    ///< per feature map, once its producer was lowered
  std::vector<BufferId> buffers = {};  ///< per feature map: the buffer of its own, or −1
  Lowered result = {};
  Diagnostics errors = {};

  [[nodiscard]] const ir::Layer& layer(const Job& job) const {
    return network.layers[static_cast<std::size_t>(job.layer)];
  }
  [[nodiscard]] const ChannelMap& channels(ir::MapId id) const { return maps[static_cast<std::size_t>(id)]; }
  [[nodiscard]] Layout& layout(ir::MapId id) { return layouts[static_cast<std::size_t>(id)]; }
  [[nodiscard]] std::int32_t lanes(DataType type) const { return bits(type) > 8 ? overlay.N / 2 : overlay.N; }

  /// Reports that this layer cannot run on this overlay.
  void refuse(const ir::Layer& layer, const std::string& field, const std::string& message, const std::string& hint);
  [[nodiscard]] BufferId add_buffer(const std::string& name, std::int32_t blocks, std::int32_t height,
                                    std::int32_t width, DataType type);
  /// The blocks that the producer of a map writes: a buffer of its own, or its place in another map's.
  [[nodiscard]] Part output_part(ir::MapId id);
  /// The same, and makes it the map's layout.
  [[nodiscard]] Part define_output(ir::MapId id);
  void add_step(const Job& job, std::string what, std::variant<ConvStep, StencilStep, CopyStep> work);
};

/// Requantiser that changes nothing: (acc·2^15 + 2^14) >> 15.
[[nodiscard]] PostParams identity_post(DataType type);
/// First stage of a layer's Post (and its addition, if given).
[[nodiscard]] PostParams post_params(const ir::Post& post, const std::optional<kernels::AddParams>& addition);

/// The same channels in another order or in one buffer, by an exact 0/1 convolution.
[[nodiscard]] Layout repack(Lowering& state, const Job& job, const Layout& from, const ir::FeatureMap& like,
                            const ChannelMap& to);

void lower_conv(Lowering& state, const Job& job);
void lower_conv_transpose(Lowering& state, const Job& job);
/// A depthwise layer that STENCIL cannot take, as a grouped convolution.
void lower_depthwise_as_conv(Lowering& state, const Job& job);

/// Sums over windows (an average) as a convolution with weights of 1 within a channel. `step` has geometry and post.
void lower_sum_as_conv(Lowering& state, const Job& job, const StencilStep& step);

void lower_depthwise(Lowering& state, const Job& job);
void lower_max_pool(Lowering& state, const Job& job);
void lower_average_pool(Lowering& state, const Job& job);
void lower_global_average(Lowering& state, const Job& job);
void lower_resize(Lowering& state, const Job& job);
void lower_pairwise(Lowering& state, const Job& job);
void lower_requantize(Lowering& state, const Job& job);
void lower_fill(Lowering& state, const Job& job);

}  // namespace heddle::codegen
