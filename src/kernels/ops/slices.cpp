// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/ops/ops.h"
#include "kernels/strided.h"

namespace heddle::kernels::ops {
namespace {

/// What Slice takes along one axis: start, start + step, … (`count` of them).
struct Range {
  std::int64_t start = 0, step = 1, count = 0;
};

/// Numpy's rules: negative bounds count from the end, all are clipped.
Range resolve(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t size) {
  const bool forward = step > 0;
  const auto bound = [&](std::int64_t v) {
    if (v < 0) v = v < -size ? -1 : v + size;
    return forward ? std::clamp<std::int64_t>(v, 0, size) : std::clamp<std::int64_t>(v, -1, size - 1);
  };
  const std::int64_t first = bound(start), last = bound(end), span = forward ? last - first : first - last;
  // A step longer than the axis takes one element; shortening it keeps the arithmetic small.
  const std::int64_t stride =
      std::min(forward ? step : -std::max(step, -std::numeric_limits<std::int64_t>::max()), size + 1);
  return {first, forward ? stride : -stride, span <= 0 ? 0 : (span + stride - 1) / stride};
}

/// The axes operand, or the first axes.
std::optional<std::vector<std::int64_t>> slice_axes(Check& check, std::size_t count) {
  std::vector<std::int64_t> axes(count);
  std::iota(axes.begin(), axes.end(), std::int64_t{0});
  if (check.has(3)) {
    const auto stated = check.ints(3);
    if (!stated) return std::nullopt;
    axes = *stated;
  }
  return check.axes("axes", axes, check.rank(0));
}

/// Ranges of all axes; nothing if a parameter is wrong or (then `check` is still ok) not known yet.
std::optional<std::vector<Range>> slice_ranges(Check& check) {
  const auto starts = check.ints(1), ends = check.ints(2);
  if (!starts || !ends) return std::nullopt;
  const auto axes = slice_axes(check, starts->size());
  if (!axes) return std::nullopt;
  std::vector<std::int64_t> steps(starts->size(), 1);
  if (check.has(4)) {
    const auto stated = check.ints(4);
    if (!stated) return std::nullopt;
    steps = *stated;
  }
  if (ends->size() != starts->size() || axes->size() != starts->size() || steps.size() != starts->size()) {
    check.error("op.shape", "starts",
                text("starts, ends, axes and steps have ", starts->size(), ", ", ends->size(), ", ", axes->size(),
                     " and ", steps.size(), " entries"));
    return std::nullopt;
  }
  std::vector<Range> ranges;
  for (const std::int64_t d : check.shape(0)) ranges.push_back({0, 1, d});
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const auto axis = static_cast<std::size_t>((*axes)[i]);
    if (steps[i] == 0) {
      check.error("op.parameter", "steps", text("the step along axis ", axis, " is 0"));
      return std::nullopt;
    }
    const std::int64_t size = check.shape(0)[axis];
    ranges[axis] = size == kUnknown ? Range{0, 1, kUnknown} : resolve((*starts)[i], (*ends)[i], steps[i], size);
  }
  return ranges;
}

Inferred infer_slice(const Attributes& attributes, Infos inputs, std::size_t outputs) {
  Check check(attributes, inputs, outputs);
  check.type(0, "data", kAny);
  constexpr std::array<std::string_view, 5> kNames{"data", "starts", "ends", "axes", "steps"};
  for (std::size_t i = 1; i < kNames.size(); ++i) {
    if (i <= 2 ? !check.type(i, kNames[i], kIndex) : !check.optional_type(i, kNames[i], kIndex)) continue;
    if (check.has(i)) check.rank_is(i, kNames[i], 1);
  }
  if (!check.ok()) return check.failed();
  const auto ranges = slice_ranges(check);
  if (!check.ok()) return check.failed();
  Shape shape = check.shape(0);
  for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = ranges ? (*ranges)[i].count : kUnknown;
  return check.done({{.type = check.in(0).type, .shape = shape}});
}

Computed run_slice(const Attributes& attributes, Tensors inputs, std::size_t) {
  const std::vector<TensorInfo> infos = infos_of(inputs);
  Check check(attributes, infos, 1);
  const auto ranges = slice_ranges(check);
  if (!ranges) return check.failed();
  const Shape own = strides_of(inputs[0].shape());
  Shape shape, strides;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < ranges->size(); ++i) {
    const Range& r = (*ranges)[i];
    shape.push_back(r.count);
    strides.push_back(own[i] * r.step);
    offset += own[i] * r.start;
  }
  return one(strided_copy(inputs[0], shape, strides, offset));
}

constexpr std::array kSlices{
    OperatorDefinition{"Slice", 3, 5, kNoAttributes, infer_slice, run_slice},
};

}  // namespace

Definitions slices() {
  return kSlices;
}

}  // namespace heddle::kernels::ops
