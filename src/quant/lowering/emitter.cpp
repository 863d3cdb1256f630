// SPDX-License-Identifier: Apache-2.0
#include "quant/lowering/emitter.h"

#include <algorithm>
#include <set>

#include "quant/lowering/rules.h"

namespace heddle::quant {

std::optional<ir::Post> conversion(const Format& from, const Format& to, double factor) {
  auto q = derive_requant(factor * double{from.scale} / double{to.scale});
  if (!q) return std::nullopt;
  q->bias = -from.zero;
  ir::Post post;
  post.channels = {*q};
  post.zero_point = to.zero;
  post.lo = to.lo();
  post.hi = to.hi();
  return post;
}

Emitter::Emitter(const Scene& scene, std::vector<int> nodes, const LowerOptions& options)
    : scene_(scene), options_(options), inside_(scene.graph.nodes.size(), false) {
  for (const int n : nodes) inside_[static_cast<std::size_t>(n)] = true;
  part_.nodes = std::move(nodes);
  part_.network.name = scene.graph.name;
}

Format Emitter::format(ir::MapId id) const {
  const ir::FeatureMap& m = map(id);
  return {m.type, m.scale, m.zero_point};
}

ir::MapId Emitter::add_map(const std::string& name, const ir::Extent& extent, const Format& format) {
  ir::FeatureMap map;
  map.name = name;
  map.channels = extent.channels;
  map.height = extent.height;
  map.width = extent.width;
  map.type = format.type;
  map.scale = format.scale;
  map.zero_point = format.zero;
  part_.network.maps.push_back(std::move(map));
  return static_cast<ir::MapId>(part_.network.maps.size()) - 1;
}

bool Emitter::computes(ir::ValueId value) const {
  const int producer = scene_.uses.producer[static_cast<std::size_t>(value)];
  return producer >= 0 && inside_[static_cast<std::size_t>(producer)];
}

void Emitter::bind_input(ir::ValueId outside, ir::ValueId inside) {
  const ir::Value& value = scene_.graph.value(outside);
  const auto id = add_map(value.name, scene_.at(inside)->extent, *format_of(*value.quantization));
  part_.network.inputs.push_back(id);
  part_.inputs.push_back(outside);
  bind(inside, id);
}

ir::MapId Emitter::operand(ir::ValueId value) {
  if (!bound_.contains(value)) bind_input(value, value);
  return bound_.at(value);
}

ir::Layer& Emitter::add_layer(ir::LayerKind kind, const Site& site, std::vector<ir::MapId> inputs,
                              const ir::Extent& extent, const Format& format) {
  ir::Layer layer;
  layer.kind = kind;
  layer.name = site.node.name;
  layer.origins = site.node.origins;
  if (layer.origins.empty()) layer.origins = {site.node.name};
  layer.inputs = std::move(inputs);
  layer.output = add_map(site.result().name, extent, format);
  layer.post.zero_point = format.zero;
  layer.post.lo = format.lo();
  layer.post.hi = format.hi();
  part_.network.layers.push_back(std::move(layer));
  return part_.network.layers.back();
}

ir::Layer& Emitter::add_result(ir::LayerKind kind, const Site& site, std::vector<ir::MapId> inputs,
                               std::size_t output) {
  const ir::ValueId value = site.node.outputs[output];
  ir::Layer& layer = add_layer(kind, site, std::move(inputs), scene_.at(value)->extent, site.result_format(output));
  part_.network.maps.back().name = scene_.graph.value(value).name;
  bind(value, layer.output);
  return layer;
}

ir::MapId Emitter::converted(const Site& site, ir::MapId id, const Format& wanted) {
  if (format(id) == wanted) return id;
  const auto post = conversion(format(id), wanted);
  if (!post) {
    refuse(site, "quant.ratio", "the scales of an operand and the result are more than 2^14.99 apart");
    return id;
  }
  const ir::Extent extent = ir::extent(map(id));
  const std::string name = map(id).name;
  ir::Layer& layer = add_layer(ir::LayerKind::requantize, site, {id}, extent, wanted);
  layer.post = *post;
  part_.network.maps.back().name = name + ":" + std::string(heddle::name(wanted.type));
  return layer.output;
}

bool Emitter::sole_reader(ir::ValueId value) const {
  const auto v = static_cast<std::size_t>(value);
  if (std::ranges::find(scene_.graph.outputs, value) != scene_.graph.outputs.end()) return false;
  if (scene_.uses.consumers[v].size() != 1) return false;
  const int producer = scene_.uses.producer[v];
  if (producer < 0 || !inside_[static_cast<std::size_t>(producer)]) return false;
  const ir::Node& node = scene_.graph.nodes[static_cast<std::size_t>(producer)];
  const Rule* rule = find_rule(node.op);
  return rule == nullptr || rule->placing != Placing::view || sole_reader(node.inputs[0]);
}

ir::Layer* Emitter::fusable_producer(ir::ValueId value) {
  if (!options_.fuse || !bound_.contains(value) || !sole_reader(value)) return nullptr;
  const ir::MapId id = bound_.at(value);
  auto& layers = part_.network.layers;
  const auto found = std::ranges::find(layers.rbegin(), layers.rend(), id, &ir::Layer::output);
  return found == layers.rend() ? nullptr : &*found;
}

ir::Layer& Emitter::retarget(const Site& site, ir::Layer& layer, const Format& format) {
  auto& layers = part_.network.layers;
  const auto at = layers.begin() + (&layer - layers.data());
  std::rotate(at, at + 1, layers.end());
  ir::Layer& moved = layers.back();
  const ir::Extent extent = ir::extent(map(moved.output));
  moved.output = add_map(site.result().name, extent, format);
  moved.origins.insert(moved.origins.end(), site.node.origins.begin(), site.node.origins.end());
  if (site.node.origins.empty()) moved.origins.push_back(site.node.name);
  bind(site.node.outputs[0], moved.output);
  return moved;
}

void Emitter::refuse(const Site& site, const std::string& code, const std::string& message, const std::string& hint) {
  findings_.push_back({.error_class = ErrorClass::unsupported,
                       .code = code,
                       .message = message,
                       .file = {},
                       .node = site.node.name,
                       .op = site.node.op,
                       .field = {},
                       .hint = hint});
}

void Emitter::drop_unused_maps() {
  ir::Network& net = part_.network;
  std::vector<ir::MapId> renumbered(net.maps.size(), -1);
  std::vector<ir::FeatureMap> kept;
  const auto keep = [&](ir::MapId& id) {
    ir::MapId& to = renumbered[static_cast<std::size_t>(id)];
    if (to < 0) {
      to = static_cast<ir::MapId>(kept.size());
      kept.push_back(std::move(net.maps[static_cast<std::size_t>(id)]));
    }
    id = to;
  };
  std::ranges::for_each(net.inputs, keep);
  for (ir::Layer& layer : net.layers) {
    std::ranges::for_each(layer.inputs, keep);
    keep(layer.output);
  }
  std::ranges::for_each(net.outputs, keep);
  net.maps = std::move(kept);
}

void Emitter::make_names_unique() {
  ir::Network& net = part_.network;
  std::set<std::string> taken;
  std::vector<bool> named(net.maps.size(), false);
  const auto claim = [&](ir::MapId id) {
    if (named[static_cast<std::size_t>(id)]) return;
    named[static_cast<std::size_t>(id)] = true;
    std::string& name = net.maps[static_cast<std::size_t>(id)].name;
    const std::string wanted = name;
    for (int n = 2; !taken.insert(name).second; ++n) name = wanted + ":" + std::to_string(n);
  };
  std::ranges::for_each(net.inputs, claim);
  std::ranges::for_each(net.outputs, claim);
  for (std::size_t id = 0; id < net.maps.size(); ++id) claim(static_cast<ir::MapId>(id));
}

ir::MapId Emitter::copied(ir::MapId id) {
  ir::Layer copy;
  copy.kind = ir::LayerKind::requantize;
  copy.name = map(id).name + ":copy";
  copy.inputs = {id};
  copy.post = *conversion(format(id), format(id));
  copy.output = add_map(copy.name, ir::extent(map(id)), format(id));
  part_.network.layers.push_back(std::move(copy));
  return part_.network.layers.back().output;
}

ir::OverlayPart Emitter::finish(std::span<const ir::ValueId> outputs) {
  std::set<ir::MapId> taken(part_.network.inputs.begin(), part_.network.inputs.end());
  for (const ir::ValueId value : outputs) {
    ir::MapId id = bound_.at(value);
    if (!taken.insert(id).second) {
      id = copied(id);  // an output of its own, for a view of an input or of another output
      taken.insert(id);
    }
    part_.outputs.push_back(value);
    part_.network.outputs.push_back(id);
  }
  drop_unused_maps();
  make_names_unique();
  return std::move(part_);
}

}  // namespace heddle::quant
