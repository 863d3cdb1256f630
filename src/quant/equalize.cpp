// SPDX-License-Identifier: Apache-2.0
#include "quant/equalize.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace heddle::quant {
namespace {

/// Quieter channels are treated as if they had this share of the loudest, so that no factor explodes.
constexpr float kFloor = 1.0F / 256;

/// Two weighted nodes with nothing but a positively homogeneous function between them.
struct Pair {
  int first = -1, second = -1;
  ir::ValueId between = -1;  ///< what the second reads
};

bool is_homogeneous(const std::string& op) {
  return op == "Relu" || op == "LeakyRelu";
}

std::int64_t groups_of(const ir::Node& node) {
  return kernels::get_int(node.attributes, "group", 1);
}

class Equalizer {
 public:
  Equalizer(ir::Graph& graph, const Plan& plan, const Calibration& calibration)
      : graph_(graph), uses_(graph), plan_(plan), calibration_(calibration) {}

  int run() {
    int count = 0;
    for (const Dense& d : plan_.dense)
      if (const auto pair = find_pair(d.node)) count += balance(*pair) ? 1 : 0;
    return count;
  }

 private:
  [[nodiscard]] const ir::Node& node(int n) const { return graph_.nodes[static_cast<std::size_t>(n)]; }
  /// The only reader of a value, or -1.
  [[nodiscard]] int only_reader(ir::ValueId id) const {
    const auto& readers = uses_.consumers[static_cast<std::size_t>(id)];
    const bool output = std::ranges::find(graph_.outputs, id) != graph_.outputs.end();
    return readers.size() == 1 && !output ? readers[0] : -1;
  }
  [[nodiscard]] bool owns_constants(const ir::Node& n) const {
    for (std::size_t i = 1; i < n.inputs.size(); ++i)
      if (n.inputs[i] != ir::kNoValue && uses_.consumers[static_cast<std::size_t>(n.inputs[i])].size() != 1)
        return false;
    return true;
  }
  [[nodiscard]] bool is_conv(int n) const { return n >= 0 && node(n).op == "Conv" && owns_constants(node(n)); }
  [[nodiscard]] const Shape& weight_shape(int n) const { return graph_.value(node(n).inputs[1]).shape; }
  /// One output channel per input channel, each from its own.
  [[nodiscard]] bool is_depthwise(int n) const {
    return groups_of(node(n)) > 1 && weight_shape(n)[1] == 1 && weight_shape(n)[0] == groups_of(node(n));
  }

  [[nodiscard]] std::optional<Pair> find_pair(int first) const {
    if (!is_conv(first)) return std::nullopt;
    ir::ValueId between = node(first).outputs[0];
    int reader = only_reader(between);
    if (reader >= 0 && is_homogeneous(node(reader).op)) {
      between = node(reader).outputs[0];
      reader = only_reader(between);
    }
    if (!is_conv(reader) || node(reader).inputs[0] != between) return std::nullopt;
    if (plan_.dense_of[static_cast<std::size_t>(reader)] < 0) return std::nullopt;
    if (groups_of(node(reader)) != 1 && !is_depthwise(reader)) return std::nullopt;
    return Pair{first, reader, between};
  }

  /// Largest share of input channel c in the weights of any output channel of a node.
  [[nodiscard]] std::vector<float> input_shares(int n) const {
    const Tensor& weights = *ir::constant_of(graph_, node(n).inputs[1]);
    const auto outputs = static_cast<std::size_t>(weights.dim(0)), inputs = static_cast<std::size_t>(weights.dim(1));
    const std::size_t taps = static_cast<std::size_t>(weights.size()) / (outputs * inputs);
    std::vector<float> shares(inputs, kFloor);
    const float* w = weights.data<float>().data();
    for (std::size_t o = 0; o < outputs; ++o, w += inputs * taps) {
      const auto magnitude = [](float a, float b) { return std::max(a, std::abs(b)); };
      const float row = std::accumulate(w, w + inputs * taps, 1e-30F, magnitude);
      for (std::size_t i = 0; i < inputs; ++i)
        shares[i] = std::max(shares[i], std::accumulate(w + i * taps, w + (i + 1) * taps, 0.0F, magnitude) / row);
    }
    return shares;
  }

  bool balance(const Pair& pair) {
    const auto& observation = calibration_.values[static_cast<std::size_t>(pair.between)];
    if (!observation || observation->channel_reach.empty()) return false;
    std::vector<float> factor = observation->channel_reach;
    const float loudest = *std::ranges::max_element(factor);
    if (!(loudest > 0)) return false;
    const bool depthwise = is_depthwise(pair.second);
    const std::vector<float> shares = depthwise ? std::vector<float>() : input_shares(pair.second);
    if (!depthwise && shares.size() != factor.size()) return false;
    for (std::size_t c = 0; c < factor.size(); ++c) {
      const float reach = std::max(factor[c] / loudest, kFloor);
      factor[c] = depthwise ? reach : std::sqrt(reach / shares[c]);
    }
    scale_outputs(pair.first, factor);
    scale_inputs(pair.second, factor, depthwise);
    return true;
  }

  /// Divides every output channel of the weights and the bias by its factor.
  void scale_outputs(int n, const std::vector<float>& factor) {
    for (std::size_t i = 1; i < node(n).inputs.size(); ++i) {
      if (node(n).inputs[i] == ir::kNoValue) continue;
      Tensor scaled = ir::constant_of(graph_, node(n).inputs[i])->clone();
      const std::size_t inner = static_cast<std::size_t>(scaled.size()) / factor.size();
      const auto values = scaled.mutable_data<float>();
      for (std::size_t k = 0; k < values.size(); ++k) values[k] /= factor[k / inner];
      graph_.value(node(n).inputs[i]).constant = scaled;
    }
  }

  void scale_inputs(int n, const std::vector<float>& factor, bool depthwise) {
    Tensor scaled = ir::constant_of(graph_, node(n).inputs[1])->clone();
    const auto rows = static_cast<std::size_t>(depthwise ? 1 : scaled.dim(0));
    const std::size_t inner = static_cast<std::size_t>(scaled.size()) / (rows * factor.size());
    const auto values = scaled.mutable_data<float>();
    for (std::size_t k = 0; k < values.size(); ++k) values[k] *= factor[k / inner % factor.size()];
    graph_.value(node(n).inputs[1]).constant = scaled;
  }

  ir::Graph& graph_;
  ir::Uses uses_;
  const Plan& plan_;
  const Calibration& calibration_;
};

}  // namespace

int equalize(ir::Graph& graph, const Plan& plan, const Calibration& calibration) {
  return Equalizer(graph, plan, calibration).run();
}

}  // namespace heddle::quant
