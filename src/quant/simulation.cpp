// SPDX-License-Identifier: Apache-2.0
#include "quant/simulation.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace heddle::quant {
namespace {

double decibel(double ratio) {
  return -10 * std::log10(ratio);
}

/// Nodes without readers of a changed value keep their results.
bool reads_changed(const ir::Node& node, const std::vector<bool>& changed) {
  return std::ranges::any_of(
      node.inputs, [&](ir::ValueId id) { return id != ir::kNoValue && changed[static_cast<std::size_t>(id)]; });
}

}  // namespace

double noise_ratio(std::span<const float> reference, std::span<const float> quantized) {
  using Sums = std::array<double, 2>;
  const tbb::blocked_range<std::size_t> all(0, reference.size(), 16384);
  const auto add = [&](const auto& range, Sums sums) {
    for (std::size_t i = range.begin(); i != range.end(); ++i) {
      const double f = double{reference[i]}, e = f - double{quantized[i]};
      sums[0] += f * f;
      sums[1] += e * e;
    }
    return sums;
  };
  const auto join = [](const Sums& a, const Sums& b) { return Sums{a[0] + b[0], a[1] + b[1]}; };
  const Sums sums = tbb::parallel_deterministic_reduce(all, Sums{}, add, join);
  if (sums[0] <= 0) return sums[1] <= 0 ? 1e-20 : 1e20;
  return std::clamp(sums[1] / sums[0], 1e-20, 1e20);
}

double spread_noise_ratio(const Tensor& reference, const Tensor& quantized) {
  const Shape& shape = reference.shape();
  const std::int64_t pixels = shape.size() < 3 ? 1 : element_count(Shape(shape.begin() + 2, shape.end()));
  constexpr std::int64_t kLeastPixels = 16;  // fewer do not tell a level from a signal
  if (pixels < kLeastPixels) return noise_ratio(reference.data<float>(), quantized.data<float>());
  const auto plane = static_cast<std::size_t>(pixels);
  Tensor levelled = reference.clone(), shifted = quantized.clone();
  const auto wanted = levelled.mutable_data<float>(), got = shifted.mutable_data<float>();
  for (std::size_t start = 0; start < wanted.size(); start += plane) {
    double sum = 0;
    for (std::size_t i = start; i < start + plane; ++i) sum += wanted[i];
    const auto mean = static_cast<float>(sum / static_cast<double>(plane));
    for (std::size_t i = start; i < start + plane; ++i) {
      wanted[i] -= mean;
      got[i] -= mean;
    }
  }
  return noise_ratio(levelled.data<float>(), shifted.data<float>());
}

Simulation::Simulation(const ir::Graph& graph, const Plan& plan, GroupFormats formats)
    : graph_(graph), plan_(plan), formats_(std::move(formats)) {
  refresh_weights();
}

void Simulation::refresh_weights() {
  narrow_weights_.assign(plan_.dense.size(), {});
  wide_weights_.assign(plan_.dense.size(), {});
}

const Tensor& Simulation::rounded_weights(std::size_t dense, bool wide) {
  Tensor& cached = (wide ? wide_weights_ : narrow_weights_)[dense];
  if (!cached.empty()) return cached;
  const Dense& d = plan_.dense[dense];
  const Tensor& weights = *ir::constant_of(graph_, d.weight);
  const auto scales = weight_scales(weights, d.channel_axis, wide);
  cached = fake_quantize_weights(weights, d.channel_axis, scales, wide);
  return cached;
}

Tensor Simulation::quantized(ir::ValueId id, const Tensor& tensor, const Widths& widths) const {
  const int group = plan_.group_of[static_cast<std::size_t>(id)];
  if (group < 0 || tensor.type() != DataType::f32) return tensor;
  return fake_quantize(tensor, formats_.of(group, widths.wide_unit[static_cast<std::size_t>(plan_.unit_of(id))]));
}

void Simulation::place_weights(const Widths& widths, Values& values) {
  for (std::size_t d = 0; d < plan_.dense.size(); ++d)
    values[static_cast<std::size_t>(plan_.dense[d].weight)] = rounded_weights(d, widths.wide_weights[d]);
}

Result<Values> Simulation::run_quantized(const Widths& widths, const Sample& sample, bool keep_all) {
  auto values = start_values(graph_, sample);
  if (!values) return values;
  place_weights(widths, *values);
  Lifetimes lifetimes(graph_);
  const auto round = [&](ir::ValueId id) {
    if (id == ir::kNoValue) return;
    Tensor& tensor = (*values)[static_cast<std::size_t>(id)];
    if (!tensor.empty()) tensor = quantized(id, tensor, widths);
  };
  std::ranges::for_each(graph_.inputs, round);
  for (const ir::Node& node : graph_.nodes) {
    if (auto status = run_node(graph_, node, *values); !status) return fail(status.error());
    std::ranges::for_each(node.outputs, round);
    if (!keep_all) lifetimes.release(node, *values);
  }
  return values;
}

