// SPDX-License-Identifier: Apache-2.0
#include "quant/quantize.h"

#include <algorithm>
#include <cmath>

#include "quant/bias.h"
#include "quant/equalize.h"
#include "quant/search.h"

namespace heddle::quant {
namespace {

using Samples = std::span<const std::vector<Tensor>>;

/// The search aims a little higher than asked, because the integers round once more than the simulation.
constexpr double kMargin = 0.25;

Pinned pin(const ir::Graph& graph, const Plan& plan, const QuantizeOptions& options) {
  Pinned pinned;
  pinned.unit.resize(plan.units.size());
  pinned.weights.resize(plan.dense.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto found = options.bits.find(graph.nodes[n].name);
    if (found == options.bits.end()) continue;
    const NodeBits bits = found->second;
    const int dense = plan.dense_of.empty() ? -1 : plan.dense_of[n];
    if (bits.weight != 0 && dense >= 0) pinned.weights[static_cast<std::size_t>(dense)] = bits.weight > 8;
    if (bits.activation == 0 || graph.nodes[n].outputs.empty()) continue;
    const ir::ValueId result =
        dense >= 0 ? plan.dense[static_cast<std::size_t>(dense)].result : graph.nodes[n].outputs[0];
    const int unit = plan.unit_of(result);
    if (unit >= 0) pinned.unit[static_cast<std::size_t>(unit)] = bits.activation > 8;
  }
  return pinned;
}

ir::Quantization parameters_of(const Format& format) {
  return {format.type, {format.scale}, {format.zero}, -1};
}

/// Bias of output channel c, with what stands before it.
float bias_of(const ir::Graph& graph, const ir::Node& node, std::size_t c) {
  const Tensor* bias =
      node.inputs.size() > 2 && node.inputs[2] != ir::kNoValue ? ir::constant_of(graph, node.inputs[2]) : nullptr;
  if (bias == nullptr || bias->type() != DataType::f32) return 0;
  const auto values = bias->data<float>();
  return values.size() == 1 ? values[0] : c < values.size() ? values[c] : 0;
}

/// Scales of one node's weights; raised where the bias would not fit the accumulator otherwise (channels whose weights
/// are practically 0).
ir::Quantization weight_parameters(const ir::Graph& graph, const Dense& d, bool wide, const Format& input) {
  const Tensor& weights = *ir::constant_of(graph, d.weight);
  std::vector<float> scales = weight_scales(weights, d.channel_axis, wide);
  const ir::Node& node = graph.nodes[static_cast<std::size_t>(d.node)];
  const double room = std::ldexp(1.0, wide || input.type == DataType::i16 ? 45 : 29);
  const std::int64_t groups = node.op == "ConvTranspose" ? kernels::get_int(node.attributes, "group", 1) : 1;
  for (std::size_t c = 0; c < scales.size() * static_cast<std::size_t>(groups); ++c) {
    const double least = std::abs(double{bias_of(graph, node, c)}) / (double{input.scale} * room);
    float& scale = scales[c % scales.size()];
    scale = std::max(scale, static_cast<float>(least));
  }
  ir::Quantization q{wide ? DataType::i16 : DataType::i8, std::move(scales), {}, d.channel_axis};
  q.zero_point.assign(q.scale.size(), 0);
  return q;
}

/// Limits weights to what their scales can represent, so that no integer beyond ±127 (or ±32767) can come of them.
Tensor clipped(const Tensor& weights, const ir::Quantization& q) {
  Tensor result = weights.clone();
  std::size_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(q.axis) + 1; d < weights.rank(); ++d)
    inner *= static_cast<std::size_t>(weights.dim(d));
  const float top = q.type == DataType::i16 ? 32767.0F : 127.0F;
  const auto values = result.mutable_data<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float limit = top * q.scale[i / inner % q.scale.size()];
    values[i] = std::clamp(values[i], -limit, limit);
  }
  return result;
}

void write_parameters(ir::Graph& graph, const Plan& plan, const GroupFormats& formats, const Widths& widths) {
  const auto format = [&](ir::ValueId id) {
    const int group = plan.group_of[static_cast<std::size_t>(id)];
    return formats.of(group, widths.wide_unit[static_cast<std::size_t>(plan.unit_of(id))]);
  };
  for (std::size_t v = 0; v < plan.group_of.size(); ++v)
    if (plan.group_of[v] >= 0) graph.values[v].quantization = parameters_of(format(static_cast<ir::ValueId>(v)));
  for (std::size_t d = 0; d < plan.dense.size(); ++d) {
    ir::Value& weights = graph.value(plan.dense[d].weight);
    weights.quantization = weight_parameters(graph, plan.dense[d], widths.wide_weights[d], format(plan.dense[d].input));
    weights.constant = clipped(*weights.constant, *weights.quantization);
  }
}

