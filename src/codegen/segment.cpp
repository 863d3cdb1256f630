// SPDX-License-Identifier: Apache-2.0
#include "codegen/segment.h"

#include "isa/codec.h"

namespace heddle::codegen {
namespace {

/// Names the layer in what the encoder found wrong with an instruction.
void attribute(const ir::Network& network, std::int32_t layer, Diagnostics found, Diagnostics& errors) {
  for (Diagnostic& d : found) {
    d.error_class = ErrorClass::unsupported;
    d.hint = "the layer exceeds what an instruction can express";
    if (static_cast<std::size_t>(layer) < network.layers.size()) {
      const ir::Layer& at = network.layers[static_cast<std::size_t>(layer)];
      d.node = at.name;
      d.op = ir::name(at.kind);
    }
    errors.push_back(std::move(d));
  }
}

void add_span(std::vector<isa::LayerSpan>& spans, std::int32_t layer, std::int32_t index) {
  if (!spans.empty() && spans.back().layer == layer && spans.back().end == index)
    spans.back().end = index + 1;
  else
    spans.push_back({layer, index, index + 1});
}

isa::Binding binding_of(const ir::FeatureMap& map, std::int32_t blocks, isa::BaseRegister base,
                        const ExternalHome& home) {
  return {.tensor = map.name,
          .base = base,
          .offset = home.offset,
          .channels = map.channels,
          .height = map.height,
          .width = map.width,
          .row_slots = map.width,
          .plane_slots = std::int64_t{map.height} * map.width,
          .blocks = blocks,
          .type = map.type,
          .scale = map.scale,
          .zero_point = map.zero_point,
          .channel_map = {}};
}

}  // namespace

Status encode_streams(const ir::Network& network, const Streams& streams, isa::OverlaySegment& segment) {
  Diagnostics errors;
  for (std::size_t engine = 0; engine < isa::kEngines; ++engine) {
    const Stream& stream = streams[engine];
    auto& words = segment.streams[engine];
    words.reserve(stream.instructions.size() + 1);
    for (std::size_t i = 0; i < stream.instructions.size(); ++i) {
      auto word = isa::encode(stream.instructions[i]);
      if (!word) {
        attribute(network, stream.layers[i], std::move(word.error()), errors);
        continue;
      }
      words.push_back(*word);
      add_span(segment.spans[engine], stream.layers[i], static_cast<std::int32_t>(i));
    }
    words.push_back(isa::encode({.opcode = isa::Opcode::end}).value_or(isa::Word{}));
  }
  if (!errors.empty()) return fail(std::move(errors));
  return {};
}

void bind(const ir::Network& network, const overlay::Overlay& overlay, const Lowered& lowered, const Placed& placed,
          isa::OverlaySegment& segment) {
  segment.input_bytes = placed.input_bytes;
  segment.output_bytes = placed.output_bytes;
  segment.scratch_bytes = placed.scratch_bytes;
  const auto alignment = static_cast<std::size_t>(ddr_alignment(overlay));
  segment.constants.resize((segment.constants.size() + alignment - 1) / alignment * alignment);
  for (std::size_t i = 0; i < lowered.inputs.size(); ++i) {
    const ChannelMap& channels = lowered.inputs[i].channels;
    segment.inputs.push_back(
        binding_of(network.map(network.inputs[i]), channels.blocks(), isa::kInputs, placed.inputs[i]));
    segment.inputs.back().channel_map = segments(channels).value_or(std::vector<isa::ChannelSegment>{});
  }
  for (std::size_t i = 0; i < lowered.outputs.size(); ++i) {
    const OutputMap& output = lowered.outputs[i];
    segment.outputs.push_back(
        binding_of(network.map(output.map), output.layout.channels.blocks(), isa::kOutputs, placed.outputs[i]));
    segment.outputs.back().channel_map = output.segments;
  }
}

void describe_layers(const ir::Network& network, const mapping::Plan& plan, isa::OverlaySegment& segment) {
  for (const ir::Layer& layer : network.layers)
    segment.layers.push_back(
        {.name = layer.name, .origins = layer.origins, .macs = ir::macs(network, layer), .choice = {}});
  // Copies of an input straight to an output belong to no layer.
  if (segment.layers.empty() && !plan.steps.empty())
    segment.layers.push_back({.name = "copy", .origins = {}, .choice = {}});
  for (const mapping::StepPlan& step : plan.steps) {
    isa::LayerInfo& info = segment.layers[static_cast<std::size_t>(step.layer)];
    if (!info.choice.empty()) info.choice += "; ";
    info.choice += mapping::describe(step);
    info.estimated_cycles += step.choice.estimate.total;
    info.array_cycles += step.choice.estimate.array;
    info.ddr_bytes += step.choice.estimate.ddr_bytes;
  }
}

}  // namespace heddle::codegen
