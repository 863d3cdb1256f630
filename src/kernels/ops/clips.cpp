// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/ops/binary.h"
#include "kernels/ops/ops.h"
#include "kernels/ops/unary.h"

namespace heddle::kernels::ops {
namespace {

Inferred infer_clip(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "input", kNumber);
  for (std::size_t i = 1; i <= 2; ++i) {
    const std::string_view field = i == 1 ? "min" : "max";
    check.same_type(i, field, 0);
    if (check.has(i) && count_of(check.shape(i)) > 1)
      check.error("op.shape", field, text("the limit has the shape ", check.shape(i), "; it must be a scalar"));
  }
  return check.done({{.type = check.in(0).type, .shape = check.shape(0)}});
}

template <class T>
struct Limits {
  bool has_min, has_max;
  T min, max;
  /// numpy.minimum(max, numpy.maximum(min, x)): with min above max everything becomes max; NaN stays.
  T operator()(T x) const {
    if (has_min && x < min) x = min;
    return has_max && x > max ? max : x;
  }
};

Computed run_clip(const Attributes&, Tensors inputs, std::size_t) {
  const Tensor& x = inputs[0];
  const bool has_min = has(inputs, 1) && inputs[1].size() > 0, has_max = has(inputs, 2) && inputs[2].size() > 0;
  const DataType type = compute_type(x.type());
  const Tensor wide = cast(x, type);
  return one(cast(with_compute(type,
                               [&]<class T>() {
                                 Limits<T> limits{has_min, has_max, T(0), T(0)};
                                 if (has_min) limits.min = cast(inputs[1], type).data<T>()[0];
                                 if (has_max) limits.max = cast(inputs[2], type).data<T>()[0];
                                 return map_elements<T>(wide, type, limits);
                               }),
                  x.type()));
}

Inferred infer_prelu(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  if (check.type(0, "X", kNumber) && check.type(1, "slope", kNumber)) check.same_type(1, "slope", 0);
  if (!check.ok()) return check.failed();
  const Shape shape = check.broadcast(check.shape(0), check.shape(1), "slope");
  if (check.ok() && shape.size() != check.shape(0).size())
    check.error("op.shape", "slope", text("the shape ", check.shape(1), " does not broadcast to X's ", check.shape(0)),
                "slopes per channel need the shape [C, 1, 1]");
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Computed run_prelu(const Attributes&, Tensors inputs, std::size_t) {
  const auto prelu = []<class T>(T x, T slope) {
    if constexpr (std::is_floating_point_v<T>)
      return x < T(0) ? slope * x : x;
    else
      return x < T(0) ? static_cast<T>(static_cast<std::uint64_t>(slope) * static_cast<std::uint64_t>(x)) : x;
  };
  return one(combine(inputs[0], inputs[1], inputs[0].shape(), prelu));
}

constexpr std::array kClips{
    OperatorDefinition{"Clip", 1, 3, kNoAttributes, infer_clip, run_clip},
    OperatorDefinition{"PRelu", 2, 2, kNoAttributes, infer_prelu, run_prelu},
};

}  // namespace

Definitions clips() {
  return kClips;
}

}  // namespace heddle::kernels::ops