Result<Precisions> choose_widths(Simulation& simulation, const Plan& plan, const Pinned& pinned, Samples samples,
                                 const QuantizeOptions& options) {
  if (options.precision == Precision::automatic)
    return search_precisions(simulation, plan, pinned, samples, options.target_sqnr + kMargin);
  return Precisions{pinned_widths(plan, pinned, options.precision == Precision::int16), 0, true};
}

/// Corrects biases, and takes the correction back if the outputs are worse for it.
Status try_bias_correction(ir::Graph& graph, const Plan& plan, Simulation& simulation, const Widths& widths,
                           Samples samples) {
  const auto before = simulation.evaluate(widths, samples);
  if (!before) return fail(before.error());
  const ir::Graph uncorrected = graph;
  if (auto status = correct_bias(graph, plan, simulation, widths, samples); !status) return status;
  const auto after = simulation.evaluate(widths, samples);
  if (!after) return fail(after.error());
  if (*after < *before) graph = uncorrected;
  return {};
}

/// One entry per overlay node that has integers of its own.
Result<std::vector<LayerQuality>> layer_report(const ir::Graph& graph, const Plan& plan, Simulation& simulation,
                                               const Widths& widths, Samples samples) {
  const auto quality = simulation.value_quality(widths, samples.first(std::min<std::size_t>(4, samples.size())));
  if (!quality) return fail(quality.error());
  std::vector<LayerQuality> layers;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const ir::Node& node = graph.nodes[n];
    const int dense = plan.dense_of[n];
    const ir::ValueId result = dense >= 0 ? plan.dense[static_cast<std::size_t>(dense)].result : node.outputs[0];
    if (result == ir::kNoValue || plan.unit_of(result) < 0) continue;
    LayerQuality layer{node.name, node.op, 8, 0, ir::macs(graph, node), (*quality)[static_cast<std::size_t>(result)]};
    layer.activation_bits = widths.wide_unit[static_cast<std::size_t>(plan.unit_of(result))] ? 16 : 8;
    if (dense >= 0) layer.weight_bits = widths.wide_weights[static_cast<std::size_t>(dense)] ? 16 : 8;
    layers.push_back(std::move(layer));
  }
  return layers;
}

Result<GroupFormats> formats_for(const ir::Graph& graph, const Plan& plan, Samples samples, RangeMethod method) {
  const auto calibration = calibrate(graph, samples);
  if (!calibration) return fail(calibration.error());
  GroupFormats formats = group_formats(plan, *calibration, method);
  bound_ratios(graph, plan, formats);
  return formats;
}

Status equalize_pairs(ir::Graph& graph, const Plan& plan, Samples samples) {
  const auto calibration = calibrate(graph, samples);
  if (!calibration) return fail(calibration.error());
  (void)equalize(graph, plan, *calibration);
  return {};
}

}  // namespace

std::string_view name(Precision precision) {
  switch (precision) {
    case Precision::int8:
      return "int8";
    case Precision::int16:
      return "int16";
    case Precision::automatic:
      return "auto";
  }
  return "?";
}

double sqnr(std::span<const float> reference, std::span<const float> quantized) {
  return -10 * std::log10(noise_ratio(reference, quantized));
}

Result<QuantizationReport> quantize(ir::Graph& graph, Samples samples, const QuantizeOptions& options) {
  const Plan plan = make_plan(graph);
  if (options.equalize)
    if (auto status = equalize_pairs(graph, plan, samples); !status) return fail(status.error());
  const auto formats = formats_for(graph, plan, samples, options.method);
  if (!formats) return fail(formats.error());
  Simulation simulation(graph, plan, *formats);
  const auto chosen = choose_widths(simulation, plan, pin(graph, plan, options), samples, options);
  if (!chosen) return fail(chosen.error());
  if (options.correct_bias)
    if (auto status = try_bias_correction(graph, plan, simulation, chosen->widths, samples); !status)
      return fail(status.error());
  QuantizationReport report;
  report.method = options.method;
  const auto db = simulation.evaluate(chosen->widths, samples, Signal::total);
  if (!db) return fail(db.error());
  report.output_sqnr = *db;
  report.target_reached = options.precision != Precision::automatic || *db >= options.target_sqnr;
  report.wide_share =
      plan.macs() == 0 ? 0.0 : static_cast<double>(wide_macs(plan, chosen->widths)) / static_cast<double>(plan.macs());
  auto layers = layer_report(graph, plan, simulation, chosen->widths, samples);
  if (!layers) return fail(layers.error());
  report.layers = std::move(*layers);
  write_parameters(graph, plan, *formats, chosen->widths);
  return report;
}

}  // namespace heddle::quant
