// SPDX-License-Identifier: Apache-2.0
#include "codegen/fusion.h"

#include <algorithm>
#include <utility>

namespace heddle::codegen {
namespace {

const ir::Layer& layer_at(const ir::Network& network, std::int32_t index) {
  return network.layers[static_cast<std::size_t>(index)];
}

struct Uses {
  std::vector<int> readers;            ///< per map; outputs count as a reader
  std::vector<std::int32_t> producer;  ///< per map; −1: an input
};

Uses count_uses(const ir::Network& network, std::span<const ir::MapId> keep) {
  Uses uses{std::vector<int>(network.maps.size()), std::vector<std::int32_t>(network.maps.size(), -1)};
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    uses.producer[static_cast<std::size_t>(network.layers[i].output)] = static_cast<std::int32_t>(i);
    for (const ir::MapId id : network.layers[i].inputs) ++uses.readers[static_cast<std::size_t>(id)];
  }
  for (const ir::MapId id : network.outputs) ++uses.readers[static_cast<std::size_t>(id)];
  for (const ir::MapId id : keep) ++uses.readers[static_cast<std::size_t>(id)];
  return uses;
}

/// The convolution that can take this addition: the operand it makes, its only reader being the addition.
std::int32_t fusible_convolution(const ir::Network& network, const Uses& uses, const ir::Layer& addition,
                                 std::size_t operand) {
  const ir::MapId id = addition.inputs[operand], other = addition.inputs[1 - operand];
  const std::int32_t producer = uses.producer[static_cast<std::size_t>(id)];
  if (producer < 0 || id == other || uses.readers[static_cast<std::size_t>(id)] != 1) return -1;
  const ir::Layer& conv = layer_at(network, producer);
  const ir::FeatureMap &made = network.map(id), &residual = network.map(other), &sum = network.map(addition.output);
  const bool same = made.type == sum.type && residual.type == sum.type && residual.height == sum.height &&
                    residual.width == sum.width && residual.channels == sum.channels;
  return conv.kind == ir::LayerKind::conv && !conv.post.add && same ? producer : -1;
}

}  // namespace

std::vector<Job> fuse(const ir::Network& network, std::span<const ir::MapId> keep, bool enabled) {
  const Uses uses = count_uses(network, keep);
  std::vector<Job> jobs;
  std::vector<bool> absorbed(network.layers.size());
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    Job job{.layer = static_cast<std::int32_t>(i)};
    const ir::Layer& layer = network.layers[i];
    if (enabled && layer.kind == ir::LayerKind::add) {
      const std::int32_t first = fusible_convolution(network, uses, layer, 0);
      const std::int32_t second = fusible_convolution(network, uses, layer, 1);
      const std::int32_t conv = std::max(first, second);  // the later one: its input lives longer anyway
      if (conv >= 0) {
        job = {.layer = conv, .addition = static_cast<std::int32_t>(i), .operand_is_first = conv == second};
        absorbed[static_cast<std::size_t>(conv)] = true;
      }
    }
    jobs.push_back(job);
  }
  std::erase_if(jobs,
                [&](const Job& job) { return job.addition < 0 && absorbed[static_cast<std::size_t>(job.layer)]; });
  return jobs;
}

ir::MapId output_of(const ir::Network& network, const Job& job) {
  return layer_at(network, job.addition >= 0 ? job.addition : job.layer).output;
}

std::vector<ir::MapId> inputs_of(const ir::Network& network, const Job& job) {
  std::vector<ir::MapId> inputs = layer_at(network, job.layer).inputs;
  if (job.addition >= 0) inputs.push_back(layer_at(network, job.addition).inputs[job.operand_is_first ? 0 : 1]);
  return inputs;
}

std::optional<kernels::AddParams> addition_of(const ir::Network& network, const Job& job) {
  if (job.addition < 0) return layer_at(network, job.layer).post.add;
  std::optional<kernels::AddParams> params = layer_at(network, job.addition).post.add;
  if (job.operand_is_first) {
    std::swap(params->mult_a, params->mult_b);
    std::swap(params->zero_a, params->zero_b);
  }
  return params;
}

}  // namespace heddle::codegen
