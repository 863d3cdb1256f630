// SPDX-License-Identifier: Apache-2.0
#include "codegen/lower.h"

#include <algorithm>

#include "codegen/lowering.h"

namespace heddle::codegen {
namespace {

/// Adds blocks [first, first + count) of a layout's physical order, joined with what adjoins in the same buffer.
void append_blocks(std::vector<Part>& parts, const Layout& from, std::int32_t first, std::int32_t count) {
  std::int32_t at = 0;
  for (const Part& part : from.parts) {
    const std::int32_t begin = std::max(first, at), end = std::min(first + count, at + part.blocks);
    if (begin < end) {
      const Part piece{part.buffer, part.first_block + begin - at, end - begin};
      const bool adjoins = !parts.empty() && parts.back().buffer == piece.buffer &&
                           parts.back().first_block + parts.back().blocks == piece.first_block;
      if (adjoins)
        parts.back().blocks += piece.blocks;
      else
        parts.push_back(piece);
    }
    at += part.blocks;
  }
}

/// No instruction: the inputs' parts one after another.
void lower_concat(Lowering& state, const Job& job) {
  const ir::Layer& layer = state.layer(job);
  Layout& out = state.layout(layer.output);
  out.channels = state.channels(layer.output);
  for (const ir::MapId id : layer.inputs) append_blocks(out.parts, state.layout(id), 0, state.channels(id).blocks());
}

/// No instruction: the blocks that hold the slice, other lanes masked.
void lower_slice(Lowering& state, const Job& job) {
  const ir::Layer& layer = state.layer(job);
  Layout& out = state.layout(layer.output);
  out.channels = state.channels(layer.output);
  const BlockRange blocks = covering_blocks(state.channels(layer.inputs[0]), layer.slice_begin,
                                            layer.slice_begin + state.network.map(layer.output).channels);
  append_blocks(out.parts, state.layout(layer.inputs[0]), blocks.first, blocks.count);
}

void lower_job(Lowering& state, const Job& job) {
  switch (state.layer(job).kind) {
    case ir::LayerKind::conv:
      return lower_conv(state, job);
    case ir::LayerKind::conv_transpose:
      return lower_conv_transpose(state, job);
    case ir::LayerKind::depthwise:
      return lower_depthwise(state, job);
    case ir::LayerKind::max_pool:
      return lower_max_pool(state, job);
    case ir::LayerKind::average_pool:
      return lower_average_pool(state, job);
    case ir::LayerKind::global_average:
      return lower_global_average(state, job);
    case ir::LayerKind::resize_nearest:
    case ir::LayerKind::resize_bilinear:
      return lower_resize(state, job);
    case ir::LayerKind::add:
    case ir::LayerKind::multiply:
      return lower_pairwise(state, job);
    case ir::LayerKind::requantize:
      return lower_requantize(state, job);
    case ir::LayerKind::concat:
      return lower_concat(state, job);
    case ir::LayerKind::slice:
      return lower_slice(state, job);
    case ir::LayerKind::fill:
      return lower_fill(state, job);
  }
}

void add_inputs(Lowering& state) {
  for (std::size_t i = 0; i < state.network.inputs.size(); ++i) {
    const ir::MapId id = state.network.inputs[i];
    const ir::FeatureMap& map = state.network.map(id);
    const std::int32_t blocks = state.channels(id).blocks();
    const BufferId buffer = state.add_buffer(map.name, blocks, map.height, map.width, map.type);
    state.result.buffers[static_cast<std::size_t>(buffer)].input = static_cast<std::int32_t>(i);
    state.layout(id) = {.parts = {{buffer, 0, blocks}}, .channels = state.channels(id)};
    state.result.inputs.push_back(state.layout(id));
  }
}

/// Copies every output that `job` (null: the network's inputs) has made to its binding.
void add_output(Lowering& state, const Job& job, ir::MapId id) {
  Layout layout = state.layout(id);
  auto runs = segments(layout.channels);
  if (!runs) {
    const ir::FeatureMap& map = state.network.map(id);
    layout = repack(state, job, layout, map, dense_map(map.channels, state.lanes(map.type)));
    runs = segments(layout.channels);
  }
  const auto index = static_cast<std::int32_t>(state.result.outputs.size());
  std::int32_t block = 0;
  for (const Part& part : layout.parts) {
    state.add_step(job, "save", CopyStep{.input = part, .output = index, .output_block = block});
    block += part.blocks;
  }
  state.result.outputs.push_back({.map = id, .layout = std::move(layout), .segments = std::move(*runs)});
}

/// Saves follow the producer at once, so that the map need not stay on chip for them.
void add_outputs(Lowering& state, const Job& job, const std::vector<ir::MapId>& wanted, ir::MapId made) {
  for (const ir::MapId id : wanted)
    if (id == made) add_output(state, job, id);
}

/// The bindings in the order in which the caller named the maps, not in which they were made.
void sort_outputs(Lowered& lowered, const std::vector<ir::MapId>& wanted) {
  std::vector<std::int32_t> order;  // position → index as made; equal maps keep their order
  std::vector<bool> taken(lowered.outputs.size());
  for (const ir::MapId id : wanted)
    for (std::size_t i = 0; i < lowered.outputs.size(); ++i)
      if (!taken[i] && lowered.outputs[i].map == id) {
        taken[i] = true;
        order.push_back(static_cast<std::int32_t>(i));
        break;
      }
  std::vector<OutputMap> sorted;
  std::vector<std::int32_t> position(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    position[static_cast<std::size_t>(order[i])] = static_cast<std::int32_t>(i);
    sorted.push_back(std::move(lowered.outputs[static_cast<std::size_t>(order[i])]));
  }
  lowered.outputs = std::move(sorted);
  for (Step& step : lowered.steps)
    if (auto* copy = std::get_if<CopyStep>(&step.work)) copy->output = position[static_cast<std::size_t>(copy->output)];
}

}  // namespace

void Lowering::refuse(const ir::Layer& at, const std::string& field, const std::string& message,
                      const std::string& hint) {
  errors.push_back({.error_class = ErrorClass::unsupported,
                    .code = "codegen.layer",
                    .message = message,
                    .file = {},
                    .node = at.name,
                    .op = std::string(ir::name(at.kind)),
                    .field = field,
                    .hint = hint});
}

BufferId Lowering::add_buffer(const std::string& name, std::int32_t blocks, std::int32_t height, std::int32_t width,
                              DataType type) {
  result.buffers.push_back({.name = name, .blocks = blocks, .height = height, .width = width, .type = type});
  return static_cast<BufferId>(result.buffers.size()) - 1;
}

Part Lowering::output_part(ir::MapId id) {
  ir::MapId root = id;
  std::int32_t block = 0;
  while (hosts[static_cast<std::size_t>(root)].map >= 0) {
    block += hosts[static_cast<std::size_t>(root)].first_block;
    root = hosts[static_cast<std::size_t>(root)].map;
  }
  BufferId& buffer = buffers[static_cast<std::size_t>(root)];
  if (buffer < 0) {
    const ir::FeatureMap& map = network.map(root);
    buffer = add_buffer(map.name, channels(root).blocks(), map.height, map.width, map.type);
  }
  return {buffer, block, channels(id).blocks()};
}

Part Lowering::define_output(ir::MapId id) {
  const Part part = output_part(id);
  layout(id) = {.parts = {part}, .channels = channels(id)};
  return part;
}

void Lowering::add_step(const Job& job, std::string what, std::variant<ConvStep, StencilStep, CopyStep> work) {
  result.steps.push_back({.layer = job.layer, .what = std::move(what), .work = std::move(work)});
}

Result<Lowered> lower(const ir::Network& network, const overlay::Overlay& overlay, const Options& options) {
  std::vector<ir::MapId> wanted = network.outputs;
  wanted.insert(wanted.end(), options.expose.begin(), options.expose.end());
  const std::vector<Job> jobs = fuse(network, options.expose, options.fuse);

  Lowering state{.network = network, .overlay = overlay, .options = options};
  state.maps = channel_maps(network, jobs, overlay.N);
  state.hosts = options.in_place ? hosts(network, jobs, state.maps, wanted) : std::vector<Host>(network.maps.size());
  state.layouts.resize(network.maps.size());
  state.buffers.assign(network.maps.size(), -1);
  add_inputs(state);
  for (const ir::MapId id : network.inputs) add_outputs(state, Job{}, wanted, id);
  for (const Job& job : jobs) {
    lower_job(state, job);
    add_outputs(state, job, wanted, output_of(network, job));
  }
  if (!state.errors.empty()) return fail(std::move(state.errors));
  sort_outputs(state.result, wanted);
  return std::move(state.result);
}

}  // namespace heddle::codegen
