// SPDX-License-Identifier: Apache-2.0
#include "quant/bias.h"

#include <algorithm>

namespace heddle::quant {
namespace {

constexpr std::size_t kSamples = 16;  ///< more change the means little, and all are kept in memory at once

/// Adds each channel's mean (axis 1), weighted by `weight`.
void add_means(const Tensor& tensor, double weight, std::vector<double>& means) {
  const auto channels = static_cast<std::size_t>(tensor.dim(1)), batch = static_cast<std::size_t>(tensor.dim(0));
  const std::size_t inner = static_cast<std::size_t>(tensor.size()) / (channels * batch);
  means.resize(channels);
  const float* from = tensor.data<float>().data();
  for (std::size_t i = 0; i < batch * channels; ++i, from += inner) {
    double sum = 0;
    for (std::size_t k = 0; k < inner; ++k) sum += double{from[k]};
    means[i % channels] += weight * sum / static_cast<double>(inner * batch);
  }
}

/// Takes `shift[c]` off every element of channel c.
Tensor shifted(const Tensor& tensor, const std::vector<double>& shift) {
  Tensor result = tensor.clone();
  const auto values = result.mutable_data<float>();
  const std::size_t inner = values.size() / (shift.size() * static_cast<std::size_t>(tensor.dim(0)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= static_cast<float>(shift[i / inner % shift.size()]);
  return result;
}

class Corrector {
 public:
  Corrector(ir::Graph& graph, const Plan& plan, Simulation& simulation, const Widths& widths,
            std::span<const Simulation::Sample> samples)
      : graph_(graph),
        plan_(plan),
        simulation_(simulation),
        widths_(widths),
        samples_(samples.first(std::min(kSamples, samples.size()))) {}

  Status run() {
    if (auto status = start(); !status) return status;
    std::vector<Lifetimes> exact(samples_.size(), Lifetimes(graph_)), rounded = exact;
    const std::size_t nodes = graph_.nodes.size();
    for (std::size_t n = 0; n < nodes; ++n) {
      // Biases change, so that the node is read anew.
      for (std::size_t s = 0; s < samples_.size(); ++s)
        if (auto status = run_node(graph_, graph_.nodes[n], exact_[s]); !status) return status;
      for (std::size_t s = 0; s < samples_.size(); ++s)
        if (auto status = run_node(graph_, graph_.nodes[n], rounded_[s]); !status) return status;
      const int dense = plan_.dense_of[n];
      if (dense >= 0) correct(plan_.dense[static_cast<std::size_t>(dense)]);
      for (std::size_t s = 0; s < samples_.size(); ++s) {
        round_outputs(graph_.nodes[n], rounded_[s]);
        exact[s].release(graph_.nodes[n], exact_[s]);
        rounded[s].release(graph_.nodes[n], rounded_[s]);
      }
    }
    apply();
    return {};
  }

 private:
  Status start() {
    for (const auto& sample : samples_) {
      auto values = start_values(graph_, sample);
      if (!values) return fail(values.error());
      exact_.push_back(*values);
      rounded_.push_back(std::move(*values));
      simulation_.place_weights(widths_, rounded_.back());
      for (const ir::ValueId id : graph_.inputs) round(id, rounded_.back());
    }
    return {};
  }
  void round(ir::ValueId id, Values& values) {
    if (id == ir::kNoValue) return;
    Tensor& tensor = values[static_cast<std::size_t>(id)];
    if (!tensor.empty()) tensor = simulation_.quantized(id, tensor, widths_);
  }
  void round_outputs(const ir::Node& node, Values& values) {
    for (const ir::ValueId id : node.outputs) round(id, values);
  }

  void correct(const Dense& d) {
    const auto output = static_cast<std::size_t>(d.output);
    if (graph_.nodes[static_cast<std::size_t>(d.node)].op == "MatMul" || exact_[0][output].rank() < 2) return;
    std::vector<double> shift;
    const double weight = 1.0 / static_cast<double>(samples_.size());
    for (std::size_t s = 0; s < samples_.size(); ++s) {
      add_means(rounded_[s][output], weight, shift);
      add_means(exact_[s][output], -weight, shift);
    }
    for (Values& values : rounded_) values[output] = shifted(values[output], shift);
    shifts_.emplace_back(d.node, std::move(shift));
  }

  void apply() {
    for (const auto& [n, shift] : shifts_) {
      ir::Node& node = graph_.nodes[static_cast<std::size_t>(n)];
      std::vector<float> bias(shift.size(), 0.0F);
      if (node.inputs.size() > 2 && node.inputs[2] != ir::kNoValue) {
        const auto old = ir::constant_of(graph_, node.inputs[2])->data<float>();
        for (std::size_t c = 0; c < bias.size(); ++c) bias[c] = old[old.size() == 1 ? 0 : c];
      }
      const float beta = node.op == "Gemm" ? kernels::get_float(node.attributes, "beta", 1) : 1.0F;
      if (beta == 0) continue;
      for (std::size_t c = 0; c < bias.size(); ++c) bias[c] -= static_cast<float>(shift[c]) / beta;
      const auto size = static_cast<std::int64_t>(bias.size());
      const ir::ValueId id = graph_.add_constant(node.name + "/corrected_bias", Tensor::from<float>({size}, bias));
      node.inputs.resize(3, ir::kNoValue);
      node.inputs[2] = id;
    }
  }

  ir::Graph& graph_;
  const Plan& plan_;
  Simulation& simulation_;
  const Widths& widths_;
  std::span<const Simulation::Sample> samples_;
  std::vector<Values> exact_, rounded_;
  std::vector<std::pair<int, std::vector<double>>> shifts_;
};

}  // namespace

Status correct_bias(ir::Graph& graph, const Plan& plan, Simulation& simulation, const Widths& widths,
                    std::span<const Simulation::Sample> samples) {
  return Corrector(graph, plan, simulation, widths, samples).run();
}

}  // namespace heddle::quant
