// SPDX-License-Identifier: Apache-2.0
// Inputs made up for models without data, and statistics taken from given ones.
#include <algorithm>
#include <cmath>
#include <random>

#include "quant/execution.h"
#include "quant/quantize.h"

namespace heddle::quant {
namespace {

/// Normal noise. (std::normal_distribution differs between libraries; the sum of twelve uniform numbers does not.)
void fill_normal(std::mt19937& random, std::span<float> values) {
  for (float& v : values) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(random()) / 4294967296.0;
    v = static_cast<float>(sum);
  }
}

Tensor noise(std::mt19937& random, const ir::Value& value) {
  Shape shape = value.shape;
  for (std::int64_t& d : shape) d = std::max<std::int64_t>(d, 1);
  Tensor tensor(value.type, shape);
  if (value.type == DataType::f32) {
    fill_normal(random, tensor.mutable_data<float>());
  } else if (value.type == DataType::u8 || value.type == DataType::i8) {
    for (std::byte& b : tensor.mutable_bytes()) b = static_cast<std::byte>(random() & 0xffU);
  }
  return tensor;
}

/// Sums over all samples of one normalised value: per channel.
struct ChannelMoments {
  std::vector<double> sum, square;
  double count = 0;

  void add(const Tensor& tensor) {
    const auto channels = static_cast<std::size_t>(tensor.dim(1)), batch = static_cast<std::size_t>(tensor.dim(0));
    const std::size_t inner = static_cast<std::size_t>(tensor.size()) / (channels * batch);
    sum.resize(channels);
    square.resize(channels);
    const float* from = tensor.data<float>().data();
    for (std::size_t i = 0; i < batch * channels; ++i, from += inner)
      for (std::size_t k = 0; k < inner; ++k) {
        sum[i % channels] += double{from[k]};
        square[i % channels] += double{from[k]} * double{from[k]};
      }
    count += static_cast<double>(inner * batch);
  }
  [[nodiscard]] passes::BatchNormStatistics finish(const std::string& node) const {
    passes::BatchNormStatistics statistics{node, {}, {}};
    for (std::size_t c = 0; c < sum.size(); ++c) {
      const double mean = sum[c] / count;
      statistics.mean.push_back(static_cast<float>(mean));
      statistics.var.push_back(static_cast<float>(std::max(0.0, square[c] / count - mean * mean)));
    }
    return statistics;
  }
};

}  // namespace

std::vector<std::vector<Tensor>> seeded_noise(const ir::Graph& graph, int count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::vector<Tensor>> samples;
  for (int i = 0; i < count; ++i) {
    auto& sample = samples.emplace_back();
    for (const ir::ValueId id : graph.inputs) sample.push_back(noise(random, graph.value(id)));
  }
  return samples;
}

Result<std::vector<passes::BatchNormStatistics>> collect_batchnorm_statistics(
    const ir::Graph& graph, std::span<const std::vector<Tensor>> samples) {
  const std::vector<int> nodes = passes::training_batch_norms(graph);
  std::vector<ChannelMoments> moments(nodes.size());
  const auto observe = [&](ir::ValueId id, const Tensor& tensor) {
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (graph.nodes[static_cast<std::size_t>(nodes[i])].inputs[0] == id && tensor.type() == DataType::f32 &&
          tensor.rank() >= 2)
        moments[i].add(tensor);
    return tensor;
  };
  for (const auto& sample : samples)
    if (auto status = run(graph, sample, observe); !status) return fail(status.error());
  std::vector<passes::BatchNormStatistics> result;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    result.push_back(moments[i].finish(graph.nodes[static_cast<std::size_t>(nodes[i])].name));
  return result;
}

}  // namespace heddle::quant
