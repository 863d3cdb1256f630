// SPDX-License-Identifier: Apache-2.0
#include "codegen/in_place.h"

#include <algorithm>

namespace heddle::codegen {
namespace {

/// Share of a concat's memory × time that may be spent on waiting.
constexpr double kLargestWaste = 0.35;

struct Life {
  std::int32_t begin = 0, end = 0;
};

/// Index of the job that writes a map first (a concat: its earliest input) and that reads it last.
std::vector<Life> lives(const ir::Network& network, std::span<const Job> jobs) {
  std::vector<Life> result(network.maps.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto now = static_cast<std::int32_t>(i);
    Life& made = result[static_cast<std::size_t>(output_of(network, jobs[i]))];
    made = {now, now};
    const bool joins = network.layers[static_cast<std::size_t>(jobs[i].layer)].kind == ir::LayerKind::concat;
    for (const ir::MapId id : inputs_of(network, jobs[i])) {
      Life& read = result[static_cast<std::size_t>(id)];
      read.end = now;
      if (joins) made.begin = std::min(made.begin, read.begin);
    }
  }
  return result;
}

/// Of the memory × time that one large buffer takes, the share in which parts of it wait to be written.
double waste(const ir::Layer& concat, std::span<const ChannelMap> maps, std::span<const Life> life) {
  const Life all = life[static_cast<std::size_t>(concat.output)];
  double waiting = 0, blocks = 0;
  for (const ir::MapId id : concat.inputs) {
    const auto at = static_cast<std::size_t>(id);
    waiting += maps[at].blocks() * static_cast<double>(life[at].begin - all.begin);
    blocks += maps[at].blocks();
  }
  return waiting / (blocks * static_cast<double>(std::max(1, all.end - all.begin + 1)));
}

class HostFinder {
 public:
  HostFinder(const ir::Network& network, std::span<const ChannelMap> maps)
      : network_(network), maps_(maps), hosts_(network.maps.size()), writable_(network.maps.size()) {}

  void visit(const Job& job, std::span<const Life> life) {
    const ir::Layer& layer = network_.layers[static_cast<std::size_t>(job.layer)];
    const auto output = static_cast<std::size_t>(output_of(network_, job));
    if (layer.kind == ir::LayerKind::concat)
      writable_[output] = can_host(layer) && waste(layer, maps_, life) <= kLargestWaste && host(layer);
    else
      writable_[output] = layer.kind != ir::LayerKind::slice;
  }
  [[nodiscard]] std::vector<Host> take() { return std::move(hosts_); }

 private:
  [[nodiscard]] bool can_host(const ir::Layer& concat) const {
    std::vector<ir::MapId> distinct = concat.inputs;
    std::ranges::sort(distinct);
    if (std::ranges::adjacent_find(distinct) != distinct.end()) return false;
    return std::ranges::all_of(distinct, [&](ir::MapId id) {
      const auto at = static_cast<std::size_t>(id);
      return writable_[at] && hosts_[at].concat < 0;
    });
  }
  bool host(const ir::Layer& concat) {
    std::int32_t block = 0;
    for (const ir::MapId id : concat.inputs) {
      hosts_[static_cast<std::size_t>(id)] = {concat.output, block};
      block += maps_[static_cast<std::size_t>(id)].blocks();
    }
    return true;
  }

  const ir::Network& network_;
  std::span<const ChannelMap> maps_;
  std::vector<Host> hosts_;
  std::vector<bool> writable_;  ///< a step writes it, into a buffer that we choose
};

class MapFinder {
 public:
  MapFinder(const ir::Network& network, std::int32_t slot_bytes)
      : network_(network), slot_bytes_(slot_bytes), maps_(network.maps.size()) {
    for (const ir::MapId id : network.inputs) at(id) = dense(id);
  }
  void visit(const Job& job);
  [[nodiscard]] std::vector<ChannelMap> take() { return std::move(maps_); }

 private:
  ChannelMap& at(ir::MapId id) { return maps_[static_cast<std::size_t>(id)]; }
  [[nodiscard]] std::int32_t lanes(ir::MapId id) const {
    return bits(network_.map(id).type) > 8 ? slot_bytes_ / 2 : slot_bytes_;
  }
  [[nodiscard]] ChannelMap dense(ir::MapId id) const { return dense_map(network_.map(id).channels, lanes(id)); }
  [[nodiscard]] ChannelMap joined(const ir::Layer& layer) {
    std::vector<const ChannelMap*> parts;
    std::vector<std::int32_t> channels;
    for (const ir::MapId id : layer.inputs) {
      parts.push_back(&at(id));
      channels.push_back(network_.map(id).channels);
    }
    return join(parts, channels);
  }
  [[nodiscard]] ChannelMap sliced(const ir::Layer& layer) {
    const std::int32_t end = layer.slice_begin + network_.map(layer.output).channels;
    const ChannelMap& in = at(layer.inputs[0]);
    return slice(in, covering_blocks(in, layer.slice_begin, end), layer.slice_begin, end);
  }

  const ir::Network& network_;
  std::int32_t slot_bytes_;
  std::vector<ChannelMap> maps_;
};

void MapFinder::visit(const Job& job) {
  const ir::Layer& layer = network_.layers[static_cast<std::size_t>(job.layer)];
  const ir::MapId output = output_of(network_, job);
  const auto inputs = inputs_of(network_, job);
  switch (layer.kind) {
    case ir::LayerKind::conv:
      // A convolution can write any map, and the residual must have the same one.
      at(output) = inputs.size() > 1 ? at(inputs.back()) : dense(output);
      return;
    case ir::LayerKind::conv_transpose:
    case ir::LayerKind::fill:
      at(output) = dense(output);
      return;
    case ir::LayerKind::depthwise:
      at(output) = multiplied(reblocked(at(inputs[0]), lanes(output)),
                              network_.map(output).channels / network_.map(inputs[0]).channels);
      return;
    case ir::LayerKind::max_pool:
    case ir::LayerKind::average_pool:
    case ir::LayerKind::global_average:
    case ir::LayerKind::resize_nearest:
    case ir::LayerKind::resize_bilinear:
    case ir::LayerKind::requantize:
    case ir::LayerKind::add:
    case ir::LayerKind::multiply:
      at(output) = reblocked(at(inputs[0]), lanes(output));
      return;
    case ir::LayerKind::concat:
      at(output) = joined(layer);
      return;
    case ir::LayerKind::slice:
      at(output) = sliced(layer);
      return;
  }
}

}  // namespace

std::vector<ChannelMap> channel_maps(const ir::Network& network, std::span<const Job> jobs, std::int32_t slot_bytes) {
  MapFinder finder(network, slot_bytes);
  for (const Job& job : jobs) finder.visit(job);
  return finder.take();
}

std::vector<Host> hosts(const ir::Network& network, std::span<const Job> jobs, std::span<const ChannelMap> maps) {
  HostFinder finder(network, maps);
  const auto life = lives(network, jobs);
  for (const Job& job : jobs) finder.visit(job, life);
  return finder.take();
}

}  // namespace heddle::codegen