Result<std::vector<Tensor>> Simulation::reference_outputs(const Sample& sample) {
  for (const auto& [key, outputs] : references_)
    if (key == &sample) return outputs;
  std::vector<Tensor> outputs(graph_.outputs.size());
  const auto keep = [&](ir::ValueId id, const Tensor& tensor) {
    for (std::size_t o = 0; o < outputs.size(); ++o)
      if (graph_.outputs[o] == id) outputs[o] = tensor;
    return tensor;
  };
  if (auto status = run(graph_, sample, keep); !status) return fail(status.error());
  references_.emplace_back(&sample, outputs);
  return outputs;
}

Result<double> Simulation::evaluate(const Widths& widths, std::span<const Sample> samples, Signal signal) {
  double sum = 0;
  for (const Sample& sample : samples) {
    const auto wanted = reference_outputs(sample);
    if (!wanted) return fail(wanted.error());
    const auto values = run_quantized(widths, sample, false);
    if (!values) return fail(values.error());
    double worst = 1e-20;
    for (std::size_t o = 0; o < wanted->size(); ++o) {
      const Tensor& got = (*values)[static_cast<std::size_t>(graph_.outputs[o])];
      if (got.type() != DataType::f32 || got.empty() || (*wanted)[o].empty()) continue;
      worst = std::max(worst, signal == Signal::spread ? spread_noise_ratio((*wanted)[o], got)
                                                       : noise_ratio((*wanted)[o].data<float>(), got.data<float>()));
    }
    sum += decibel(worst);
  }
  return sum / static_cast<double>(std::max<std::size_t>(1, samples.size()));
}

Result<double> Simulation::noise_of(int unit, const Values& base, const Widths& narrow) {
  Values values = base;
  std::vector<bool> changed(graph_.values.size(), false);
  for (const int d : plan_.units[static_cast<std::size_t>(unit)].dense) {
    const auto weight = static_cast<std::size_t>(plan_.dense[static_cast<std::size_t>(d)].weight);
    values[weight] = rounded_weights(static_cast<std::size_t>(d), false);
    changed[weight] = true;
  }
  const auto round = [&](ir::ValueId id) {
    if (id == ir::kNoValue || plan_.unit_of(id) != unit) return;
    values[static_cast<std::size_t>(id)] = quantized(id, values[static_cast<std::size_t>(id)], narrow);
    changed[static_cast<std::size_t>(id)] = true;
  };
  std::ranges::for_each(graph_.inputs, round);
  for (const ir::Node& node : graph_.nodes) {
    if (reads_changed(node, changed)) {
      if (auto status = run_node(graph_, node, values); !status) return fail(status.error());
      for (const ir::ValueId id : node.outputs)
        if (id != ir::kNoValue) changed[static_cast<std::size_t>(id)] = true;
    }
    std::ranges::for_each(node.outputs, round);
  }
  double worst = 1e-20;
  for (const ir::ValueId id : graph_.outputs) {
    const auto v = static_cast<std::size_t>(id);
    if (!changed[v] || base[v].type() != DataType::f32) continue;
    worst = std::max(worst, noise_ratio(base[v].data<float>(), values[v].data<float>()));
  }
  return worst;
}

Result<std::vector<double>> Simulation::unit_noise(std::span<const Sample> samples) {
  std::vector<double> noise(plan_.units.size(), 0.0);
  const Widths narrow = uniform(plan_, false);
  for (const Sample& sample : samples) {
    auto base = start_values(graph_, sample);
    if (!base) return fail(base.error());
    for (const ir::Node& node : graph_.nodes)
      if (auto status = run_node(graph_, node, *base); !status) return fail(status.error());
    for (std::size_t u = 0; u < noise.size(); ++u) {
      const auto own = noise_of(static_cast<int>(u), *base, narrow);
      if (!own) return fail(own.error());
      noise[u] += *own / static_cast<double>(samples.size());
    }
  }
  return noise;
}

Result<std::vector<double>> Simulation::value_quality(const Widths& widths, std::span<const Sample> samples) {
  std::vector<double> quality(graph_.values.size(), 0.0);
  for (const Sample& sample : samples) {
    const auto rounded = run_quantized(widths, sample, true);
    if (!rounded) return fail(rounded.error());
    const auto compare = [&](ir::ValueId id, const Tensor& tensor) {
      const auto v = static_cast<std::size_t>(id);
      const bool comparable = tensor.type() == DataType::f32 && !(*rounded)[v].empty();
      const double own = comparable ? decibel(noise_ratio(tensor.data<float>(), (*rounded)[v].data<float>())) : 200.0;
      quality[v] += own / static_cast<double>(samples.size());
      return tensor;
    };
    if (auto status = run(graph_, sample, compare); !status) return fail(status.error());
  }
  return quality;
}

}  // namespace heddle::quant
