// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "ir/network.h"

/// Makes a network with some property smaller as long as it keeps it: for reports of random failures.
namespace heddle::test {

/// Without layers, inputs and maps that no output needs.
inline ir::Network pruned(const ir::Network& network) {
  std::set<ir::MapId> needed(network.outputs.begin(), network.outputs.end());
  for (auto layer = network.layers.rbegin(); layer != network.layers.rend(); ++layer)
    if (needed.contains(layer->output)) needed.insert(layer->inputs.begin(), layer->inputs.end());
  ir::Network result;
  result.name = network.name;
  std::map<ir::MapId, ir::MapId> renamed;
  for (const ir::MapId id : needed) {
    renamed[id] = static_cast<ir::MapId>(result.maps.size());
    result.maps.push_back(network.map(id));
  }
  for (const ir::Layer& layer : network.layers) {
    if (!needed.contains(layer.output)) continue;
    result.layers.push_back(layer);
    result.layers.back().output = renamed.at(layer.output);
    for (ir::MapId& id : result.layers.back().inputs) id = renamed.at(id);
  }
  for (const ir::MapId id : network.inputs)
    if (needed.contains(id)) result.inputs.push_back(renamed.at(id));
  for (const ir::MapId id : network.outputs) result.outputs.push_back(renamed.at(id));
  return result;
}

/// Its neighbours with less in them: one output; a layer's output as an input; a layer without its table or residual.
inline std::vector<ir::Network> smaller(const ir::Network& network) {
  std::vector<ir::Network> all;
  for (std::size_t i = 0; network.outputs.size() > 1 && i < network.outputs.size(); ++i) {
    ir::Network one = network;
    one.outputs = {network.outputs[i]};
    all.push_back(pruned(one));
  }
  for (std::size_t i = network.layers.size(); i-- > 0 && network.layers.size() > 1;) {
    const ir::MapId map = network.layers[i].output;
    ir::Network cut = network;
    cut.layers.erase(cut.layers.begin() + static_cast<std::ptrdiff_t>(i));
    std::erase(cut.outputs, map);
    if (cut.outputs.empty()) {
      // Its producer is the only one that counts; those before it might do as outputs.
      cut.outputs = network.layers[i].inputs;
      std::erase_if(cut.outputs, [&](ir::MapId id) { return std::ranges::count(network.inputs, id) > 0; });
      if (cut.outputs.empty()) continue;
    } else {
      cut.inputs.push_back(map);
    }
    all.push_back(pruned(cut));
  }
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    ir::Network plain = network;
    ir::Layer& layer = plain.layers[i];
    if (layer.post.table != nullptr) {
      layer.post.table = nullptr;
      all.push_back(plain);
    }
    if (layer.kind == ir::LayerKind::conv && layer.post.add) {
      layer.post.add.reset();
      layer.inputs.pop_back();
      all.push_back(pruned(plain));
    }
  }
  return all;
}

/// The smallest network that greedy steps find for which `fails` holds.
inline ir::Network shrunk(ir::Network network, const std::function<bool(const ir::Network&)>& fails) {
  for (bool again = true; again;) {
    again = false;
    for (ir::Network& candidate : smaller(network))
      if (fails(candidate)) {
        network = std::move(candidate);
        again = true;
        break;
      }
  }
  return network;
}

}  // namespace heddle::test
