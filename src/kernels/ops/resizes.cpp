// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "kernels/convert.h"
#include "kernels/ops/ops.h"
#include "kernels/parallel.h"
#include "kernels/resize.h"
#include "kernels/saturate.h"
#include "kernels/strided.h"

namespace heddle::kernels::ops {
namespace {

Inferred infer_resize(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "X", kNumber);
  check.optional_type(1, "roi", kReal);
  check.optional_type(2, "scales", kReal);
  check.optional_type(3, "sizes", kInt64);
  if (!check.ok()) return check.failed();
  const auto plan = resolve_resize(check);
  if (!check.ok()) return check.failed();
  Shape shape(check.shape(0).size(), kUnknown);
  if (plan)
    for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = plan->axes[i].out;
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Tensor resize_nearest(const ResizePlan& plan, const Tensor& x) {
  std::vector<std::vector<std::int64_t>> index(plan.axes.size());
  for (std::size_t a = 0; a < index.size(); ++a) {
    const ResizeAxis& axis = plan.axes[a];
    for (std::int64_t o = 0; o < axis.out; ++o) {
      const std::int64_t source = axis.identity() ? o : nearest_index(plan, axis, o);
      index[a].push_back(!axis.identity() && is_extrapolated(plan, axis, o) ? -1 : source);
    }
  }
  const Tensor fill = Tensor::from<float>({}, std::vector<float>{plan.extrapolation});
  return selected(x, index, saturated(fill, x.type()));
}

/// Interpolates along one axis; all others stay.
template <class T>
Tensor resize_axis(const ResizePlan& plan, std::size_t a, const Tensor& x) {
  const ResizeAxis& axis = plan.axes[a];
  Shape shape = x.shape();
  shape[a] = axis.out;
  Tensor y(x.type(), shape);
  if (y.size() == 0) return y;
  const std::int64_t inner = strides_of(shape)[a], outer = y.size() / (inner * axis.out);
  std::vector<ResizeTaps> taps;
  std::vector<bool> outside;
  for (std::int64_t o = 0; o < axis.out; ++o) {
    taps.push_back(resize_taps(plan, axis, o));
    outside.push_back(is_extrapolated(plan, axis, o));
  }
  const T* from = x.data<T>().data();
  T* to = y.mutable_data<T>().data();
  const auto cost = inner * static_cast<std::int64_t>(taps[0].index.size());
  parallel_for(outer * axis.out, grain_for(cost), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const auto o = static_cast<std::size_t>(row % axis.out);
      const T* source = from + row / axis.out * axis.in * inner;
      T* target = to + row * inner;
      std::fill_n(target, inner, outside[o] ? static_cast<T>(plan.extrapolation) : T(0));
      if (outside[o]) continue;
      for (std::size_t k = 0; k < taps[o].index.size(); ++k) {
        const T weight = static_cast<T>(taps[o].weight[k]);
        const T* line = source + taps[o].index[k] * inner;
        for (std::int64_t i = 0; i < inner; ++i) target[i] += weight * line[i];
      }
    }
  });
  return y;
}

Computed run_resize(const Attributes& attributes, Tensors inputs, std::size_t) {
  const std::vector<TensorInfo> infos = infos_of(inputs);
  Check check(attributes, infos, 1);
  const auto plan = resolve_resize(check);
  if (!plan) return check.failed();
  const Tensor& x = inputs[0];
  if (plan->mode == ResizeMode::nearest) return one(resize_nearest(*plan, x));
  const bool wide = host_bytes(x.type()) > 2 && x.type() != DataType::f32;
  const DataType type = wide ? DataType::f64 : DataType::f32;
  Tensor y = cast(x, type);
  for (std::size_t a = 0; a < plan->axes.size(); ++a)
    if (!plan->axes[a].identity()) y = with_real(type, [&]<class T>() { return resize_axis<T>(*plan, a, y); });
  return one(saturated(y, x.type()));
}

constexpr std::array<std::string_view, 9> kResize{"antialias",
                                                  "axes",
                                                  "coordinate_transformation_mode",
                                                  "cubic_coeff_a",
                                                  "exclude_outside",
                                                  "extrapolation_value",
                                                  "keep_aspect_ratio_policy",
                                                  "mode",
                                                  "nearest_mode"};

constexpr std::array kResizes{
    OperatorDefinition{"Resize", 1, 4, kResize, infer_resize, run_resize},
};

}  // namespace

Definitions resizes() {
  return kResizes;
}

}  // namespace heddle::kernels::ops
