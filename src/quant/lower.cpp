// SPDX-License-Identifier: Apache-2.0
#include "quant/lower.h"

#include <algorithm>
#include <cassert>

#include "quant/lowering/emitter.h"
#include "quant/lowering/partition.h"
#include "quant/lowering/propagate.h"
#include "quant/lowering/rules.h"

namespace heddle::quant {
namespace {

/// Values that a part computes and something outside it reads.
std::vector<ir::ValueId> results_of(const Scene& scene, const std::vector<int>& nodes) {
  std::vector<ir::ValueId> results;
  for (const int n : nodes)
    for (const ir::ValueId id : scene.graph.nodes[static_cast<std::size_t>(n)].outputs) {
      if (id == ir::kNoValue) continue;
      const auto& readers = scene.uses.consumers[static_cast<std::size_t>(id)];
      const bool outside =
          std::ranges::any_of(readers, [&](int reader) { return !std::ranges::binary_search(nodes, reader); });
      const bool output = std::ranges::find(scene.graph.outputs, id) != scene.graph.outputs.end();
      if (outside || output) results.push_back(id);
    }
  return results;
}

/// Emits one part; appends findings, and returns nothing of use if there are any.
ir::OverlayPart emit(const Scene& scene, const std::vector<int>& nodes, const LowerOptions& options,
                     Diagnostics& findings) {
  Emitter emitter(scene, nodes, options);
  for (const int n : nodes) {
    const ir::Node& node = scene.graph.nodes[static_cast<std::size_t>(n)];
    const std::size_t before = emitter.findings().size();
    find_rule(node.op)->emit(emitter, Site{scene, node});
    // A refused node leaves its results unbound; stop here, what follows would only repeat it.
    if (emitter.findings().size() != before) break;
  }
  if (!emitter.findings().empty()) {
    findings.insert(findings.end(), emitter.findings().begin(), emitter.findings().end());
    return {};
  }
  ir::OverlayPart part = emitter.finish(results_of(scene, nodes));
  if (auto status = ir::verify(part.network); !status) {
    for (Diagnostic& finding : status.error()) {
      finding.error_class = ErrorClass::internal;
      findings.push_back(std::move(finding));
    }
  }
  return part;
}

}  // namespace

Result<ir::Deployment> lower(ir::Graph graph, const LowerOptions& options) {
  propagate_quantization(graph);
  const ir::Uses uses(graph);
  Scene scene{graph, uses, {}, {}};
  const Partition cut = partition(scene);
  assert(is_legal(cut, scene));
  ir::Deployment deployment;
  Diagnostics findings;
  for (const Partition::Part& part : cut.parts) {
    if (part.overlay)
      deployment.parts.emplace_back(emit(scene, part.nodes, options, findings));
    else
      deployment.parts.emplace_back(ir::HostPart{part.nodes});
  }
  if (!findings.empty()) return fail(std::move(findings));
  for (std::size_t n = 0; n < cut.reason.size(); ++n)
    if (!cut.reason[n].empty()) deployment.reasons.push_back({static_cast<int>(n), cut.reason[n]});
  deployment.graph = std::move(graph);
  return deployment;
}

Coverage summarize(const ir::Deployment& deployment) {
  Coverage coverage;
  for (const ir::Node& node : deployment.graph.nodes) {
    const std::int64_t batch = node.outputs.empty() || deployment.graph.value(node.outputs[0]).shape.empty()
                                   ? 1
                                   : std::max<std::int64_t>(1, deployment.graph.value(node.outputs[0]).shape[0]);
    coverage.macs += ir::macs(deployment.graph, node) / batch;
  }
  for (const auto& part : deployment.parts) {
    if (const auto* host = std::get_if<ir::HostPart>(&part)) {
      coverage.host_nodes += static_cast<int>(host->nodes.size());
      continue;
    }
    const auto& overlay = std::get<ir::OverlayPart>(part);
    ++coverage.overlay_parts;
    coverage.overlay_nodes += static_cast<int>(overlay.nodes.size());
    for (const int n : overlay.nodes) {
      const ir::Node& node = deployment.graph.nodes[static_cast<std::size_t>(n)];
      const Shape& shape = deployment.graph.value(node.outputs[0]).shape;
      coverage.overlay_macs +=
          ir::macs(deployment.graph, node) / std::max<std::int64_t>(1, shape.empty() ? 1 : shape[0]);
    }
    for (const ir::Layer& layer : overlay.network.layers) {
      const std::int64_t count = ir::macs(overlay.network, layer);
      coverage.network_macs += count;
      if (layer.kind == ir::LayerKind::depthwise) coverage.depthwise_macs += count;
      if (count > 0 && ir::is_wide(overlay.network, layer)) coverage.wide_macs += count;
    }
  }
  coverage.reasons = deployment.reasons;
  return coverage;
}

}  // namespace heddle::quant
