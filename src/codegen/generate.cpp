// SPDX-License-Identifier: Apache-2.0
#include "codegen/generate.h"

#include <algorithm>

#include "codegen/emitter.h"
#include "codegen/lower.h"
#include "codegen/place.h"
#include "codegen/segment.h"
#include "codegen/step_problem.h"
#include "codegen/synchronize.h"

namespace heddle::codegen {
namespace {

Status check_inputs(const ir::Network& network, const overlay::Overlay& overlay, const Options& options) {
  Diagnostics errors;
  const auto report = [&](ErrorClass error_class, const std::string& field, const std::string& message) {
    errors.push_back({.error_class = error_class,
                      .code = "codegen.input",
                      .message = message,
                      .file = {},
                      .node = network.name,
                      .op = {},
                      .field = field,
                      .hint = {}});
  };
  if (overlay.format != overlay::NumberFormat::integer)
    report(ErrorClass::unsupported, "format", "an integer network needs an overlay with format \"int\"");
  if (network.layers.size() > kMostLayers)
    report(ErrorClass::unsupported, "layers",
           "has " + std::to_string(network.layers.size()) + " layers; the limit is " + std::to_string(kMostLayers));
  for (const ir::MapId id : options.expose)
    if (id < 0 || static_cast<std::size_t>(id) >= network.maps.size())
      report(ErrorClass::bad_input, "expose", "there is no feature map " + std::to_string(id));
  if (!errors.empty()) return fail(std::move(errors));
  return ir::verify(network);
}

mapping::Placement worst(const std::vector<Part>& parts, const Placed& placed) {
  const bool ddr = std::ranges::any_of(parts, [&](const Part& part) {
    return placed.homes[static_cast<std::size_t>(part.buffer)].where == mapping::Placement::ddr;
  });
  return ddr ? mapping::Placement::ddr : mapping::Placement::chip;
}

mapping::Plan make_plan(const Lowered& lowered, const Placed& placed) {
  mapping::Plan plan;
  plan.feature_slots_used = placed.feature_slots;
  plan.scratch_bytes = placed.scratch_bytes;
  for (std::size_t i = 0; i < lowered.steps.size(); ++i) {
    const StepParts parts = parts_of(lowered.steps[i]);
    const auto output = parts.output ? worst({*parts.output}, placed) : mapping::Placement::ddr;
    plan.steps.push_back({.layer = lowered.steps[i].layer,
                          .what = lowered.steps[i].what,
                          .input = worst(parts.inputs, placed),
                          .output = output,
                          .choice = placed.steps[i].choice});
  }
  return plan;
}

}  // namespace

Result<Generated> generate(const ir::Network& network, const overlay::Overlay& overlay, const Options& options) {
  if (auto status = check_inputs(network, overlay, options); !status) return fail(std::move(status.error()));
  const auto lowered = lower(network, overlay, options);
  if (!lowered) return fail(lowered.error());
  const auto placed = place(network, overlay, *lowered);
  if (!placed) return fail(placed.error());

  Generated result;
  result.plan = make_plan(*lowered, *placed);
  const Listing listing = emit(overlay, *lowered, *placed, result.segment.constants);
  const auto streams = synchronize(listing);
  if (!streams) return fail(streams.error());
  if (auto status = encode_streams(network, *streams, result.segment); !status) return fail(std::move(status.error()));
  bind(network, overlay, *lowered, *placed, result.segment);
  describe_layers(network, result.plan, result.segment);
  return result;
}

}  // namespace heddle::codegen
