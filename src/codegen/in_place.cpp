// SPDX-License-Identifier: Apache-2.0
#include "codegen/in_place.h"

#include <algorithm>
#include <optional>

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

/// Who reads a map.
struct Readers {
  std::int32_t last = -1;  ///< job
  bool aliased = false;    ///< a concat or a slice makes it part of another map
};

bool moves_only(const ir::Layer& layer) {
  return layer.kind == ir::LayerKind::concat || layer.kind == ir::LayerKind::slice;
}

std::vector<Readers> readers(const ir::Network& network, std::span<const Job> jobs) {
  std::vector<Readers> result(network.maps.size());
  for (std::size_t i = 0; i < jobs.size(); ++i)
    for (const ir::MapId id : inputs_of(network, jobs[i])) {
      Readers& r = result[static_cast<std::size_t>(id)];
      r.last = static_cast<std::int32_t>(i);
      r.aliased = r.aliased || moves_only(network.layers[static_cast<std::size_t>(jobs[i].layer)]);
    }
  return result;
}

class HostFinder {
 public:
  HostFinder(const ir::Network& network, std::span<const Job> jobs, std::span<const ChannelMap> maps,
             std::span<const ir::MapId> keep)
      : network_(network),
        jobs_(jobs),
        maps_(maps),
        life_(lives(network, jobs)),
        readers_(readers(network, jobs)),
        hosts_(network.maps.size()),
        written_(network.maps.size()),
        joined_(network.maps.size()),
        kept_(network.maps.size()) {
    for (const ir::MapId id : keep) kept_[static_cast<std::size_t>(id)] = true;
  }

  std::vector<Host> run() {
    for (std::size_t i = 0; i < jobs_.size(); ++i) visit(static_cast<std::int32_t>(i));
    return std::move(hosts_);
  }

 private:
  void visit(std::int32_t index);
  [[nodiscard]] bool can_join(const ir::Layer& concat) const;
  void join(const ir::Layer& concat);
  [[nodiscard]] std::optional<ir::MapId> overwritten(std::int32_t index) const;

  const ir::Network& network_;
  std::span<const Job> jobs_;
  std::span<const ChannelMap> maps_;
  std::vector<Life> life_;
  std::vector<Readers> readers_;
  std::vector<Host> hosts_;
  std::vector<bool> written_;  ///< a step writes it, into a buffer that we choose
  std::vector<bool> joined_;   ///< a concat's output
  std::vector<bool> kept_;
};

void HostFinder::visit(std::int32_t index) {
  const Job& job = jobs_[static_cast<std::size_t>(index)];
  const ir::Layer& layer = network_.layers[static_cast<std::size_t>(job.layer)];
  const auto output = static_cast<std::size_t>(output_of(network_, job));
  written_[output] = layer.kind != ir::LayerKind::slice;
  if (layer.kind == ir::LayerKind::concat) {
    joined_[output] = true;
    written_[output] = can_join(layer) && waste(layer, maps_, life_) <= kLargestWaste;
    if (written_[output]) join(layer);
  }
  if (const auto operand = overwritten(index)) hosts_[output] = {*operand, 0};
}

bool HostFinder::can_join(const ir::Layer& concat) const {
  std::vector<ir::MapId> distinct = concat.inputs;
  std::ranges::sort(distinct);
  if (std::ranges::adjacent_find(distinct) != distinct.end()) return false;
  return std::ranges::all_of(distinct, [&](ir::MapId id) {
    const auto at = static_cast<std::size_t>(id);
    return written_[at] && hosts_[at].map < 0;
  });
}

void HostFinder::join(const ir::Layer& concat) {
  std::int32_t block = 0;
  for (const ir::MapId id : concat.inputs) {
    hosts_[static_cast<std::size_t>(id)] = {concat.output, block};
    block += maps_[static_cast<std::size_t>(id)].blocks();
  }
}

/// The operand that a sum may overwrite: same size and channels, alive for nothing else, not part of another map.
std::optional<ir::MapId> HostFinder::overwritten(std::int32_t index) const {
  const Job& job = jobs_[static_cast<std::size_t>(index)];
  const ir::Layer& layer = network_.layers[static_cast<std::size_t>(job.layer)];
  const std::vector<ir::MapId> inputs = inputs_of(network_, job);
  const bool adds = layer.kind == ir::LayerKind::add;
  if (inputs.size() != 2 || inputs[0] == inputs[1] || (layer.kind != ir::LayerKind::conv && !adds)) return std::nullopt;
  const ir::MapId operand = adds ? inputs[0] : inputs[1], output = output_of(network_, job);
  const auto at = static_cast<std::size_t>(operand);
  const bool made_by_step = written_[at] && !joined_[at];
  const bool free = readers_[at].last == index && !readers_[at].aliased && !kept_[at];
  const bool same =
      network_.map(operand).type == network_.map(output).type && maps_[at] == maps_[static_cast<std::size_t>(output)];
  return made_by_step && free && same ? std::optional(operand) : std::nullopt;
}

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

std::vector<Host> hosts(const ir::Network& network, std::span<const Job> jobs, std::span<const ChannelMap> maps,
                        std::span<const ir::MapId> keep) {
  return HostFinder(network, jobs, maps, keep).run();
}

}  // namespace heddle::codegen
