// SPDX-License-Identifier: Apache-2.0
#include "kernels/quantize.h"

#include <algorithm>
#include <cmath>

#include "kernels/convert.h"
#include "kernels/parallel.h"
#include "kernels/saturate.h"

namespace heddle::kernels {

ScaleMap::ScaleMap(const Shape& shape, const Shape& scale, std::int64_t axis, std::int64_t block_size)
    : single_(element_count(scale) == 1 && block_size == 0), blocked_(block_size > 0) {
  if (single_) return;
  const auto a = static_cast<std::size_t>(axis);
  for (std::size_t i = a + 1; i < shape.size(); ++i) inner_ *= shape[i];
  inner_ = std::max<std::int64_t>(inner_, 1);
  size_ = std::max<std::int64_t>(shape[a], 1);
  if (!blocked_) return;
  block_ = block_size;
  blocks_ = scale[a];
}

void check_scales(Check& check, std::size_t scale, std::string_view scale_name, std::size_t zero_point,
                  std::string_view zero_name) {
  const Shape &x = check.shape(0), &s = check.shape(scale);
  const auto block = check.int_in("block_size", 0, 0, std::int64_t{1} << 31);
  if (!block) return;
  if (check.has(zero_point) && check.shape(zero_point) != s && is_known(s) && is_known(check.shape(zero_point)) &&
      (count_of(s) != 1 || count_of(check.shape(zero_point)) != 1))
    check.error("op.shape", zero_name, text("the shape ", check.shape(zero_point), " differs from the scale's ", s));
  if (check.in(scale).value != nullptr)
    if (const Status status = check_scale_values(*check.in(scale).value, scale_name); !status)
      check.error(status.error()[0].code, scale_name, status.error()[0].message, status.error()[0].hint);
  if (!check.ok()) return;
  if (count_of(s) == 1 && *block == 0) return;
  const auto axis = check.axis("axis", get_int(check.attributes(), "axis", 1), check.rank(0));
  if (!axis) return;
  const std::int64_t size = x[static_cast<std::size_t>(*axis)];
  if (*block == 0) {
    if (!check.rank_is(scale, scale_name, 1) || !check.same_dim(scale_name, s[0], size, "elements")) return;
  } else {
    if (!check.rank_is(scale, scale_name, check.rank(0))) return;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool along = static_cast<std::int64_t>(i) == *axis;
      const std::int64_t expected = x[i] == kUnknown ? kUnknown : along ? (x[i] + *block - 1) / *block : x[i];
      if (!check.same_dim(scale_name, s[i], expected, text("elements along axis ", i))) return;
    }
  }
}

Status check_scale_values(const Tensor& scale, std::string_view name) {
  const auto values = floats_of(scale);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(values[i] > 0) || !std::isfinite(values[i]))
      return bad_value(name,
                       text("scale ", i, " is ", static_cast<double>(values[i]), "; it must be positive and finite"),
                       "calibrate again; a constant tensor needs a scale too");
  return {};
}

std::vector<std::int64_t> zero_points(const Tensor& zero_point, std::int64_t scales) {
  if (zero_point.empty()) return std::vector<std::int64_t>(static_cast<std::size_t>(scales), 0);
  return ints_of(zero_point);
}

std::vector<float> floats_of(const Tensor& tensor) {
  const Tensor wide = cast(tensor, DataType::f32);
  const auto values = wide.data<float>();
  return {values.begin(), values.end()};
}

namespace {

/// Calls body(first element, end, number of the scale) for all runs of elements that share a scale.
template <class Body>
void for_each_run(const ScaleMap& map, std::int64_t elements, const Body& body) {
  if (elements == 0) return;
  const std::int64_t length = map.run_length(elements), runs = elements / length;
  if (runs == 1) {
    parallel_for(elements, grain_for(8),
                 [&](std::int64_t begin, std::int64_t end) { body(begin, end, std::size_t{0}); });
    return;
  }
  parallel_for(runs, grain_for(length * 8), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t run = begin; run < end; ++run) body(run * length, (run + 1) * length, map(run * length));
  });
}

/// The types of most weights and activations are written and read directly, all others through i64.
template <class F>
Tensor through_integer(DataType type, F&& f) {
  if (type == DataType::i8) return f.template operator()<std::int8_t>(type);
  if (type == DataType::u8) return f.template operator()<std::uint8_t>(type);
  if (type == DataType::i32) return f.template operator()<std::int32_t>(type);
  return f.template operator()<std::int64_t>(DataType::i64);
}

}  // namespace

Tensor quantize(const Tensor& x, const Tensor& scale, const Tensor& zero_point, const ScaleMap& map, DataType type) {
  const Tensor reals = cast(x, DataType::f32);
  const auto scales = floats_of(scale);
  const auto zeros = zero_points(zero_point, scale.size());
  const auto limits = limits_of(type);
  const float* from = reals.data<float>().data();
  const auto fill = [&]<class T>(DataType stored) {
    Tensor y(stored, x.shape());
    T* to = y.mutable_data<T>().data();
    for_each_run(map, x.size(), [&](std::int64_t begin, std::int64_t end, std::size_t s) {
      const double zero = static_cast<double>(zeros[s]);
      for (std::int64_t i = begin; i < end; ++i) {
        const float steps = std::nearbyint(from[i] / scales[s]);
        const double moved = std::isnan(steps) ? 0.0 : static_cast<double>(steps) + zero;
        to[i] = static_cast<T>(std::clamp(moved, limits.first, limits.second));
      }
    });
    return y;
  };
  return cast(through_integer(type, fill), type);
}

Tensor dequantize(const Tensor& x, const Tensor& scale, const Tensor& zero_point, const ScaleMap& map) {
  const auto scales = floats_of(scale);
  const auto zeros = zero_points(zero_point, scale.size());
  const auto read = [&]<class T>(DataType stored) {
    const Tensor integers = cast(x, stored);
    const T* from = integers.data<T>().data();
    Tensor y(DataType::f32, x.shape());
    float* to = y.mutable_data<float>().data();
    for_each_run(map, x.size(), [&](std::int64_t begin, std::int64_t end, std::size_t s) {
      const std::int64_t zero = zeros[s];
      for (std::int64_t i = begin; i < end; ++i)
        to[i] = static_cast<float>(static_cast<std::int64_t>(from[i]) - zero) * scales[s];
    });
    return y;
  };
  return through_integer(x.type(), read);
}

}  // namespace heddle::kernels
