// SPDX-License-Identifier: Apache-2.0
#include "quant/lowering/partition.h"

#include <fmt/format.h>

#include <algorithm>

#include "quant/lowering/rules.h"

namespace heddle::quant {
namespace {

/// Node indices sent to the host whatever their rule says, with the reason.
using Forced = std::vector<std::string>;

/// The batch of a node's result: dimension 0.
std::int64_t batch_of(const Scene& scene, const ir::Node& node) {
  const Shape& shape = scene.graph.value(node.outputs[0]).shape;
  return shape.empty() ? -1 : shape[0];
}

/// Fills in `on_overlay`, `placement` and the reasons, node by node.
void classify(Scene& scene, const Forced& forced, std::vector<std::string>& reasons) {
  const ir::Graph& graph = scene.graph;
  scene.placement.assign(graph.values.size(), std::nullopt);
  scene.on_overlay.assign(graph.nodes.size(), false);
  reasons.assign(graph.nodes.size(), {});
  const auto place_naturally = [&](ir::ValueId id) {
    if (id == ir::kNoValue) return;
    if (const auto extent = natural_extent(graph.value(id).shape))
      scene.placement[static_cast<std::size_t>(id)] = Placement{*extent, true};
  };
  std::ranges::for_each(graph.inputs, place_naturally);
  std::optional<std::int64_t> batch;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const ir::Node& node = graph.nodes[n];
    const Site site{scene, node};
    Refusal reason = forced[n].empty() ? refusal(site) : Refusal(forced[n]);
    if (!reason && batch && batch_of(scene, node) != *batch)
      reason = fmt::format("its batch is {}, that of the nodes before it {}", batch_of(scene, node), *batch);
    if (reason) {
      reasons[n] = *reason;
      std::ranges::for_each(node.outputs, place_naturally);
      continue;
    }
    batch = batch_of(scene, node);
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (node.outputs[i] != ir::kNoValue) scene.placement[static_cast<std::size_t>(node.outputs[i])] = place(site, i);
    scene.on_overlay[n] = true;
  }
}

/// Part number of each node: even numbers are host parts, odd ones overlay parts.
std::vector<int> levels(const Scene& scene) {
  std::vector<int> level(scene.graph.nodes.size(), 0);
  for (std::size_t n = 0; n < level.size(); ++n) {
    const bool overlay = scene.on_overlay[n];
    int own = overlay ? 1 : 0;
    for (const ir::ValueId id : scene.graph.nodes[n].inputs) {
      const int from = id == ir::kNoValue ? -1 : scene.uses.producer[static_cast<std::size_t>(id)];
      if (from < 0) continue;
      const int before = level[static_cast<std::size_t>(from)];
      const bool same = scene.on_overlay[static_cast<std::size_t>(from)] == overlay;
      own = std::max(own, same ? before : before + 1);
    }
    level[n] = own;
  }
  return level;
}

std::vector<Partition::Part> collect(const Scene& scene) {
  const std::vector<int> level = levels(scene);
  const int last = level.empty() ? -1 : *std::ranges::max_element(level);
  std::vector<Partition::Part> parts(static_cast<std::size_t>(last + 1));
  for (std::size_t n = 0; n < level.size(); ++n) {
    auto& part = parts[static_cast<std::size_t>(level[n])];
    part.overlay = level[n] % 2 == 1;
    part.nodes.push_back(static_cast<int>(n));
  }
  std::erase_if(parts, [](const Partition::Part& part) { return part.nodes.empty(); });
  return parts;
}

std::int64_t macs_of(const Scene& scene, const Partition::Part& part) {
  std::int64_t sum = 0;
  for (const int n : part.nodes) sum += ir::macs(scene.graph, scene.graph.nodes[static_cast<std::size_t>(n)]);
  return sum;
}

bool only_views(const Scene& scene, const Partition::Part& part) {
  return std::ranges::all_of(part.nodes, [&](int n) {
    return find_rule(scene.graph.nodes[static_cast<std::size_t>(n)].op)->placing == Placing::view;
  });
}

/// Sends parts to the host that are not worth a transfer there and back. True if there were any.
bool demote(const Scene& scene, const std::vector<Partition::Part>& parts, Forced& forced) {
  bool any_macs = false, changed = false;
  for (const auto& part : parts) any_macs = any_macs || (part.overlay && macs_of(scene, part) > 0);
  for (const auto& part : parts) {
    if (!part.overlay) continue;
    const bool idle = only_views(scene, part);
    if (!idle && (!any_macs || macs_of(scene, part) > 0)) continue;
    for (const int n : part.nodes)
      forced[static_cast<std::size_t>(n)] = idle ? "it only renames data of the host"
                                                 : "a part of its own without multiplications is not worth a transfer";
    changed = true;
  }
  return changed;
}

}  // namespace

Partition partition(Scene& scene) {
  Partition result;
  Forced forced(scene.graph.nodes.size());
  do {
    classify(scene, forced, result.reason);
    result.parts = collect(scene);
  } while (demote(scene, result.parts, forced));  // ends: every round sends nodes to the host
  return result;
}

bool is_legal(const Partition& partition, const Scene& scene) {
  std::vector<int> part_of(scene.graph.nodes.size(), -1);
  for (std::size_t p = 0; p < partition.parts.size(); ++p)
    for (const int n : partition.parts[p].nodes) {
      if (part_of[static_cast<std::size_t>(n)] >= 0) return false;
      part_of[static_cast<std::size_t>(n)] = static_cast<int>(p);
    }
  for (std::size_t n = 0; n < part_of.size(); ++n) {
    if (part_of[n] < 0) return false;
    for (const ir::ValueId id : scene.graph.nodes[n].inputs) {
      const int from = id == ir::kNoValue ? -1 : scene.uses.producer[static_cast<std::size_t>(id)];
      if (from >= 0 && part_of[static_cast<std::size_t>(from)] > part_of[n]) return false;
    }
  }
  return true;
}

}  // namespace heddle::quant
