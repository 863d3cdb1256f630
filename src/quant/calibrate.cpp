// SPDX-License-Identifier: Apache-2.0
#include "quant/calibrate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/execution.h"

namespace heddle::quant {
namespace {

bool is_observed(const Tensor& tensor) {
  return tensor.type() == DataType::f32 && tensor.size() > 0;
}

void observe_extremes(Observation& o, const Tensor& tensor) {
  float low = tensor.data<float>()[0], high = low;
  bool finite = true;
  for (const float x : tensor.data<float>()) {
    low = std::min(low, x);
    high = std::max(high, x);
    finite = finite && std::isfinite(x);
  }
  if (!finite) high = std::numeric_limits<float>::infinity();  // NaN compares with nothing; check_finite reports it
  o.low = o.count == 0 ? low : std::min(o.low, low);
  o.high = o.count == 0 ? high : std::max(o.high, high);
  o.count += static_cast<std::uint64_t>(tensor.size());
}

/// Adds the sums of each index of axis 1, and raises the magnitudes.
void observe_channels(Observation& o, const Tensor& tensor) {
  if (tensor.rank() < 2) return;
  const auto channels = static_cast<std::size_t>(tensor.dim(1));
  const auto batch = static_cast<std::size_t>(tensor.dim(0));
  const std::size_t inner = static_cast<std::size_t>(tensor.size()) / (channels * batch);
  o.channel_mean.resize(channels);
  o.channel_reach.resize(channels);
  const float* from = tensor.data<float>().data();
  for (std::size_t i = 0; i < batch * channels; ++i, from += inner) {
    double sum = 0;
    float& reach = o.channel_reach[i % channels];
    for (std::size_t k = 0; k < inner; ++k) {
      sum += double{from[k]};
      reach = std::max(reach, std::abs(from[k]));
    }
    o.channel_mean[i % channels] += sum;
  }
}

void observe_bins(Observation& o, const Tensor& tensor) {
  if (!(o.high > o.low)) return;
  o.bins.resize(Observation::kBins);
  const auto inverse = static_cast<float>(1.0 / o.bin_width());
  constexpr auto kLast = static_cast<float>(Observation::kBins - 1);
  for (const float x : tensor.data<float>())
    ++o.bins[static_cast<std::size_t>(std::clamp((x - o.low) * inverse, 0.0F, kLast))];
}

Status each_sample(const ir::Graph& graph, std::span<const std::vector<Tensor>> samples,
                   const std::function<Tensor(ir::ValueId, const Tensor&)>& after) {
  for (const auto& sample : samples)
    if (auto status = run(graph, sample, after); !status) return status;
  return {};
}

/// A value that is not finite cannot be calibrated; names the first.
Status check_finite(const ir::Graph& graph, const Calibration& calibration) {
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    const auto& o = calibration.values[v];
    if (o && !(std::isfinite(o->low) && std::isfinite(o->high)))
      return fail({.error_class = ErrorClass::bad_input,
                   .code = "quant.range",
                   .message = "the float model gives values that are not finite here",
                   .file = {},
                   .node = graph.values[v].name,
                   .op = {},
                   .field = {},
                   .hint = "check the weights, and whether the inputs are scaled as the model expects"});
  }
  return {};
}

}  // namespace

Result<Calibration> calibrate(const ir::Graph& graph, std::span<const std::vector<Tensor>> samples) {
  if (samples.empty())
    return fail({.error_class = ErrorClass::bad_input,
                 .code = "quant.sample",
                 .message = "calibration needs at least one input",
                 .file = {},
                 .node = graph.name,
                 .op = {},
                 .field = {},
                 .hint = {}});
  Calibration calibration;
  calibration.values.resize(graph.values.size());
  auto status = each_sample(graph, samples, [&](ir::ValueId id, const Tensor& tensor) {
    if (is_observed(tensor)) {
      auto& o = calibration.values[static_cast<std::size_t>(id)];
      if (!o) o.emplace();
      observe_extremes(*o, tensor);
      observe_channels(*o, tensor);
    }
    return tensor;
  });
  if (!status) return fail(status.error());
  if (status = check_finite(graph, calibration); !status) return fail(status.error());
  status = each_sample(graph, samples, [&](ir::ValueId id, const Tensor& tensor) {
    if (auto& o = calibration.values[static_cast<std::size_t>(id)]) observe_bins(*o, tensor);
    return tensor;
  });
  if (!status) return fail(status.error());
  for (auto& o : calibration.values)
    if (o && !o->channel_mean.empty())
      for (double& mean : o->channel_mean)
        mean *= static_cast<double>(o->channel_mean.size()) / static_cast<double>(o->count);
  return calibration;
}

}  // namespace heddle::quant
